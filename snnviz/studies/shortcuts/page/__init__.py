"""The Shortcuts page (streamlit)."""
