"""One module for each form of file that can be imported; each has its `IMPORT`."""
