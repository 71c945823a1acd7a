"""Plotly figures and tables of the Cells page: SNASNet cells, their scores and their accuracies."""
