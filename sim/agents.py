"""One Mesa agent class per population. Agents are views: they read the model's arrays and hold no state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa

if TYPE_CHECKING:
    from sim.model import CapitalFlowModel


class CapitalFlowAgent(mesa.Agent):
    """A named member of a population.

    Args:
        model: the model it belongs to.
        name: its name.
        index: its place in the arrays of its population.
    """

    population = ""
    measures: tuple[str, ...] = ("cash", "net_worth")
    """Measures that Mesa's DataCollector records for this kind of agent; USD bn unless the docs say otherwise."""

    def __init__(self, model: CapitalFlowModel, name: str, index: int) -> None:
        super().__init__(model)
        self.name = name
        self.index = index

    def measure(self, name: str) -> float:
        """Return one of the agent's measures at the last close, such as `cash` or `net_worth`.

        Raises:
            KeyError: if agents of this population have no such measure.
        """
        return float(self.model.measured[self.population][name][self.index])

    @property
    def cash(self) -> float:
        """Cash, USD bn."""
        return self.measure("cash")

    @property
    def net_worth(self) -> float:
        """Assets less liabilities, own shares at market value among the liabilities, USD bn."""
        return self.measure("net_worth")


class StablecoinIssuer(CapitalFlowAgent):
    """Issues tokens, holds the reserve behind them, keeps the interest."""

    population = "issuers"
    measures = ("cash", "net_worth", "tokens", "interest", "realised_profit", "deployable")

    @property
    def tokens(self) -> float:
        """Tokens outstanding, USD bn."""
        return self.measure("tokens")

    @property
    def interest(self) -> float:
        """Interest on bills, repo and money funds this quarter, USD bn."""
        return self.measure("interest")

    @property
    def realised_profit(self) -> float:
        """Profit of the quarter without gains on paper, USD bn."""
        return self.measure("realised_profit")

    @property
    def deployable(self) -> float:
        """Own cash that was free to be put somewhere this quarter, USD bn."""
        return self.measure("deployable")


class AILab(CapitalFlowAgent):
    """Sells AI, rents compute, raises rounds."""

    population = "labs"
    measures = ("cash", "net_worth", "revenue", "spending", "equity_value", "alive")

    @property
    def revenue(self) -> float:
        """Customers' payments this quarter, USD bn."""
        return self.measure("revenue")

    @property
    def spending(self) -> float:
        """Spending of the quarter, USD bn."""
        return self.measure("spending")

    @property
    def equity_value(self) -> float:
        """Value of all its shares, USD bn."""
        return self.measure("equity_value")

    @property
    def alive(self) -> float:
        """1 while in business, 0 after failure."""
        return self.measure("alive")


class GPUProvider(CapitalFlowAgent):
    """Buys GPUs on credit and rents them out."""

    population = "providers"
    measures = ("cash", "net_worth", "gpus", "debt", "revenue", "utilisation", "alive")

    @property
    def gpus(self) -> float:
        """GPUs at work, H100 equivalents."""
        return self.measure("gpus")

    @property
    def debt(self) -> float:
        """Compute loans owed, USD bn."""
        return self.measure("debt")

    @property
    def revenue(self) -> float:
        """Rent received this quarter, USD bn."""
        return self.measure("revenue")

    @property
    def utilisation(self) -> float:
        """Hours sold over hours offered."""
        return self.measure("utilisation")

    @property
    def alive(self) -> float:
        """1 while in business, 0 after failure."""
        return self.measure("alive")


class Investor(CapitalFlowAgent):
    """Funds labs, providers and ventures with its backers' money."""

    population = "investors"
    measures = ("cash", "net_worth", "stakes", "compute_loans")

    @property
    def stakes(self) -> float:
        """Market value of its shares, USD bn."""
        return self.measure("stakes")

    @property
    def compute_loans(self) -> float:
        """Loans to GPU providers outstanding, USD bn."""
        return self.measure("compute_loans")


class Venture(CapitalFlowAgent):
    """A neurotech or robotics company."""

    population = "ventures"
    measures = ("cash", "net_worth", "equity_value", "alive")

    @property
    def equity_value(self) -> float:
        """Value of all its shares, USD bn."""
        return self.measure("equity_value")

    @property
    def alive(self) -> float:
        """1 while in business, 0 after failure."""
        return self.measure("alive")


AGENT_CLASSES: tuple[type[CapitalFlowAgent], ...] = (StablecoinIssuer, AILab, GPUProvider, Investor, Venture)
