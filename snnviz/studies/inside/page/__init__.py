"""The page (streamlit) of the study "Look inside"."""
