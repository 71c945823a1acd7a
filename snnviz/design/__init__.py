"""What a run is: designs and their parts, the menus that they choose from, names, links, networks as data."""
