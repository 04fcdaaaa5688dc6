"""When debtors cannot pay: clearing, circular finance, workouts, failures, and who comes after (phases 4 and 10)."""

from dataclasses import replace

import numpy as np
import pytest
from histories import history, small_books, without_journal
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import shocks
from sim.economy import checks
from sim.economy.credit import _cleared, debt
from sim.economy.flows import (
    COMPUTE_LOANS,
    INVESTORS,
    ORIGINS,
    OWN,
    PROVIDER_SHARES,
    PROVIDERS,
    SHARES,
)
from sim.economy.funding import provider_value, raise_funds
from sim.economy.ledger import balance, cancel_shares, capitalise, convert, flow_total, net_worth, settle, total_value
from sim.economy.quarter import DECISIONS, open_books, quarter
from sim.economy.workout import exchange_terms, resale_proceeds, work_out
from sim.events import happened
from sim.opening import draws_for, open_economy
from sim.scenario import load

START = open_economy(load("baseline"))
NORTHERN, COREWEAVE, AZURE = 0, 1, 5
TETHER, CREDIT = 0, 7
INTEREST = ORIGINS.index("bill_interest")
WHOLE = st.floats(0.0, 1.0)


def run(quarters, failed=(), seed=1, changes=None):
    """A history in which some companies are made to fail: `failed` holds (population, index, quarter)."""
    scenario = load("baseline", {**(changes or {}), "run.quarters": quarters})
    start = open_economy(scenario)
    draws = draws_for(scenario, start.names, seed, quarters)
    for population, index, when in failed:
        table = np.array(getattr(draws, f"failed_{population}"))
        table[when, index] = 1.0
        draws = replace(draws, **{f"failed_{population}": table})
    economy, closed = start.economy, []
    for step in range(quarters):
        before = economy
        economy, residuals = quarter(before, start.rules, shocks.at(draws, step))
        assert max(float(r) for r in residuals.values()) <= 1e-9, (step, residuals)
        closed.append((before, economy))
    return start, closed


def told(start, closed, kind):
    """Texts of the events of a kind."""
    events = [event for pair in closed for event in happened("2026Q1", *pair, start.names)]
    return [event["text"] for event in events if event["kind"] == kind]


# Clearing


@st.composite
def dues(draw):
    """Cash of two issuers and three providers, and what they owe each other and two investors."""

    def table(rows, columns):
        some = st.one_of(st.just(0.0), st.floats(0.05, 3.0))
        return np.array([[draw(some) for _ in range(columns)] for _ in range(rows)])

    cash = {account: np.zeros((size, 8)) for account, size in ((OWN, 6), (PROVIDERS, 9), (INVESTORS, 9))}
    for account, count in ((OWN, 2), (PROVIDERS, 3), (INVESTORS, 2)):
        cash[account][:count, INTEREST] = table(count, 1)[:, 0]
        cash[account][:count, 3] = table(count, 1)[:, 0]
    services, to_issuers, to_investors = np.zeros((6, 9)), np.zeros((9, 6)), np.zeros((9, 9))
    services[:2, :3], to_issuers[:3, :2], to_investors[:3, :2] = table(2, 3), table(3, 2), table(3, 2)
    return cash, services, to_issuers, to_investors


def _paid_in_turns(cash, services, to_issuers, to_investors):
    """What is paid when everyone pays what it can from what it was paid, again and again: from nothing, upwards."""
    owed_issuers, owed_providers = services.sum(axis=1), (to_issuers.sum(axis=1) + to_investors.sum(axis=1))
    own, providers = cash[OWN].sum(axis=1), cash[PROVIDERS].sum(axis=1)
    part_issuers, part_providers = np.zeros(6), np.zeros(9)
    for _ in range(5000):
        means = own + (to_issuers * part_providers[:, None]).sum(axis=0)
        part_issuers = np.clip(np.divide(means, owed_issuers, out=np.ones(6), where=owed_issuers > 0), 0, 1)
        means = providers + (services * part_issuers[:, None]).sum(axis=0)
        part_providers = np.clip(np.divide(means, owed_providers, out=np.ones(9), where=owed_providers > 0), 0, 1)
    return services * part_issuers[:, None], to_issuers * part_providers[:, None]


@settings(max_examples=60, deadline=None)
@given(dues())
def test_clearing_pays_what_money_going_round_can_pay(case):
    """M8-T5 in the books: limited liability, proportionality, and nobody pays more than it has or is paid.

    The payments are those at which paying in turns, from what one was paid before, comes to rest.
    """
    cash, services, to_issuers, to_investors = case
    books = small_books(**cash)
    after = settle(books, _cleared(books, services, to_issuers, to_investors))
    flows = after.journal.flows
    want_services, want_interest = _paid_in_turns(cash, services, to_issuers, to_investors)
    np.testing.assert_allclose(flows["issuer_gpu_services"].amount, want_services, atol=2e-3)
    np.testing.assert_allclose(flows["issuer_loan_interest"].amount, want_interest, atol=2e-3)
    assert (flows["investor_loan_interest"].amount <= to_investors + 1e-12).all()
    for account in (OWN, PROVIDERS, INVESTORS):
        assert (after.cash[account] >= -1e-9).all()
    assert max(float(r) for r in checks.identities(books, after).values()) <= 1e-9


def test_a_circle_without_a_dollar_pays_nothing():
    """Two who owe each other and have nothing could be netted; in cash they pay nothing."""
    services, to_issuers = np.zeros((6, 9)), np.zeros((9, 6))
    services[0, 0] = to_issuers[0, 0] = 1.0
    books = small_books(own=np.zeros((6, 8)), providers=np.zeros((9, 8)))
    after = settle(books, _cleared(books, services, to_issuers, np.zeros((9, 9))))
    assert after.journal.flows["issuer_gpu_services"].amount.sum() == pytest.approx(0.0, abs=1e-12)
    one = np.zeros((6, 8))
    one[0, INTEREST] = 0.5
    books = small_books(own=one, providers=np.zeros((9, 8)))
    after = settle(books, _cleared(books, services, to_issuers, np.zeros((9, 9))))
    assert after.journal.flows["issuer_loan_interest"].amount[0, 0] == pytest.approx(1.0)
    np.testing.assert_allclose(after.cash[OWN][0], one[0], atol=1e-9)


def test_what_is_paid_at_once_is_mixed_at_once():
    """Origins go round with the money: what comes back to a lender is partly its own."""
    own, providers = np.zeros((6, 8)), np.zeros((9, 8))
    own[0, INTEREST], providers[0, 3] = 1.0, 1.0
    services, to_issuers = np.zeros((6, 9)), np.zeros((9, 6))
    services[0, 0], to_issuers[0, 0] = 1.0, 2.0
    books = small_books(own=own, providers=providers)
    after = settle(books, {"issuer_gpu_services": services, "issuer_loan_interest": to_issuers})
    mix = after.journal.flows["issuer_loan_interest"].origins[0, 0]
    assert mix.sum() == pytest.approx(1.0)
    assert 0.1 < mix[INTEREST] < 0.9
    assert after.cash[OWN].sum() == pytest.approx(2.0)
    assert max(float(r) for r in checks.identities(books, after).values()) <= 1e-9


# Circular finance

WEAK = {"gpus.technical_progress": 1.2, "history.until": "2026Q2"}


@pytest.fixture(scope="module")
def plain():
    return run(16, changes=WEAK)


@pytest.fixture(scope="module")
def circular():
    return run(16, changes={**WEAK, "credit.circular_purchases": 0.5})


def test_a_lender_that_buys_of_its_borrower_keeps_it_going(plain, circular):
    """Its revenue and value rise, the lender's profit falls by what it bought."""
    without, with_it = plain[1][-1][1], circular[1][-1][1]
    for (_, before), (_, after) in zip(plain[1][2:], circular[1][2:], strict=True):
        assert after.gpus.revenue[NORTHERN] > before.gpus.revenue[NORTHERN]
        bought = flow_total(after.books, "issuer_gpu_services", 1)
        received = flow_total(after.books, "issuer_loan_interest", 0)
        assert bought[TETHER] > received[TETHER] * 0.5
    worth = -with_it.books.positions[PROVIDER_SHARES][PROVIDERS] * with_it.books.price[PROVIDER_SHARES]
    other = -without.books.positions[PROVIDER_SHARES][PROVIDERS] * without.books.price[PROVIDER_SHARES]
    assert worth[NORTHERN] > other[NORTHERN]


def test_part_of_the_interest_a_lender_gets_was_its_own_money(plain, circular):
    """The round trip shows in cash by origin: more of the interest paid to the lender began as bill interest."""
    def own_money(closed):
        flows = [e.books.journal.flows["issuer_loan_interest"] for _, e in closed]
        return sum(f.amount[NORTHERN].sum() * f.origins[NORTHERN, 0, INTEREST] for f in flows), sum(
            f.amount[NORTHERN].sum() for f in flows
        )
    before, paid = own_money(plain[1])
    after, paid_too = own_money(circular[1])
    assert paid > 0.05
    assert after / paid_too > before / paid + 0.1
