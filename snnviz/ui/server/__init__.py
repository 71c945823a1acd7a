"""The server around the pages: routes, uploads, visitors, and what stands before Streamlit."""
