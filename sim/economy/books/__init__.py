"""The books of the economy: kinds of payment, the ledger, accounting identities and measures."""
