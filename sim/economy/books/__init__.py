"""Accounting: the kinds of payment, the ledger that makes payments, the checks at each close, recorded measures."""
