"""Engines that run histories: one at a time in NumPy or as a Mesa model, or thousands at once in JAX."""
