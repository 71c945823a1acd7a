"""The Trade-offs page (streamlit): its four views Ask, Compare, Weigh and Search."""
