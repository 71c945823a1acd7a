"""The part of the study that needs torch; it runs in a process of its own, never in the pages' process."""
