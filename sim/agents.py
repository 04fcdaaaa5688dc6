"""One Mesa agent class per population. Agents are views: they read the model's arrays and hold no state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mesa

if TYPE_CHECKING:
    from sim.model import CapitalFlowModel


def _measured(name: str, meaning: str) -> property:
    """An attribute that reads one of the agent's measures at the last close."""

    def read(agent: CapitalFlowAgent) -> float:
        return agent.measure(name)

    return property(read, doc=meaning)


class CapitalFlowAgent(mesa.Agent):
    """A named member of a population.

    Args:
        model: the model it belongs to.
        name: its name.
        index: its place in the arrays of its population.
    """

    population = ""
    measures: tuple[str, ...] = ("cash", "net_worth")
    """Measures that Mesa's DataCollector records for this kind of agent."""

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

    cash = _measured("cash", "Cash, USD bn.")
    net_worth = _measured("net_worth", "Assets less liabilities, own shares at market value among them, USD bn.")


class StablecoinIssuer(CapitalFlowAgent):
    """Issues tokens, holds the reserve behind them, keeps the interest."""

    population = "issuers"
    measures = ("cash", "net_worth", "tokens", "interest", "realised_profit", "deployable")

    tokens = _measured("tokens", "Tokens outstanding, USD bn.")
    interest = _measured("interest", "Interest on bills, repo and money funds this quarter, USD bn.")
    realised_profit = _measured("realised_profit", "Profit of the quarter without gains on paper, USD bn.")
    deployable = _measured("deployable", "Own cash that was free to be put somewhere this quarter, USD bn.")


class AILab(CapitalFlowAgent):
    """Sells AI, rents compute, raises rounds."""

    population = "labs"
    measures = ("cash", "net_worth", "revenue", "spending", "equity_value", "alive")

    revenue = _measured("revenue", "Customers' payments this quarter, USD bn.")
    spending = _measured("spending", "Spending of the quarter, USD bn.")
    equity_value = _measured("equity_value", "Value of all its shares, USD bn.")
    alive = _measured("alive", "1 while in business, 0 after failure.")


class GPUProvider(CapitalFlowAgent):
    """Buys GPUs on credit and rents them out."""

    population = "providers"
    measures = ("cash", "net_worth", "gpus", "debt", "revenue", "utilisation", "alive")

    gpus = _measured("gpus", "GPUs owned, H100 equivalents.")
    debt = _measured("debt", "Compute loans owed, USD bn.")
    revenue = _measured("revenue", "Rent received this quarter, USD bn.")
    utilisation = _measured("utilisation", "Hours sold over hours offered.")
    alive = _measured("alive", "1 while in business, 0 after failure.")


class Investor(CapitalFlowAgent):
    """Funds labs, providers and ventures with its backers' money."""

    population = "investors"
    measures = ("cash", "net_worth", "stakes", "compute_loans")

    stakes = _measured("stakes", "Market value of its shares, USD bn.")
    compute_loans = _measured("compute_loans", "Loans to GPU providers outstanding, USD bn.")


class Venture(CapitalFlowAgent):
    """A neurotech or robotics company."""

    population = "ventures"
    measures = ("cash", "net_worth", "equity_value", "alive")

    equity_value = _measured("equity_value", "Value of all its shares, USD bn.")
    alive = _measured("alive", "1 while in business, 0 after failure.")


AGENT_CLASSES: tuple[type[CapitalFlowAgent], ...] = (StablecoinIssuer, AILab, GPUProvider, Investor, Venture)
