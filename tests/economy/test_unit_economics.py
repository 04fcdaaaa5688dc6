"""What labs and GPU providers earn and owe: tests M5-T1, M5-T4 to M5-T6 and M6-T2, M6-T3, M6-T5.

The others of these two groups are in test_labs_and_gpus.py.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.histories import history
from support.tiny import FROZEN

from sim.economy.books.flows import COMPUTE_LOANS, FLOWS, INVESTORS, LAB_SHARES, LABS, PROVIDERS
from sim.economy.books.ledger import balance
from sim.economy.capital.loans import debt, loan_rate
from sim.economy.compute.hours import BILLION, HOURS_PER_QUARTER, _age, other_hours
from sim.economy.compute.labs import _sell, adoption_next
from sim.opening.open_economy import open_economy
from sim.scenario.load import load

START = open_economy(load(FROZEN))
RULES = START.parameters
NEUTRAL = np.float64(0.0)


def _rules(part, **values):
    changed = replace(getattr(RULES, part), **{name: np.float64(value) for name, value in values.items()})
    return replace(RULES, **{part: changed})


def test_a_labs_cash_changes_by_what_it_earns_spends_and_raises():
    """M5-T1: revenue - compute - staff - other - what is owed + raised, and never below zero."""
    _, closed = history(quarters=16, seed=3)
    before = START.economy
    named = {"lab_revenue", "lab_round", "issuer_lab_equity", "compute", "lab_staff", "lab_other", "lab_tax"}
    for economy, _ in closed:
        flows = economy.books.journal.flows
        change = 0.0
        for kind, flow in flows.items():
            if LABS in (FLOWS[kind].payer, FLOWS[kind].payee):
                paid = flow.amount.sum(axis=1) if FLOWS[kind].payer == LABS else 0.0
                received = flow.amount.sum(axis=0) if FLOWS[kind].payee == LABS else 0.0
                change = change + received - paid
        cash = balance(economy.books, LABS)
        np.testing.assert_allclose(cash - balance(before.books, LABS), change, atol=1e-9)
        assert (cash >= -1e-12).all()
        assert named <= flows.keys()
        before = economy


@given(st.floats(0.3, 10.0), st.floats(0.3, 0.99))
def test_a_price_cut_leaves_revenue_alone_at_unit_elasticity_and_raises_it_above(rent, cut):
    """M5-T4: ln(revenue) rises by (e - 1) times the cut in logs, and by nothing else."""
    for elasticity in (1.0, 1.1, 1.6):
        parameters = _rules("gpus", other_demand_elasticity=elasticity)
        revenue = [
            float(price * other_hours(START.economy, parameters, np.float64(price))) for price in (rent, cut * rent)
        ]
        assert np.log(revenue[1] / revenue[0]) == pytest.approx((elasticity - 1.0) * -np.log(cut), abs=1e-9)


@pytest.mark.parametrize("progress", [0.0, 0.8])
def test_lab_revenue_grows_by_diffusion_whatever_computing_costs(progress):
    """M5-T4: cheaper computing alone makes no revenue for the labs beyond the diffusion curve (and the mood)."""
    _, closed = history(quarters=8, changes={"gpus.technical_progress": progress})
    adoption = START.economy.labs.adoption
    for economy, _ in closed:
        adoption = adoption_next(adoption, RULES.labs, economy.environment.ai_sentiment)
        assert economy.labs.revenue.sum() == pytest.approx(float(adoption * RULES.labs.market_potential / 4.0))


def test_labs_that_are_alike_come_to_equal_shares_from_any_start():
    """M5-T5: no tipping; habit below one forgets where it started."""
    parameters = replace(RULES, lab=replace(RULES.lab, attraction=np.zeros(5)))
    share = np.array([0.9, 0.05, 0.03, 0.01, 0.01])
    labs = replace(START.economy.labs, capability=np.full(5, 1.0), market_share=share)
    for _ in range(60):
        labs = _sell(labs, parameters, NEUTRAL)
    np.testing.assert_allclose(labs.market_share, 0.2, atol=1e-3)
    even = replace(labs, market_share=np.full(5, 0.2))
    np.testing.assert_allclose(_sell(even, parameters, NEUTRAL).market_share, 0.2)
    better = _sell(replace(even, capability=np.array([2.0, 1, 1, 1, 1])), parameters, NEUTRAL)
    assert better.market_share[0] > 0.2


def test_a_round_below_the_last_one_marks_holders_down():
    """M5-T6: multiples of revenue below the last post-money make the next round a down round."""
    cold = {"funding.revenue_multiple": 1.0, "funding.research_multiple": 0.5, "funding.lab_mark_speed": 0.0}
    _, closed = history(quarters=12, changes=cold)
    before, down = START.economy, 0
    for economy, _ in closed:
        raised = economy.books.journal.flows["lab_round"].amount.sum(axis=0)
        for lab in np.nonzero(raised > 0.0)[0]:
            pre_money = economy.labs.post_money[lab] - raised[lab]
            price, last = (e.books.price[LAB_SHARES][lab] for e in (economy, before))
            issued = -before.books.positions[LAB_SHARES][LABS][lab]
            assert price * issued == pytest.approx(pre_money)
            if pre_money < before.labs.post_money[lab]:
                down += 1
                assert price < last
        before = economy
    assert down >= 2


def _depreciation(life, price=30_000.0):
    """Book value lost each quarter by one GPU bought new, USD."""
    parameters = _rules("gpus", useful_life=life)
    fleet, value = 0.0 * START.economy.gpus.fleet, 0.0 * START.economy.gpus.book_value
    fleet[1, 0], value[1, 0] = 1.0, price / BILLION
    gpus = replace(START.economy.gpus, fleet=fleet, book_value=value)
    books = START.economy.books
    lost = []
    for _ in range(28):
        held = gpus.book_value.sum()
        books, gpus = _age(books, gpus, parameters)
        lost.append(float(held - gpus.book_value.sum()) * BILLION)
    return np.array(lost), float(gpus.fleet.sum())


@pytest.mark.parametrize(("life", "hourly"), [(3.0, 1.63), (5.0, 0.98)])
def test_the_hourly_cost_of_a_gpu_is_its_wear_over_the_hours_sold(life, hourly):
    """M6-T2: 30,000 USD at 70 percent use."""
    lost, _ = _depreciation(life)
    assert lost[0] / (HOURS_PER_QUARTER * 0.70) == pytest.approx(hourly, abs=0.005)


def test_a_longer_life_moves_depreciation_from_early_to_late_and_keeps_its_sum():
    """M6-T3: all of the cost in the end, nothing left of the GPU, and no cash in it."""
    short, long = (_depreciation(life) for life in (4.0, 6.0))
    for lost, left in (short, long):
        assert lost.sum() == pytest.approx(30_000.0)
        assert left == 0.0
    assert (long[0][:16] < short[0][:16]).all()
    assert (long[0][16:24] > short[0][16:24]).all()
    parameters = _rules("gpus", useful_life=4.0)
    books, _ = _age(START.economy.books, START.economy.gpus, parameters)
    np.testing.assert_array_equal(balance(books, PROVIDERS), balance(START.economy.books, PROVIDERS))


def test_spreads_rank_by_how_firmly_capacity_is_sold_and_fall_as_a_borrower_seasons():
    """M6-T5: a parent's contract, full, half empty: a few hundred basis points; less debt, less spread."""
    gpus = START.economy.gpus
    hyperscale = np.zeros(9)
    hyperscale[1] = 1.0
    parameters = replace(RULES, provider=replace(RULES.provider, hyperscale=hyperscale))
    used = np.full(9, 0.9)
    used[3:] = 0.4
    same = {name: np.array(held) for name, held in START.economy.books.positions[COMPUTE_LOANS].items()}
    # Debt in proportion to GPUs, so that only contracts differ.
    worth = gpus.book_value.sum(axis=1)
    same[INVESTORS] = np.zeros_like(same[INVESTORS])
    same[INVESTORS][7] = 0.8 * worth
    same[PROVIDERS] = -0.8 * worth

    def spread(part_of_debt):
        loans = {name: part_of_debt * held for name, held in same.items()}
        books = replace(START.economy.books, positions={**START.economy.books.positions, COMPUTE_LOANS: loans})
        economy = replace(START.economy, books=books, gpus=replace(gpus, utilisation=used))
        assert debt(books).sum() >= 0.0
        return loan_rate(economy, parameters) - economy.environment.bill_rate

    firm, sold, merchant = spread(1.0)[[1, 2, 3]]
    assert firm < sold < merchant
    assert 0.01 < merchant - firm < 0.06
    assert spread(1.0)[3] > spread(0.5)[3] > spread(0.0)[3] > 0.0
