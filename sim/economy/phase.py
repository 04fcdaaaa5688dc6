"""What a phase of a quarter and a decision rule look like."""

from __future__ import annotations

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
    """One phase of a quarter.

    Attributes:
        number: its place in the quarter, such as "5a".
        title: its name in the documentation.
        function: from the economy, the parameters, the quarter's draws and the decision rules to the economy after
            the phase. It takes all four by position, and ignores those that it has no use for.
        meaning: what happens in it, in order.
    """

    number: str
    title: str
    function: Callable[[Economy, Parameters, Draws, DecisionRules], Economy]
    meaning: str

    @property
    def name(self) -> str:
        """Name of its function."""
        return self.function.__name__
