"""Plotly figures and tables of the study "Look inside", made from its answers (`look.Answer`)."""
