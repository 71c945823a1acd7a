"""The page (streamlit)."""
