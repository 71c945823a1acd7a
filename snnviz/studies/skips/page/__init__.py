"""The Skips page (streamlit)."""
