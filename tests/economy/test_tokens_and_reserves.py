"""Token market, reserve income and buffers (phases 2, 3 and 8)."""

from dataclasses import replace

import numpy as np
import pytest
from support.histories import history, mapped
from support.tiny import FROZEN

from sim.economy.books.flows import BILLS, OWN, RESERVE, TOKENS
from sim.economy.coins.liquidity import buffer_ratio
from sim.economy.coins.reserve import distribution_share, earn_on_reserves
from sim.economy.coins.tokens import holder_yield, trade_tokens
from sim.economy.coins.weekly_rounds import weekly_rounds
from sim.economy.environment import advance_environment, expected_rate, next_rate
from sim.opening.draws import draws_of_quarter
from sim.opening.open_economy import draws_for, open_economy
from sim.scenario.load import load

CALM = {
    "tokens.demand_noise": 0.0,
    "tokens.share_noise": 0.0,
    "environment.crypto_volatility": 0.0,
    "tokens.demand_growth": 0.0,
    "tokens.crypto_elasticity": 0.0,
}


def _start(changes=None, seed=1):
    scenario = load(FROZEN, changes or {})
    start = open_economy(scenario)
    return start, draws_of_quarter(draws_for(scenario, start.names, seed, 1), 0)


def _rounds(changes=None, rate=None):
    start, draws = _start({**CALM, **(changes or {})})
    economy = start.economy
    if rate is not None:
        economy = replace(economy, environment=replace(economy.environment, bill_rate=np.float64(rate)))
    return start, weekly_rounds(economy, start.parameters, draws, holder_yield(economy, start.parameters))


def test_rounds_add_up_and_shares_are_shares():
    """M1-T1: tokens = opening + minted - redeemed, issuer by issuer."""
    start, rounds = _rounds({"tokens.demand_growth": 0.5})
    opening = -start.economy.books.positions[TOKENS][RESERVE]
    np.testing.assert_allclose(rounds.last.tokens, opening + rounds.minted - rounds.redeemed, rtol=1e-12)
    assert (rounds.minted > 0).all()
    assert (rounds.redeemed > 0).all()
    assert rounds.last.tokens.sum() > opening.sum()


def test_demand_falls_when_bills_pay_more_and_not_when_holders_get_it_all():
    """M1-T2."""
    low, high = _rounds(rate=0.03)[1], _rounds(rate=0.05)[1]
    assert high.last.tokens.sum() < low.last.tokens.sum()
    fall = np.log(high.last.tokens.sum() / low.last.tokens.sum())
    assert fall == pytest.approx(-4.0 * 0.02, rel=0.1)  # issuers that pass something on soften it
    passed = {"tokens.yield_to_holders": 1.0, "issuers.circle.regime": "offshore", "issuers.paypal.regime": "offshore"}
    low, high = (_rounds(passed, rate=rate)[1] for rate in (0.03, 0.05))
    assert np.log(high.last.tokens.sum() / low.last.tokens.sum()) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("network", "spread"), [(1.0, "kept"), (0.8, "narrows"), (1.2, "widens")])
def test_network_effect_keeps_narrows_or_tips(network, spread):
    """M1-T3: with no other difference, shares stay at n = 1, even out below and tip above."""
    scenario = mapped(
        load(FROZEN, {**CALM, "tokens.network": network, "tokens.churn": 0.0}), lambda _quantity, value: value
    )
    even = {
        slug: i.model_copy(
            update={
                "attraction": i.attraction.model_copy(update={"value": 0.0}),
                "pass_through": i.pass_through.model_copy(update={"value": 0.0}),
            }
        )
        for slug, i in scenario.issuers.items()
    }
    start = open_economy(scenario.model_copy(update={"issuers": even}))
    draws = draws_of_quarter(draws_for(scenario, start.names, 1, 1), 0)
    before = -start.economy.books.positions[TOKENS][RESERVE]
    after = weekly_rounds(start.economy, start.parameters, draws, np.zeros(6)).last.tokens
    herfindahl = ((after / after.sum()) ** 2).sum() - ((before / before.sum()) ** 2).sum()
    assert {"kept": abs(herfindahl) < 1e-12, "narrows": herfindahl < -1e-3, "widens": herfindahl > 1e-3}[spread]


def test_minting_does_not_move_the_price_of_bitcoin():
    """M1-T4: demand for tokens is not fed back into asset prices."""
    _, calm = history(changes={"history.until": "none", "tokens.demand_growth": 0.0}, quarters=6)
    _, boom = history(changes={"history.until": "none", "tokens.demand_growth": 1.0}, quarters=6)
    assert all(a.environment.bitcoin == b.environment.bitcoin for (a, _), (b, _) in zip(calm, boom, strict=True))


def test_redemptions_are_paid_at_par_down_the_waterfall():
    """A halving of demand is met from repo and bills first; nobody is left with an unpaid token."""
    start, draws = _start({"tokens.demand_growth": -1.0, "tokens.saturation": 20000.0, "tokens.churn": 0.05})
    economy = advance_environment(start.economy, start.parameters, draws)
    before = economy.books
    economy = trade_tokens(economy, start.parameters, draws)
    after = economy.books
    redeemed = after.journal.flows["redemption"].amount.sum()
    minted = after.journal.flows["mint"].amount.sum()
    burned = -before.positions[TOKENS][RESERVE].sum() + minted + after.positions[TOKENS][RESERVE].sum()
    assert burned == pytest.approx(redeemed)
    assert redeemed > minted
    assert after.journal.flows["window_reserve_bills_sale"].amount.sum() > 0
    # The equity inside the reserve loses what hurried sales cost, and gains what the own book gave.
    flows = after.journal.flows
    lost = flows["window_reserve_sale_cost"].amount.sum(axis=1)
    given = flows["issuer_support"].amount.sum(axis=1)
    np.testing.assert_allclose(
        buffer_ratio(after) * -after.positions[TOKENS][RESERVE],
        buffer_ratio(before) * -before.positions[TOKENS][RESERVE] - lost + given,
        atol=1e-9,
    )


def _income(rate, changes=None):
    start, draws = _start({"reserve.tax_rate": 0.0, **CALM, **(changes or {})})
    economy = start.economy
    books = economy.books
    held = {
        name: books.positions[key][RESERVE]
        for name, key in (("average_bills", BILLS), ("average_repo", "repo"), ("average_secured", "secured_loans"))
    }
    economy = replace(
        economy,
        environment=replace(economy.environment, bill_rate=np.float64(rate)),
        tokens=replace(economy.tokens, **held),
    )
    return start, earn_on_reserves(economy, start.parameters, draws)


def test_profit_moves_with_the_rate_by_the_reserve_less_distribution():
    """M3-T3: dProfit/dr = (1 - distribution share) x what earns the bill rate."""
    start, low = _income(0.04)
    _, high = _income(0.05)
    books = start.economy.books
    bills_and_repo = books.positions[BILLS][RESERVE] + books.positions["repo"][RESERVE]
    slope = (high.income.realised_profit - low.income.realised_profit) / 0.01
    expected = (1.0 - distribution_share(start.parameters)) * bills_and_repo / 4.0
    expected = expected + books.positions["secured_loans"][RESERVE] / 4.0
    pays_nothing = start.parameters.issuer.pass_through == 0.0
    np.testing.assert_allclose(slope[pays_nothing], expected[pays_nothing], rtol=1e-9)


def test_no_rate_no_interest():
    """M3-T2."""
    _, economy = _income(0.0, {"reserve.secured_loan_spread": 0.0})
    assert np.abs(economy.income.interest).max() == 0.0
    assert (economy.income.realised_profit <= 0.0).all()


def test_the_circle_contract_pays_distributors_most_of_the_interest():
    _, closed = history(quarters=4)
    paid = sum(economy.income.distribution[1] for economy, _ in closed)
    earned = sum(economy.income.interest[1] for economy, _ in closed)
    assert 0.55 < paid / earned < 0.68


def test_full_pass_through_leaves_no_margin_on_bills():
    """M3-T5: an issuer that hands on the whole rate on fully backed tokens earns nothing on them."""
    changes = {f"issuers.tether.{key}": 0.0 for key in ("fixed_costs",)}
    start, economy = _income(0.05, {**changes, "tokens.yield_to_holders": 1.0})
    tokens = start.economy.tokens.average_tokens[0]
    paid = economy.books.journal.flows["holder_yield"].amount[0, 0]
    assert paid == pytest.approx(
        min(0.05 / 4.0 * tokens, economy.income.interest[0] + economy.income.other_income[0] + 0.11)
    )


def test_the_buffer_binds_before_dividends_and_deals():
    """M3-T6: with a buffer to fill, profit goes there first."""
    _, free = history(changes={"redeployment.buffer_target": 0.0}, quarters=1)
    _, bound = history(changes={"redeployment.buffer_target": 0.5}, quarters=1)
    flows = bound[0][0].books.journal.flows
    assert flows["buffer_top_up"].amount[0, 0] == pytest.approx(bound[0][0].income.realised_profit[0], rel=1e-6)
    assert flows["dividends"].amount[0, 0] == pytest.approx(0.0, abs=1e-9)
    assert free[0][0].books.journal.flows["dividends"].amount[0, 0] > 0.3
    assert bound[0][0].redeployment.deployed[0].sum() < free[0][0].redeployment.deployed[0].sum()


def test_paper_gains_are_not_paid_out():
    _, closed = history(quarters=1)
    economy = closed[0][0]
    assert economy.income.paper_gain[0] > 1.0
    assert economy.books.journal.flows["dividends"].amount[0, 0] < economy.income.realised_profit[0]


def test_the_rate_reverts_to_its_terminal_value_and_never_turns_negative():
    parameters = open_economy(load(FROZEN, {"environment.rate_volatility": 0.0})).parameters.environment
    rate = np.float64(0.05)
    for _ in range(100):
        later = next_rate(rate, parameters, np.float64(0.0))
        assert parameters.terminal_rate - 1e-12 <= later <= rate
        rate = later
    assert rate == pytest.approx(float(parameters.terminal_rate))
    wild = replace(parameters, rate_volatility=np.float64(0.05))
    assert next_rate(np.float64(0.001), wild, np.float64(-9.0)) == 0.0
    assert expected_rate(np.float64(0.05), parameters) < 0.05


def test_the_data_are_followed_to_the_letter_while_they_last():
    _, closed = history(quarters=12)
    rates = [float(economy.environment.bill_rate) for economy, _ in closed]
    assert rates[:3] == pytest.approx([0.05388, 0.0539, 0.05122])
    assert rates[9] == pytest.approx(0.03717)
    assert rates[10] != pytest.approx(0.03849, abs=1e-6)


def test_own_book_bills_are_not_the_reserve():
    _, closed = history(quarters=8)
    books = closed[-1][0].books
    assert books.positions[BILLS][OWN][0] > 0.2
    assert (buffer_ratio(books) > 0.0).all()
