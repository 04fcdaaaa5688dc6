"""The Mesa model: one history, run quarter by quarter in NumPy; its agents are views of the economy's arrays."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import mesa
import numpy as np

from sim.economy.books.checks import TOLERANCE, identities
from sim.economy.books.ledger import Books
from sim.engine.decisions import Behaviour
from sim.engine.happenings import announced, happened
from sim.engine.stepping import Close, close_of, step
from sim.errors import AccountingError
from sim.opening.draws import draws_of_quarter
from sim.opening.open_economy import draws_for, open_economy
from sim.scenario import levers
from sim.scenario.load import Scenario, changed, load
from sim.scenario.quarters import later


def _measured(name: str, meaning: str) -> property:
    """Return a property that reads one of the agent's measures at the close of the latest quarter."""

    def read(agent: CapitalFlowAgent) -> float:
        return agent.measure(name)

    return property(read, doc=meaning)


class CapitalFlowAgent(mesa.Agent):
    """A named member of a population; `index` is its place in the arrays of the population."""

    population = ""
    measures: tuple[str, ...] = ("cash", "net_worth")
    """Measures that Mesa's DataCollector records for this kind of agent."""

    def __init__(self, model: CapitalFlowModel, name: str, index: int) -> None:
        super().__init__(model)
        self.name = name
        self.index = index

    def measure(self, name: str) -> float:
        """Return one of the agent's measures at the close of the latest quarter, such as `cash` or `net_worth`.

        Raises:
            KeyError: if agents of this population have no such measure.
        """
        return float(self.model.measured[self.population][name][self.index])

    cash = _measured("cash", "Cash, USD bn.")
    net_worth = _measured("net_worth", "Assets less liabilities, which include own shares at market value, USD bn.")


class StablecoinIssuer(CapitalFlowAgent):
    """Issues tokens, holds the reserve that backs the tokens, and keeps the interest on the reserve."""

    population = "issuers"
    measures = ("cash", "net_worth", "tokens", "interest", "realised_profit", "deployable")

    tokens = _measured("tokens", "Tokens outstanding, USD bn.")
    interest = _measured("interest", "Interest on bills, repo and money funds this quarter, USD bn.")
    realised_profit = _measured("realised_profit", "Profit this quarter without unrealised gains, USD bn.")
    deployable = _measured("deployable", "Own cash that was free to be invested or spent this quarter, USD bn.")


class AILab(CapitalFlowAgent):
    """Sells AI services, rents computing, and raises funding rounds."""

    population = "labs"
    measures = ("cash", "net_worth", "revenue", "spending", "equity_value", "alive")

    revenue = _measured("revenue", "Payments from customers this quarter, USD bn.")
    spending = _measured("spending", "Spending this quarter, USD bn.")
    equity_value = _measured("equity_value", "Value of all its shares, USD bn.")
    alive = _measured("alive", "1 while in business, 0 after failure.")


class GPUProvider(CapitalFlowAgent):
    """Buys GPUs on credit and rents them out."""

    population = "providers"
    measures = ("cash", "net_worth", "gpus", "debt", "revenue", "utilisation", "alive")

    gpus = _measured("gpus", "GPUs owned, H100 equivalents.")
    debt = _measured("debt", "Compute loans owed, USD bn.")
    revenue = _measured("revenue", "Rent received this quarter, USD bn.")
    utilisation = _measured("utilisation", "Hours of GPUs sold, divided by hours offered.")
    alive = _measured("alive", "1 while in business, 0 after failure.")


class Investor(CapitalFlowAgent):
    """Funds labs, providers and ventures with its backers' money."""

    population = "investors"
    measures = ("cash", "net_worth", "stakes", "compute_loans")

    stakes = _measured("stakes", "Market value of the shares that it holds, USD bn.")
    compute_loans = _measured("compute_loans", "Loans to GPU providers outstanding, USD bn.")


class Venture(CapitalFlowAgent):
    """A company in neurotechnology or robotics."""

    population = "ventures"
    measures = ("cash", "net_worth", "equity_value", "alive")

    equity_value = _measured("equity_value", "Value of all its shares, USD bn.")
    alive = _measured("alive", "1 while in business, 0 after failure.")


AGENT_CLASSES: tuple[type[CapitalFlowAgent], ...] = (StablecoinIssuer, AILab, GPUProvider, Investor, Venture)


class CapitalFlowModel(mesa.Model):
    """The capital-flow economy as a Mesa model.

    `step` runs one quarter and checks every accounting identity. The attribute `running` becomes False after the last
    quarter of the scenario.

    Args:
        config: a scenario's name or path, a loaded `Scenario`, or a mapping that changes the baseline: lever names
            or dotted keys -> new values.
        rng: the seed, an integer; the same seed gives the same history. None draws a new seed, which `seed_used`
            then gives. (The command line uses the scenario's own seed instead.)
        terminal_rate: this keyword and all that follow are levers of `sim.scenario.levers`; None keeps the value
            that the scenario has.

    Attributes:
        scenario_spec: the validated scenario.
        seed_used: the seed of this history.
        quarter: number of quarters run so far.
        label: label of the latest quarter that was closed, such as `2024Q1`.
        economy: the economy at that quarter's close (`sim.economy.state.Economy`).
        opening_books: the books when that quarter began.
        checks: identity -> largest relative residual in that quarter.
        happenings: events of that quarter.
        names: population -> names of its agents.
        decisions: the decision rules; `model.decisions["redeployment"] = f` replaces one (docs/behaviours.md).

    Raises:
        ScenarioError: if the scenario or a lever is wrong; from `step`, if a replaced decision fails or is invalid.
        AccountingError: from `step`, if an identity is violated.
    """

    def __init__(
        self,
        config: str | Path | Scenario | Mapping[str, Any] = "baseline",
        rng: int | None = None,
        terminal_rate: float | None = None,
        cut_speed: float | None = None,
        rate_volatility: float | None = None,
        demand_growth: float | None = None,
        crypto_sentiment: float | None = None,
        yield_to_holders: float | None = None,
        transparency: float | None = None,
        loss_alarm: float | None = None,
        redeployment: float | None = None,
        reach_into_reserve: float | None = None,
        payout_ratio: float | None = None,
        buffer_target: float | None = None,
        intensity_of_choice: float | None = None,
        status_weight: float | None = None,
        anxiety_weight: float | None = None,
        channel_cap: float | None = None,
        spending_ambition: float | None = None,
        break_even_discipline: float | None = None,
        revenue_diffusion: float | None = None,
        gpu_price: float | None = None,
        delivery_limit: float | None = None,
        technical_progress: float | None = None,
        power_price: float | None = None,
        investor_appetite: float | None = None,
        ai_sentiment: float | None = None,
        credit_spread: float | None = None,
        loan_to_cost: float | None = None,
        tether_regime: str | None = None,
    ) -> None:
        arguments = locals()
        super().__init__(rng=rng)
        changes = {lever.key: value for name, lever in levers.BY_NAME.items() if (value := arguments[name]) is not None}
        self.scenario_spec = _scenario(config, changes)
        self.seed_used = int(np.random.SeedSequence().generate_state(1)[0]) if rng is None else int(rng)
        start = open_economy(self.scenario_spec)
        self.names = start.names
        self.parameters = start.parameters
        self.economy = start.economy
        self.opening_books: Books = start.economy.books
        self.decisions = Behaviour(start.names, self.scenario_spec.decisions)
        self.quarter = 0
        self.label = start.quarter
        opening = close_of(start.economy, start.economy, identities(self.opening_books, self.opening_books))
        self.checks: dict[str, float] = enforced(self.label, opening.residuals)
        self.happenings: list[dict[str, Any]] = []
        self.draws = draws_for(self.scenario_spec, start.names, self.seed_used, self.scenario_spec.run.quarters)
        for agent_class in AGENT_CLASSES:
            for index, name in enumerate(start.names[agent_class.population]):
                agent_class(self, name, index)
        self._measure(opening)
        self.datacollector = mesa.DataCollector(
            model_reporters={name: partial(_series, name=name) for name in self.series},
            agenttype_reporters={
                agent_class: {name: partial(_attribute, name=name) for name in ("name", *agent_class.measures)}
                for agent_class in AGENT_CLASSES
            },
            agent_reporters={
                name: partial(_attribute, name=name) for name in ("name", "population", "cash", "net_worth")
            },
        )
        self.datacollector.collect(self)

    def step(self) -> None:
        """Run one quarter, close and check the books, and let Mesa's DataCollector record the quarter."""
        if self.quarter >= self.scenario_spec.run.quarters:
            self.running = False
            return
        before = self.economy
        today = draws_of_quarter(self.draws, self.quarter)
        after, close = step(before, self.parameters, today, self.decisions, close_of)
        label = later(self.scenario_spec.run.opening, self.quarter + 1)
        self.checks = enforced(label, close.residuals)
        self.quarter, self.label = self.quarter + 1, label
        self.opening_books, self.economy = before.books, after
        self.happenings = announced(label, self.scenario_spec) + happened(label, before, after, self.names)
        self._measure(close)
        self.datacollector.collect(self)
        self.running = self.quarter < self.scenario_spec.run.quarters

    def _measure(self, close: Close) -> None:
        self.series: dict[str, float] = {name: float(number) for name, number in close.series.items()}
        self.measured = close.agents


def _series(model: CapitalFlowModel, name: str) -> float:
    return model.series[name]


def _attribute(agent: mesa.Agent, name: str) -> Any:
    # Mesa would make a local function of an attribute's name, which does not pickle.
    return getattr(agent, name)


def _scenario(config: Any, changes: dict[str, Any]) -> Scenario:
    if isinstance(config, Scenario):
        return changed(config, changes) if changes else config
    if isinstance(config, Mapping):
        return load("baseline", {**levers.keys(config), **changes})
    return load(config, changes)


def enforced(label: str, residuals: Mapping[str, Any]) -> dict[str, float]:
    """Return residuals as floats; raise an AccountingError if one is above the tolerance or is NaN."""
    checks = {name: float(residual) for name, residual in residuals.items()}
    for name, residual in checks.items():
        if not residual <= TOLERANCE:
            raise AccountingError(
                f"{label}: identity {name} is violated: largest relative residual {residual:.3g}, "
                f"tolerance {TOLERANCE:g}"
            )
    return checks
