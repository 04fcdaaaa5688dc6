"""Every dollar is accounted for, and remembers where it was earned."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.histories import history, mapped, small_books, without_journal
from support.sampling import sampled
from support.tiny import TINY
from support.worlds import run_world

from sim.economy.books import checks, measures
from sim.economy.books.flows import (
    ACCOUNTS,
    COMPUTE_LOANS,
    FLOWS,
    GPUS,
    INSTRUMENTS,
    ORIGINS,
    OUTSIDE,
    OWN,
    PROVIDERS,
    RESERVE,
    SECTORS,
)
from sim.economy.books.ledger import balance, net_worth, pay, revalue, write_down, write_off
from sim.engine.mesa_model import enforced
from sim.errors import AccountingError
from sim.scenario import levers
from sim.scenario.load import changed, load


@pytest.fixture(scope="module")
def baseline():
    return history(quarters=28, seed=3)


def test_every_identity_holds_in_every_quarter(baseline):
    _, closed = baseline
    for economy, residuals in closed:
        assert len(residuals) == 9
        for name, residual in residuals.items():
            assert residual <= 1e-9, (float(economy.quarter), name, residual)


def test_every_kind_of_flow_is_used_once_and_declared(baseline):
    _, closed = baseline
    assert set(closed[-1][0].books.journal.flows) == set(FLOWS)


@pytest.mark.parametrize(
    ("breakage", "identity"),
    [
        (lambda b: replace(b, cash={**b.cash, "labs": b.cash["labs"] + 1e-4}), "cash_by_origin"),
        (lambda b: replace(b, cash={**b.cash, "labs": b.cash["labs"] + 1e-4}), "total_cash"),
        (lambda b: _shifted(b, COMPUTE_LOANS, PROVIDERS, 1e-4), "claims_match_debts"),
        (lambda b: _shifted(b, "tokens", RESERVE, 1e-4), "stock_flow"),
        (lambda b: _shifted(b, "tokens", RESERVE, 1e-4), "net_worth"),
        (lambda b: _shifted(b, "lab_shares", "investors", 1e-4), "ownership"),
        (lambda b: _shifted(b, GPUS, PROVIDERS, -1e9), "not_negative"),
        (lambda b: _mislabelled(b), "origins"),
        (lambda b: _mislabelled(b), "cash_by_origin"),
    ],
)
def test_a_broken_book_is_caught(baseline, breakage, identity):
    """No check passes by construction: each sees a ten-thousandth of a billion out of place."""
    _start, closed = baseline
    opening = without_journal(closed[4][0].books)
    broken = breakage(closed[5][0].books)
    residuals = checks.identities(opening, broken)
    assert residuals[identity] > 1e-9
    with pytest.raises(AccountingError, match=r"2025Q2: identity \w+ is violated"):
        enforced("2025Q2", residuals)


def _shifted(books, instrument, account, by):
    table = books.positions[instrument]
    return replace(books, positions={**books.positions, instrument: {**table, account: table[account] + by}})


def _mislabelled(books):
    """A thousandth of the labs' dollars changes its story."""
    cash = books.cash["labs"].copy()
    moved = 1e-3 * cash[:, ORIGINS.index("investor_capital")]
    cash[:, ORIGINS.index("investor_capital")] -= moved
    cash[:, ORIGINS.index("bill_interest")] += moved
    return replace(books, cash={**books.cash, "labs": cash})


def test_a_flow_declared_on_one_side_only_is_caught(baseline, monkeypatch):
    """The redundant equation sees a claim that one side books as a swap and the other as income."""
    _, closed = baseline
    half = replace(FLOWS["lab_round"], payee_gives=None)
    monkeypatch.setattr(checks, "FLOWS", {**FLOWS, "lab_round": half})
    closes = [economy for economy, _ in closed if economy.books.journal.flows["lab_round"].amount.sum() > 0]
    residuals = checks.identities(closes[0].books, closes[0].books)
    assert residuals["saving_equals_investment"] > 1e-9


def test_not_a_number_is_refused():
    with pytest.raises(AccountingError):
        enforced("2024Q1", {"net_worth": float("nan")})


def test_origins_over_the_whole_history(baseline):
    """Opening + earned = held + spent outside + lost, for each origin (M9-T1)."""
    start, closed = baseline
    opening = start.economy.books
    first = checks.origin_account(opening, opening)["held"]
    totals = {"earned": 0.0, "spent": 0.0, "lost": 0.0}
    for economy, _ in closed:
        table = checks.origin_account(opening, economy.books)
        totals = {name: total + table[name] for name, total in totals.items()}
        opening = without_journal(economy.books)
    held = checks.origin_account(opening, opening)["held"]
    scale = 1.0 + totals["earned"].sum()
    np.testing.assert_allclose(first + totals["earned"], held + totals["spent"] + totals["lost"], atol=1e-9 * scale)
    assert totals["earned"][ORIGINS.index("bill_interest")] > 50
    assert (totals["lost"] >= -1e-9).all()


def test_origins_are_shares(baseline):
    """Each balance is the sum of its origins, none negative, and nobody but the environment holds 'outside'."""
    for economy, _ in baseline[1]:
        for account in ACCOUNTS:
            cash = economy.books.cash[account]
            assert (cash >= -1e-12).all()
            inside = np.delete(cash, OUTSIDE, axis=1) if account in SECTORS else cash[:, [OUTSIDE]]
            assert np.abs(inside).max() == 0.0


def test_payment_takes_origins_in_proportion():
    books = small_books(own=[[0, 0, 0, 0, 0, 0, 0, 0]] * 6)
    cash = np.zeros((6, 8))
    cash[0, ORIGINS.index("bill_interest")] = 3.0
    cash[0, ORIGINS.index("customer_revenue")] = 1.0
    books = replace(books, cash={**books.cash, OWN: cash})
    lent = np.zeros((6, 9))
    lent[0, 0] = 2.0
    after = pay(books, "issuer_compute_loan", lent)
    got = after.cash[PROVIDERS][0] - books.cash[PROVIDERS][0]
    assert got[ORIGINS.index("bill_interest")] == pytest.approx(1.5)
    assert got[ORIGINS.index("customer_revenue")] == pytest.approx(0.5)
    assert after.positions[COMPUTE_LOANS][OWN][0, 0] == pytest.approx(2.0)
    assert net_worth(after, OWN)[0] == pytest.approx(net_worth(books, OWN)[0])


def test_an_account_that_is_empty_to_rounding_pays_in_shares_of_what_there_is():
    """Dust of both signs sums to next to nothing; parts over that sum would be shares of plus and minus many."""
    cash = np.zeros((6, 8))
    cash[0, ORIGINS.index("bill_interest")] = 3.000001e-15
    cash[0, ORIGINS.index("customer_revenue")] = -3.0e-15
    books = small_books(own=cash)
    lent = np.zeros((6, 9))
    lent[0, 0] = 0.9 * cash[0].sum()
    after = pay(books, "issuer_compute_loan", lent)
    shares = after.journal.flows["issuer_compute_loan"].origins[0]
    assert shares.min() >= 0.0
    assert shares.sum() == pytest.approx(1.0)
    assert shares[..., ORIGINS.index("bill_interest")] == pytest.approx(1.0)
    assert balance(after, OWN)[0] == pytest.approx(0.1 * cash[0].sum())


def test_parked_money_comes_back_with_its_story():
    """Interest kept in bitcoin is interest again when sold; what it fetches above cost is a trading gain."""
    cash = np.zeros((6, 8))
    cash[0, ORIGINS.index("bill_interest")] = 4.0
    books = small_books(own=cash)
    one = np.zeros((6, 1))
    one[0, 0] = 4.0
    books = pay(books, "own_bill_purchase", one)
    assert balance(books, OWN)[0] == pytest.approx(0.0)
    books = pay(without_journal(books), "own_bill_sale", one.T * 0.5)
    assert books.cash[OWN][0, ORIGINS.index("bill_interest")] == pytest.approx(2.0)
    assert books.cost["bills"][OWN][0].sum() == pytest.approx(2.0)


def test_default_books_the_same_loss_on_both_sides():
    """M10-T7: what the lender writes off is what the borrower no longer owes."""
    books = small_books()
    loss = np.zeros_like(books.positions[COMPUTE_LOANS]["investors"])
    loss[7, 1] = 0.7
    after = write_off(books, COMPUTE_LOANS, "investors", PROVIDERS, loss)
    assert net_worth(after, "investors")[7] - net_worth(books, "investors")[7] == pytest.approx(-0.7)
    assert net_worth(after, PROVIDERS)[1] - net_worth(books, PROVIDERS)[1] == pytest.approx(0.7)
    assert checks.identities(books, after)["claims_match_debts"] < 1e-12


def test_revaluation_changes_worth_and_no_cash():
    books = small_books()
    after = revalue(books, "lab_shares", books.price["lab_shares"] * 1.5)
    total = sum(net_worth(after, a).sum() - net_worth(books, a).sum() for a in ACCOUNTS)
    assert total == pytest.approx(0.0, abs=1e-9)
    assert max(float(r) for r in checks.identities(books, after).values()) < 1e-12


def test_a_flow_is_paid_once_a_quarter():
    books = pay(small_books(), "lab_staff", np.full((5, 1), 0.01))
    with pytest.raises(ValueError, match="already paid"):
        pay(books, "lab_staff", np.full((5, 1), 0.01))


def test_write_down_is_a_loss_for_its_owner_alone():
    books = small_books()
    after = write_down(books, GPUS, PROVIDERS, np.full(9, 0.01))
    assert (net_worth(after, PROVIDERS) - net_worth(books, PROVIDERS)).sum() == pytest.approx(-0.09)
    assert max(float(r) for r in checks.identities(books, after).values()) < 1e-12


def test_zero_behaviour_stands_still_for_ever():
    """M10-T9: all rates zero and no trades, and nothing ever changes."""
    start, closed = history("zero-behaviour", quarters=40)
    for (before, _), (after, _) in zip([(start.economy, None), *closed], closed, strict=False):
        for kind, flow in after.books.journal.flows.items():
            assert np.abs(flow.amount).max() <= 1e-12, kind
        for account in ACCOUNTS:
            np.testing.assert_allclose(after.books.cash[account], before.books.cash[account], rtol=1e-13, atol=1e-13)
            np.testing.assert_allclose(
                net_worth(after.books, account), net_worth(before.books, account), rtol=1e-12, atol=1e-12
            )
        for instrument in INSTRUMENTS:
            assert np.array_equal(after.books.price[instrument], before.books.price[instrument])


def test_doubling_all_prices_and_nominal_stocks_doubles_nominal_outputs():
    """M10-T10: the economy has no money illusion."""

    def doubled(quantity, value):
        if quantity.unit.startswith("USD"):
            return 2.0 * value
        return value / 2.0 if "per USD" in quantity.unit else value

    plain = load(TINY)
    twice = mapped(plain, doubled)
    _, ours = history(plain, quarters=12, seed=9)
    _, theirs = history(twice, quarters=12, seed=9)
    for (one, _), (two, _) in zip(ours, theirs, strict=True):
        for name, number in measures.series(one).items():
            nominal = name.endswith(("_usd_bn", "_usd", "_usd_hour"))
            expected = 2.0 * number if nominal else number
            np.testing.assert_allclose(measures.series(two)[name], expected, rtol=1e-8, atol=1e-10, err_msg=name)


@st.composite
def admissible_economies(draw):
    """The tiny scenario with every agent's size, every lever and the seed drawn at random."""
    sizes = st.floats(0.05, 20.0)
    scenario = load(TINY)
    changes = {}
    for lever in levers.LEVERS:
        if draw(st.booleans()):
            low, high = levers.quantity(scenario, lever).range
            changes[lever.key] = draw(st.floats(low, high))
    scenario = changed(scenario, changes)
    update = {"loans": (), "facilities": scenario.facilities}
    for population in ("issuers", "labs", "providers", "investors", "ventures"):
        agents = {}
        for slug, agent in getattr(scenario, population).items():
            size = draw(sizes)
            amount = ("USD bn", "USD bn a quarter", "USD bn a year", "GPUs")
            agents[slug] = mapped(agent, lambda q, v, size=size, amount=amount: v * size if q.unit in amount else v)
            if population == "issuers":
                agents[slug] = agents[slug].model_copy(update={"declared": type(agents[slug].declared)()})
            if population == "providers":
                agents[slug] = agents[slug].model_copy(
                    update={"debt": agents[slug].debt.model_copy(update={"value": 0.0})}
                )
        update[population] = agents
    return scenario.model_copy(update=update), draw(st.integers(0, 2**32))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(admissible_economies())
def test_identities_hold_in_random_economies(case):
    scenario, seed = case
    _, closed = history(scenario, seed=seed, quarters=6)
    for economy, residuals in closed:
        assert max(residuals.values()) <= 1e-9, residuals
        for name, number in measures.series(economy).items():
            assert np.isfinite(number), name


@pytest.mark.parametrize("number", sampled([51, 63, 69, 305, *range(50)], [51, 63, 69, 305, *range(4)]))
def test_identities_hold_in_random_worlds(number):
    """Whole histories with every lever over its full range, laws and dated events; 500 in benchmarks/.

    The first four once broke: a market that was all adopted, and dust of loans repaid.
    """
    found = run_world(number)
    assert max(found["worst"].values()) <= 1e-9
