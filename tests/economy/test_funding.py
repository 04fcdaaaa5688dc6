"""Venture funding, sentiment and crowding: the tests M7-T1 to M7-T6, on the model's own functions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.histories import history, without_journal
from support.tiny import FROZEN

from sim.economy.books.flows import INVESTORS, LAB_SHARES, LABS, OWN, PROVIDER_SHARES, VENTURE_SHARES
from sim.economy.books.ledger import pay
from sim.economy.capital.rounds import _fund_providers, private_interest, sponsor_share
from sim.economy.capital.valuation import lab_valuation, mark_stakes, market_heat, next_venture_price
from sim.economy.environment import next_ai_sentiment
from sim.economy.quarter import quarter
from sim.opening.draws import draws_of_quarter
from sim.opening.open_economy import draws_for, open_economy
from sim.scenario.load import load

BASELINE = load(FROZEN)
START = open_economy(BASELINE)
RULES = START.parameters
NORTHERN_DATA = START.names["providers"].index("Northern Data")


def _rules(part, **values):
    changed = replace(getattr(RULES, part), **{name: np.float64(value) for name, value in values.items()})
    return replace(RULES, **{part: changed})


def test_cheques_are_receipts_and_every_stake_issued_is_booked():
    """M7-T1: cheques equal receipts equal shares issued at the round's price; holders own what is issued."""
    _, closed = history(quarters=8)
    raised_at_all = 0.0
    before = START.economy.books
    for economy, _ in closed:
        books = economy.books
        for instrument, company, kinds in (
            (LAB_SHARES, LABS, ("lab_round", "issuer_lab_equity")),
            (PROVIDER_SHARES, "providers", ("provider_round", "issuer_compute_equity", "parent_funding")),
            (VENTURE_SHARES, "ventures", ("venture_round", "issuer_venture_equity")),
        ):
            flows = [books.journal.flows[kind].amount for kind in kinds]
            cheques = sum(flow.sum() for flow in flows)
            received = sum(flow.sum(axis=0) for flow in flows)
            assert received.sum() == pytest.approx(cheques)
            issued = -books.positions[instrument][company] + before.positions[instrument][company]
            np.testing.assert_allclose(issued[received == 0.0], 0.0, atol=1e-12)
            # A company whose round closed keeps that price to the quarter's end; ventures remember theirs.
            price = books.price[instrument] if instrument != VENTURE_SHARES else economy.ventures.round_price
            closed_round = flows[0].sum(axis=0) > 0.0
            np.testing.assert_allclose((issued * price)[closed_round], received[closed_round], rtol=1e-9)
            held = sum(
                position if position.ndim == 1 else position.sum(axis=0)
                for account, position in books.positions[instrument].items()
                if account != company
            )
            np.testing.assert_allclose(held, -books.positions[instrument][company], rtol=1e-9)
            raised_at_all += cheques
        before = books
    assert raised_at_all > 10.0


@given(st.floats(-1.0, 1.0), st.floats(0.0, 1.0))
def test_inflows_move_valuations_by_their_elasticity_and_by_nothing_without_it(heat, response):
    """M7-T2: k = 0 leaves valuations independent of inflow; otherwise dln V = k dln inflow, cash apart."""
    hot = replace(START.economy, capital=replace(START.economy.capital, heat=np.float64(heat)))
    parameters = _rules("funding", money_chasing_deals=response)
    cash = START.economy.books.cash[LABS].sum(axis=1)
    ratio = (lab_valuation(hot, parameters) - cash) / (lab_valuation(START.economy, parameters) - cash)
    np.testing.assert_allclose(np.log(ratio), response * heat, atol=1e-9)


def _cohorts(seed, count=80):
    """Ventures alike but for the heat at which half of them were funded, over the same history and market."""
    template = BASELINE.ventures["neura"]
    small = {"cash": 0.008, "equity_value": 0.06, "burn": 0.001, "revenue": 0.0, "burn_growth": 0.0}
    scaled = template.model_copy(
        update={name: getattr(template, name).model_copy(update={"value": v}) for name, v in small.items()}
    )
    ventures = {f"v{i}": scaled.model_copy(update={"name": f"Venture {i}"}) for i in range(count)}
    funds = BASELINE.investors["venture_funds"]
    open_to_all = funds.ventures.model_copy(update={"values": dict.fromkeys(ventures, 0.02)})
    investors = {
        slug: investor.model_copy(update={"ventures": open_to_all if slug == "venture_funds" else investor.ventures})
        for slug, investor in BASELINE.investors.items()
    }
    scenario = BASELINE.model_copy(update={"ventures": ventures, "investors": investors})
    start = open_economy(scenario)
    parameters = replace(
        start.parameters,
        entry=replace(start.parameters.entry, entry=np.float64(0.0)),
        funding=replace(start.parameters.funding, hot_market_risk=np.float64(1.0), abandoned_below=np.float64(0.4)),
    )
    hot = np.arange(count) % 2 == 0
    heat = np.where(hot, 0.6, -0.6)
    economy = replace(start.economy, ventures=replace(start.economy.ventures, funding_heat=heat))
    draws = draws_for(scenario, start.names, seed, 20)
    # Each pair of a hot and a cold venture has the same luck.
    draws = replace(draws, venture_value=draws.venture_value[:, np.arange(count) // 2 * 2])
    for step in range(20):
        economy, _ = quarter(economy, parameters, draws_of_quarter(draws, step))
    worth = -economy.books.positions[VENTURE_SHARES]["ventures"] * economy.books.price[VENTURE_SHARES]
    return hot, economy.ventures.alive, worth


def test_what_is_funded_in_hot_markets_fails_more_and_wins_more():
    """M7-T3 (Nanda and Rhodes-Kropf 2013): whole quarters, many ventures, the same luck in both cohorts."""
    failed, winners = {True: 0.0, False: 0.0}, {True: [], False: []}
    for seed in range(3):
        hot, alive, worth = _cohorts(seed)
        for cohort in (True, False):
            failed[cohort] += float((1.0 - alive[hot == cohort]).sum())
            ahead = (hot == cohort) & (alive > 0.0) & (worth > 0.06)  # worth more than at the opening
            winners[cohort] += list(worth[ahead])
    assert failed[True] > 2.0 * failed[False]
    assert np.mean(winners[True]) > 1.5 * np.mean(winners[False])


@given(st.floats(0.1, 1.0), st.integers(0, 99))
def test_hot_money_spreads_outcomes_at_the_same_expected_return(heat, seed):
    """M7-T3 on the law itself: more end low, winners are worth more, the mean is unmoved; off in the baseline."""
    luck = np.random.default_rng(seed).standard_normal(4000)
    luck = np.concatenate([luck, -luck])
    risky = _rules("funding", hot_market_risk=1.0)
    one = np.ones_like(luck)
    cold, hot = (next_venture_price(one, h * one, risky, luck) for h in (0.0, heat))
    assert (hot < 0.6).sum() > (cold < 0.6).sum()
    assert hot[hot > 1.0].mean() > cold[cold > 1.0].mean()
    assert hot.mean() == pytest.approx(cold.mean(), rel=0.03)
    np.testing.assert_array_equal(next_venture_price(one, heat * one, RULES, luck), cold)


def test_ventures_remember_the_market_that_funded_them():
    _, closed = history(quarters=16, changes={"ventures.neura.cash": 0.0})
    economy = closed[-1][0]
    raised = sum(e.books.journal.flows["venture_round"].amount.sum(axis=0) for e, _ in closed)
    assert raised[2] > 0.0
    assert economy.ventures.funding_heat[2] != 0.0
    assert abs(economy.ventures.funding_heat[2]) <= float(RULES.funding.heat_limit)
    untouched = open_economy(BASELINE).economy.ventures
    assert (untouched.funding_heat == 0.0).all()
    np.testing.assert_array_equal(untouched.round_price, START.economy.books.price[VENTURE_SHARES])


def _mispricing(extrapolation, quarters=120):
    """Log gap of the labs' value to what it is in a neutral mood, after one burst of mood, all else frozen."""
    parameters = _rules("environment", ai_extrapolation=extrapolation, ai_persistence=0.8, ai_sentiment=0.0)
    funding = replace(
        parameters.funding,
        sentiment_multiple=np.float64(3.0),
        money_chasing_deals=np.float64(0.0),
        lab_mark_speed=np.float64(0.25),
    )
    parameters = replace(parameters, funding=funding)
    draws = draws_of_quarter(draws_for(BASELINE, START.names, 1, 1), 0)
    zero = replace(draws, venture_value=0.0 * draws.venture_value)
    economy, gaps = START.economy, []
    fair = np.log(lab_valuation(_in_mood(economy, 0.0), parameters).sum())
    # Start at fair value, with a mood of one standard unit.
    price = lab_valuation(_in_mood(economy, 0.0), parameters) / -economy.books.positions[LAB_SHARES][LABS]
    economy = replace(economy, books=replace(economy.books, price={**economy.books.price, LAB_SHARES: price}))
    mood, past = np.float64(1.0), np.float64(0.0)
    for _ in range(quarters):
        mood = next_ai_sentiment(mood, past, parameters.environment, np.float64(0.0))
        economy = _in_mood(replace(economy, books=_quiet(economy.books)), mood)
        economy = mark_stakes(economy, parameters, zero)
        past = economy.environment.ai_return
        worth = -economy.books.positions[LAB_SHARES][LABS] * economy.books.price[LAB_SHARES]
        gaps.append(float(np.log(worth.sum()) - fair))
    return np.array(gaps)


def _in_mood(economy, mood):
    return replace(economy, environment=replace(economy.environment, ai_sentiment=np.float64(mood)))


def _quiet(books):
    """Books of a quarter in which nobody raised money."""
    books = without_journal(books)
    for kind, payers, payees in (
        ("lab_round", INVESTORS, LABS),
        ("issuer_lab_equity", OWN, LABS),
        ("provider_round", INVESTORS, "providers"),
        ("venture_round", INVESTORS, "ventures"),
        ("issuer_venture_equity", OWN, "ventures"),
    ):
        books = pay(books, kind, np.zeros((len(books.cash[payers]), len(books.cash[payees]))))
    return books


def test_mispricing_dies_out_below_the_critical_weight_and_persists_above():
    """M7-T4: persistence p, mark speed k and response x give a critical extrapolation (1 - p (1 - k)) / k x."""
    critical = (1.0 - 0.8 * 0.75) / (0.25 * 3.0)
    below, above = _mispricing(0.6 * critical), _mispricing(1.6 * critical)
    assert np.abs(below[:10]).max() > 0.5
    assert np.abs(below[-8:]).max() < 0.02 * np.abs(below).max()
    assert np.abs(above[-40:]).max() > 0.8 * np.abs(above[:40]).max() > 3.0
    limit = float(RULES.environment.sentiment_limit)
    assert np.abs(above).max() <= 3.0 * limit + 1e-9  # the limit of moods bounds the bubble


def test_the_baseline_is_below_the_critical_weight():
    mood, rule = RULES.environment, RULES.funding
    fed_back = mood.ai_extrapolation * rule.lab_mark_speed * rule.sentiment_multiple
    assert mood.ai_persistence * (1.0 - rule.lab_mark_speed) + fed_back < 1.0
    _, closed = history(quarters=28, seed=3)
    assert max(abs(float(e.environment.ai_sentiment)) for e, _ in closed) < 0.5 * float(mood.sentiment_limit)


def _private_flow(share, heat, **changes):
    """Equity that investors put into Northern Data when issuers already have `share` of it."""
    parameters = _rules("funding", **changes)
    books, company = START.economy.books, NORTHERN_DATA
    shares = {account: np.array(held) for account, held in books.positions[PROVIDER_SHARES].items()}
    for held in shares.values():
        if held.ndim == 2:
            held[:, company] = 0.0
    shares[OWN][0, company], shares["economy"][0, company] = share, 1.0 - share
    loans = {account: 0.0 * np.array(held) for account, held in books.positions["compute_loans"].items()}
    positions = {**books.positions, PROVIDER_SHARES: shares, "compute_loans": loans}
    books = replace(books, positions=positions)
    assert sponsor_share(books, PROVIDER_SHARES)[company] == pytest.approx(share)
    ask = np.zeros(len(START.names["providers"]))
    ask[company] = 100.0
    capital = replace(START.economy.capital, equity_ask=ask, heat=np.float64(heat))
    economy = replace(START.economy, books=without_journal(books), capital=capital)
    after = _fund_providers(economy, parameters)
    return float(after.books.journal.flows["provider_round"].amount[:, company].sum())


def test_a_moderate_sponsor_draws_private_money_and_a_heavy_one_deters_it():
    """M7-T5 (Brander, Du and Hellmann 2015): an inverted U, and the harm is larger when private money abounds."""
    step = 0.01
    slope = {
        (share, heat): (_private_flow(share + step, heat) - _private_flow(share, heat)) / step
        for share in (0.0, 0.6)
        for heat in (-0.5, 0.0, 0.5)
    }
    assert all(slope[0.0, heat] > 0.0 for heat in (-0.5, 0.0, 0.5))
    assert all(slope[0.6, heat] < 0.0 for heat in (-0.5, 0.0, 0.5))
    assert slope[0.6, 0.5] < slope[0.6, 0.0] < slope[0.6, -0.5]
    assert _private_flow(0.25, 0.0) > _private_flow(0.0, 0.0) > _private_flow(0.75, 0.0)
    assert _private_flow(0.5, 0.0) == pytest.approx(_private_flow(0.0, 0.0))
    assert _private_flow(0.9, 0.0, crowding_in=0.0) == _private_flow(0.0, 0.0, crowding_in=0.0)


@given(st.floats(0.0, 1.0), st.floats(-1.0, 1.0))
def test_private_interest_is_never_negative_and_untouched_without_a_sponsor(share, heat):
    given_ = private_interest(np.array([0.0, share]), np.float64(heat), RULES)
    assert given_[0] == 1.0
    assert 0.0 <= given_[1] <= 1.0 + float(RULES.funding.crowding_in)


def _funded(sponsor_money, **changes):
    """All new credit and equity that Northern Data gets in a quarter, from issuers and from investors."""
    eager = {
        "providers.northern_data.owners": {"tether": 0.2, "economy": 0.8},
        "investors.private_credit.loans": {"northern_data": 0.9},
        "investors.private_credit.cash": 20.0,
        "providers.northern_data.cash": 0.02,
        "redeployment.closing_probability": 1.0,
        "redeployment.relationship": 100.0,
        "funding.crowding_in": 0.0,
        "redeployment.kept_open": 1.0,
        "facilities": [],
    }
    scenario = load(FROZEN, {**eager, **changes})
    start = open_economy(scenario)
    talks = np.array(start.economy.redeployment.talks)
    talks[0, 3] = sponsor_money
    books = start.economy.books
    # The money in talks lies in repo, taken from the economy's side of the market.
    repo = {account: np.array(held) for account, held in books.positions["repo"].items()}
    repo[OWN][0] += sponsor_money
    repo["economy"] = repo["economy"] - sponsor_money
    books = replace(books, positions={**books.positions, "repo": repo})
    state = replace(start.economy.redeployment, talks=talks)
    economy = replace(start.economy, books=books, redeployment=state)
    after, _ = quarter(economy, start.parameters, draws_of_quarter(draws_for(scenario, start.names, 1, 1), 0))
    flows = after.books.journal.flows
    issuers = flows["issuer_compute_loan"].amount[:, NORTHERN_DATA].sum()
    return float(issuers), float(issuers + flows["investor_compute_loan"].amount[:, NORTHERN_DATA].sum())


def test_with_full_crowding_out_a_sponsor_changes_who_funds_and_not_how_much():
    """M7-T6: as long as private money suffices, removing the sponsor leaves total funding unchanged."""
    (none, alone), (some, together) = _funded(0.0), _funded(0.06)
    assert none == 0.0
    assert some > 0.05
    assert together == pytest.approx(alone, rel=1e-6)
    assert alone > 0.07


def test_without_enough_private_money_a_sponsor_adds():
    poor = {"investors.private_credit.loans": {"northern_data": 0.001}}
    (_, alone), (_, together) = _funded(0.0, **poor), _funded(0.06, **poor)
    assert together > alone + 0.04


def test_heat_is_the_log_of_money_on_offer_over_money_asked_for():
    capital = replace(START.economy.capital, offered=np.float64(2.0), demand=np.float64(1.0))
    assert market_heat(capital, RULES) == pytest.approx(np.log(2.0))
