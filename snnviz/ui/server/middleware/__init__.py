"""What stands before Streamlit's own server: who is answered, what answers say, who visits, how much may arrive."""
