"""Commands (click) of the shortcuts study: training with shortcut branches, and gradients at initialisation."""
