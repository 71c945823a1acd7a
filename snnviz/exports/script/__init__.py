"""The text of a PyTorch script with snntorch, written from a design and its architecture."""
