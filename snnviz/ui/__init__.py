"""Everything that knows streamlit. It never imports torch: what it shows comes from the store or from theory."""
