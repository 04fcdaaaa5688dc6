"""The types of a phase of the quarter and of a decision rule."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim.economy.arrays import Array
from sim.economy.parameters import Parameters
from sim.economy.state import Draws, Economy

DecisionRule = Callable[[Economy, Parameters], Array]
"""Function of the economy and the parameters that returns one number, or row of numbers, per agent."""
DecisionRules = Mapping[str, DecisionRule]
"""Name of the decision -> decision rule; `sim.economy.decisions.RULES` has the model's own rules."""


@dataclass(frozen=True)
class Phase:
    """One phase of a quarter."""

    number: str
    """place of the phase in the quarter, such as "5a" """
    title: str
    """name of the phase in the documentation"""
    function: Callable[[Economy, Parameters, Draws, DecisionRules], Economy]
    """runs the phase: takes all four arguments by position, and returns the economy after the phase"""
    meaning: str
    """steps of the phase, in their order"""

    @property
    def name(self) -> str:
        """Name of the function that runs the phase."""
        return self.function.__name__
