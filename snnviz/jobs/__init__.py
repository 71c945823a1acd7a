"""Running designs: here and now (`immediate`), or in the background of this machine (`local`)."""
