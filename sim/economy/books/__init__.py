"""Accounting: every kind of payment, the ledger that makes them, the checks at the close, and what is recorded."""
