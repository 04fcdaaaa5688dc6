"""From a scenario to the opening economy: arrays of every agent's balance sheet, and the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sim.economy import parameters as rule
from sim.economy import state
from sim.economy.books.flows import INVESTORS, VENTURE_SHARES
from sim.economy.books.ledger import Books, net_worth
from sim.economy.coins.liquidity import reserve_quality
from sim.economy.coins.regimes import disclosed, law_in_force
from sim.economy.compute.labs import FLOP_UNIT, training_loss
from sim.economy.parameters import CHANNELS, Parameters
from sim.errors import ScenarioError
from sim.opening import draws, gpu_generations
from sim.opening.balance_sheets import Vector, check_declared, fleet_by_age, opening_books, pairs, table, vector
from sim.opening.schedule import regime_of, schedule
from sim.opening.synthetic_agents import with_tail
from sim.scenario.data import read_series
from sim.scenario.quarters import later
from sim.scenario.schema import Scenario


@dataclass(frozen=True)
class Opening:
    """Where a history starts.

    Attributes:
        economy: balances at the close of the opening quarter.
        parameters: parameters and traits.
        names: population -> names of its agents, in the order of the arrays.
        quarter: label of the opening quarter.
    """

    economy: state.Economy
    parameters: Parameters
    names: dict[str, tuple[str, ...]]
    quarter: str


def open_economy(scenario: Scenario) -> Opening:
    """Build the opening economy and the parameters of a scenario.

    Raises:
        ScenarioError: if the opening balance sheets do not close, naming the row.
    """
    scenario = with_tail(scenario)
    check_declared(scenario)
    books = opening_books(scenario)
    parameters = build_parameters(scenario)
    economy = economy_of(scenario, parameters, books)
    names = {
        population: tuple(agent.name for agent in getattr(scenario, population).values())
        for population in ("issuers", "labs", "providers", "investors", "ventures")
    }
    return Opening(economy, parameters, names, scenario.run.opening)


def draws_for(scenario: Scenario, names: Mapping[str, tuple[str, ...]], seed: int, quarters: int) -> state.Draws:
    """Draw the random numbers of a history, and attach the data it follows and what is dated.

    Raises:
        ScenarioError: if the data do not reach as far as `history.until` says.
    """
    data, events = observed(scenario, quarters), schedule(scenario, quarters)
    return draws.draw(seed, quarters, names["issuers"], names["labs"], names["ventures"], data, events)


def observed(scenario: Scenario, quarters: int) -> draws.Data:
    """Return the data that a history follows.

    Raises:
        ScenarioError: if they do not reach as far as `history.until` says.
    """
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
                problem, until = f"the data have no {label}", scenario.history.until
                raise ScenarioError(problem, "history.until", until, where=scenario.name) from None
            row = (0.0, 1.0, 1.0)
        known.append(1.0 if used else 0.0)
        columns.append(row)
    paths = np.asarray(columns).T
    arriving = np.asarray(gpu_generations.arrival(labels, scenario.history.gpu_generations))
    return draws.Data(np.asarray(known), paths[0], paths[1], paths[2], arriving)


def build_parameters(scenario: Scenario) -> Parameters:
    """Turn the scenario's numbers into the arrays that the economy reads."""
    return Parameters(
        environment=_scalars(rule.EnvironmentParameters, scenario.environment),
        tokens=_scalars(rule.TokenParameters, scenario.tokens),
        reserve=_scalars(rule.ReserveParameters, scenario.reserve),
        liquidity=_scalars(rule.LiquidityParameters, scenario.liquidity),
        regimes=_regimes(scenario),
        credit=_scalars(rule.CreditParameters, scenario.credit),
        entry=_scalars(rule.EntryParameters, scenario.entry),
        labs=_scalars(rule.LabParameters, scenario.labs_market),
        gpus=_scalars(rule.GpuParameters, scenario.gpus),
        funding=_scalars(rule.FundingParameters, scenario.funding),
        redeployment=_redeployment(scenario),
        beliefs=_scalars(rule.BeliefParameters, scenario.beliefs),
        issuer=_traits(rule.IssuerTraits, scenario.issuers),
        lab=_traits(
            rule.LabTraits,
            scenario.labs,
            revenue_share=table(scenario.labs, "revenue_share", scenario.investors),
            supplier_weight=table(scenario.labs, "suppliers", scenario.providers) + 1e-6,
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
            lab_affinity=table(scenario.investors, "labs", scenario.labs),
            provider_affinity=table(scenario.investors, "providers", scenario.providers),
            loan_affinity=table(scenario.investors, "loans", scenario.providers),
            venture_affinity=table(scenario.investors, "ventures", scenario.ventures),
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


def _regimes(scenario: Scenario) -> rule.RegimeParameters:
    """One row per law, one number per regime in the order of `REGIMES`."""
    return rule.RegimeParameters(
        **{
            field.name: np.array([scenario.regimes[name][field.name].value for name in rule.REGIMES])
            for field in fields(rule.RegimeParameters)
        }
    )


def _redeployment(scenario: Scenario) -> rule.RedeploymentParameters:
    by_channel = {
        key: np.array([scenario.channels[channel][key].value for channel in CHANNELS])
        for key in ("prior_return", "risk", "visibility", "cost", "ticket")
    }
    scalars = {key: np.float64(quantity.value) for key, quantity in scenario.redeployment.items()}
    return rule.RedeploymentParameters(**scalars, **by_channel)


def _traits(owner: type, agents: Mapping[str, Any], **given: Any) -> Any:
    """Arrays of one population: fields of the same name in the configs, and those given."""
    arrays = {field.name: vector(agents, field.name) for field in fields(owner) if field.name not in given}
    return owner(**arrays, **{name: np.asarray(value, dtype=float) for name, value in given.items()})


def economy_of(scenario: Scenario, parameters: Parameters, books: Books) -> state.Economy:
    """Build the opening economy of a scenario, with its tail, from its rules and its books."""
    none = np.zeros(len(scenario.issuers))
    rate = np.float64(scenario.market.bill_rate.value)
    return state.Economy(
        quarter=np.float64(0.0),
        books=books,
        environment=_environment(scenario, parameters, rate),
        tokens=_token_market(scenario, parameters, rate, books),
        income=state.IssuerIncome(none, none, none, none, none),
        labs=_labs(scenario, parameters),
        gpus=_gpus(scenario, parameters),
        credit=_credit(scenario),
        capital=_capital(scenario, books),
        ventures=state.Ventures(
            burn=vector(scenario.ventures, "burn"),
            revenue=vector(scenario.ventures, "revenue"),
            milestones=vector(scenario.ventures, "milestones"),
            funding_heat=np.zeros(len(scenario.ventures)),
            round_price=books.price[VENTURE_SHARES],
            alive=np.ones(len(scenario.ventures)),
            vacant=np.zeros(len(scenario.ventures)),
        ),
        redeployment=_beliefs_and_talks(scenario, parameters),
        open_data=np.float64(0.0),
    )


def _token_market(scenario: Scenario, parameters: Parameters, rate: np.float64, books: Books) -> state.TokenMarket:
    tokens = vector(scenario.issuers, "tokens")
    # What holders are used to: a yield that the scenario adds comes as a change in the first quarter.
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
    """Terms of several loans between one lender and one borrower are averaged by amount."""
    facility = pairs(scenario.facilities, scenario.issuers, scenario.providers, "amount")
    amounts = pairs(scenario.loans, scenario.investors, scenario.providers, "amount")

    def averaged(key: str) -> Vector:
        total = sum(
            (
                loan.amount.value * pairs([loan], scenario.investors, scenario.providers, key)
                for loan in scenario.loans
            ),
            0.0 * amounts,
        )
        return np.divide(total, amounts, out=0.0 * amounts, where=amounts > 0.0)

    return state.Credit(
        issuer=state.LoanTerms(0.0 * facility, 0.0 * facility),
        investor=state.LoanTerms(averaged("rate"), averaged("remaining")),
        facility=facility,
        facility_quarters=np.maximum(
            pairs(scenario.facilities, scenario.issuers, scenario.providers, "draws"), 1.0
        ),
        issuer_arrears=0.0 * facility,
        investor_arrears=0.0 * amounts,
        issuer_overdue=0.0 * facility,
        investor_overdue=0.0 * amounts,
        unpaid_costs=np.zeros(len(scenario.providers)),
    )


def _capital(scenario: Scenario, books: Books) -> state.Capital:
    zero, labs = np.float64(0.0), len(scenario.labs)
    return state.Capital(
        lab_ask=np.zeros(labs),
        loan_ask=np.zeros(len(scenario.providers)),
        equity_ask=np.zeros(len(scenario.providers)),
        venture_ask=np.zeros(len(scenario.ventures)),
        asked=zero,
        offered=zero,
        heat=zero,
        peer_share=np.full(labs, 1.0 / labs),
        asked_trend=vector(scenario.investors, "budget").sum(),
        paid_in=net_worth(books, INVESTORS),
    )


def _beliefs_and_talks(scenario: Scenario, parameters: Parameters) -> state.Redeployment:
    none = np.zeros(len(scenario.issuers))
    channels = np.zeros((len(scenario.issuers), len(CHANNELS)))
    return state.Redeployment(
        belief=channels + parameters.redeployment.prior_return,
        propensity=channels + np.array([scenario.channels[c]["propensity"].value for c in CHANNELS]),
        talks=channels,
        given_up=none,
        borrowed=none,
        share=channels,
        deployed=channels,
        to_date=channels,
        deployable=none,
        anxiety=none,
        multiple=none + parameters.redeployment.multiple,
    )


def _environment(scenario: Scenario, parameters: Parameters, rate: np.float64) -> state.Environment:
    zero = np.float64(0.0)
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


def _labs(scenario: Scenario, parameters: Parameters) -> state.Labs:
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


def _gpus(scenario: Scenario, parameters: Parameters) -> state.Gpus:
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
