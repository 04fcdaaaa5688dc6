"""Runs on coins: hazard, price, liquidity waterfall, flight, and what is left of the reserve."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.histories import history
from support.tiny import FROZEN

from sim.economy.books import measures
from sim.economy.books.flows import OWN, RESERVE, TOKENS
from sim.economy.coins.liquidity import LADDER, discounts, holdings, raised, reserve_quality
from sim.economy.coins.redemptions import flight, next_yield_impact, redemption_hazard, stress
from sim.economy.coins.tokens import trade_tokens
from sim.economy.coins.weekly_rounds import weekly_rounds
from sim.opening.draws import draws_of_quarter
from sim.opening.open_economy import draws_for, open_economy
from sim.scenario.load import load

CALM = {
    "tokens.demand_noise": 0.0,
    "tokens.share_noise": 0.0,
    "tokens.demand_growth": 0.0,
    "tokens.crypto_elasticity": 0.0,
    "tokens.sentiment_elasticity": 0.0,
    "tokens.rate_elasticity": 0.0,
    "tokens.network": 1.0,
    **{f"issuers.{slug}.attraction": 0.0 for slug in ("circle", "sky", "ethena", "paypal", "first_digital")},
}
ARITHMETIC = {f"tokens.{name}": 0.0 for name in ("price_response", "kink", "doubt_response", "peer_response")}
"""Holders who leave when told to and for no other reason."""
TETHER, CIRCLE = 0, 1


def shock(size, target="tether", week=6, kind="redemption_shock"):
    return {"events": [{"quarter": "2024Q1", "kind": kind, "target": target, "size": size, "week": week}]}


def opened(changes=None, seed=1):
    scenario = load(FROZEN, {**CALM, **(changes or {})})
    start = open_economy(scenario)
    return start, draws_of_quarter(draws_for(scenario, start.names, seed, 1), 0)


def rounds(changes=None, reserve=None, traits=None, seed=1):
    """The weeks of one quarter, with the largest coin's reserve (rung -> share of tokens) and traits set."""
    start, draws = opened(changes, seed)
    economy, parameters = start.economy, start.parameters
    if reserve is not None:
        economy = replace(economy, books=with_reserve(economy.books, reserve))
    for name, number in (traits or {}).items():
        changed = np.array(getattr(parameters.issuer, name))
        changed[TETHER] = number
        parameters = replace(parameters, issuer=replace(parameters.issuer, **{name: changed}))
    shown = np.array(economy.tokens.transparency)
    shown[TETHER] = parameters.issuer.transparency[TETHER]
    economy = replace(economy, tokens=replace(economy.tokens, transparency=shown))
    return economy, weekly_rounds(economy, parameters, draws, np.zeros(6))


def with_reserve(books, shares):
    """The same books with another reserve behind the largest coin, and nothing in its own book."""
    tokens = -books.positions[TOKENS][RESERVE][TETHER]
    cash = {account: np.array(amounts) for account, amounts in books.cash.items()}
    positions = {name: {a: np.array(units) for a, units in held.items()} for name, held in books.positions.items()}
    for rung in LADDER:
        worth = shares.get(rung.name, 0.0) * tokens if rung.book == RESERVE else 0.0
        if rung.instrument is None:
            cash[rung.book][TETHER] = 0.0
            cash[rung.book][TETHER, 1] = worth
        else:
            positions[rung.instrument][rung.book][TETHER] = worth / books.price[rung.instrument]
    return replace(books, cash=cash, positions=positions)


@given(size=st.floats(0.0, 1.0))
def test_a_run_on_cash_is_met_at_par(size):
    """M2-T1: with cash behind every token and arbitrage without limit, price is 1 and equity unchanged."""
    economy, weeks = rounds(shock(size), reserve={"cash": 1.02}, traits={"arbitrageurs": 1e12})
    tokens = -economy.books.positions[TOKENS][RESERVE][TETHER]
    assert weeks.lowest_price[TETHER] == pytest.approx(1.0, abs=1e-9)
    assert weeks.weeks_shut[TETHER] == 0.0
    left = weeks.last.stock[TETHER].sum() - weeks.last.tokens[TETHER]
    assert left == pytest.approx(0.02 * tokens, rel=1e-9)


@given(size=st.floats(0.0, 0.9), seed=st.integers(0, 20))
def test_tokens_burned_are_cash_paid_and_sales_raise_what_the_haircut_leaves(size, seed):
    """M2-T2, in the books of a whole quarter."""
    start, draws = opened({**shock(size), "tokens.demand_noise": 0.004}, seed)
    before, after = start.economy.books, trade_tokens(start.economy, start.parameters, draws).books
    flows = after.journal.flows
    grown = before.positions[TOKENS][RESERVE] - after.positions[TOKENS][RESERVE]
    burned = flows["mint"].amount.sum(axis=0) - grown
    np.testing.assert_allclose(burned, flows["redemption"].amount.sum(axis=1), atol=1e-9)
    cut = discounts(start.parameters)
    need = np.full(6, size) * -before.positions[TOKENS][RESERVE]
    proceeds = raised(holdings(before), need, 1.0, cut)
    assert (proceeds <= holdings(before) * (1.0 - cut) + 1e-12).all()
    np.testing.assert_allclose(
        proceeds.sum(axis=1), np.minimum(need, (holdings(before) * (1.0 - cut)).sum(axis=1)), rtol=1e-12
    )


def test_the_same_news_costs_cents_with_an_open_window_and_more_with_a_closed_one():
    """M2-T3: the discount jumps when the primary window closes (FEDS Note of December 2025)."""
    news = shock(0.08, "circle", kind="bank_failure")
    _, open_window = rounds({**news, "tokens.bank_closure": 0.0})
    _, closed = rounds(news)
    assert 1.0 - open_window.lowest_price[CIRCLE] < 0.02
    assert 1.0 - closed.lowest_price[CIRCLE] > 0.08


def _redeemed(quality, transparency):
    """Share redeemed after a shock to a coin of a given quality and transparency, own book empty."""
    reserve = {"cash": 0.3, "bills": quality - 0.3}
    economy, weeks = rounds(shock(0.10), reserve=reserve, traits={"transparency": transparency})
    return float(weeks.redeemed[TETHER] / -economy.books.positions[TOKENS][RESERVE][TETHER])


def test_disclosure_calms_holders_of_a_good_reserve_and_frightens_those_of_a_bad_one():
    """M2-T4: the effect of transparency changes sign with what there is to see."""
    assert _redeemed(1.05, 1.0) < _redeemed(1.05, 0.1)
    assert _redeemed(0.93, 1.0) > _redeemed(0.93, 0.1)


def test_more_arbitrageurs_mean_a_firmer_peg_and_more_runs():
    """M2-T5 (Ma, Zeng and Zhang 2023), with an illiquid reserve."""
    reserve = {"cash": 0.05, "bills": 0.25, "secured": 0.72}
    noisy = {"tokens.demand_noise": 0.01}

    def deviations(count):
        traits = {"arbitrageurs": count}
        return np.std([rounds(noisy, reserve, traits, seed)[1].last.price[TETHER] - 1.0 for seed in range(12)])

    def runs(count):
        def ran(size):
            economy, weeks = rounds(shock(size), reserve, {"arbitrageurs": count})
            return weeks.last.tokens[TETHER] < 0.6 * -economy.books.positions[TOKENS][RESERVE][TETHER]

        return np.mean([ran(size) for size in np.linspace(0.02, 0.25, 12)])

    assert deviations(200.0) < deviations(2.0)
    assert runs(200.0) > runs(2.0)


def test_the_hazard_has_a_kink_below_99_cents():
    """M2-T6: it jumps where the buck breaks, and rises faster below than above."""
    rule = open_economy(load(FROZEN)).parameters.tokens

    def hazard(price):
        return redemption_hazard(stress(np.float64(price), 0.0, 0.0, 0.0, rule), rule)

    assert hazard(1.0) == pytest.approx(rule.churn)
    jump = hazard(0.99 - 1e-9) - hazard(0.99)
    assert jump > hazard(0.99) - hazard(1.0)
    assert hazard(0.97) - hazard(0.98) > hazard(0.991) - hazard(1.001)


@pytest.mark.parametrize(("hit", "safe"), [("tether", "circle"), ("circle", "tether")])
def test_holders_flee_to_the_coin_that_is_safe_today(hit, safe):
    """M2-T7: the safer coin gains, the riskier loses; which is which depends on the episode."""
    start, _ = opened()
    names = [name.lower() for name in start.names["issuers"]]
    opening = -start.economy.books.positions[TOKENS][RESERVE]
    change = rounds(shock(0.15, hit))[1].last.tokens - opening
    assert change[names.index(safe)] > 0.0 > change[names.index(hit)]
    assert change.sum() < 0.0, "coins as a whole are no haven (M1-T6)"


@given(leaving=st.lists(st.floats(0.0, 50.0), min_size=3, max_size=3), felt=st.floats(-3.0, 5.0))
def test_who_flees_arrives_once_and_never_where_he_came_from(leaving, felt):
    rule = open_economy(load(FROZEN)).parameters.tokens
    tokens = np.array([100.0, 30.0, 5.0])
    arriving = flight(np.array(leaving), tokens, np.array([felt, 0.0, 0.0]), rule)
    assert arriving.sum() == pytest.approx(rule.flight_to_safety * sum(leaving))
    alone = flight(np.array([leaving[0], 0.0, 0.0]), tokens, np.zeros(3), rule)
    assert alone[0] == 0.0


@pytest.mark.slow
@given(flow=st.floats(1e-6, 0.02))
def test_outflows_move_the_bill_yield_two_to_three_times_as_much_as_inflows(flow):
    """M2-T8: asymmetric, zero without a flow, gone within the quarter, and bounded."""
    rule = open_economy(load(FROZEN)).parameters.tokens
    zero = np.float64(0.0)
    up, down = (next_yield_impact(zero, np.float64(sign * flow), rule) for sign in (-1.0, 1.0))
    assert up > 0.0 > down
    assert 2.0 <= -up / down <= 3.0
    assert next_yield_impact(zero, zero, rule) == 0.0
    gap = up
    for _ in range(13):
        gap = next_yield_impact(gap, zero, rule)
    assert abs(gap) < 0.01 * up
    assert next_yield_impact(zero, np.float64(-1.0), rule) == rule.impact_limit


@pytest.mark.parametrize("seed", range(1, 9))
def test_replay_of_the_run_on_usdt(seed):
    """M2-T9, second replay: 10 to 15 percent in the quarter, low of 0.94 or more, nobody is refused."""
    start, closed = history("run-on-usdt", seed=seed, quarters=4)
    opening = -start.economy.books.positions[TOKENS][RESERVE][TETHER]
    first = closed[0][0]
    left = -first.books.positions[TOKENS][RESERVE][TETHER]
    assert -0.15 <= left / opening - 1.0 <= -0.10
    assert first.tokens.lowest_price[TETHER] >= 0.94
    for economy, residuals in closed:
        assert economy.tokens.weeks_shut[TETHER] == 0.0
        assert economy.books.journal.flows["estate_payout"].amount.sum() == 0.0
        assert max(residuals.values()) <= 1e-9


@pytest.mark.parametrize("seed", range(1, 9))
def test_replay_of_the_bank_failure(seed):
    """M2-T9, first replay: a trough of 0.85 to 0.93, 5 to 12 percent of supply gone, and recovery."""
    start, closed = history("bank-failure", seed=seed, quarters=4)
    opening = -start.economy.books.positions[TOKENS][RESERVE][CIRCLE]
    first, second = closed[0][0], closed[1][0]
    left = -first.books.positions[TOKENS][RESERVE][CIRCLE]
    assert 0.85 <= first.tokens.lowest_price[CIRCLE] <= 0.93
    assert -0.12 <= left / opening - 1.0 <= -0.05
    assert 0.0 < first.tokens.weeks_shut[CIRCLE] < 1.0
    assert first.tokens.price[CIRCLE] > 0.995, "back at par before the quarter ends"
    assert -second.books.positions[TOKENS][RESERVE][CIRCLE] > 0.97 * left
    assert second.tokens.weeks_shut[CIRCLE] == 0.0


def _losses(size, buffer):
    reserve = {"cash": 0.1, "bills": 0.3, "secured": 0.6 + buffer}
    secured = {"liquidity.secured_discount": 0.2, "liquidity.secured_speed": 1.0}
    economy, weeks = rounds({**ARITHMETIC, **shock(size), **secured}, reserve, {"arbitrageurs": 1e12})
    tokens = -economy.books.positions[TOKENS][RESERVE][TETHER]
    cost = (weeks.proceeds / (1.0 - discounts(opened(secured)[0].parameters)) - weeks.proceeds)[TETHER].sum()
    return cost / tokens, max(0.0, weeks.last.tokens[TETHER] - weeks.last.stock[TETHER].sum()) / tokens


def test_losses_are_flat_then_convex_and_the_buffer_moves_the_kink():
    """M2-T10: nothing is lost while liquid assets last; then selling costs; holders lose when equity is gone."""
    sizes = np.linspace(0.0, 0.9, 19)
    thin = np.array([_losses(size, 0.02) for size in sizes])
    thick = np.array([_losses(size, 0.10) for size in sizes])
    assert (thin[sizes < 0.3, 0] == 0.0).all()
    assert thin[-1, 0] > 0.05
    assert (np.diff(thin[:, 0]) >= -1e-12).all()
    assert (np.diff(thin[:, 0], 2)[:-1] >= -1e-6).all(), "convex"
    first_loss = [sizes[np.argmax(curve[:, 1] > 1e-9)] for curve in (thin, thick)]
    assert 0.4 < first_loss[0] < first_loss[1]


def test_a_window_closes_when_liquid_assets_end_and_the_price_shows_it():
    reserve = {"cash": 0.05, "bills": 0.15, "other": 0.82}
    _, weeks = rounds(shock(0.6), reserve, {"arbitrageurs": 1e3})
    assert weeks.weeks_shut[TETHER] > 1.0
    assert weeks.lowest_price[TETHER] < 0.8
    assert weeks.last.stock[TETHER, 0] == pytest.approx(0.0, abs=1e-9)


def test_the_own_book_pays_before_anything_is_sold_cheaply_and_is_never_overdrawn():
    start, draws = opened(shock(0.9))
    books = trade_tokens(start.economy, start.parameters, draws).books
    flows = books.journal.flows
    assert flows["issuer_support"].amount.sum() > 0.0
    assert flows["window_reserve_secured_sale"].amount[0, TETHER] > 0.0
    for account in (RESERVE, OWN):
        assert (books.cash[account].sum(axis=1) >= -1e-12).all()


def test_a_tightening_moves_demand_more_than_a_crypto_shock():
    """M1-T5: a percentage point of the bill rate against a quarter's standard deviation of bitcoin."""
    rule = open_economy(load(FROZEN)).parameters
    tightening = rule.tokens.rate_elasticity * 0.02
    crypto = rule.tokens.crypto_elasticity * rule.environment.bitcoin_volatility / 2.0
    assert tightening > crypto > 0.0


def test_after_either_shock_money_leaves_coins_as_a_whole():
    """M1-T6: coins are no haven; only their mix shifts towards the safer ones."""
    for changes in (shock(0.1), shock(0.1, "all"), shock(0.08, "circle", kind="bank_failure")):
        start, _ = opened(changes)
        assert rounds(changes)[1].last.tokens.sum() < -start.economy.books.positions[TOKENS][RESERVE].sum()


def test_the_quarter_records_price_outflow_and_closure():
    _, closed = history("bank-failure", quarters=2)
    calm, told = measures.series(closed[1][0]), measures.series(closed[0][0])
    assert told["lowest_token_price"] < 0.93 < calm["lowest_token_price"]
    assert told["largest_weekly_outflow"] > 0.05
    assert told["weeks_window_closed"] == pytest.approx(0.43)
    assert calm["weeks_window_closed"] == 0.0


def test_quality_counts_what_a_hurry_leaves():
    start, _ = opened()
    books = with_reserve(start.economy.books, {"cash": 0.5, "secured": 0.5})
    expected = 0.5 + 0.5 * (1.0 - start.parameters.liquidity.secured_discount)
    assert reserve_quality(books, start.parameters)[TETHER] == pytest.approx(expected)
