"""The fact table: what an article says, what the evidence says, what the model gives, and whether they agree."""

from sim.experiments.validate.facts import Fact, Facts, load_facts
from sim.experiments.validate.table import FactRow, FactTable
from sim.experiments.validate.validation import facts_of, validate

__all__ = ["Fact", "FactRow", "FactTable", "Facts", "facts_of", "load_facts", "validate"]
