"""Labs, GPU market, capital spending and failure (phases 4 to 7, 9 and 10)."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.histories import history
from support.tiny import FROZEN

from sim.economy.books.ledger import balance, flow_total
from sim.economy.capital.loans import lend
from sim.economy.choice import logit, match
from sim.economy.compute.hours import HOURS_PER_QUARTER, next_rent, offered_hours
from sim.economy.compute.labs import adoption_next, training_loss
from sim.economy.compute.parameters import LabParameters
from sim.economy.state import Credit, LoanTerms
from sim.engine.mesa_model import CapitalFlowModel
from sim.opening.open_economy import open_economy
from sim.scenario.load import load

RULES = open_economy(load(FROZEN)).parameters


def _bass(p, q):
    return replace(RULES.labs, innovation=np.float64(p), revenue_diffusion=np.float64(q))


@given(st.floats(1e-5, 0.1), st.floats(0.0, 1.0), st.floats(0.0, 0.99))
def test_adoption_rises_and_stays_below_one(p, q, start):
    """M5-T2: N <= m, monotone."""
    later = adoption_next(np.float64(start), _bass(p, q))
    assert start <= later <= 1.0


def test_adoption_peaks_when_bass_says():
    """M5-T2: the fastest growth comes at ln(q/p) / (p + q); with q = 0 the rest decays exponentially."""
    p, q, path = 0.002, 0.3, [np.float64(0.0)]
    for _ in range(60):
        path.append(adoption_next(path[-1], _bass(p, q)))
    assert np.argmax(np.diff(path)) == pytest.approx(np.log(q / p) / (p + q), abs=1.0)
    assert 1.0 - adoption_next(np.float64(0.0), _bass(0.1, 0.0)) == pytest.approx(np.exp(-0.1))


@pytest.mark.parametrize(("compute", "loss"), [(1e24, 1.911195), (1e25, 1.845320), (1e26, 1.799063)])
def test_the_scaling_law_reproduces_its_published_constants(compute, loss):
    """Compute-optimal loss at the constants of Hoffmann et al. (2022)."""
    assert training_loss(np.float64(compute), np.float64(1e20), RULES.labs) == pytest.approx(loss, abs=1e-6)


@given(st.floats(1e22, 1e28), st.floats(1e11, 1e15))
def test_loss_falls_in_compute_and_data_and_is_bounded(compute, data):
    """M5-T3; tenfold compute on the optimal path removes 30 percent of the reducible loss."""
    rule: LabParameters = RULES.labs
    now = training_loss(np.float64(compute), np.float64(data), rule)
    assert training_loss(np.float64(compute), np.float64(data * 2), rule) <= now + 1e-12
    assert now > rule.irreducible_loss
    plenty = [
        training_loss(np.float64(c), np.float64(1e20), rule) - rule.irreducible_loss for c in (compute, 10 * compute)
    ]
    assert 1.0 - plenty[1] / plenty[0] == pytest.approx(1.0 - 10**-0.1535, abs=2e-3)


def test_open_data_helps_every_lab_and_the_laggard_most():
    """M5-T3: a public good; the lab with the least data of its own gains the most."""
    rule, data = RULES.labs, RULES.lab.private_data * 1e9 / 200.0
    compute = np.full(5, 1e27)
    gain = training_loss(compute, data, rule) - training_loss(compute, data + 5e12, rule)
    assert (gain > 0).all()
    assert gain.argmax() == data.argmin()


def test_a_lab_that_nobody_funds_dies_when_its_cash_is_gone():
    """M5-T7, with spending that can fall only slowly; its holders lose their stakes once."""
    nobody = {"funding.investor_appetite": 0.0, "redeployment.redeployment": 0.0}
    model = CapitalFlowModel(
        load(FROZEN, {**nobody, "labs_market.fastest_cut": 0.0, "labs_market.fastest_growth": 0.0}), rng=1
    )
    xai = next(a for a in model.agents if a.name == "xAI")
    cash, spending, earned = xai.cash, xai.spending, []
    died = None
    while model.running and died is None:
        model.step()
        earned.append(xai.revenue)
        if xai.alive == 0.0:
            died = model.quarter
            assert any(e["kind"] == "failure" and e["agent"] == "xAI" for e in model.happenings)
            assert xai.equity_value == 0.0
            assert xai.cash == pytest.approx(0.0, abs=1e-12)
    assert died == pytest.approx(cash / (spending - np.mean(earned)), abs=1.5)
    model.step()
    assert xai.revenue == 0.0
    assert xai.spending == 0.0


def test_customers_of_a_failed_lab_go_to_the_others():
    alone = {"funding.investor_appetite": 0.0, "entry.entry": 0.0, "run.quarters": 16}
    model = CapitalFlowModel(alone, rng=2)
    while model.running:
        model.step()
    labs = model.economy.labs
    assert labs.alive.sum() < 5
    assert labs.revenue.sum() == pytest.approx(float(labs.adoption * model.parameters.labs.market_potential / 4.0))


@given(st.floats(0.1, 3.0), st.floats(0.5, 20.0))
def test_rent_stays_positive_and_can_rise_as_well_as_fall(utilisation, rent):
    """M6-T4."""
    still = SimpleNamespace(progress=np.float64(0.25), rent=np.float64(0.0))
    later = next_rent(np.float64(rent), np.float64(utilisation), RULES, still)
    assert later > 0
    balanced = next_rent(np.float64(rent), RULES.gpus.target_utilisation, RULES, still)
    assert np.log(balanced / rent) == pytest.approx(-RULES.gpus.technical_progress / 4.0)
    assert next_rent(np.float64(rent), np.float64(3.0), RULES, still) > rent


def test_hours_sold_never_exceed_hours_offered_and_every_hour_is_paid():
    start, closed = history(quarters=12)
    before = start.economy
    for economy, _ in closed:
        offered = offered_hours(before.gpus, start.parameters)
        paid = flow_total(economy.books, "compute", 0) + flow_total(economy.books, "cloud_revenue", 0)
        assert (paid / economy.gpus.rent <= offered * (1 + 1e-12)).all()
        np.testing.assert_allclose(paid, economy.gpus.revenue, rtol=1e-12)
        before = economy


def test_gpus_depreciate_to_nothing_over_their_life_and_keep_count():
    """M6-T3: no purchases, and after six years there is neither a GPU nor a book value left."""
    _, closed = history(
        changes={"gpus.delivery_limit": 1000.0, "gpus.delivery_growth": -1.0, "funding.investor_appetite": 0.0},
        quarters=26,
    )
    first, last = closed[0][0].gpus, closed[-1][0].gpus
    assert last.fleet.sum() < 0.03 * first.fleet.sum()
    for economy, _ in closed:
        np.testing.assert_allclose(
            economy.gpus.book_value.sum(axis=1), economy.books.positions["gpus"]["providers"], atol=1e-9
        )


def test_running_cost_leaves_the_margin_that_providers_report():
    """EBITDA margin of 55 to 65 percent at the opening rents."""
    _, closed = history(quarters=6)
    for economy, _ in closed:
        margin = 1.0 - economy.gpus.running_cost.sum() / economy.gpus.revenue.sum()
        assert 0.50 < margin < 0.70


def test_an_amortised_loan_is_repaid_at_maturity_with_interest_on_the_balance():
    """M6-T1, on the opening loan to CoreWeave, left alone."""
    alone = {"funding.loan_to_cost": 0.0, "redeployment.redeployment": 0.0}
    start, closed = history(changes=alone, quarters=18)
    opening = start.economy.books.positions["compute_loans"]["investors"][7, 1]
    principal = [e.books.journal.flows["investor_loan_principal"].amount[1, 7] for e, _ in closed]
    drawn = sum(e.books.journal.flows["investor_compute_loan"].amount[7, 1] for e, _ in closed)
    assert drawn == 0.0
    assert sum(principal[:17]) == pytest.approx(opening)
    interest = closed[0][0].books.journal.flows["investor_loan_interest"].amount[1, 7]
    assert interest == pytest.approx(opening * 0.15 / 4.0)


def test_terms_of_new_loans_blend_by_balance():
    zero = np.zeros((1, 2))
    terms = LoanTerms(np.array([[0.10, 0.0]]), np.array([[10.0, 0.0]]), zero, zero)
    credit = Credit(terms, terms, zero, zero, np.zeros(2))
    after = lend(credit, "issuer", np.array([[1.0, 0.0]]), np.array([[1.0, 2.0]]), np.array([0.20, 0.12]), 20.0)
    np.testing.assert_allclose(after.issuer.rate, [[0.15, 0.12]])
    np.testing.assert_allclose(after.issuer.remaining, [[15.0, 20.0]])


def test_a_failed_provider_costs_its_lenders_what_is_not_recovered_once():
    """M6-T7: loss = debt - recovered, the lender's loss is the borrower's relief, recovery lies in [0, 1]."""
    crash = {
        "labs_market.spending_ambition": 0.0,
        "gpus.other_demand": 0.01,
        "gpus.technical_progress": 1.4,
        "gpus.power_price": 0.9,
        "funding.investor_appetite": 0.05,
    }
    start, closed = history(changes=crash, quarters=20, seed=4)
    before, failures = start.economy, 0
    for economy, _ in closed:
        for p in np.nonzero(before.gpus.alive > economy.gpus.alive)[0]:
            failures += 1
            flows = economy.books.journal.flows
            recovered = sum(flows[f"{k}_loan_recovery"].amount[p].sum() for k in ("issuer", "investor"))
            lost = economy.books.journal.write_offs["compute_loans"]["providers"][p]
            owed = recovered + lost
            assert 0.0 <= recovered <= owed + 1e-12
            assert -economy.books.positions["compute_loans"]["providers"][p] == pytest.approx(0.0, abs=1e-12)
            assert economy.gpus.fleet[p].sum() == 0.0
            assert balance(economy.books, "providers")[p] == pytest.approx(0.0, abs=1e-12)
        before = economy
    assert failures >= 1


@given(
    st.lists(st.floats(0, 100), min_size=2, max_size=5),
    st.lists(st.floats(0, 100), min_size=2, max_size=5),
    st.randoms(use_true_random=False),
)
def test_matching_respects_offers_asks_and_ceilings(offers, asks, random):
    """M7-T1: nobody gives more than it has or gets more than it asked."""
    weight = np.array([[random.random() for _ in asks] for _ in offers])
    ceiling = np.array([[random.random() * 50 for _ in asks] for _ in offers])
    given_ = match(np.array(offers), np.array(asks), weight, ceiling)
    assert (given_ >= 0).all()
    assert (given_.sum(axis=1) <= np.array(offers) + 1e-9).all()
    assert (given_.sum(axis=0) <= np.array(asks) + 1e-9).all()
    assert (given_ <= ceiling + 1e-9).all()


def test_logit_is_a_choice():
    """M4-T1, M4-T2: adding a constant changes nothing, equal utility means prior weights, extremes are safe."""
    utility, weight = np.array([0.1, 0.4, -0.2]), np.ones(3)
    np.testing.assert_allclose(logit(utility + 5.0, weight), logit(utility, weight))
    np.testing.assert_allclose(logit(0.0 * utility, weight), 1.0 / 3.0)
    np.testing.assert_allclose(logit(1e3 * np.array([1.0, 2.0, 3.0]), weight), [0.0, 0.0, 1.0])
    np.testing.assert_allclose(logit(utility, np.array([1.0, 0.0, 1.0]))[1], 0.0)
    two, three = logit(utility[:2], weight[:2]), logit(utility, weight)
    assert two[0] / two[1] == pytest.approx(three[0] / three[1])  # independence of irrelevant alternatives


def test_rounds_price_issue_and_dilute():
    """M5-T6: post-money = pre-money + raise, and old holders' part shrinks accordingly."""
    start, closed = history(quarters=6)
    before = start.economy
    seen = 0
    for economy, _ in closed:
        raised = flow_total(economy.books, "lab_round", 0)
        for lab in np.nonzero(raised > 0.01)[0]:
            seen += 1
            post = economy.labs.post_money[lab]
            held = before.books.positions["lab_shares"]["economy"][0, lab]
            issued = -before.books.positions["lab_shares"]["labs"][lab]
            share_before = held / issued
            share_after = (
                economy.books.positions["lab_shares"]["economy"][0, lab]
                / -economy.books.positions["lab_shares"]["labs"][lab]
            )
            bought = flow_total(economy.books, "issuer_lab_equity", 0)[lab]
            assert share_after == pytest.approx(share_before * (1 - raised[lab] / post), rel=1e-6 + bought)
        before = economy
    assert seen >= 3


def test_hours_constant():
    assert pytest.approx(2191.5) == HOURS_PER_QUARTER
