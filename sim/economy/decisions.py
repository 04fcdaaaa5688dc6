"""The form of a decision rule: what the agents of a population decide, from what everyone can see."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim.economy.arrays import Array
from sim.economy.rules import Rules
from sim.economy.state import Economy

Decision = Callable[[Economy, Rules], Array]
"""From the economy and the rules to one row (or number) per agent."""
Decisions = Mapping[str, Decision]
"""Decision rules by name; `sim.economy.quarter.DECISIONS` has the model's own."""
