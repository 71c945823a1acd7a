"""Networks in which each neuron spikes once."""
