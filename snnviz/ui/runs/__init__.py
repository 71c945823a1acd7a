"""The Runs page: all runs or groups of runs with filters, order and pages, actions on them, and their comparison."""
