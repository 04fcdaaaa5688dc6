"""The opening of a scenario: the economy as arrays, its parameters, and the random draws of a history."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.economy import state
from sim.economy.books.flows import INVESTORS, VENTURE_SHARES
from sim.economy.books.ledger import Books, net_worth
from sim.economy.coins.liquidity import reserve_quality
from sim.economy.coins.regimes import disclosed, law_in_force
from sim.economy.compute.labs import FLOP_UNIT, training_loss
from sim.economy.parameters import CHANNELS, Parameters
from sim.errors import ScenarioError
from sim.opening import draws, places
from sim.opening.balance_sheets import Vector, check_declared, fleet_by_age, opening_books, pairs, vector
from sim.opening.places import NAMES, Place, build_parameters
from sim.opening.schedule import arrival, regime_of, schedule
from sim.opening.synthetic_agents import with_tail
from sim.scenario.data import read_series
from sim.scenario.quarters import later
from sim.scenario.schema import Scenario


@dataclass(frozen=True)
class Opening:
    """The start of a history, without its random draws.

    Attributes:
        economy: balances at the close of the opening quarter.
        parameters: parameters and traits.
        names: population -> names of its agents, in the order of the arrays.
        scenario: the scenario from which the opening was built, with its synthetic agents.
    """

    economy: state.Economy
    parameters: Parameters
    names: dict[str, tuple[str, ...]]
    scenario: Scenario

    @property
    def quarter(self) -> str:
        """The label of the opening quarter, such as 2023Q4."""
        return self.scenario.run.opening


def open_economy(scenario: Scenario) -> Opening:
    """Build the opening economy and the parameters of a scenario.

    Raises:
        ScenarioError: if an opening balance sheet is not consistent; the message names the row.
    """
    scenario = with_tail(scenario)
    check_declared(scenario)
    books = opening_books(scenario)
    parameters = build_parameters(scenario)
    economy = _economy(scenario, parameters, books)
    names = {
        population: tuple(agent.name for agent in getattr(scenario, population).values())
        for population in ("issuers", "labs", "providers", "investors", "ventures")
    }
    return Opening(economy, parameters, names, scenario)


def with_numbers(opening: Opening, numbers: Mapping[Place, float]) -> Opening:
    """Return an opening with other numbers in some places (see `place_of`), as if it were built with these numbers.

    The opening's `scenario` stays as it is, and arrays that do not change are shared with the given opening.
    """
    if not numbers:
        return opening
    scenario, books = opening.scenario, opening.economy.books
    parameters = places.filled(opening.parameters, numbers)
    changed = {place.parameter for place in numbers}
    made = {
        name: _sharing(part.make(scenario, parameters, books), getattr(opening.economy, name))
        for name, part in PARTS.items()
        if not part.reads.isdisjoint(changed)
    }
    return replace(opening, economy=replace(opening.economy, **made), parameters=parameters)


def _sharing(made: Any, present: Any) -> Any:
    """Return the part `made` of an economy, with the arrays of `present` wherever both are the same."""
    arrays = {name: shared(array, getattr(present, name)) for name, array in vars(made).items()}
    return type(made)(**arrays)


def shared(array: Any, other: Any) -> Any:
    """Return `other` if both arrays are the same to the last bit, else `array`."""
    if array is other:
        return other
    one, two = np.asarray(array), np.asarray(other)
    same = one.shape == two.shape and one.dtype == two.dtype and one.tobytes() == two.tobytes()
    return other if same else array


def draws_for(scenario: Scenario, names: Mapping[str, tuple[str, ...]], seed: int, quarters: int) -> state.Draws:
    """Draw the random numbers of a history, and add the scenario's data and dated events.

    Raises:
        ScenarioError: if the data end before the quarter `history.until`.
    """
    data, events = observed(scenario, quarters), schedule(scenario, quarters)
    return draws.draw(seed, quarters, names["issuers"], names["labs"], names["ventures"], data, events)


def observed(scenario: Scenario, quarters: int) -> draws.Data:
    """Return the data that a history follows; raise a ScenarioError if they end before `history.until`."""
    labels = [later(scenario.run.opening, step + 1) for step in range(quarters)]
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
                problem, until = f"the history follows data that have no row {label}", scenario.history.until
                raise ScenarioError(problem, "history.until", until, where=scenario.name) from None
            row = (0.0, 1.0, 1.0)
        known.append(1.0 if used else 0.0)
        columns.append(row)
    paths = np.asarray(columns).T
    arriving = np.asarray(arrival(labels, scenario.history.gpu_generations))
    return draws.Data(np.asarray(known), paths[0], paths[1], paths[2], arriving)


def _economy(scenario: Scenario, parameters: Parameters, books: Books) -> state.Economy:
    """Build the opening economy of a scenario, with its synthetic agents, from its parameters and its books."""
    none = np.zeros(len(scenario.issuers))
    return state.Economy(
        quarter=np.float64(0.0),
        books=books,
        income=state.IssuerIncome(none, none, none, none, none),
        credit=_credit(scenario),
        ventures=state.Ventures(
            burn=vector(scenario.ventures, "burn"),
            revenue=vector(scenario.ventures, "revenue"),
            milestones=vector(scenario.ventures, "milestones"),
            funding_heat=np.zeros(len(scenario.ventures)),
            round_price=books.price[VENTURE_SHARES],
            alive=np.ones(len(scenario.ventures)),
            vacant=np.zeros(len(scenario.ventures)),
        ),
        open_data=np.float64(0.0),
        **{name: part.make(scenario, parameters, books) for name, part in PARTS.items()},
    )


def _token_market(scenario: Scenario, parameters: Parameters, books: Books) -> state.TokenMarket:
    rate = np.float64(scenario.market.bill_rate.value)
    tokens = vector(scenario.issuers, "tokens")
    # This is the yield before the first quarter; a yield that the scenario adds comes as a change in that quarter.
    regime = regime_of(scenario)
    passed = parameters.issuer.pass_through * law_in_force(regime, parameters).may_pay_yield
    none = 0.0 * tokens
    return state.TokenMarket(
        opportunity_cost=rate * (1.0 - (tokens * passed).sum() / tokens.sum()),
        trust=none + 1.0,
        average_tokens=tokens,
        average_bills=none,
        average_repo=none,
        average_secured=none,
        regime=regime,
        transparency=disclosed(regime, none, parameters),
        quality=reserve_quality(books, parameters),
        price=none + 1.0,
        run_rate=none,
        pressure=none,
        shut=none,
        lowest_price=none + 1.0,
        largest_outflow=none,
        weeks_shut=none,
        yield_impact=np.float64(0.0),
        unpaid=none,
        bad_news=none,
    )


def _credit(scenario: Scenario) -> state.Credit:
    """Return loans and facilities; if a lender has several with a borrower, their terms are averaged by amount."""
    facility = pairs(scenario.facilities, scenario.issuers, scenario.providers, "amount")
    amounts = pairs(scenario.loans, scenario.investors, scenario.providers, "amount")

    def averaged(key: str) -> Vector:
        total = 0.0 * amounts
        for loan in scenario.loans:
            total += loan.amount.value * pairs([loan], scenario.investors, scenario.providers, key)
        return np.divide(total, amounts, out=0.0 * amounts, where=amounts > 0.0)

    return state.Credit(
        issuer=state.LoanTerms(*[0.0 * facility] * 4),
        investor=state.LoanTerms(averaged("rate"), averaged("remaining"), 0.0 * amounts, 0.0 * amounts),
        facility=facility,
        facility_quarters=np.maximum(pairs(scenario.facilities, scenario.issuers, scenario.providers, "draws"), 1.0),
        unpaid_costs=np.zeros(len(scenario.providers)),
    )


def _capital(scenario: Scenario, parameters: Parameters, books: Books) -> state.Capital:
    zero, labs = np.float64(0.0), len(scenario.labs)
    return state.Capital(
        lab_ask=np.zeros(labs),
        loan_ask=np.zeros(len(scenario.providers)),
        equity_ask=np.zeros(len(scenario.providers)),
        venture_ask=np.zeros(len(scenario.ventures)),
        demand=zero,
        offered=zero,
        heat=zero,
        peer_share=np.full(labs, 1.0 / labs),
        demand_trend=parameters.investor.budget.sum(),
        paid_in=net_worth(books, INVESTORS),
    )


def _beliefs_and_talks(scenario: Scenario, parameters: Parameters, *_: object) -> state.Redeployment:
    none = np.zeros(len(scenario.issuers))
    channels = np.zeros((len(scenario.issuers), len(CHANNELS)))
    return state.Redeployment(
        belief=channels + parameters.redeployment.prior_return,
        propensity=channels + np.array([scenario.channels[c]["propensity"].value for c in CHANNELS]),
        talks=channels,
        returned=none,
        borrowed=none,
        share=channels,
        deployed=channels,
        to_date=channels,
        deployable=none,
        anxiety=none,
        multiple=none + parameters.redeployment.multiple,
    )


def _environment(scenario: Scenario, parameters: Parameters, *_: object) -> state.Environment:
    zero, rate = np.float64(0.0), np.float64(scenario.market.bill_rate.value)
    return state.Environment(
        bill_rate=rate,
        expected_rate=rate,
        reference_rate=rate,
        bitcoin=np.float64(scenario.market.bitcoin.value),
        gold=np.float64(scenario.market.gold.value),
        crypto_return=zero,
        gold_return=zero,
        crypto_sentiment=parameters.environment.crypto_sentiment,
        ai_sentiment=parameters.environment.ai_sentiment,
        ai_return=zero,
    )


def _labs(scenario: Scenario, parameters: Parameters, *_: object) -> state.Labs:
    revenue = vector(scenario.labs, "revenue_runrate") / 4.0
    spending = vector(scenario.labs, "spending")
    compute = vector(scenario.labs, "training_compute")
    adoption = np.float64(min(4.0 * revenue.sum() / max(parameters.labs.market_potential, 1e-12), 1.0))
    loss = training_loss(compute * FLOP_UNIT, parameters.lab.private_data * 1e9, parameters.labs)
    budget = parameters.labs.compute_share * spending
    research = np.maximum(budget - parameters.labs.inference_cost * revenue, 0.0)
    return state.Labs(
        adoption=adoption,
        opening_adoption=adoption,
        market_share=revenue / revenue.sum() if revenue.sum() > 0 else np.full(len(revenue), 1 / len(revenue)),
        revenue=revenue,
        spending=spending,
        shortfall=0.0 * revenue,
        compute_budget=budget,
        research_hours=research / scenario.market.rent.value,
        research_spending=research + parameters.labs.research_staff_share * parameters.labs.staff_share * spending,
        training_compute=compute,
        capability=-np.log(loss - parameters.labs.irreducible_loss),
        growth=vector(scenario.labs, "growth"),
        post_money=vector(scenario.labs, "equity_value"),
        alive=np.ones(len(revenue)),
        newcomer=0.0 * revenue,
        vacant=0.0 * revenue,
    )


def _gpus(scenario: Scenario, parameters: Parameters, *_: object) -> state.Gpus:
    fleet, book_value = fleet_by_age(scenario)
    rent = np.float64(scenario.market.rent.value)
    none = np.zeros(len(scenario.providers))
    demand = parameters.gpus.other_demand
    demand = demand + (parameters.labs.compute_share * vector(scenario.labs, "spending") / rent).sum()
    return state.Gpus(
        fleet=fleet,
        book_value=book_value,
        paid=parameters.gpus.gpu_price,
        rent=rent,
        opening_rent=rent,
        progress=np.float64(0.0),
        price=parameters.gpus.gpu_price,
        demand=demand,
        demand_growth=np.float64(scenario.market.demand_growth.value),
        market_utilisation=parameters.gpus.target_utilisation,
        utilisation=none + parameters.gpus.target_utilisation,
        revenue=none,
        running_cost=none,
        plan=none,
        delivered=np.float64(1.0),
        delivery_limit=parameters.gpus.delivery_limit,
        sold_off=none,
        resale=np.float64(1.0),
        alive=none + 1.0,
        vacant=none,
    )


@dataclass(frozen=True)
class Part:
    """A part of the opening economy: the function that makes the part, and the parameters that this function reads."""

    make: Callable[[Scenario, Parameters, Books], Any]
    reads: frozenset[str]


def _part(make: Callable[[Scenario, Parameters, Books], Any], **reads: str) -> Part:
    """Declare a part; `reads` gives, for each field of `Parameters`, the names of the parameters that it reads."""
    return Part(make, frozenset(f"{field}.{name}" for field, names in reads.items() for name in names.split()))


PARTS = {
    "environment": _part(_environment, environment="crypto_sentiment ai_sentiment"),
    "tokens": _part(
        _token_market,
        issuer="pass_through transparency",
        tokens="transparency churn",
        regimes=" ".join(NAMES["regimes"]),
        liquidity="secured_discount gold_discount bitcoin_discount other_discount advance_discount transition",
    ),
    "labs": _part(
        _labs,
        lab="private_data",
        labs="market_potential compute_share staff_share inference_cost research_staff_share irreducible_loss "
        "parameter_scale parameter_exponent data_scale data_exponent useful_epochs",
    ),
    "gpus": _part(_gpus, gpus="other_demand gpu_price target_utilisation delivery_limit", labs="compute_share"),
    "capital": _part(_capital, investor="budget"),
    "redeployment": _part(_beliefs_and_talks, redeployment="prior_return multiple"),
}
"""Parts of the opening economy that are made from parameters; the others depend on the scenario alone."""
