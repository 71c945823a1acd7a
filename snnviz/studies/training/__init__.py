"""Training of a single design, and measuring the layers of a finished run again."""
