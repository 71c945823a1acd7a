"""The Activity page (streamlit)."""
