"""The Cells page (streamlit): drawing, scoring and searching SNASNet cells."""
