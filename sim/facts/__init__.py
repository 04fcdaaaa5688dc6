"""The fact table: what an article says, what the evidence says, what histories give, and whether they agree."""

from sim.facts.history import facts_of
from sim.facts.schema import Fact, Facts, load_facts
from sim.facts.table import FactRow, FactTable

__all__ = ["Fact", "FactRow", "FactTable", "Facts", "facts_of", "load_facts"]
