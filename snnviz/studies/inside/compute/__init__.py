"""The part of the study "Look inside" that needs torch, traced passes of trained networks; it runs in a process of its
own.
"""
