"""snnviz: design, train and understand spiking neural networks."""

__version__ = "0.2.0"
