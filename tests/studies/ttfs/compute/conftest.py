"""As for all that computes with torch."""

from tests.core.conftest import forgotten_neurons, machine, one_thread

__all__ = ["forgotten_neurons", "machine", "one_thread"]
