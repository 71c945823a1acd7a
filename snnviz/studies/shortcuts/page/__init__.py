"""The Shortcuts page (streamlit): training with shortcut branches (auxiliary classifiers), and gradients of layers."""
