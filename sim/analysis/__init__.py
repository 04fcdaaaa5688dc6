"""Analysis of finished runs: uses of interest, the capital-flow network, matrices, systemic risk and facts."""
