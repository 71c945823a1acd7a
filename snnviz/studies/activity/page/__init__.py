"""The Activity page (streamlit): activity of layers at initialisation, and training from several initialisations."""
