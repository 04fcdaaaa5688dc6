"""Capital: funding rounds, loans, and what issuers do with the interest they keep."""
