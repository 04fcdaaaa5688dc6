"""What a finished run says: attribution, the capital-flow network, matrices, systemic risk and facts."""
