"""Accounting and cause in words: what twins say of interest, and what they must not claim."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.economy.books.measures import EARNED
from sim.engine.outcomes import OUTCOMES
from sim.experiments.compare import Comparison
from sim.experiments.compare.cause import REDEPLOYMENT
from sim.experiments.compare.paired import effect
from sim.experiments.compare.words import words
from sim.scenario.load import load

PAID = [4.0, 5.0, 6.0, 5.0]
MUCH = np.array([100.0, 90.0, 110.0, 95.0])


def made_up(more, less, differs=None, names=("on", "off"), **others):
    """A comparison with given GPU purchases by origin, `{origin: values}` for each twin."""
    pairs = len(next(iter(more.values())))
    values = {
        outcome.name: (np.full(pairs, 1.0), np.full(pairs, 1.0))
        for outcome in OUTCOMES
        if "gpu_capex" not in outcome.name
    }
    none = np.zeros(pairs)
    for origin in EARNED:
        paid = (np.array(more.get(origin, none), float), np.array(less.get(origin, none), float))
        values[f"gpu_capex_from_{origin}_usd_bn"] = paid
    values["gpu_capex_usd_bn"] = tuple(
        sum(values[f"gpu_capex_from_{origin}_usd_bn"][side] for origin in EARNED) for side in (0, 1)
    )
    values |= {name: tuple(np.array(side, float) for side in sides) for name, sides in others.items()}
    baseline = load("baseline")
    a, b = (baseline.model_copy(update={"name": name}) for name in names)
    given = {REDEPLOYMENT: {"a": 1.0, "b": 0.0}} if differs is None else differs
    effects = {name: effect(*sides) for name, sides in values.items()}
    return Comparison(a, b, tuple(range(1, pairs + 1)), given, {}, effects, 0.0)


def test_crowding_out_is_named_with_the_money_that_steps_in():
    """Interest buys 5, investors 4 more where it stays away: an effect of 1, four fifths crowded out."""
    found = made_up(
        {"bill_interest": PAID, "investor_capital": MUCH, "credit": MUCH},
        {"investor_capital": MUCH + np.array([3.0, 4.0, 5.0, 4.0]), "credit": MUCH},
    )
    told = " ".join(found.words)
    assert "in on interest paid for USD 5.00 bn of GPUs" in told
    assert "in off for none" in told
    assert "buy GPUs for USD 1.00 bn more in on than in off" in told
    assert "more in 4 of 4 pairs" in told
    assert "80% of that" in told
    assert "crowding-out" in told
    assert "The largest part: investors' capital buys USD 4.00 bn more in off" in told
    assert "credit" not in told
    share, low, high = found.cause.replaced
    assert share == pytest.approx(0.8)
    assert low < 0.8 < high


def test_the_order_of_the_scenarios_does_not_change_what_is_said():
    on = {"bill_interest": PAID, "investor_capital": MUCH}
    off = {"investor_capital": MUCH + np.array([3.0, 4.0, 5.0, 4.0])}
    switched = {REDEPLOYMENT: {"a": 0.0, "b": 1.0}}
    assert made_up(on, off).words == made_up(off, on, switched, names=("off", "on")).words


def test_other_money_that_follows_interest_makes_the_effect_larger():
    told = " ".join(
        made_up({"bill_interest": PAID, "credit": MUCH + np.array([2.0, 2.0, 3.0, 2.0])}, {"credit": MUCH}).words
    )
    assert "other money follows it" in told
    assert "larger than the accounting says" in told
    assert "credit buys USD 2.25 bn less in off" in told
    assert "crowding-out" not in told


def test_an_effect_below_zero_is_said_as_such():
    told = " ".join(
        made_up({"bill_interest": PAID, "credit": MUCH}, {"credit": MUCH + np.array([8.0, 9.0, 9.0, 8.0])}).words
    )
    assert "buy GPUs for USD 3.50 bn less in on than in off" in told
    assert "more than makes up for it" in told
    assert "170% of what interest paid for" in told


def test_an_effect_that_spans_zero_is_not_claimed():
    off = MUCH + np.array([9.0, 0.0, 11.0, -2.0])
    found = made_up({"bill_interest": PAID, "credit": MUCH}, {"credit": off})
    assert not found.cause.purchases.decided
    told = " ".join(found.words)
    assert "not decided by 4 pairs" in told
    assert "spans zero" in told
    assert f"about {found.cause.purchases.pairs_to_decide:,} pairs" in told
    assert "Whether other money makes up for it in off is not decided" in told
    for claim in ("crowding-out", "follows it", "The largest part", "agree"):
        assert claim not in told


def test_other_money_that_does_not_react_means_that_accounting_is_cause():
    told = " ".join(made_up({"bill_interest": PAID, "credit": MUCH}, {"credit": MUCH}).words)
    assert "accounting and cause agree" in told


def test_twins_that_differ_otherwise_are_not_called_with_and_without():
    other = {"gpus.gpu_price": {"a": 1.0, "b": 2.0}}
    told = " ".join(
        made_up({"bill_interest": PAID, "credit": MUCH + 3.0}, {"bill_interest": PAID, "credit": MUCH}, other).words
    )
    assert "do not differ in redeployment" in told
    assert "crowding-out" not in told
    assert "interest buys the same in both twins" in told
    both = " ".join(made_up({"bill_interest": PAID}, {}, {REDEPLOYMENT: {"a": 1.0, "b": 0.0}, **other}).words)
    assert "differ in more than redeployment" in both


def test_interest_that_reaches_no_gpu_is_said():
    told = " ".join(made_up({"credit": MUCH + np.array([1.0, 2.0, 1.0, 2.0])}, {"credit": MUCH}).words)
    assert "interest reached no GPU purchase in either twin" in told
    assert "nothing" not in told


@given(
    paid=st.lists(st.floats(0.0, 50.0), min_size=3, max_size=3),
    others=st.lists(st.floats(-50.0, 50.0), min_size=3, max_size=3),
    redeployment=st.sampled_from([None, (1.0, 0.0), (0.0, 1.0)]),
)
def test_words_claim_what_intervals_support(paid, others, redeployment):
    """For every sign: a claim of crowding-out or of an effect needs an interval that leaves zero out."""
    a, b = {"bill_interest": paid, "credit": [100.0] * 3}, {"credit": 100.0 + np.array(others)}
    differs = (
        {"x.y": {"a": 1, "b": 2}}
        if redeployment is None
        else {REDEPLOYMENT: dict(zip("ab", redeployment, strict=True))}
    )
    found = made_up(a, b, differs)
    told, this = " ".join(words(found)), found.cause
    assert "nan" not in told
    if "crowding-out" in told or "more than makes up" in told:
        assert this.others.high < 0.0 < this.interest.low
    if "follows it" in told:
        assert min(this.others.low, this.interest.low) > 0.0
    if not this.purchases.none:
        assert ("not decided by 3 pairs" in told) == (not this.purchases.decided)
