"""Opening balance sheets: cash and positions of all agents, and the check that they are consistent.

The parts of an issuer's sheet must agree with its published totals, the shares of a company must sum to one, and a
provider's debt must equal the loans of its lenders.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.economy.books.flows import (
    ADVANCES,
    BILLS,
    BITCOIN,
    COMPUTE_LOANS,
    ECONOMY,
    GOLD,
    GOVERNMENT,
    GPUS,
    INVESTORS,
    LAB_SHARES,
    LABS,
    ORIGINS,
    OTHER_VENTURES,
    OUTSIDE,
    OWN,
    PROVIDER_SHARES,
    PROVIDERS,
    REPO,
    RESERVE,
    SECTORS,
    SECURED_LOANS,
    TOKENS,
    TRACED,
    VENDOR,
    VENTURE_SHARES,
    VENTURES,
)
from sim.economy.books.ledger import EMPTY_JOURNAL, Books
from sim.errors import ScenarioError
from sim.scenario.schema import Scenario

Vector = NDArray[np.float64]
DECLARED_TOLERANCE = 0.005
"""Part by which a published total, which is rounded, may differ from the sum of its parts: half a percent."""


def vector(agents: Mapping[str, Any], key: str) -> Vector:
    """Return one number per agent: the value of a key in the agent's table."""
    return np.array([getattr(agent, key).value for agent in agents.values()])


def table(agents: Mapping[str, Any], key: str, others: Mapping[str, Any]) -> Vector:
    """Return the matrix agents x others of the numbers in a key: one row per agent; zero where there is no number."""
    return np.array([[getattr(agent, key).values.get(other, 0.0) for other in others] for agent in agents.values()])


def _sheet(scenario: Scenario, book: str, item: str) -> Vector:
    """Return an item of every issuer's `book` (`reserve` or `own`), USD bn; zero where the item is left out."""
    quantities = [getattr(getattr(issuer, book), item, None) for issuer in scenario.issuers.values()]
    return np.array([0.0 if quantity is None else quantity.value for quantity in quantities])


def opening_books(scenario: Scenario) -> Books:
    """Build the opening books of a scenario, in which no payment has been recorded yet."""
    sectors, market = scenario.sectors, scenario.market
    at_par = (BILLS, REPO, SECURED_LOANS, OTHER_VENTURES, TOKENS, ADVANCES, COMPUTE_LOANS, GPUS)
    price: dict[str, Any] = dict.fromkeys(at_par, np.float64(1.0))
    price[BITCOIN] = np.float64(market.bitcoin.value * 1e-9)
    price[GOLD] = np.float64(market.gold.value * 1e-9)
    positions: dict[str, dict[str, Vector]] = {}
    cost: dict[str, dict[str, Vector]] = {}
    for instrument in TRACED:
        reserve, own = _sheet(scenario, "reserve", instrument), _sheet(scenario, "own", instrument)
        cost[instrument] = {RESERVE: _of_origin(reserve, "token_float"), OWN: _of_origin(own, "opening_cash")}
        positions[instrument] = {RESERVE: reserve / price[instrument], OWN: own / price[instrument]}
        total = float((reserve + own).sum())
        if instrument == BILLS:
            positions[BILLS][ECONOMY] = np.array([sectors.economy_bills.value])
            positions[BILLS][GOVERNMENT] = np.array([-total - sectors.economy_bills.value])
        elif instrument == BITCOIN:
            positions[BITCOIN][ECONOMY] = np.array([sectors.economy_bitcoin.value]) / price[BITCOIN]
        elif instrument == GOLD:
            positions[GOLD][ECONOMY] = np.array([sectors.economy_gold.value]) / price[GOLD]
        else:
            positions[instrument][ECONOMY] = np.array([-total])
    tokens = vector(scenario.issuers, "tokens")
    positions[TOKENS] = {RESERVE: -tokens, ECONOMY: np.array([tokens.sum()])}
    positions[ADVANCES] = {RESERVE: np.zeros((len(tokens), len(tokens))), OWN: 0.0 * tokens}
    positions[COMPUTE_LOANS] = {
        OWN: np.zeros((len(scenario.issuers), len(scenario.providers))),
        INVESTORS: pairs(scenario.loans, scenario.investors, scenario.providers, "amount"),
        PROVIDERS: -vector(scenario.providers, "debt"),
    }
    for instrument, population, account in (
        (LAB_SHARES, scenario.labs, LABS),
        (PROVIDER_SHARES, scenario.providers, PROVIDERS),
        (VENTURE_SHARES, scenario.ventures, VENTURES),
    ):
        price[instrument] = vector(population, "equity_value")
        positions[instrument] = {
            OWN: table(population, "owners", scenario.issuers).T.reshape(len(scenario.issuers), -1),
            INVESTORS: table(population, "owners", scenario.investors).T.reshape(len(scenario.investors), -1),
            ECONOMY: table(population, "owners", {ECONOMY: None}).T,
            account: -np.ones(len(population)),
        }
    positions[GPUS] = {PROVIDERS: fleet_by_age(scenario)[1].sum(axis=1)}
    return Books(_cash(scenario), positions, price, cost, EMPTY_JOURNAL)


def _cash(scenario: Scenario) -> dict[str, Vector]:
    sectors = scenario.sectors
    cash = {
        RESERVE: _sheet(scenario, "reserve", "cash"),
        OWN: _sheet(scenario, "own", "cash"),
        **{account: vector(getattr(scenario, account), "cash") for account in (LABS, PROVIDERS, INVESTORS, VENTURES)},
        GOVERNMENT: np.array([sectors.government_cash.value]),
        VENDOR: np.array([sectors.vendor_cash.value]),
        ECONOMY: np.array([sectors.economy_cash.value]),
    }
    return {
        account: _of_origin(amounts, ORIGINS[OUTSIDE] if account in SECTORS else "opening_cash")
        for account, amounts in cash.items()
    }


def _of_origin(amounts: Vector, origin: str) -> Vector:
    return amounts[:, None] * np.eye(len(ORIGINS))[ORIGINS.index(origin)]


def pairs(entries: Any, lenders: Mapping[str, Any], borrowers: Mapping[str, Any], key: str) -> Vector:
    """Return a key of loans or facilities as a lender x borrower matrix; zero where there is no entry."""
    matrix = np.zeros((len(lenders), len(borrowers)))
    rows, columns = list(lenders), list(borrowers)
    for entry in entries:
        matrix[rows.index(entry.lender), columns.index(entry.borrower)] += getattr(entry, key).value
    return matrix


def fleet_by_age(scenario: Scenario) -> tuple[Vector, Vector]:
    """Return GPUs by provider and age (spread evenly up to twice the mean age), and their book value, USD bn."""
    life = scenario.gpus["useful_life"]
    cohorts = math.ceil((life.range[1] if life.range else life.value) * 4.0)
    fleet = np.zeros((len(scenario.providers), cohorts))
    for index, provider in enumerate(scenario.providers.values()):
        oldest = min(round(2.0 * provider.gpu_age.value), math.ceil(life.value * 4.0) - 1)
        fleet[index, : oldest + 1] = provider.gpus.value / (oldest + 1)
    left = np.maximum(1.0 - np.arange(cohorts) / (life.value * 4.0), 0.0)
    book_value = fleet * left * vector(scenario.providers, "gpu_cost")[:, None] * 1e-9
    return fleet, book_value


def check_declared(scenario: Scenario) -> None:
    """Raise a ScenarioError if the parts of an opening balance sheet disagree with their total."""
    companies = [
        (f"{population}.{slug}", company)
        for population in (LABS, PROVIDERS, VENTURES)
        for slug, company in getattr(scenario, population).items()
    ]
    for key, company in companies:
        owned = sum(company.owners.values.values())
        _agree(scenario, f"shares of {company.name}", f"{key}.owners", owned, 1.0, "the whole company", 1e-9)
    for slug, provider in scenario.providers.items():
        lent = sum(loan.amount.value for loan in scenario.loans if loan.borrower == slug)
        key, debt = f"providers.{slug}.debt", provider.debt.value
        _agree(scenario, f"debt of {provider.name}", key, debt, lent, "the sum of its loans", 1e-9)
    for slug, issuer in scenario.issuers.items():
        items = [quantity.value for _, quantity in issuer.reserve if quantity is not None]
        assets, tokens = sum(items), issuer.tokens.value
        stakes = sum(c.owners.values.get(slug, 0.0) * c.equity_value.value for _, c in companies)
        own = sum(quantity.value for _, quantity in issuer.own if quantity is not None) + stakes
        declared = issuer.declared
        slack = DECLARED_TOLERANCE * assets
        for name, parts, what in (
            ("total_assets", assets, "reserve assets"),
            ("excess_reserves", assets - tokens, "reserve assets less tokens"),
            ("group_equity", assets - tokens + own, "excess reserves and own book"),
        ):
            total, key = getattr(declared, name), f"issuers.{slug}.declared.{name}"
            if total is not None:
                row = f"{issuer.name}, {what}"
                _agree(scenario, row, key, total.value, parts, "the sum of the parts", slack)
        if assets < tokens * (1.0 - 1e-12):
            problem = f"opening balance sheet, row {issuer.name}: the reserve does not cover the tokens"
            allowed = f"at least {tokens:g} USD bn"
            raise ScenarioError(problem, f"issuers.{slug}.reserve", assets, allowed, scenario.name)


def _agree(scenario: Scenario, row: str, key: str, value: float, expected: float, what: str, slack: float) -> None:
    if abs(value - expected) > slack:
        problem = f"opening balance sheet does not add up in row {row}"
        raise ScenarioError(problem, key, float(f"{value:.6g}"), f"{expected:.6g}, {what}", scenario.name)
