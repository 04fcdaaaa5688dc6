"""What a quarter's failures teach (phases 1, 10 and 11), and tax on what loans earned (phase 8)."""

from dataclasses import replace

import numpy as np
import pytest
from support.debtors import NORTHERN, TETHER, run
from support.histories import history
from support.tiny import FROZEN

from sim.economy.beliefs import realised_returns
from sim.economy.books.flows import COMPUTE_LOANS, ECONOMY, LAB_SHARES, LABS, PROVIDER_SHARES, PROVIDERS
from sim.economy.books.ledger import flow_total
from sim.economy.capital.loans import debt
from sim.economy.parameters import COLUMN
from sim.economy.quarter import quarter
from sim.opening import draws
from sim.opening.open_economy import draws_for, open_economy
from sim.scenario.load import load

OPENAI, CRUSOE, WHEN = 0, 4, 2
FAILED = (("lab", OPENAI, WHEN), ("provider", NORTHERN, WHEN))


@pytest.fixture(scope="module")
def twins():
    """A history, and the same one but that the largest lab and a provider fail in its third quarter."""
    return run(4, seed=7), run(4, failed=FAILED, seed=7)


def _worth(economy, instrument, company):
    return -economy.books.positions[instrument][company] * economy.books.price[instrument]


def _returned(start, economy, channel):
    return realised_returns(economy, start.parameters)[COLUMN[channel]]


def test_the_return_on_labs_has_the_failures_of_the_quarter_in_it(twins):
    """Against the twin without them: what the failed lab was worth is gone, but for cash left to owners."""
    (_, quiet), (_, failing) = twins
    twin, after = quiet[WHEN][1], failing[WHEN][1]
    worth = _worth(twin, LAB_SHARES, LABS)
    owners = ("issuers", "investors", "public")
    left = sum(flow_total(after.books, f"lab_liquidation_{who}", 1)[OPENAI] for who in owners)
    kept = (worth.sum() - worth[OPENAI] + left) / worth.sum()
    assert kept < 0.7
    assert after.environment.ai_return == pytest.approx(twin.environment.ai_return + np.log(kept), rel=1e-9)


def test_the_mood_and_the_belief_about_labs_learn_of_a_failure(twins):
    (start, quiet), (_, failing) = twins
    before, after = failing[WHEN]
    fall = after.environment.ai_return - quiet[WHEN][1].environment.ai_return
    moods = [closed[WHEN + 1][1].environment.ai_sentiment for _, closed in twins]
    assert moods[1] - moods[0] == pytest.approx(start.parameters.environment.ai_extrapolation * fall, rel=1e-9)
    assert moods[1] < moods[0]
    column = COLUMN["lab_equity"]
    old, new = (e.redeployment.belief[TETHER, column] for e in (before, after))
    assert new == pytest.approx(old + start.parameters.redeployment.learning * (-1.0 - old), rel=1e-9)


def test_when_every_lab_fails_the_return_is_a_number_and_the_worst_there_is():
    start, closed = run(4, failed=[("lab", lab, WHEN) for lab in range(5)])
    gone, later = closed[WHEN][1], closed[WHEN + 1][1]
    assert gone.labs.alive.sum() == 0.0
    assert np.isfinite(gone.environment.ai_return)
    assert _returned(start, gone, "lab_equity") == -1.0
    assert later.environment.ai_return == 0.0


def test_a_failed_provider_weighs_what_it_was_worth_at_the_opening(twins):
    """Against the twin: the owners of one lose its worth of the opening, less what they are left."""
    (start, quiet), (_, failing) = twins
    (before, after), (_, twin) = failing[WHEN], quiet[WHEN]
    free = 1.0 - start.parameters.provider.hyperscale
    opening = _worth(before, PROVIDER_SHARES, PROVIDERS) * free
    gains = (_worth(twin, PROVIDER_SHARES, PROVIDERS) * free - opening).sum()
    for kind in ("provider_round", "issuer_compute_equity"):
        assert flow_total(twin.books, kind, 0).sum() == 0.0
    assert _returned(start, twin, "compute_equity") == pytest.approx(4.0 * gains / opening.sum(), rel=1e-9)
    owners = ("issuers", "investors", "public")
    left = sum(flow_total(after.books, f"provider_liquidation_{who}", 1)[NORTHERN] for who in owners)
    kept = np.where(np.arange(9) == NORTHERN, left, _worth(twin, PROVIDER_SHARES, PROVIDERS))
    expected = 4.0 * ((kept * free).sum() / opening.sum() - 1.0)
    assert -1.0 < expected < _returned(start, twin, "compute_equity") - 0.2
    assert _returned(start, after, "compute_equity") == pytest.approx(expected, rel=1e-9)


def test_when_every_provider_fails_all_of_compute_equity_is_lost():
    start, closed = run(3, failed=[("provider", p, 2) for p in range(9)])
    assert _returned(start, closed[2][1], "compute_equity") == -1.0


def test_loans_return_interest_less_losses_on_what_was_owed_at_the_opening():
    """A provider fails whose GPUs fetch next to nothing."""
    start, closed = run(3, failed=[("provider", CRUSOE, WHEN)], changes={"credit.resale_discount": 0.95})
    before, after = closed[WHEN]
    owed, journal = debt(before.books).sum(), after.books.journal
    paid = sum(
        flow_total(after.books, f"{who}_loan_{what}", 1).sum()
        for who in ("issuer", "investor")
        for what in ("interest", "arrears")
    )
    added = -journal.accruals[COMPUTE_LOANS][PROVIDERS].sum()
    lost = journal.write_offs[COMPUTE_LOANS][PROVIDERS].sum()
    assert lost > 0.0
    expected = 4.0 * (paid + added - lost) / owed
    assert abs(expected) < 1.0
    assert _returned(start, after, "compute_loans") == pytest.approx(expected, rel=1e-9)


def test_loans_that_are_repaid_in_full_earned_their_interest():
    """All of the investors' loans fall due in the first quarter, and borrowers have the cash for it."""
    start = open_economy(load(FROZEN))
    economy, books = start.economy, start.economy.books
    moved = np.zeros_like(books.cash[PROVIDERS])
    moved[:, -1] = 5.0
    cash = {PROVIDERS: books.cash[PROVIDERS] + moved, ECONOMY: books.cash[ECONOMY] - moved.sum(axis=0)}
    terms = replace(economy.credit.investor, remaining=np.ones_like(economy.credit.investor.remaining))
    economy = replace(
        economy, books=replace(books, cash={**books.cash, **cash}), credit=replace(economy.credit, investor=terms)
    )
    closed, _ = quarter(
        economy, start.parameters, draws.draws_of_quarter(draws_for(load(FROZEN), start.names, 1, 1), 0)
    )
    opening = debt(books).sum()
    assert flow_total(closed.books, "investor_loan_principal", 1).sum() == pytest.approx(opening, rel=1e-9)
    paid = flow_total(closed.books, "investor_loan_interest", 1).sum()
    assert paid > 0.0
    assert _returned(start, closed, "compute_loans") == pytest.approx(4.0 * paid / opening, rel=1e-9)


def test_interest_on_compute_loans_is_taxed_like_other_income():
    rate = 0.3
    _start, closed = history(quarters=12, changes={"reserve.tax_rate": rate})
    lent = 0.0
    for economy, _ in closed:
        books, income = economy.books, economy.income
        spent = sum(flow_total(books, kind, 1) for kind in ("distribution", "issuer_costs", "holder_yield"))
        bought = flow_total(books, "issuer_gpu_services", 1)
        received = flow_total(books, "issuer_loan_interest", 0)
        profit = income.interest + income.other_income - spent - bought
        tax = flow_total(books, "issuer_tax", 1) + flow_total(books, "loan_income_tax", 1)
        np.testing.assert_allclose(tax, rate * np.maximum(profit, 0.0), rtol=1e-9, atol=1e-12)
        lost = flow_total(books, "window_own_sale_cost", 1) + flow_total(books, "window_reserve_sale_cost", 1)
        np.testing.assert_allclose(income.realised_profit, profit - tax - lost, rtol=1e-9, atol=1e-12)
        taxes = tax.sum() + flow_total(books, "lab_tax", 1).sum()
        interest = sum(flow_total(books, kind, 1).sum() for kind in ("bill_interest", "economy_bill_interest"))
        borrowed = flow_total(books, "bill_issuance", 1) - flow_total(books, "government_spending", 1)
        assert borrowed.sum() == pytest.approx(interest - taxes, rel=1e-9)
        lent += received[TETHER]
    assert lent > 0.01
