"""Comparison of two scenarios on the same random numbers."""
