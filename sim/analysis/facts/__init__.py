"""The fact table: what an article says, what the evidence says, what histories give, and whether they agree."""

from sim.analysis.facts.history import facts_of
from sim.analysis.facts.rows import FactRow
from sim.analysis.facts.schema import Fact, Facts, load_facts
from sim.analysis.facts.table import FactTable

__all__ = ["Fact", "FactRow", "FactTable", "Facts", "facts_of", "load_facts"]
