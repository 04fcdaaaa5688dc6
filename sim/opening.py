"""From a scenario to the opening economy: arrays of every agent's balance sheet, and the rules.

The opening balance-sheet matrix must close: parts must agree with the totals published beside them, shares of a
company must sum to one, and a provider's debt must be what its lenders hold. If not, nothing starts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import calendar, shocks
from sim.economy import rules as rule
from sim.economy import state
from sim.economy.flows import (
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
    SECURED_LOANS,
    SECTORS,
    TOKENS,
    TRACED,
    VENDOR,
    VENTURE_SHARES,
    VENTURES,
)
from sim.economy.labs import FLOP_UNIT, training_loss
from sim.economy.ledger import EMPTY_JOURNAL, Books, net_worth
from sim.economy.rules import CHANNELS, Rules
from sim.scenario import Scenario, ScenarioError, read_series
from sim.tail import with_tail

Vector = NDArray[np.float64]
DECLARED_TOLERANCE = 0.005
"""Published totals are rounded: parts may differ from them by half a percent."""


@dataclass(frozen=True)
class Opening:
    """Where a history starts.

    Attributes:
        economy: balances at the close of the opening quarter.
        rules: parameters and traits.
        names: population -> names of its agents, in the order of the arrays.
        quarter: label of the opening quarter.
    """

    economy: state.Economy
    rules: Rules
    names: dict[str, tuple[str, ...]]
    quarter: str


def open_economy(scenario: Scenario) -> Opening:
    """Build the opening economy and the rules of a scenario.

    Raises:
        ScenarioError: if the opening balance sheets do not close, naming the row.
    """
    scenario = with_tail(scenario)
    _check_declared(scenario)
    books = _books(scenario)
    rules = build_rules(scenario)
    economy = _economy(scenario, rules, books)
    names = {
        population: tuple(agent.name for agent in getattr(scenario, population).values())
        for population in ("issuers", "labs", "providers", "investors", "ventures")
    }
    return Opening(economy, rules, names, scenario.run.opening)


def draws_for(scenario: Scenario, names: Mapping[str, tuple[str, ...]], seed: int, quarters: int) -> state.Draws:
    """Draw the random numbers of a history, and attach the data it follows.

    Raises:
        ScenarioError: if the data do not reach as far as `history.until` says.
    """
    labels = [calendar.later(scenario.run.opening, step + 1) for step in range(quarters)]
    rates, assets = read_series("rates"), read_series("assets")
    known, columns = [], []
    for label in labels:
        used = scenario.history.until != "none" and label <= scenario.history.until
        try:
            row = (
                rates[label]["tbill_3m_avg_pct"] / 100.0,
                assets[label]["btc_usd_eoq"],
                assets[label]["gold_usd_oz_eoq"],
            )
        except KeyError:
            if used:
                raise ScenarioError(
                    f"{scenario.name}: history.until = {scenario.history.until}, but the data have no {label}"
                ) from None
            row = (0.0, 1.0, 1.0)
        known.append(1.0 if used else 0.0)
        columns.append(row)
    paths = np.asarray(columns).T
    data = shocks.Data(np.asarray(known), paths[0], paths[1], paths[2])
    return shocks.draw(seed, quarters, names["issuers"], names["labs"], names["ventures"], data)


def build_rules(scenario: Scenario) -> Rules:
    """Turn the scenario's numbers into the arrays that the economy reads."""
    return Rules(
        environment=_scalars(rule.EnvironmentRules, scenario.environment),
        tokens=_scalars(rule.TokenRules, scenario.tokens),
        reserve=_scalars(rule.ReserveRules, scenario.reserve),
        credit=_scalars(rule.CreditRules, scenario.credit),
        labs=_scalars(rule.LabRules, scenario.labs_market),
        gpus=_scalars(rule.GpuRules, scenario.gpus),
        funding=_scalars(rule.FundingRules, scenario.funding),
        redeployment=_redeployment(scenario),
        beliefs=_scalars(rule.BeliefRules, scenario.beliefs),
        issuer=_traits(
            rule.IssuerTraits,
            scenario.issuers,
            may_pay_yield=[1.0 if i.regime == "offshore" else 0.0 for i in scenario.issuers.values()],
        ),
        lab=_traits(
            rule.LabTraits,
            scenario.labs,
            revenue_share=_table(scenario.labs, "revenue_share", scenario.investors),
            supplier_weight=_table(scenario.labs, "suppliers", scenario.providers) + 1e-6,
        ),
        provider=_traits(
            rule.ProviderTraits,
            scenario.providers,
            hyperscale=[1.0 if p.hyperscale else 0.0 for p in scenario.providers.values()],
        ),
        investor=_traits(
            rule.InvestorTraits,
            scenario.investors,
            lends=[1.0 if i.lends else 0.0 for i in scenario.investors.values()],
            lab_affinity=_table(scenario.investors, "labs", scenario.labs),
            provider_affinity=_table(scenario.investors, "providers", scenario.providers),
            loan_affinity=_table(scenario.investors, "loans", scenario.providers),
            venture_affinity=_table(scenario.investors, "ventures", scenario.ventures),
        ),
        venture=_traits(
            rule.VentureTraits,
            scenario.ventures,
            neurotech=[1.0 if v.kind == "neurotech" else 0.0 for v in scenario.ventures.values()],
            robotics=[1.0 if v.kind == "robotics" else 0.0 for v in scenario.ventures.values()],
            open_to_issuers=[1.0 if v.open_to_issuers else 0.0 for v in scenario.ventures.values()],
        ),
    )


def _scalars(owner: type, section: Mapping[str, Any]) -> Any:
    return owner(**{field.name: np.float64(section[field.name].value) for field in fields(owner)})


def _redeployment(scenario: Scenario) -> rule.RedeploymentRules:
    by_channel = {
        key: np.array([scenario.channels[channel][key].value for channel in CHANNELS])
        for key in ("prior_return", "risk", "visibility", "cost", "ticket")
    }
    scalars = {key: np.float64(quantity.value) for key, quantity in scenario.redeployment.items()}
    return rule.RedeploymentRules(**scalars, **by_channel)


def _traits(owner: type, agents: Mapping[str, Any], **given: Any) -> Any:
    """Arrays of one population: fields of the same name in the configs, and those given."""
    arrays = {
        field.name: _vector(agents, field.name) for field in fields(owner) if field.name not in given
    }
    return owner(**arrays, **{name: np.asarray(value, dtype=float) for name, value in given.items()})


def _vector(agents: Mapping[str, Any], key: str) -> Vector:
    return np.array([getattr(agent, key).value for agent in agents.values()])


def _table(agents: Mapping[str, Any], key: str, others: Mapping[str, Any]) -> Vector:
    return np.array(
        [[getattr(agent, key).values.get(other, 0.0) for other in others] for agent in agents.values()]
    )


def _sheet(scenario: Scenario, book: str, item: str) -> Vector:
    """One item of one book of every issuer, USD bn; what is not given is zero."""
    quantities = [getattr(getattr(issuer, book), item, None) for issuer in scenario.issuers.values()]
    return np.array([0.0 if quantity is None else quantity.value for quantity in quantities])


def _books(scenario: Scenario) -> Books:
    sectors, market = scenario.sectors, scenario.market
    price = {instrument: np.float64(1.0) for instrument in (BILLS, REPO, SECURED_LOANS, OTHER_VENTURES, TOKENS)}
    price |= {COMPUTE_LOANS: np.float64(1.0), GPUS: np.float64(1.0)}
    price[BITCOIN] = np.float64(market.bitcoin.value * 1e-9)
    price[GOLD] = np.float64(market.gold.value * 1e-9)
    positions: dict[str, dict[str, Vector]] = {}
    cost: dict[str, dict[str, Vector]] = {}
    for instrument in TRACED:
        reserve, own = _sheet(scenario, "reserve", instrument), _sheet(scenario, "own", instrument)
        cost[instrument] = {
            RESERVE: _of_origin(reserve, "token_float"),
            OWN: _of_origin(own, "opening_cash"),
        }
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
    tokens = _vector(scenario.issuers, "tokens")
    positions[TOKENS] = {RESERVE: -tokens, ECONOMY: np.array([tokens.sum()])}
    positions[COMPUTE_LOANS] = _loan_positions(scenario)
    for instrument, population, account in (
        (LAB_SHARES, scenario.labs, LABS),
        (PROVIDER_SHARES, scenario.providers, PROVIDERS),
        (VENTURE_SHARES, scenario.ventures, VENTURES),
    ):
        price[instrument] = _vector(population, "equity_value")
        positions[instrument] = {
            OWN: _table(population, "owners", scenario.issuers).T.reshape(len(scenario.issuers), -1),
            INVESTORS: _table(population, "owners", scenario.investors).T.reshape(len(scenario.investors), -1),
            ECONOMY: _table(population, "owners", {ECONOMY: None}).T,
            account: -np.ones(len(population)),
        }
    positions[GPUS] = {PROVIDERS: _fleet(scenario)[1].sum(axis=1)}
    return Books(_cash(scenario), positions, price, cost, EMPTY_JOURNAL)


def _cash(scenario: Scenario) -> dict[str, Vector]:
    sectors = scenario.sectors
    cash = {
        RESERVE: _sheet(scenario, "reserve", "cash"),
        OWN: _sheet(scenario, "own", "cash"),
        LABS: _vector(scenario.labs, "cash"),
        PROVIDERS: _vector(scenario.providers, "cash"),
        INVESTORS: _vector(scenario.investors, "cash"),
        VENTURES: _vector(scenario.ventures, "cash"),
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


def _loan_positions(scenario: Scenario) -> dict[str, Vector]:
    return {
        OWN: np.zeros((len(scenario.issuers), len(scenario.providers))),
        INVESTORS: _pairs(scenario.loans, scenario.investors, scenario.providers, "amount"),
        PROVIDERS: -_vector(scenario.providers, "debt"),
    }


def _pairs(entries: Any, lenders: Mapping[str, Any], borrowers: Mapping[str, Any], key: str) -> Vector:
    matrix = np.zeros((len(lenders), len(borrowers)))
    rows, columns = list(lenders), list(borrowers)
    for entry in entries:
        matrix[rows.index(entry.lender), columns.index(entry.borrower)] += getattr(entry, key).value
    return matrix


def _fleet(scenario: Scenario) -> tuple[Vector, Vector]:
    """GPUs by age in quarters, spread evenly from new to twice the mean age, and their depreciated cost."""
    life = scenario.gpus["useful_life"]
    cohorts = math.ceil((life.range[1] if life.range else life.value) * 4.0)
    fleet = np.zeros((len(scenario.providers), cohorts))
    for index, provider in enumerate(scenario.providers.values()):
        oldest = min(round(2.0 * provider.gpu_age.value), math.ceil(life.value * 4.0) - 1)
        fleet[index, : oldest + 1] = provider.gpus.value / (oldest + 1)
    left = np.maximum(1.0 - np.arange(cohorts) / (life.value * 4.0), 0.0)
    book_value = fleet * left * _vector(scenario.providers, "gpu_cost")[:, None] * 1e-9
    return fleet, book_value


def _economy(scenario: Scenario, rules: Rules, books: Books) -> state.Economy:
    zero = np.float64(0.0)
    tokens = _vector(scenario.issuers, "tokens")
    none = np.zeros(len(tokens))
    channels = np.zeros((len(tokens), len(CHANNELS)))
    rate = np.float64(scenario.market.bill_rate.value)
    loans = (len(scenario.investors), len(scenario.providers))
    facility = _pairs(scenario.facilities, scenario.issuers, scenario.providers, "amount")
    yield_paid = np.maximum(rules.issuer.pass_through, rules.tokens.yield_to_holders) * rate
    yield_paid = yield_paid * rules.issuer.may_pay_yield
    economy = state.Economy(
        quarter=zero,
        books=books,
        environment=_environment(scenario, rules, rate),
        tokens=state.TokenMarket(
            opportunity_cost=rate - (tokens * yield_paid).sum() / tokens.sum(),
            trust=none + 1.0,
            peg=none + 1.0,
            lowest_peg=none + 1.0,
            average_tokens=tokens,
            average_bills=none,
            average_repo=none,
            average_secured=none,
        ),
        income=state.IssuerIncome(none, none, none, none, none),
        labs=_labs(scenario, rules),
        gpus=_gpus(scenario, rules),
        credit=state.Credit(
            issuer=state.LoanTerms(0.0 * facility, 0.0 * facility),
            investor=state.LoanTerms(
                _pairs(scenario.loans, scenario.investors, scenario.providers, "rate"),
                _pairs(scenario.loans, scenario.investors, scenario.providers, "remaining"),
            ),
            facility=facility,
            facility_quarters=np.maximum(
                _pairs(scenario.facilities, scenario.issuers, scenario.providers, "draws"), 1.0
            ),
            issuer_arrears=0.0 * facility,
            investor_arrears=np.zeros(loans),
            unpaid_costs=np.zeros(len(scenario.providers)),
        ),
        capital=state.Capital(
            lab_ask=np.zeros(len(scenario.labs)),
            loan_ask=np.zeros(len(scenario.providers)),
            equity_ask=np.zeros(len(scenario.providers)),
            venture_ask=np.zeros(len(scenario.ventures)),
            asked=zero,
            offered=zero,
            heat=zero,
            peer_share=np.full(len(scenario.labs), 1.0 / len(scenario.labs)),
            opening_wealth=net_worth(books, INVESTORS),
        ),
        ventures=state.Ventures(
            burn=_vector(scenario.ventures, "burn"),
            revenue=_vector(scenario.ventures, "revenue"),
            milestones=_vector(scenario.ventures, "milestones"),
            alive=np.ones(len(scenario.ventures)),
        ),
        redeployment=state.Redeployment(
            belief=channels + rules.redeployment.prior_return,
            propensity=channels + np.array([scenario.channels[c]["propensity"].value for c in CHANNELS]),
            talks=channels,
            share=channels,
            deployed=channels,
            to_date=channels,
            deployable=none,
            anxiety=none,
            multiple=none + rules.redeployment.multiple,
        ),
        open_data=zero,
    )
    return economy


def _environment(scenario: Scenario, rules: Rules, rate: np.float64) -> state.Environment:
    zero = np.float64(0.0)
    return state.Environment(
        bill_rate=rate,
        expected_rate=rate,
        reference_rate=rate,
        bitcoin=np.float64(scenario.market.bitcoin.value),
        gold=np.float64(scenario.market.gold.value),
        crypto_return=zero,
        gold_return=zero,
        crypto_sentiment=rules.environment.crypto_sentiment,
        ai_sentiment=rules.environment.ai_sentiment,
        ai_return=zero,
    )


def _labs(scenario: Scenario, rules: Rules) -> state.Labs:
    revenue = _vector(scenario.labs, "revenue_runrate") / 4.0
    spending = _vector(scenario.labs, "spending")
    compute = _vector(scenario.labs, "training_compute")
    adoption = np.float64(min(4.0 * revenue.sum() / max(rules.labs.market_potential, 1e-12), 1.0))
    loss = training_loss(compute * FLOP_UNIT, rules.lab.private_data * 1e9, rules.labs)
    budget = rules.labs.compute_share * spending
    research = np.maximum(budget - rules.labs.inference_cost * revenue, 0.0)
    return state.Labs(
        adoption=adoption,
        opening_adoption=adoption,
        market_share=revenue / revenue.sum() if revenue.sum() > 0 else np.full(len(revenue), 1 / len(revenue)),
        revenue=revenue,
        spending=spending,
        shortfall=0.0 * revenue,
        compute_budget=budget,
        research_hours=research / scenario.market.rent.value,
        research_spending=research + rules.labs.research_staff_share * rules.labs.staff_share * spending,
        training_compute=compute,
        capability=-np.log(loss - rules.labs.irreducible_loss),
        growth=_vector(scenario.labs, "growth"),
        post_money=_vector(scenario.labs, "equity_value"),
        alive=np.ones(len(revenue)),
    )


def _gpus(scenario: Scenario, rules: Rules) -> state.Gpus:
    fleet, book_value = _fleet(scenario)
    rent = np.float64(scenario.market.rent.value)
    none = np.zeros(len(scenario.providers))
    demand = rules.gpus.other_demand
    demand = demand + (rules.labs.compute_share * _vector(scenario.labs, "spending") / rent).sum()
    return state.Gpus(
        fleet=fleet,
        book_value=book_value,
        ordered=none,
        rent=rent,
        opening_rent=rent,
        price=rules.gpus.gpu_price,
        demand=demand,
        demand_growth=np.float64(scenario.market.demand_growth.value),
        market_utilisation=rules.gpus.target_utilisation,
        utilisation=none + rules.gpus.target_utilisation,
        revenue=none,
        running_cost=none,
        plan=none,
        delivery_limit=rules.gpus.delivery_limit,
        alive=none + 1.0,
    )


def _check_declared(scenario: Scenario) -> None:
    """Refuse an opening whose parts disagree with their totals."""
    for population in (LABS, PROVIDERS, VENTURES):
        for company in getattr(scenario, population).values():
            owned = sum(company.owners.values.values())
            _agree(scenario, f"shares of {company.name}", "owners sum to", owned, "must be", 1.0, 1e-9)
    for slug, provider in scenario.providers.items():
        lent = sum(loan.amount.value for loan in scenario.loans if loan.borrower == slug)
        _agree(
            scenario, f"debt of {provider.name}", "loans sum to", lent, "debt says", provider.debt.value, 1e-9
        )
    stakes = _stakes(scenario)
    for slug, issuer in scenario.issuers.items():
        items = [quantity.value for _, quantity in issuer.reserve if quantity is not None]
        assets, tokens = sum(items), issuer.tokens.value
        own = sum(quantity.value for _, quantity in issuer.own if quantity is not None) + stakes[slug]
        declared = issuer.declared
        slack = DECLARED_TOLERANCE * assets
        for total, parts, what in (
            (declared.total_assets, assets, "reserve assets"),
            (declared.excess_reserves, assets - tokens, "reserve assets less tokens"),
            (declared.group_equity, assets - tokens + own, "excess reserves and own book"),
        ):
            if total is not None:
                row = f"{issuer.name}, {what}"
                _agree(scenario, row, "parts sum to", parts, "published total is", total.value, slack)
        if assets < tokens * (1.0 - 1e-12):
            raise ScenarioError(
                f"{scenario.name}: opening balance sheet, row {issuer.name}: reserve of {assets:g} USD bn does "
                f"not cover tokens of {tokens:g}"
            )


def _stakes(scenario: Scenario) -> dict[str, float]:
    """Opening value of each issuer's stakes in companies, USD bn."""
    companies = [*scenario.labs.values(), *scenario.providers.values(), *scenario.ventures.values()]
    return {
        slug: sum(c.owners.values.get(slug, 0.0) * c.equity_value.value for c in companies)
        for slug in scenario.issuers
    }


def _agree(
    scenario: Scenario, row: str, left: str, given: float, right: str, wanted: float, slack: float
) -> None:
    if abs(given - wanted) > slack:
        raise ScenarioError(
            f"{scenario.name}: opening balance sheet does not close in row {row}: {left} {given:.6g}, "
            f"{right} {wanted:.6g}"
        )


