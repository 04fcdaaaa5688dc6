"""Starts as histories: one at a time in NumPy or as a Mesa model, thousands at once in JAX."""
