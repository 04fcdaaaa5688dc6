"""The types of phases and of decision rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim.economy.arrays import Array
from sim.economy.parameters import Parameters
from sim.economy.state import Draws, Economy

DecisionRule = Callable[[Economy, Parameters], Array]
"""From the economy and the parameters to one row (or number) per agent."""
DecisionRules = Mapping[str, DecisionRule]
"""Decision rules by name of the decision; `sim.economy.decisions.RULES` has the model's own."""


@dataclass(frozen=True)
class Phase:
    """One phase of a quarter."""

    number: str
    """its place in the quarter, such as "5a" """
    title: str
    """its name in the documentation"""
    function: Callable[[Economy, Parameters, Draws, DecisionRules], Economy]
    """takes all four arguments by position, and returns the economy after the phase"""
    meaning: str
    """the steps of the phase, in order"""

    @property
    def name(self) -> str:
        """Name of its function."""
        return self.function.__name__
