"""Charts (plotly)."""
