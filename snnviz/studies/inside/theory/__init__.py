"""The study's computations in numpy: a diagnosis of a network's problems."""
