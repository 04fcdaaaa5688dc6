"""Capital: funding rounds, compute loans, what companies are worth, and what issuers do with their profit."""
