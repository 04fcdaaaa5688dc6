"""When debtors cannot pay: clearing, circular finance, workouts (phases 4 and 10)."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.debtors import NORTHERN, START, TETHER, WEAK, indebted, run, told
from support.histories import small_books, without_journal
from support.tiny import FROZEN

from sim.economy.arrays import column
from sim.economy.books import checks
from sim.economy.books.flows import COMPUTE_LOANS, INVESTORS, ORIGINS, OWN, PROVIDER_SHARES, PROVIDERS
from sim.economy.books.ledger import (
    balance,
    cancel_shares,
    capitalise,
    convert,
    flow_total,
    net_worth,
    pay,
    revalue,
    settle,
    value,
)
from sim.economy.capital.loans import _cleared, debt
from sim.economy.distress.workouts import resale_proceeds, work_out
from sim.economy.quarter import quarter
from sim.opening import draws as random_draws
from sim.opening.open_economy import draws_for
from sim.scenario.load import load

INTEREST = ORIGINS.index("bill_interest")
WHOLE = st.one_of(st.just(0.0), st.floats(0.001, 1.0))


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
    """What is paid when all pay what they can from what they were paid, again and again: from nothing, upwards."""
    owed_issuers, owed_providers = services.sum(axis=1), (to_issuers.sum(axis=1) + to_investors.sum(axis=1))
    own, providers = cash[OWN].sum(axis=1), cash[PROVIDERS].sum(axis=1)
    part_issuers, part_providers = np.zeros(6), np.zeros(9)
    for _ in range(1000):
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

BUYING = {**WEAK, "credit.circular_purchases": 1.0}


@pytest.fixture(scope="module")
def plain():
    return run(12, changes=WEAK)


@pytest.fixture(scope="module")
def circular():
    return run(12, changes=BUYING)


def test_a_lender_that_buys_of_its_borrower_lifts_its_revenue_and_value(plain, circular):
    """Services are paid out of the lender's profit, and count as revenue where they are bought."""
    for (_, before), (_, after) in zip(plain[1][2:], circular[1][2:], strict=True):
        bought = flow_total(after.books, "issuer_gpu_services", 1)[TETHER]
        received = flow_total(after.books, "issuer_loan_interest", 0)[TETHER]
        assert bought > received > 0.0
        assert after.gpus.revenue[NORTHERN] > before.gpus.revenue[NORTHERN]
        income = after.income
        own = income.interest + income.other_income - income.distribution - income.realised_profit
        assert own[TETHER] > bought

    def worth(economy):
        return value(economy.books, PROVIDER_SHARES, OWN)[TETHER, NORTHERN]

    assert worth(circular[1][-1][1]) > worth(plain[1][-1][1])


def test_a_lender_that_buys_keeps_its_borrower_alive():
    """An empty till, no customers and no other money: interest is due, and only the lender's orders can pay it."""
    economy, parameters = indebted()
    at = np.arange(9) == NORTHERN
    books = pay(economy.books, "provider_costs", column(at * balance(economy.books, PROVIDERS)))
    economy = replace(economy, books=without_journal(books))
    parameters = replace(
        parameters,
        gpus=replace(parameters.gpus, other_demand=np.float64(0.0)),
        lab=replace(parameters.lab, supplier_weight=parameters.lab.supplier_weight * (1.0 - at)),
        redeployment=replace(
            parameters.redeployment, redeployment=np.float64(0.0), closing_probability=np.float64(0.0)
        ),
        investor=replace(parameters.investor, provider_affinity=0.0 * parameters.investor.provider_affinity),
        funding=replace(parameters.funding, loan_to_cost=np.float64(0.0)),
    )
    draws = random_draws.draws_of_quarter(draws_for(load(FROZEN), START.names, 1, 9), 8)
    alive, paid = {}, {}
    for bought in (0.0, 0.05, 0.5):
        terms = replace(parameters.credit, circular_purchases=np.float64(bought), workout_share=np.float64(0.0))
        after, residuals = quarter(economy, replace(parameters, credit=terms), draws)
        assert max(float(r) for r in residuals.values()) <= 1e-9
        alive[bought] = after.gpus.alive[NORTHERN]
        paid[bought] = flow_total(after.books, "issuer_loan_interest", 0)[TETHER]
    assert alive == {0.0: 0.0, 0.05: 0.0, 0.5: 1.0}
    assert paid[0.0] < paid[0.05] < paid[0.5]


def test_part_of_the_interest_a_lender_gets_was_its_own_money(plain, circular):
    """The round trip shows in cash by origin: more of the interest paid to the lender began as bill interest."""

    def own_part(closed):
        flows = [e.books.journal.flows["issuer_loan_interest"] for _, e in closed[4:]]
        paid = sum(f.amount[NORTHERN].sum() for f in flows)
        return sum(f.amount[NORTHERN].sum() * f.origins[NORTHERN, 0, INTEREST] for f in flows) / paid

    assert own_part(circular[1]) > own_part(plain[1]) + 0.1


# Workouts


def squeezed(economy, revenue, worth, mark, arrears):
    """Northern Data with another revenue, worth of GPUs, mark and unpaid interest, and nothing in its account."""
    at = np.arange(9) == NORTHERN
    gpus = economy.gpus
    books = pay(economy.books, "provider_costs", column(at * balance(economy.books, PROVIDERS)))
    books = pay(books, "provider_late_costs", np.zeros((9, 1)))
    books = revalue(books, PROVIDER_SHARES, np.where(at, mark, 1.0) * books.price[PROVIDER_SHARES])
    unpaid = books.positions[COMPUTE_LOANS][OWN] * at * arrears
    books = capitalise(books, COMPUTE_LOANS, OWN, PROVIDERS, unpaid)
    gpus = replace(
        gpus,
        revenue=np.where(at, revenue, gpus.revenue),
        book_value=np.where(at, worth, 1.0)[:, None] * gpus.book_value,
        running_cost=np.where(at, 0.02, gpus.running_cost),
    )
    terms = replace(economy.credit.issuer, arrears=unpaid)
    credit = replace(economy.credit, issuer=terms, unpaid_costs=np.zeros(9))
    return replace(economy, books=books, gpus=gpus, credit=credit), 1.0 * at


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 0.3), st.floats(0.0, 1.0), st.floats(0.0, 3.0), st.floats(0.0, 0.2), WHOLE, WHOLE)
def test_lenders_take_shares_only_where_that_beats_liquidation(revenue, worth, mark, arrears, share, keep):
    """Who agrees gets at least the recovery, owners lose first, and one side's loss is the other's relief."""
    economy, parameters = indebted()
    stressed, short = squeezed(economy, revenue, worth, mark, arrears)
    terms = replace(parameters.credit, workout_share=np.float64(share), workout_owners_keep=np.float64(max(keep, 0.01)))
    parameters = replace(parameters, credit=terms)
    after, agreed = work_out(stressed, parameters, short)
    before, books = stressed.books, after.books
    assert max(float(r) for r in checks.identities(economy.books, books).values()) <= 1e-9
    swapped, lost = -books.journal.conversions[COMPUTE_LOANS][OWN], -books.journal.write_offs[COMPUTE_LOANS][OWN]
    given_up = share * before.positions[COMPUTE_LOANS][OWN] * agreed
    np.testing.assert_allclose(swapped + lost, given_up, atol=1e-12)
    assert (agreed <= short).all()
    if not agreed[NORTHERN]:
        assert swapped.sum() == 0.0
        return
    assert revenue > 0.02
    proceeds, _ = resale_proceeds(stressed, parameters, short)
    recovery = min(1.0, proceeds[NORTHERN] / debt(before)[NORTHERN])
    assert swapped.sum() >= recovery * given_up.sum() * (1.0 - 1e-9)
    assert books.price[PROVIDER_SHARES][NORTHERN] <= before.price[PROVIDER_SHARES][NORTHERN] * (1.0 + 1e-12)
    relief = books.journal.write_offs[COMPUTE_LOANS]
    assert relief[PROVIDERS].sum() == pytest.approx(-(relief[OWN].sum() + relief[INVESTORS].sum()), abs=1e-12)
    longer = after.credit.issuer.remaining[TETHER, NORTHERN] - stressed.credit.issuer.remaining[TETHER, NORTHERN]
    assert longer == parameters.credit.workout_extension


def test_shares_for_loans_dilute_the_old_owners_and_are_worth_what_was_given_up():
    """Nothing is lost where equity is worth more than the loans; all holders still own one company together."""
    economy, parameters = indebted()
    stressed, short = squeezed(economy, 0.3, 1.0, 1.0, 0.05)
    after, agreed = work_out(stressed, parameters, short)
    assert agreed[NORTHERN] == 1.0
    before, books = stressed.books, after.books
    assert -books.journal.write_offs[COMPUTE_LOANS][OWN].sum() == pytest.approx(0.0, abs=1e-12)
    given_up = 0.5 * before.positions[COMPUTE_LOANS][OWN][TETHER, NORTHERN]
    shares, old = books.positions[PROVIDER_SHARES], before.positions[PROVIDER_SHARES]
    new = shares[OWN][TETHER, NORTHERN] - old[OWN][TETHER, NORTHERN]
    assert new * books.price[PROVIDER_SHARES][NORTHERN] == pytest.approx(given_up)
    np.testing.assert_array_equal(shares["economy"], old["economy"])
    assert shares[PROVIDERS][NORTHERN] < old[PROVIDERS][NORTHERN] < 0.0


def test_an_exchange_moves_no_cash_and_no_worth_and_interest_added_is_income():
    """A conversion is a swap in kind; capitalised interest is saved by the lender and dissaved by the debtor."""
    books = small_books()
    loans = books.positions[COMPUTE_LOANS][INVESTORS]
    after = convert(books, COMPUTE_LOANS, PROVIDER_SHARES, INVESTORS, PROVIDERS, 0.3 * loans)
    for account in (INVESTORS, PROVIDERS):
        np.testing.assert_allclose(net_worth(after, account), net_worth(books, account), atol=1e-12)
    after = capitalise(after, COMPUTE_LOANS, INVESTORS, PROVIDERS, 0.02 * loans)
    tally = checks.add_up(after)
    assert tally.saving[INVESTORS].sum() == pytest.approx(0.02 * loans.sum())
    assert tally.saving[PROVIDERS].sum() == pytest.approx(-0.02 * loans.sum())
    assert max(float(r) for r in checks.identities(books, after).values()) <= 1e-12


def test_an_exchange_above_its_worth_is_caught():
    """The net worth identity sees shares that are booked for more than the loan they replaced."""
    books = small_books()
    loans = books.positions[COMPUTE_LOANS][INVESTORS]
    after = convert(books, COMPUTE_LOANS, PROVIDER_SHARES, INVESTORS, PROVIDERS, 0.3 * loans)
    table = {**after.journal.conversions, COMPUTE_LOANS: {INVESTORS: -0.2 * loans, PROVIDERS: 0.2 * loans.sum(0)}}
    wrong = replace(after, journal=replace(after.journal, conversions=table))
    assert checks.identities(books, wrong)["stock_flow"] > 1e-9


def test_worthless_shares_can_be_cancelled_and_others_not():
    books = small_books()
    gone = 1.0 * (np.arange(9) == NORTHERN)
    dead = revalue(books, PROVIDER_SHARES, books.price[PROVIDER_SHARES] * (1.0 - gone))
    for before, worst in ((dead, 0.0), (books, 1.0)):
        after, price = cancel_shares(before, PROVIDER_SHARES, gone), before.price[PROVIDER_SHARES]
        after = revalue(after, PROVIDER_SHARES, price * (1.0 - gone) + 0.05 * gone)
        after = pay(after, "provider_founding", 0.05 * gone[None, :])
        assert (checks.identities(books, after)["stock_flow"] > 1e-9) == (worst > 0.0)


# The loan to Northern Data, were it due after two years instead of six: it cannot be repaid
SOON = {"credit.issuer_term": 8.0}


@pytest.fixture(scope="module")
def to_maturity():
    return run(14, changes=SOON)


def _swapped(economy):
    return -economy.books.journal.conversions[COMPUTE_LOANS][OWN]


def test_a_viable_borrower_goes_on_with_half_its_debt(to_maturity):
    """Illiquid, not insolvent: half of what is owed becomes shares, and the rest falls due later."""
    start, closed = to_maturity
    before, after = next(pair for pair in closed if _swapped(pair[1])[TETHER, NORTHERN] > 0.01)
    assert after.gpus.alive[NORTHERN] == 1.0
    swapped = _swapped(after)[TETHER, NORTHERN]
    left = after.books.positions[COMPUTE_LOANS][OWN][TETHER, NORTHERN]
    assert swapped == pytest.approx(left, rel=1e-6)
    assert after.credit.issuer.remaining[TETHER, NORTHERN] == start.parameters.credit.workout_extension

    def part(economy):
        shares = economy.books.positions[PROVIDER_SHARES]
        return shares[OWN][TETHER, NORTHERN] / -shares[PROVIDERS][NORTHERN]

    assert part(after) > part(before)
    texts = told(start, closed, "workout")
    told_of = [text for text in texts if "of loans to Northern Data for shares" in text]
    assert any(text.startswith("Tether swapped") for text in told_of)


def test_without_workouts_it_is_wound_up_and_lenders_come_first():
    """What the lenders and suppliers leave goes to the owners, Tether among them."""
    start, closed = run(14, changes={**SOON, "credit.workout_share": 0.0, "entry.entry": 0.0})
    after = next(e for _, e in closed if e.gpus.alive[NORTHERN] == 0.0)
    flows, books = after.books.journal.flows, after.books
    assert debt(books)[NORTHERN] == pytest.approx(0.0, abs=1e-12)
    assert flows["issuer_loan_recovery"].amount[NORTHERN, TETHER] > 0.1
    owners = [flows[f"provider_liquidation_{who}"].amount[NORTHERN] for who in ("issuers", "investors", "public")]
    assert owners[0][TETHER] > 0.0
    assert balance(books, PROVIDERS)[NORTHERN] == pytest.approx(0.0, abs=1e-9)
    assert not told(start, closed, "workout")
