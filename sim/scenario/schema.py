"""Schema of a scenario: the tables and keys of `configs/*.toml`, and the checks that involve several keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sim.economy import parameters
from sim.economy.capital.parameters import RedeploymentParameters
from sim.economy.decisions import DECISIONS
from sim.economy.parameters import CHANNELS
from sim.errors import ScenarioError, suggestion
from sim.scenario import quarters as calendar
from sim.scenario.agents import Facility, InvestorConfig, Issuer, Lab, Loan, Provider, VentureConfig
from sim.scenario.events import COMPANY, EVERYONE, ISSUER, KINDS, Event
from sim.scenario.quantities import Described, Quantity, Strict, Table
from sim.scenario.quarters import ROLLOUT

__all__ = [
    "Described",
    "Facility",
    "InvestorConfig",
    "Issuer",
    "Lab",
    "Loan",
    "Provider",
    "Quantity",
    "Scenario",
    "Strict",
    "Table",
    "VentureConfig",
]

QUARTER_PATTERN = r"^\d{4}Q[1-4]$"


def _in_order(quarters: tuple[str, ...]) -> tuple[str, ...]:
    for earlier, later in pairwise(quarters):
        if calendar.between(earlier, later) < ROLLOUT:
            raise ValueError(f"{later} comes less than {ROLLOUT} quarters after {earlier}")
    return quarters


class RunSettings(Strict):
    """How long a history is, and its seed."""

    quarters: Annotated[int, Field(ge=1, le=160)]
    """length of the history"""
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    """seed of the random numbers"""
    opening: Annotated[str, Field(pattern=QUARTER_PATTERN)]
    """quarter at whose close the history starts"""


class Calendar(Strict):
    """What is known of the calendar: until when prices follow the data, and when generations of GPUs came."""

    until: Annotated[str, Field(pattern=r"^(\d{4}Q[1-4]|none)$")]
    """last quarter in which bill rate, bitcoin and gold follow the data; `none`: they follow the model throughout"""
    gpu_generations: Annotated[tuple[Annotated[str, Field(pattern=QUARTER_PATTERN)], ...], AfterValidator(_in_order)]
    """first quarters in which generations of GPUs worked in volume; after the last, a new one comes every year"""


class Tail(Strict):
    """Numbers and sizes of the synthetic agents that are added to the named agents."""

    issuers: Annotated[int, Field(ge=0, le=100_000)]
    """number of synthetic issuers"""
    labs: Annotated[int, Field(ge=0, le=100_000)]
    """number of synthetic labs"""
    providers: Annotated[int, Field(ge=0, le=100_000)]
    """number of synthetic providers"""
    pareto_exponent: Quantity
    """exponent of the Pareto law of their sizes"""
    smallest: Quantity
    """smallest size, as a multiple of the agent that is copied"""


class Market(Strict):
    """Prices and expectations at the opening."""

    bill_rate: Quantity
    """three-month bill rate at the opening"""
    bitcoin: Quantity
    """price of bitcoin at the opening"""
    gold: Quantity
    """price of gold at the opening"""
    rent: Quantity
    """rent of a GPU at the opening"""
    demand_growth: Quantity
    """growth of demand for GPU hours that providers expect at the opening"""


class Sectors(Strict):
    """Opening holdings of everyone else, the government and the vendor."""

    economy_cash: Quantity
    """cash of everyone else"""
    economy_bills: Quantity
    """bills held by everyone else"""
    economy_bitcoin: Quantity
    """bitcoin held by everyone else"""
    economy_gold: Quantity
    """gold held by everyone else"""
    government_cash: Quantity
    """cash of the government"""
    vendor_cash: Quantity
    """cash of the vendor"""


def _section(owner: type, only: frozenset[str] | None = None) -> Any:
    """Return the type of a table whose keys are exactly the fields of a dataclass of parameters (or only some)."""
    names = only or frozenset(field.name for field in fields(owner))

    def check(section: dict[str, Quantity]) -> dict[str, Quantity]:
        for key in section:
            if key not in names:
                raise ScenarioError(f"unknown key{suggestion(key, names)}", key)
        missing = sorted(names - set(section))
        if missing:
            raise ScenarioError("missing key", missing[0])
        return section

    return Annotated[dict[str, Quantity], AfterValidator(check)]


def _decision_names(chosen: Any) -> Any:
    """Check that keys are decisions; the functions that the values name are imported only when a model is made."""
    for name, text in chosen.items() if isinstance(chosen, Mapping) else ():
        if name not in DECISIONS:
            problem = f"unknown decision{suggestion(name, DECISIONS)}"
            raise ScenarioError(problem, name, allowed=", ".join(DECISIONS))
        if not isinstance(text, str) or not all(text.partition(":")):
            raise ScenarioError("not in the form module:function", name, text, FUNCTION)
    return chosen


FUNCTION = "module:function, such as examples.all_in_gold:choose"
"""How a scenario names the function that replaces a decision."""
CHANNEL_KEYS = frozenset({"prior_return", "risk", "visibility", "cost", "ticket", "propensity"})
REDEPLOYMENT_KEYS = frozenset(f.name for f in fields(RedeploymentParameters)) - CHANNEL_KEYS
SUMMED = {"labs_market": ("compute_share", "staff_share"), "issuers": ("cash_share", "repo_share", "secured_share")}
"""Shares whose sum must not exceed one; the range of a single share cannot check that."""


class Scenario(Strict):
    """All settings of a run, validated."""

    name: str
    title: str
    about: str
    run: RunSettings
    history: Calendar
    environment: _section(parameters.EnvironmentParameters)  # type: ignore[valid-type]
    tokens: _section(parameters.TokenParameters)  # type: ignore[valid-type]
    reserve: _section(parameters.ReserveParameters)  # type: ignore[valid-type]
    liquidity: _section(parameters.LiquidityParameters)  # type: ignore[valid-type]
    regimes: dict[str, _section(parameters.RegimeParameters)]  # type: ignore[valid-type]
    credit: _section(parameters.CreditParameters)  # type: ignore[valid-type]
    entry: _section(parameters.EntryParameters)  # type: ignore[valid-type]
    labs_market: _section(parameters.LabParameters)  # type: ignore[valid-type]
    gpus: _section(parameters.GpuParameters)  # type: ignore[valid-type]
    funding: _section(parameters.FundingParameters)  # type: ignore[valid-type]
    redeployment: _section(RedeploymentParameters, REDEPLOYMENT_KEYS)  # type: ignore[valid-type]
    channels: dict[str, _section(RedeploymentParameters, CHANNEL_KEYS)]  # type: ignore[valid-type]
    beliefs: _section(parameters.BeliefParameters)  # type: ignore[valid-type]
    decisions: Annotated[dict[str, str], BeforeValidator(_decision_names)]
    market: Market
    sectors: Sectors
    tail: Tail
    issuers: dict[str, Issuer]
    labs: dict[str, Lab]
    providers: dict[str, Provider]
    investors: dict[str, InvestorConfig]
    ventures: dict[str, VentureConfig]
    loans: tuple[Loan, ...] = ()
    facilities: tuple[Facility, ...] = ()
    events: tuple[Event, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Scenario:
        self.check_together()
        return self

    def check_together(self) -> None:
        """Check what the range of a single number cannot: names that refer to agents, and sums of shares.

        Raises:
            ScenarioError: if a name refers to no agent, or a sum is too large.
        """
        _check_tables("channels", self.channels, CHANNELS)
        _check_tables("regimes", self.regimes, parameters.REGIMES)
        spent = sum(self.labs_market[key].value for key in SUMMED["labs_market"])
        _check_sum("labs_market", " + ".join(SUMMED["labs_market"]), spent, 1.0)
        for slug, lab in self.labs.items():
            _check_sum(f"labs.{slug}.revenue_share", "all shares", sum(lab.revenue_share.values.values()), 1.0)
        for slug, issuer in self.issuers.items():
            backing = sum(getattr(issuer, key).value for key in SUMMED["issuers"])
            _check_sum(f"issuers.{slug}", " + ".join(SUMMED["issuers"]), backing, 1.0 + 1e-9)
        _check_names(self)
        for index, event in enumerate(self.events):
            _check_event(self, f"events.{index}", event)


def _check_tables(key: str, tables: Mapping[str, Any], expected: Iterable[str]) -> None:
    differing = sorted(set(tables) ^ set(expected))
    if differing:
        problem = "unexpected table" if differing[0] in tables else "missing table"
        raise ScenarioError(f"{problem} {differing[0]!r}", key, allowed=", ".join(expected))


def _check_sum(key: str, terms: str, total: float, limit: float) -> None:
    if total > limit:
        raise ScenarioError(f"{terms} = {total:g}", key, allowed="a sum of at most 1")


def _check_names(scenario: Scenario) -> None:
    """Check that every agent to which another agent refers exists, and that names are unique."""
    holders = {*scenario.issuers, *scenario.investors, "economy"}
    for population in ("labs", "providers", "ventures"):
        for slug, company in getattr(scenario, population).items():
            _known(f"{population}.{slug}.owners", company.owners.values, holders)
    for slug, lab in scenario.labs.items():
        _known(f"labs.{slug}.revenue_share", lab.revenue_share.values, scenario.investors)
        _known(f"labs.{slug}.suppliers", lab.suppliers.values, scenario.providers)
    for slug, investor in scenario.investors.items():
        _known(f"investors.{slug}.labs", investor.labs.values, scenario.labs)
        _known(f"investors.{slug}.providers", investor.providers.values, scenario.providers)
        _known(f"investors.{slug}.loans", investor.loans.values, scenario.providers)
        _known(f"investors.{slug}.ventures", investor.ventures.values, scenario.ventures)
    for index, loan in enumerate(scenario.loans):
        _known(f"loans.{index}.lender", [loan.lender], scenario.investors)
        _known(f"loans.{index}.borrower", [loan.borrower], scenario.providers)
    for index, facility in enumerate(scenario.facilities):
        _known(f"facilities.{index}.lender", [facility.lender], scenario.issuers)
        _known(f"facilities.{index}.borrower", [facility.borrower], scenario.providers)
    names: set[str] = {"Government", "Vendor", "Economy"}
    for group in ("issuers", "labs", "providers", "investors", "ventures"):
        for slug, agent in getattr(scenario, group).items():
            if agent.name in names:
                raise ScenarioError("another agent has this name; choose another", f"{group}.{slug}.name", agent.name)
            names.add(agent.name)


def _check_event(scenario: Scenario, where: str, event: Event) -> None:
    """Check that every event falls within the history and hits an agent that exists."""
    first, last = (calendar.later(scenario.run.opening, step) for step in (1, scenario.run.quarters))
    if not first <= event.quarter <= last:
        allowed = f"{first} to {last} (run.quarters = {scenario.run.quarters})"
        raise ScenarioError("outside the history", f"{where}.quarter", event.quarter, allowed)
    population = KINDS[event.kind].target
    if population == ISSUER:
        _known(f"{where}.target", [event.target], [*scenario.issuers, EVERYONE])
    if population == COMPANY:
        _known(f"{where}.target", [event.target], [*scenario.labs, *scenario.providers, *scenario.ventures])


def _known(key: str, names: Iterable[Any], choices: Iterable[str]) -> None:
    for name in names:
        if name not in choices:
            raise ScenarioError(f"unknown name{suggestion(name, choices)}", key, name, ", ".join(sorted(choices)))
