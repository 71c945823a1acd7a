"""Plotly figures, tables and texts made from rows and values; independent of streamlit and the store."""
