"""Parts of a page that Streamlit lacks: the block editor, charts that update in place, the address bar."""
