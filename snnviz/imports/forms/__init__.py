"""One module for each form of file that can be brought in; each has its `IMPORT`."""
