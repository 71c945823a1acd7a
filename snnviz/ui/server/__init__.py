"""The server around the pages: routes, uploads, visitors, and middleware before Streamlit."""
