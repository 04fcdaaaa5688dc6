"""What happens in a quarter: pure functions of arrays, with no files, clock, randomness or Mesa in them.

Start with `sim.economy.quarter`, the table of contents of the model.
"""
