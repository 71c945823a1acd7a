"""The Runs page: all runs by groups, filters and pages, what can be done with them, and any of them compared."""
