"""Figures and tables (plotly) of the study "Look inside", made from stored rows and answers."""
