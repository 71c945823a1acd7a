"""Study: time-to-first-spike (TTFS) networks, in which each neuron spikes at most once (Stanojevic et al. 2023)."""
