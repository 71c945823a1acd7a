"""The part of the study that needs torch; it runs in a separate process, never in that of the pages."""
