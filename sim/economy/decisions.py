"""The decisions of agents that users can replace: for each, the array to be returned, and the model's own rule."""

from dataclasses import dataclass

from sim.economy.capital.redeployment import choose_channels, pay_out
from sim.economy.capital.rounds import ask_for_rounds, choose_labs, investor_appetite, part_to_borrow, plan_orders
from sim.economy.compute.labs import plan_spending
from sim.economy.phase import DecisionRule


@dataclass(frozen=True)
class Decision:
    """One decision of a population of agents, for which users can supply their own rule.

    Attributes:
        shape: for each axis of the result, the population (or `channels`) whose members it lists.
        unit: unit of the numbers.
        meaning: the quantity decided this quarter, in a few words.
        rule: the model's own decision rule.
        most: largest number allowed, or None for no limit. All numbers must be finite and not negative.
        shares: whether the numbers of each row are shares of a whole, so that their sum must not exceed one.
    """

    shape: tuple[str, ...]
    unit: str
    meaning: str
    rule: DecisionRule
    most: float | None = None
    shares: bool = False


DECISIONS: dict[str, Decision] = {
    "lab_spending": Decision(("labs",), "USD bn", "spending that each lab commits itself to", plan_spending),
    "lab_rounds": Decision(("labs",), "USD bn", "money that each lab asks investors for", ask_for_rounds),
    "gpu_orders": Decision(("providers",), "USD bn", "GPU spending that each provider plans", plan_orders),
    "gpu_borrowing": Decision(
        ("providers",), "share of GPU spending", "part asked of lenders", part_to_borrow, most=1.0
    ),
    "investor_appetite": Decision(
        ("investors",), "USD bn", "money that each investor may call from its backers", investor_appetite
    ),
    "investor_choice": Decision(
        ("investors", "labs"), "weight", "pull of each lab on an investor's money; zero is never", choose_labs
    ),
    "payout": Decision(
        ("issuers",), "share of realised profit", "part paid out as dividends, after the buffer", pay_out, most=1.0
    ),
    "redeployment": Decision(
        ("issuers", "channels"), "share of deployable money", "uses of profit", choose_channels, shares=True
    ),
}
"""Name -> decision, for every decision that agents take."""
RULES: dict[str, DecisionRule] = {name: decision.rule for name, decision in DECISIONS.items()}
"""Name of the decision -> the model's own rule."""
