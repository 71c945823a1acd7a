"""Study: cells of SNASNets, scored without training (Kim et al. 2022)."""
