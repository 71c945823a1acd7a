"""The Skips page (streamlit): sweeps over the number of skips, and searches for skip connections."""
