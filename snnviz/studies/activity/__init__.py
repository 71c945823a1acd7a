"""How activity travels through layers at initialisation (Micheli 2024), and trainings that compare initialisations."""
