"""The Mesa model: one history, stepped quarter by quarter in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import mesa
import numpy as np

from sim import calendar, levers, shocks
from sim.agents import AGENT_CLASSES
from sim.behaviours import Behaviour
from sim.coin_events import announced
from sim.economy import measures
from sim.economy.checks import TOLERANCE, identities
from sim.economy.ledger import Books
from sim.economy.quarter import quarter
from sim.errors import AccountingError
from sim.events import happened
from sim.opening import draws_for, open_economy
from sim.scenario import Scenario, changed, load


class CapitalFlowModel(mesa.Model):
    """The capital-flow economy as a Mesa model.

    Agents are views on arrays; `step` runs one quarter and checks every accounting identity. `running` turns
    False when the scenario's quarters are over.

    Args:
        config: a scenario's name, its path, a loaded `Scenario`, or a mapping of lever names and dotted keys
            that changes the baseline.
        rng: seed, a plain integer; the same seed gives the same history. None draws a fresh one, which `seed`
            then tells. (The command line uses the scenario's own seed instead.)
        terminal_rate: this and every other keyword is a lever of `sim.levers`; None leaves the scenario's value.

    Attributes:
        scenario_spec: the validated scenario.
        seed_used: the seed of this history.
        quarter: quarters run so far.
        label: label of the last quarter closed, such as `2024Q1`.
        economy: the economy at the last close (`sim.economy.state.Economy`).
        opening_books: the books when the last quarter opened.
        checks: identity -> largest relative residual of the last quarter.
        happenings: events of the last quarter.
        names: population -> names of its agents.
        decisions: the decision rules; `model.decisions["redeployment"] = f` replaces one (docs/behaviours.md).

    Raises:
        ScenarioError: if the scenario or a lever is wrong; from `step`, if a replaced decision is.
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
        given = locals()
        super().__init__(rng=rng)
        turned = [lever for lever in levers.BY_NAME.values() if given[lever.name] is not None]
        changes = {lever.key: given[lever.name] for lever in turned}
        self.scenario_spec = _scenario(config, changes)
        self.seed_used = int(np.random.SeedSequence().generate_state(1)[0]) if rng is None else int(rng)
        start = open_economy(self.scenario_spec)
        self.names = start.names
        self.rules = start.rules
        self.economy = start.economy
        self.opening_books: Books = start.economy.books
        self.decisions = Behaviour(start.names, self.scenario_spec.decisions)
        self.quarter = 0
        self.label = start.quarter
        self.checks: dict[str, float] = enforced(self.label, identities(self.opening_books, self.opening_books))
        self.happenings: list[dict[str, Any]] = []
        self.draws = draws_for(self.scenario_spec, start.names, self.seed_used, self.scenario_spec.run.quarters)
        for agent_class in AGENT_CLASSES:
            for index, name in enumerate(start.names[agent_class.population]):
                agent_class(self, name, index)
        self._measure()
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
        """Run one quarter, close the books, check them, and collect."""
        if self.quarter >= self.scenario_spec.run.quarters:
            self.running = False
            return
        before = self.economy
        after, residuals = quarter(before, self.rules, shocks.at(self.draws, self.quarter), self.decisions)
        label = calendar.later(self.scenario_spec.run.opening, self.quarter + 1)
        self.checks = enforced(label, residuals)
        self.quarter, self.label = self.quarter + 1, label
        self.opening_books, self.economy = before.books, after
        self.happenings = announced(self.label, self.scenario_spec) + happened(label, before, after, self.names)
        self._measure()
        self.datacollector.collect(self)
        self.running = self.quarter < self.scenario_spec.run.quarters

    def _measure(self) -> None:
        self.series: dict[str, float] = {
            name: float(number)
            for name, number in (
                measures.series(self.economy) | measures.origin_series(self.opening_books, self.economy.books)
            ).items()
        }
        self.measured = measures.agents(self.economy)


def _series(model: CapitalFlowModel, name: str) -> float:
    return model.series[name]


def _attribute(agent: mesa.Agent, name: str) -> Any:
    # Not the attribute's name as a string: Mesa would make a local function of it, which does not pickle.
    return getattr(agent, name)


def _scenario(config: Any, changes: dict[str, Any]) -> Scenario:
    if isinstance(config, Scenario):
        return changed(config, changes) if changes else config
    if isinstance(config, Mapping):
        return load("baseline", {**levers.keys(config), **changes})
    return load(config, changes)


def enforced(label: str, residuals: Mapping[str, Any]) -> dict[str, float]:
    """Turn residuals into numbers, and refuse to go on if one is above the tolerance (or not a number)."""
    checks = {name: float(residual) for name, residual in residuals.items()}
    for name, residual in checks.items():
        if not residual <= TOLERANCE:
            raise AccountingError(
                f"{label}: identity {name} is violated: largest relative residual {residual:.3g}, "
                f"tolerance {TOLERANCE:g}"
            )
    return checks
