"""The computation: the only place that imports torch."""
