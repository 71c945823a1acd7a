"""Study: how activity propagates through layers at initialisation (Micheli et al. 2024), and which init lets networks
learn.
"""
