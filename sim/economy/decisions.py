"""The form of a decision rule: what the agents of a population decide, from what everyone can see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim.economy.arrays import Array
from sim.economy.parameters import Parameters
from sim.economy.state import Economy

Decision = Callable[[Economy, Parameters], Array]
"""From the economy and the rules to one row (or number) per agent."""
Decisions = Mapping[str, Decision]
"""Decision rules by name; `sim.economy.quarter.DECISIONS` has the model's own."""


@dataclass(frozen=True)
class Form:
    """What a decision rule returns, whoever wrote it. Numbers are finite and not negative.

    Attributes:
        shape: what each axis of the result runs over: populations, or `channels`.
        unit: of the numbers.
        meaning: what is decided, in a few words.
        most: largest number allowed, if there is one.
        shares: whether each row divides something, so that its sum must not exceed one.
    """

    shape: tuple[str, ...]
    unit: str
    meaning: str
    most: float | None = None
    shares: bool = False


FORMS: dict[str, Form] = {
    "lab_spending": Form(("labs",), "USD bn", "what each lab commits itself to spend this quarter"),
    "lab_rounds": Form(("labs",), "USD bn", "money that each lab asks investors for this quarter"),
    "gpu_orders": Form(("providers",), "USD bn", "GPU spending that each provider would like this quarter"),
    "gpu_borrowing": Form(
        ("providers",), "share of GPU spending", "part of it that each provider asks lenders for", most=1.0
    ),
    "investor_appetite": Form(
        ("investors",), "USD bn", "money that each investor may call from its backers this quarter"
    ),
    "investor_choice": Form(
        ("investors", "labs"), "weight", "how an investor's money for labs is drawn to each; zero is never"
    ),
    "payout": Form(
        ("issuers",), "share of realised profit", "part paid out as dividends, after the buffer", most=1.0
    ),
    "redeployment": Form(
        ("issuers", "channels"), "share of deployable money", "where each issuer's profit goes", shares=True
    ),
}
"""The decisions that can be replaced, and the form of each."""
