"""ASGI middleware before Streamlit's own server: allowed hosts, headers, visitors' cookies, limits of uploads."""
