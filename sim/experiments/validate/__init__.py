"""An ensemble beside the facts: `sim.analysis.facts` has the table, its rows and what one history makes of it."""

from sim.experiments.validate.validation import validate

__all__ = ["validate"]
