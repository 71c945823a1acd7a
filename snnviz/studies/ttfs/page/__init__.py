"""The TTFS page (streamlit): time-to-first-spike networks and the ReLU networks that they equal."""
