"""When debtors cannot pay: clearing, circular finance, workouts, failures, newcomers (phases 4 and 10)."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from histories import history, small_books, without_journal
from hypothesis import given, settings
from hypothesis import strategies as st
from test_attribution import make_run

from sim import shocks
from sim.attribution import direct_uses, final_uses, interest_earned
from sim.economy import checks, measures
from sim.economy.arrays import column
from sim.economy.credit import _cleared, debt
from sim.economy.flows import COMPUTE_LOANS, INVESTORS, ORIGINS, OWN, PROVIDER_SHARES, PROVIDERS, SHARES
from sim.economy.funding import provider_value, raise_funds
from sim.economy.ledger import (
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
    write_off,
)
from sim.economy.quarter import DECISIONS, quarter
from sim.economy.workout import resale_proceeds, work_out
from sim.events import happened
from sim.matrices import balance_sheets, transactions
from sim.opening import draws_for, open_economy
from sim.scenario import load

START = open_economy(load("baseline"))
NORTHERN, COREWEAVE, AZURE = 0, 1, 5
TETHER = 0
INTEREST = ORIGINS.index("bill_interest")
WHOLE = st.one_of(st.just(0.0), st.floats(0.001, 1.0))


def run(quarters, failed=(), seed=1, changes=None):
    """A history in which some companies are made to fail: `failed` holds (population, index, quarter).

    The population `bets` stands for all companies in which the issuer of that index has money.
    """
    scenario = load("baseline", {**(changes or {}), "run.quarters": quarters})
    start = open_economy(scenario)
    draws = draws_for(scenario, start.names, seed, quarters)
    for population, index, when in failed:
        name = "bets_fail" if population == "bets" else f"failed_{population}"
        table = np.array(getattr(draws.events, name))
        table[when, index] = 1.0
        draws = replace(draws, events=replace(draws.events, **{name: table}))
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

WEAK = {"gpus.other_demand": 0.02, "labs_market.spending_ambition": 0.2, "funding.investor_appetite": 0.05}
"""Few customers, and hardly any money but the lenders'."""
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
    economy, rules = indebted()
    at = np.arange(9) == NORTHERN
    books = pay(economy.books, "provider_costs", column(at * balance(economy.books, PROVIDERS)))
    economy = replace(economy, books=without_journal(books))
    rules = replace(
        rules,
        gpus=replace(rules.gpus, other_demand=np.float64(0.0)),
        lab=replace(rules.lab, supplier_weight=rules.lab.supplier_weight * (1.0 - at)),
        redeployment=replace(rules.redeployment, redeployment=np.float64(0.0)),
        investor=replace(rules.investor, provider_affinity=0.0 * rules.investor.provider_affinity),
        funding=replace(rules.funding, loan_to_cost=np.float64(0.0)),
    )
    draws = shocks.at(draws_for(load("baseline"), START.names, 1, 9), 8)
    alive, paid = {}, {}
    for bought in (0.0, 0.05, 0.5):
        terms = replace(rules.credit, circular_purchases=np.float64(bought), workout_share=np.float64(0.0))
        after, residuals = quarter(economy, replace(rules, credit=terms), draws)
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


@functools.cache
def indebted():
    """The economy after two years, Northern Data owing 0.6 USD bn to Tether; and the rules."""
    start, closed = history(quarters=8)
    economy = closed[-1][0]
    assert debt(economy.books)[NORTHERN] > 0.5
    return replace(economy, books=without_journal(economy.books)), start.rules


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
    credit = replace(economy.credit, issuer_arrears=unpaid, unpaid_costs=np.zeros(9))
    return replace(economy, books=books, gpus=gpus, credit=credit), 1.0 * at


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 0.3), st.floats(0.0, 1.0), st.floats(0.0, 3.0), st.floats(0.0, 0.2), WHOLE, WHOLE)
def test_lenders_take_shares_only_where_that_beats_liquidation(revenue, worth, mark, arrears, share, keep):
    """Who agrees gets at least the recovery, owners lose first, and one side's loss is the other's relief."""
    economy, rules = indebted()
    stressed, short = squeezed(economy, revenue, worth, mark, arrears)
    terms = replace(rules.credit, workout_share=np.float64(share), workout_owners_keep=np.float64(max(keep, 0.01)))
    rules = replace(rules, credit=terms)
    after, agreed = work_out(stressed, rules, short)
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
    proceeds, _ = resale_proceeds(stressed, rules, short)
    recovery = min(1.0, proceeds[NORTHERN] / debt(before)[NORTHERN])
    assert swapped.sum() >= recovery * given_up.sum() * (1.0 - 1e-9)
    assert books.price[PROVIDER_SHARES][NORTHERN] <= before.price[PROVIDER_SHARES][NORTHERN] * (1.0 + 1e-12)
    relief = books.journal.write_offs[COMPUTE_LOANS]
    assert relief[PROVIDERS].sum() == pytest.approx(-(relief[OWN].sum() + relief[INVESTORS].sum()), abs=1e-12)
    longer = after.credit.issuer.remaining[TETHER, NORTHERN] - stressed.credit.issuer.remaining[TETHER, NORTHERN]
    assert longer == rules.credit.workout_extension


def test_shares_for_loans_dilute_the_old_owners_and_are_worth_what_was_given_up():
    """Nothing is lost where equity is worth more than the loans; all holders still own one company together."""
    economy, rules = indebted()
    stressed, short = squeezed(economy, 0.3, 1.0, 1.0, 0.05)
    after, agreed = work_out(stressed, rules, short)
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


# The baseline's own case: the loan to Northern Data falls due in 2030 and cannot be repaid


@pytest.fixture(scope="module")
def to_maturity():
    return run(28)


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
    assert after.credit.issuer.remaining[TETHER, NORTHERN] == start.rules.credit.workout_extension

    def part(economy):
        shares = economy.books.positions[PROVIDER_SHARES]
        return shares[OWN][TETHER, NORTHERN] / -shares[PROVIDERS][NORTHERN]

    assert part(after) > part(before)
    texts = told(start, closed, "workout")
    told_of = [text for text in texts if "of loans to Northern Data for shares" in text]
    assert any(text.startswith("Tether swapped") for text in told_of)


def test_without_workouts_it_is_wound_up_and_lenders_come_first(to_maturity):
    """What the lenders and suppliers leave goes to the owners, Tether among them."""
    start, closed = run(28, changes={"credit.workout_share": 0.0, "entry.entry": 0.0})
    after = next(e for _, e in closed if e.gpus.alive[NORTHERN] == 0.0)
    flows, books = after.books.journal.flows, after.books
    assert debt(books)[NORTHERN] == pytest.approx(0.0, abs=1e-12)
    assert flows["issuer_loan_recovery"].amount[NORTHERN, TETHER] > 0.1
    owners = [flows[f"provider_liquidation_{who}"].amount[NORTHERN] for who in ("issuers", "investors", "public")]
    assert owners[0][TETHER] > 0.0
    assert balance(books, PROVIDERS)[NORTHERN] == pytest.approx(0.0, abs=1e-9)
    assert not told(start, closed, "workout")


# Failures


NAMED = (("provider", COREWEAVE, 6), ("provider", NORTHERN, 6), ("lab", 4, 5), ("venture", 2, 4), ("lab", 0, 9))


@pytest.fixture(scope="module")
def forced():
    return run(16, failed=NAMED)


def test_named_companies_fail_when_told_and_are_not_worked_out(forced):
    start, closed = forced
    parts = {"provider": "gpus", "lab": "labs", "venture": "ventures"}
    for population, index, when in NAMED:
        before, after = closed[when]
        assert getattr(before, parts[population]).alive[index] == 1.0
        assert getattr(after, parts[population]).alive[index] == 0.0
    assert not told(start, closed[:8], "workout")
    story = next(text for text in told(start, closed, "failure") if text.startswith("CoreWeave"))
    assert "GPUs were sold, and lenders got back" in story


def test_an_issuers_bets_fail_together():
    """All that Tether owns or lends to closes, and its own book holds no claim on AI any more."""
    _, closed = run(10, failed=(("bets", TETHER, 8),), changes={"entry.entry": 0.0})
    before, after = closed[8]
    for part, shares in (("labs", "lab_shares"), ("gpus", PROVIDER_SHARES), ("ventures", "venture_shares")):
        owned = before.books.positions[shares][OWN][TETHER] > 0.0
        lent = before.books.positions[COMPUTE_LOANS][OWN][TETHER] > 0.0 if part == "gpus" else False
        assert (getattr(after, part).alive[owned | lent] == 0.0).all()
        assert value(after.books, shares, OWN)[TETHER].sum() == 0.0
    assert after.gpus.alive[NORTHERN] == 0.0
    assert after.gpus.alive[AZURE] == 1.0
    assert value(after.books, COMPUTE_LOANS, OWN)[TETHER].sum() == pytest.approx(0.0, abs=1e-12)


def test_every_loss_is_passed_on_once(forced):
    """M8-T9, M6-T7: the holders' loss is the debtor's relief, and no claim is written off and revalued at once.

    Loans are only ever written off, and shares only revalued; over all accounts either table sums to zero.
    """
    _, closed = forced
    written_off = 0.0
    for before, after in closed:
        journal = after.books.journal
        assert not set(journal.write_offs) & set(journal.revaluations)
        assert COMPUTE_LOANS in journal.write_offs
        off = journal.write_offs[COMPUTE_LOANS]
        np.testing.assert_allclose(off[OWN].sum(axis=0) + off[INVESTORS].sum(axis=0), -off[PROVIDERS], atol=1e-12)
        written_off += off[PROVIDERS].sum()
        for shares, company in SHARES.items():
            moved = journal.revaluations[shares]
            held = sum(entry.sum(axis=0) for account, entry in moved.items() if account != company)
            np.testing.assert_allclose(held, -moved[company], atol=1e-9)
        # What a failed provider owed was recovered or written off, and nothing is left.
        for p in np.nonzero(before.gpus.alive > after.gpus.alive)[0]:
            back = sum(journal.flows[f"{kind}_loan_recovery"].amount[p].sum() for kind in ("issuer", "investor"))
            owed = debt(before.books)[p] - journal.accruals[COMPUTE_LOANS][PROVIDERS][p]
            for kind in ("issuer", "investor"):
                owed = owed + journal.flows[f"{kind}_compute_loan"].amount[:, p].sum()
                owed = owed - journal.flows[f"{kind}_loan_principal"].amount[p].sum()
                owed = owed - journal.flows[f"{kind}_loan_overdue"].amount[p].sum()
            assert back + off[PROVIDERS][p] == pytest.approx(owed, rel=1e-9, abs=1e-9)
            assert debt(after.books)[p] == pytest.approx(0.0, abs=1e-9)
            assert off[PROVIDERS][p] >= -1e-12
    assert written_off > 0.1


@given(st.lists(st.booleans(), min_size=9, max_size=9), st.integers(0, 8), st.floats(0.0, 20.0))
def test_recovery_falls_when_many_sell(sellers, one, slope):
    """M6-T6: between nothing and what the GPUs are worth, and never more with another seller beside."""
    economy, rules = indebted()
    rules = replace(rules, credit=replace(rules.credit, fire_sale_slope=np.float64(slope)))
    fewer = np.array(sellers, dtype=float)
    fewer[one] = 0.0
    more = fewer.copy()
    more[one] = 1.0
    (less_sold, factor), (more_sold, lower) = (resale_proceeds(economy, rules, who) for who in (fewer, more))
    assert 0.0 <= lower <= factor <= 1.0
    assert (more_sold[fewer > 0] <= less_sold[fewer > 0] + 1e-15).all()
    assert (more_sold <= economy.gpus.book_value.sum(axis=1) + 1e-12).all()


@pytest.mark.parametrize("seed", [1, 4])
def test_more_fail_when_the_rent_falls_further(seed):
    """M6-T6: the set of failed providers grows with the fall of the rent and the cost of running."""

    def alive(progress, power):
        harder = {"gpus.technical_progress": progress, "gpus.power_price": power, "entry.entry": 0.0}
        _, closed = run(16, seed=seed, changes={**WEAK, **harder})
        return closed[-1][1].gpus.alive

    mild, hard = alive(0.6, 0.08), alive(1.5, 0.9)
    assert (hard <= mild).all()
    assert hard.sum() < mild.sum()


def test_more_fail_when_they_owe_more():
    """M6-T6: with little cash and no customers, whoever fails with half the loans fails with all."""
    economy, rules = indebted()
    nobody = 0.0 * rules.investor.provider_affinity
    rules = replace(
        rules,
        gpus=replace(rules.gpus, other_demand=np.float64(0.0)),
        lab=replace(rules.lab, supplier_weight=0.0 * rules.lab.supplier_weight),
        redeployment=replace(rules.redeployment, redeployment=np.float64(0.0)),
        investor=replace(rules.investor, provider_affinity=nobody),
        funding=replace(rules.funding, loan_to_cost=np.float64(0.0)),
        credit=replace(rules.credit, workout_share=np.float64(0.0)),
    )
    draws = shocks.at(draws_for(load("baseline"), START.names, 1, 9), 8)
    hosting = 2.0 * economy.gpus.fleet.sum(axis=1) * rules.gpus.hosting_price / 1e9
    spare = 0.01 * economy.gpus.book_value.sum(axis=1)
    spent = np.maximum(balance(economy.books, PROVIDERS) - hosting - spare, 0.0)
    books = without_journal(pay(economy.books, "provider_costs", column(spent)))
    survivors = []
    for part in (0.0, 0.25, 0.5, 1.0):
        owing = books
        for lender in (OWN, INVESTORS):
            forgiven = (1.0 - part) * books.positions[COMPUTE_LOANS][lender]
            owing = write_off(owing, COMPUTE_LOANS, lender, PROVIDERS, forgiven)
        after, _ = quarter(replace(economy, books=without_journal(owing)), rules, draws)
        survivors.append(after.gpus.alive)
    for less, more in zip(survivors, survivors[1:], strict=False):
        assert (more <= less).all()
    assert survivors[-1].sum() < survivors[0].sum()


def test_forced_sales_leave_the_others_less_to_borrow_on(forced):
    """The collateral of survivors counts for less while used GPUs are cheap; their own books are untouched."""
    _, closed = forced
    before, after = closed[6]
    assert before.gpus.resale == 1.0
    assert after.gpus.resale < 1.0
    assert closed[7][1].gpus.resale == 1.0
    assert after.gpus.sold_off[COREWEAVE] > 10_000
    economy, rules = indebted()
    rules = replace(rules, funding=replace(rules.funding, provider_multiple=np.float64(0.0)))
    pressed = replace(economy, gpus=replace(economy.gpus, resale=np.float64(0.6)))
    calm, low = provider_value(economy, rules), provider_value(pressed, rules)
    assert (low <= calm).all()
    assert (low < calm).any()
    # Lenders stop at what their claims are worth in GPUs.
    rules = replace(START.rules, credit=replace(START.rules.credit, largest_leverage=np.float64(0.8)))
    draws = shocks.at(draws_for(load("baseline"), START.names, 1, 1), 0)
    borrowed = [
        flow_total(raise_funds(before, rules, draws, DECISIONS).books, "investor_compute_loan", 0)
        for before in (economy, pressed)
    ]
    assert borrowed[1][COREWEAVE] < borrowed[0][COREWEAVE]


# Newcomers


def test_newcomers_take_the_places_of_the_failed_and_grow(forced):
    """After the delay, with founders' money, all of the shares, and something to grow from."""
    start, closed = forced
    wait = int(start.rules.entry.entry_delay)
    rule = start.rules.entry
    _, after = closed[6 + wait]
    assert after.gpus.alive[COREWEAVE] == 1.0
    assert closed[6 + wait - 1][1].gpus.alive[COREWEAVE] == 0.0
    first = flow_total(after.books, "first_gpu_purchase", 1)[COREWEAVE]
    assert first == pytest.approx(float(rule.fleet_share * rule.provider_capital))
    assert after.books.positions[PROVIDER_SHARES]["economy"][0, COREWEAVE] == pytest.approx(1.0)
    last = closed[-1][1]
    assert last.gpus.fleet[COREWEAVE].sum() > after.gpus.fleet[COREWEAVE].sum() > 0.0
    assert last.gpus.revenue[COREWEAVE] > 0.0
    _, after = closed[5 + wait]
    assert after.labs.alive[4] == 1.0
    assert after.labs.market_share[4] == pytest.approx(float(rule.lab_share))
    assert last.labs.revenue[4] > 0.0
    assert last.labs.capability[4] > 0.0
    assert last.ventures.alive[2] == 1.0
    assert last.ventures.burn[2] > 0.0
    texts = told(start, closed, "entry")
    assert any(text.startswith("a newcomer took the place of CoreWeave (provider)") for text in texts)


def test_places_stay_empty_without_newcomers_and_parents_do_not_refound_clouds():
    fails = (("provider", COREWEAVE, 1), ("provider", AZURE, 1))
    _, closed = run(8, failed=fails, changes={"entry.entry": 0.0})
    assert closed[-1][1].gpus.alive[COREWEAVE] == 0.0
    _, closed = run(8, failed=fails)
    assert closed[-1][1].gpus.alive[COREWEAVE] == 1.0
    assert closed[-1][1].gpus.alive[AZURE] == 0.0


def test_the_last_lab_can_fail_and_another_can_come():
    """With nobody left there is no market share to divide; the books close all the same."""
    fails = tuple(("lab", index, 2) for index in range(5))
    _, closed = run(9, failed=fails)
    assert closed[3][1].labs.revenue.sum() == 0.0
    assert closed[-1][1].labs.alive.sum() == 5.0
    assert closed[-1][1].labs.revenue.sum() > 0.0


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["lab", "provider", "venture"]), st.integers(0, 2), st.integers(0, 5))),
    st.integers(0, 2**20),
    st.integers(1, 4),
)
def test_books_close_whoever_fails_whenever(failed, seed, delay):
    """All identities, with failures drawn at random, and newcomers that fail again."""
    _, closed = run(7, failed=failed, seed=seed, changes={"entry.entry_delay": delay})
    for _, economy in closed:
        for name, number in measures.series(economy).items():
            assert np.isfinite(number), name


# In the tables of a run


@pytest.fixture(scope="module")
def stormy(tmp_path_factory):
    """A run with circular purchases, in which an issuer's bets fail and newcomers come."""
    folder = tmp_path_factory.mktemp("runs") / "stormy"
    changes = {
        "credit.circular_purchases": 0.5,
        "entry.entry_delay": 1,
        "events": [{"quarter": "2025Q1", "kind": "bets_fail", "target": "tether"}],
    }
    return make_run(folder, 8, changes)


def test_interest_is_followed_through_services_liquidations_and_foundings(stormy):
    """At first hand and at any remove the uses of interest still sum to the interest earned (M9-T1)."""
    earned = interest_earned(stormy)
    uses = direct_uses(stormy)
    assert uses["usd_bn"].sum() == pytest.approx(earned, rel=1e-9)
    assert final_uses(stormy)["usd_bn"].sum() == pytest.approx(earned, rel=1e-9)
    assert uses.set_index("use")["usd_bn"]["issuer_gpu_services"] > 0.01
    assert {event["kind"] for event in stormy.events} >= {"failure", "entry"}


def test_the_matrices_of_a_run_close_through_failures(stormy):
    """Financial rows and rows of payments still sum to zero in the quarter of the failures and after it."""
    for quarter_label in ("2025Q1", "2025Q2"):
        sheet = balance_sheets(stormy, quarter_label)
        for claim in ("compute_loans", "provider_shares", "lab_shares", "venture_shares"):
            if claim in sheet.index:
                assert sheet.loc[claim, "total"] == pytest.approx(0.0, abs=1e-9)
        paid = transactions(stormy, quarter_label)
        assert paid["total"].abs().max() < 1e-9
