"""The Cells page (streamlit)."""
