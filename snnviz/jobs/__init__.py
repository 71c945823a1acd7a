"""Engines that run tasks: in this process (`immediate`), or in the background of this machine (`local`)."""
