"""Study: which skip connections make a network better (Benmeziane et al. 2023)."""
