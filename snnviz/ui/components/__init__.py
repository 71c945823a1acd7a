"""Streamlit components of our own: the block editor, charts that update in place, the address bar."""
