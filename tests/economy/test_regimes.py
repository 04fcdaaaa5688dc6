"""What the law does to an issuer: what it may hold, whom it pays, and who loses when it fails."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.histories import history
from support.tiny import FROZEN

from sim.economy.books.flows import ADVANCES, BITCOIN, GOLD, OWN, RESERVE, SECURED_LOANS, TOKENS
from sim.economy.books.ledger import balance, net_worth, total_value
from sim.economy.capital.redeployment import reach_into_reserve
from sim.economy.coins.liquidity import BACKING, buffer_ratio, reserve_quality
from sim.economy.coins.regimes import law_of
from sim.economy.coins.tokens import holder_yield, trade_tokens
from sim.economy.coins.weekly_rounds import _frame, _loss_feared, weekly_rounds
from sim.economy.distress.issuer_failure import impair_advances, pay_late, wind_up
from sim.economy.environment import advance_environment
from sim.economy.parameters import REGIMES
from sim.economy.quarter import open_books
from sim.opening.draws import draws_of_quarter
from sim.opening.open_economy import draws_for, open_economy
from sim.scenario.load import load

TETHER = 0
REACH = {"redeployment.reach_into_reserve": 0.10}
RISKY = (SECURED_LOANS, BITCOIN, GOLD, "other_ventures")


def under(regime):
    return {"issuers.tether.regime": regime}


def in_force(quarter, regime, target="tether"):
    return {"events": [{"quarter": quarter, "kind": "regime_in_force", "target": target, "regime": regime}]}


def risky(economy):
    return sum(total_value(economy.books, name, RESERVE)[TETHER] for name in RISKY)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_backs_the_tokens_is_tokens_and_equity(seed):
    """M3-T1: reserve = tokens + excess reserves, for every issuer in every quarter."""
    for economy, _ in history(seed=seed, quarters=12, changes=REACH)[1]:
        books = economy.books
        assets = balance(books, RESERVE) + sum(total_value(books, name, RESERVE) for name in BACKING)
        tokens = -books.positions[TOKENS][RESERVE]
        np.testing.assert_allclose(assets, tokens + buffer_ratio(books) * tokens, rtol=1e-12)
        np.testing.assert_allclose(net_worth(books, RESERVE), buffer_ratio(books) * tokens, atol=1e-9)


def test_reaching_into_the_reserve_is_refused_by_law_and_lowers_quality_where_it_is_not():
    """M3-T4: the same order under three laws."""
    for regime in REGIMES:
        start = open_economy(load(FROZEN, {**REACH, **under(regime)}))
        economy, lent = reach_into_reserve(start.economy, start.parameters)
        if regime == "offshore":
            assert lent[TETHER] > 1.0
            assert economy.books.positions[ADVANCES][RESERVE][TETHER, TETHER] == pytest.approx(lent[TETHER])
        else:
            assert lent[TETHER] == 0.0
    plain, reaching = history(quarters=12)[1][-1][0], history(quarters=12, changes=REACH)[1][-1][0]
    assert reaching.tokens.quality[TETHER] < plain.tokens.quality[TETHER] - 0.01
    assert total_value(plain.books, ADVANCES, RESERVE)[TETHER] == 0.0


def test_money_from_the_reserve_goes_into_ai_and_is_remembered_as_the_holders():
    """The deals that an advance pays for are traced to token float, not to interest."""

    def deals(changes):
        flows = [economy.books.journal.flows for economy, _ in history(quarters=12, changes=changes)[1]]
        kinds = ("issuer_compute_loan", "issuer_compute_equity", "issuer_lab_equity", "issuer_venture_equity")
        paid = [(f[kind].amount[:, :, None] * f[kind].origins).sum(axis=(0, 1)) for f in flows for kind in kinds]
        return np.sum(paid, axis=0)

    plain, reaching = deals({}), deals(REACH)
    token_float = 1
    assert plain[token_float] == pytest.approx(0.0, abs=1e-9)
    assert reaching[token_float] > 0.5 * (reaching.sum() - plain.sum()) > 0.0


def test_buffer_before_dividends_before_redeployment():
    """M3-T6: with too little profit for all three, the buffer takes it."""
    changes = {"redeployment.buffer_target": 0.2, "redeployment.payout_ratio": 0.9}
    _, closed = history(quarters=4, changes=changes)
    for economy, _ in closed:
        flows = economy.books.journal.flows
        top_up, dividends = (flows[kind].amount.sum(axis=1)[TETHER] for kind in ("buffer_top_up", "dividends"))
        profit = economy.income.realised_profit[TETHER]
        assert top_up == pytest.approx(profit, rel=1e-9)
        assert dividends == pytest.approx(0.0, abs=1e-9)


def test_own_funds_that_the_law_asks_for_are_built_up():
    changes = {"redeployment.buffer_target": 0.0, "regimes.mica.own_funds": 0.15, **under("mica")}
    _, closed = history(quarters=8, changes=changes)
    assert closed[-1][0].books.journal.flows["buffer_top_up"].amount[TETHER, TETHER] > 0.0
    _, free = history(quarters=8, changes={"redeployment.buffer_target": 0.0})
    assert free[-1][0].books.journal.flows["buffer_top_up"].amount[TETHER, TETHER] == 0.0


def test_a_law_comes_into_force_on_its_day_and_what_it_forbids_runs_off():
    """GENIUS: no loans, coins or metal in the reserve, no interest to holders, holders see everything."""
    paid = {"issuers.tether.pass_through": 0.3}
    _, closed = history(quarters=16, changes={**in_force("2025Q1", "genius"), **paid})
    before, first, last = closed[3][0], closed[4][0], closed[15][0]
    assert before.tokens.regime[TETHER, 0] == 1.0
    assert first.tokens.regime[TETHER, 1] == 1.0
    assert risky(before) > risky(first) > 10 * risky(last) > 0.0
    assert before.books.journal.flows["holder_yield"].amount[TETHER, 0] > 0.0
    assert first.books.journal.flows["holder_yield"].amount[TETHER, 0] == 0.0
    assert before.tokens.transparency[TETHER] < first.tokens.transparency[TETHER] == 1.0
    # The law says what backs the coin, not how much: equity stays.
    assert buffer_ratio(last.books)[TETHER] > 0.0


def test_a_law_that_forbids_advances_has_them_repaid():
    _, closed = history(quarters=18, changes={**REACH, **in_force("2026Q2", "genius")})
    owed = [total_value(economy.books, ADVANCES, RESERVE)[TETHER] for economy, _ in closed]
    assert owed[8] > 3.0
    assert owed[17] < 0.5 * owed[8]


def test_mica_keeps_its_share_in_deposits():
    _, closed = history(quarters=4, changes=under("mica"))
    for economy, _ in closed:
        deposits = balance(economy.books, RESERVE)[TETHER]
        assert deposits >= 0.6 * -economy.books.positions[TOKENS][RESERVE][TETHER] * (1.0 - 1e-9)


def test_an_audit_shows_everything_from_its_day_on():
    audit = {"events": [{"quarter": "2024Q3", "kind": "audit_published", "target": "tether"}]}
    shown = [economy.tokens.transparency[TETHER] for economy, _ in history(quarters=4, changes=audit)[1]]
    assert shown == [0.5, 0.5, 1.0, 1.0]


def hollow(regime, missing, own=5.0):
    """The largest coin with a part of its reserve gone, and money in its own book."""
    start = open_economy(load(FROZEN, under(regime)))
    books = start.economy.books
    tokens = -books.positions[TOKENS][RESERVE][TETHER]
    bills = np.array(books.positions["bills"][RESERVE])
    excess = buffer_ratio(books)[TETHER] * tokens
    bills[TETHER] -= missing * tokens + excess
    cash = np.array(books.cash[OWN])
    cash[TETHER, 0] += own
    positions = {**books.positions, "bills": {**books.positions["bills"], RESERVE: bills}}
    books = replace(books, positions=positions, cash={**books.cash, OWN: cash})
    return start, books, tokens


def recovered(regime, missing, own=5.0):
    start, books, tokens = hollow(regime, missing, own)
    failed = np.eye(6)[TETHER]
    after = wind_up(books, failed, start.parameters, law_of(start.economy, start.parameters))
    assert after.positions[TOKENS][RESERVE][TETHER] == pytest.approx(0.0, abs=1e-9)
    assert balance(after, RESERVE)[TETHER] == pytest.approx(0.0, abs=1e-9)
    lost = after.journal.write_offs[TOKENS]
    assert lost[RESERVE].sum() == pytest.approx(-lost["economy"].sum(), abs=1e-9)
    payout = after.journal.flows["estate_payout"].amount[TETHER].sum() / tokens
    assert payout + lost[RESERVE][TETHER] / tokens == pytest.approx(1.0)
    return payout, balance(after, OWN)[TETHER]


def test_owners_of_a_coin_with_half_its_reserve_gone_keep_something_offshore_and_nothing_under_genius():
    offshore, kept = recovered("offshore", 0.5)
    genius, left = recovered("genius", 0.5)
    assert 0.0 < offshore <= genius < 1.0
    assert left == pytest.approx(0.0, abs=1e-6)
    assert left <= kept


@pytest.mark.slow
@given(missing=st.floats(0.0, 0.9))
def test_holders_rank_first_where_the_law_says_so(missing):
    """M3-T7: owners lose before holders under GENIUS; elsewhere others are paid before holders."""
    offshore, kept = recovered("offshore", missing)
    genius, left = recovered("genius", missing)
    assert 0.0 <= offshore <= genius <= 1.0
    assert left <= kept
    if genius < 1.0 - 1e-9:
        assert left == pytest.approx(0.0, abs=0.5)


def test_losses_go_through_equity_and_own_book_before_they_reach_the_reserve():
    """M3-T7: an advance is impaired only by what the own book's assets fall short of it."""
    start = open_economy(load(FROZEN))
    books = start.economy.books
    lent = np.zeros((6, 6))
    worth = net_worth(books, OWN)[TETHER]
    for advance in (0.5 * worth, worth + 3.0):
        lent[TETHER, TETHER] = advance
        owed = -lent.sum(axis=0)
        held = {**books.positions, ADVANCES: {RESERVE: lent, OWN: owed}}
        cash = np.array(books.cash[OWN])
        cash[TETHER, 0] += advance
        whole = replace(books, positions=held, cash={**books.cash, OWN: cash})
        assert impair_advances(whole).positions[ADVANCES][RESERVE][TETHER, TETHER] == pytest.approx(advance)
        # All that was bought with the advance is lost.
        cash = np.array(books.cash[OWN])
        spent = min(advance, balance(books, OWN)[TETHER])
        cash[TETHER] *= 1.0 - spent / balance(books, OWN)[TETHER]
        ruined = replace(whole, cash={**books.cash, OWN: cash})
        short = max(0.0, -net_worth(ruined, OWN)[TETHER])
        after = impair_advances(ruined)
        assert after.positions[ADVANCES][RESERVE][TETHER, TETHER] == pytest.approx(advance - short)
        assert net_worth(after, OWN)[TETHER] >= -1e-9


def test_a_coin_that_is_shut_and_short_of_backing_is_wound_up_and_stays_dead():
    run = {"events": [{"quarter": "2024Q2", "kind": "redemption_shock", "target": "tether", "size": 0.9}]}
    weak = {"liquidity.other_discount": 0.95, "liquidity.secured_discount": 0.9, "liquidity.bitcoin_discount": 0.9}
    _start, closed = history(quarters=8, changes={**run, **weak, "liquidity.gold_discount": 0.9})
    tokens = [-economy.books.positions[TOKENS][RESERVE][TETHER] for economy, _ in closed]
    assert tokens[0] > 50.0
    assert tokens[-1] == pytest.approx(0.0, abs=1e-9)
    assert sum(economy.books.journal.flows["estate_payout"].amount[TETHER].sum() for economy, _ in closed) > 0.0
    assert max(max(residuals.values()) for _, residuals in closed) <= 1e-9
    assert all(np.isfinite(economy.tokens.price).all() for economy, _ in closed)


def indebted(advance, own_cash):
    """The largest coin with a hole in its reserve and a claim on an own book that has some cash."""
    start, books, tokens = hollow("offshore", missing=0.3, own=own_cash)
    lent = np.zeros((6, 6))
    lent[TETHER, TETHER] = advance
    positions = {**books.positions, ADVANCES: {RESERVE: lent, OWN: -lent.sum(axis=0)}}
    return start, replace(books, positions=positions), tokens


def test_what_the_own_book_owes_a_failed_coin_is_claimed_and_never_forgiven():
    start, books, _ = indebted(advance=8.0, own_cash=5.0)
    after = wind_up(books, np.eye(6)[TETHER], start.parameters, law_of(start.economy, start.parameters))
    repaid = after.journal.flows["estate_repayment"].amount[TETHER, TETHER]
    assert repaid == pytest.approx(balance(books, OWN)[TETHER], rel=1e-9), "all that it had in cash"
    assert total_value(after, ADVANCES, RESERVE)[TETHER] == pytest.approx(8.0 - repaid)
    assert after.journal.write_offs.get(ADVANCES, {}).get(RESERVE, np.zeros(1)).sum() == 0.0


def test_what_comes_in_for_a_dead_coin_goes_to_those_who_held_it():
    start, books, _ = indebted(advance=8.0, own_cash=5.0)
    dead = wind_up(books, np.eye(6)[TETHER], start.parameters, law_of(start.economy, start.parameters))
    cash = np.array(dead.cash[RESERVE])
    cash[TETHER, 0] += 2.0
    dead = replace(dead, cash={**dead.cash, RESERVE: cash})
    lacking = np.eye(6)[TETHER] * 1.5
    after, unpaid = pay_late(dead, lacking)
    assert after.journal.flows["estate_late_payout"].amount[TETHER, 0] == pytest.approx(1.5)
    assert after.journal.flows["estate_late_payout"].amount[1:].sum() == 0.0
    assert after.journal.flows["estate_surplus"].amount[TETHER, TETHER] == pytest.approx(0.5)
    assert unpaid.sum() == pytest.approx(0.0)


def test_fear_at_the_end_of_the_weeks_is_what_the_books_say():
    """The own book's money pays holders once: the claim that it repaid no longer backs the coin."""
    run = {"events": [{"quarter": "2026Q1", "kind": "redemption_shock", "target": "tether", "size": 0.9}]}
    scenario = load(FROZEN, {**REACH, **run, "issuers.tether.risky_limit": 1.0})
    start, closed = history(scenario, quarters=8)
    draws = draws_of_quarter(draws_for(scenario, start.names, 1, 9), 8)
    economy = advance_environment(open_books(closed[-1][0]), start.parameters, draws)
    weeks = weekly_rounds(economy, start.parameters, draws, holder_yield(economy, start.parameters))
    feared = _loss_feared(weeks, _frame(economy, start.parameters, holder_yield(economy, start.parameters)), 0.0)[
        TETHER
    ]
    books = trade_tokens(economy, start.parameters, draws).books
    assert books.journal.flows["advance_repayment"].amount[TETHER, TETHER] > 0.5
    # What is sold calmly afterwards saves a little of the discounts; the claim counted twice would be 0.3.
    assert feared == pytest.approx(1.0 - reserve_quality(books, start.parameters)[TETHER], abs=0.15)


def test_owners_are_paid_nothing_while_holders_are_refused_or_the_law_is_not_met():
    run = {"quarter": "2026Q1", "kind": "redemption_shock", "target": "all", "size": 0.95}
    _, closed = history(quarters=10, changes={"events": [run]})
    refused = closed[8][0]
    assert (refused.tokens.weeks_shut > 0.0).any()
    dividends = refused.books.journal.flows["dividends"].amount.sum(axis=1)
    assert (dividends[refused.tokens.weeks_shut > 0.0] == 0.0).all()
    _, closed = history(quarters=20, changes={**REACH, **in_force("2025Q4", "genius")})
    owed = np.array([total_value(economy.books, ADVANCES, RESERVE)[TETHER] for economy, _ in closed[7:]])
    flows = [economy.books.journal.flows["dividends"].amount.sum(axis=1)[TETHER] for economy, _ in closed[7:]]
    dividends = np.array(flows)
    assert (owed > 1e-9).any(), "the law finds an advance"
    assert dividends[owed > 1e-9].max() <= 1e-9
