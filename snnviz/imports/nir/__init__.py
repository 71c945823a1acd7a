"""From NIR graphs to designs: of graphs that snnviz wrote, and of rows of layers from anywhere."""
