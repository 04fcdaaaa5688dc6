"""When companies fail: who loses what, who sells at what price, who comes instead, and what a run tells of it."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.debtors import AZURE, COREWEAVE, NORTHERN, START, TETHER, WEAK, indebted, run, told
from support.histories import without_journal
from support.made_runs import make_run
from support.tiny import FROZEN

from sim.analysis.attribution import direct_uses, final_uses, interest_earned
from sim.analysis.matrices import balance_sheets, transactions
from sim.economy.arrays import column
from sim.economy.books import measures
from sim.economy.books.flows import COMPUTE_LOANS, INVESTORS, OWN, PROVIDER_SHARES, PROVIDERS, SHARES
from sim.economy.books.ledger import balance, flow_total, pay, value, write_off
from sim.economy.capital.loans import debt
from sim.economy.capital.rounds import raise_funds
from sim.economy.capital.valuation import provider_value
from sim.economy.decisions import RULES as DECISION_RULES
from sim.economy.distress.workouts import resale_proceeds
from sim.economy.quarter import quarter
from sim.opening.draws import draws_of_quarter
from sim.opening.open_economy import draws_for
from sim.scenario.load import load

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
    economy, parameters = indebted()
    parameters = replace(parameters, credit=replace(parameters.credit, fire_sale_slope=np.float64(slope)))
    fewer = np.array(sellers, dtype=float)
    fewer[one] = 0.0
    more = fewer.copy()
    more[one] = 1.0
    (less_sold, factor), (more_sold, lower) = (resale_proceeds(economy, parameters, who) for who in (fewer, more))
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
    economy, parameters = indebted()
    nobody = 0.0 * parameters.investor.provider_affinity
    parameters = replace(
        parameters,
        gpus=replace(parameters.gpus, other_demand=np.float64(0.0)),
        lab=replace(parameters.lab, supplier_weight=0.0 * parameters.lab.supplier_weight),
        redeployment=replace(parameters.redeployment, redeployment=np.float64(0.0)),
        investor=replace(parameters.investor, provider_affinity=nobody),
        funding=replace(parameters.funding, loan_to_cost=np.float64(0.0)),
        credit=replace(parameters.credit, workout_share=np.float64(0.0)),
    )
    draws = draws_of_quarter(draws_for(load(FROZEN), START.names, 1, 9), 8)
    hosting = 2.0 * economy.gpus.fleet.sum(axis=1) * parameters.gpus.hosting_price / 1e9
    spare = 0.01 * economy.gpus.book_value.sum(axis=1)
    spent = np.maximum(balance(economy.books, PROVIDERS) - hosting - spare, 0.0)
    books = without_journal(pay(economy.books, "provider_costs", column(spent)))
    survivors = []
    for part in (0.0, 0.25, 0.5, 1.0):
        owing = books
        for lender in (OWN, INVESTORS):
            forgiven = (1.0 - part) * books.positions[COMPUTE_LOANS][lender]
            owing = write_off(owing, COMPUTE_LOANS, lender, PROVIDERS, forgiven)
        after, _ = quarter(replace(economy, books=without_journal(owing)), parameters, draws)
        survivors.append(after.gpus.alive)
    for less, more in itertools.pairwise(survivors):
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
    economy, parameters = indebted()
    parameters = replace(parameters, funding=replace(parameters.funding, provider_multiple=np.float64(0.0)))
    pressed = replace(economy, gpus=replace(economy.gpus, resale=np.float64(0.6)))
    calm, low = provider_value(economy, parameters), provider_value(pressed, parameters)
    assert (low <= calm).all()
    assert (low < calm).any()
    # Lenders stop at what their claims are worth in GPUs.
    parameters = replace(START.parameters, credit=replace(START.parameters.credit, largest_leverage=np.float64(0.9)))
    draws = draws_of_quarter(draws_for(load(FROZEN), START.names, 1, 1), 0)
    borrowed = [
        flow_total(raise_funds(before, parameters, draws, DECISION_RULES).books, "investor_compute_loan", 0)
        for before in (economy, pressed)
    ]
    assert borrowed[1][COREWEAVE] < borrowed[0][COREWEAVE]


# Newcomers


def test_newcomers_take_the_places_of_the_failed_and_grow(forced):
    """After the delay, with founders' money, all of the shares, and something to grow from."""
    start, closed = forced
    wait = int(start.parameters.entry.entry_delay)
    rule = start.parameters.entry
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
            assert sheet.loc[claim, "total"] == pytest.approx(0.0, abs=1e-9)
        paid = transactions(stormy, quarter_label)
        assert paid["total"].abs().max() < 1e-9
