"""snnviz: design, train and understand spiking neural networks."""

__version__ = "0.1.0"
