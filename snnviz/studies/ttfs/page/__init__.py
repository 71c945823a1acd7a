"""The TTFS page (streamlit)."""
