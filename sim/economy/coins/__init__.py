"""Stablecoins: tokens, weekly rounds, redemptions, liquidity, reserves and the law."""
