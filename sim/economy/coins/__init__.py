"""Stablecoins: who wants them and who runs, how redemptions are paid, what the reserve earns, and the law."""
