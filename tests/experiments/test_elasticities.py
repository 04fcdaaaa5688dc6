"""Derivatives of outcomes through whole histories, against differences of histories in NumPy."""

from types import SimpleNamespace

import numpy as np
import pytest

import sim
from sim.economy.choice import match
from sim.engine.batch import behaviour, in_numpy
from sim.engine.ensemble import starts
from sim.engine.outcomes import OUTCOMES
from sim.scenario import levers as lever_table
from sim.scenario.load import changed, load

LONG, SEEDS = {"run.quarters": 4, "run.seed": 1}, range(1, 3)
SMOOTH = ("interest_usd_bn", "lab_revenue_usd_bn", "dividends_usd_bn", "final_tokens_usd_bn")
TURNED = ("terminal_rate", "payout_ratio", "revenue_diffusion", "demand_growth")
AT_ITS_END = "redeployment"
JUMPS = "status_weight"
JUMPING = "redeployed_usd_bn"
BESIDE = 0.002
"""How far from the place of the jump the lever is put: within the step of the quotient, and not on the place."""


def outcomes(scenario, lever, value, seeds=SEEDS):
    """Outcome -> one number per seed, with a lever at a value; in NumPy."""
    turned = changed(scenario, {lever_table.BY_NAME[lever].key: float(value)})
    found = in_numpy(starts(turned, seeds), behaviour(turned))
    assert found.problems == (None,) * len(seeds)
    return found.outcomes()


def place_of_the_jump(scenario, low, high):
    """Where in between redeployment jumps in the history of the first seed, and by how much."""

    def at(value):
        return outcomes(scenario, JUMPS, value, SEEDS[:1])[JUMPING][0]

    ends = [at(low), at(high)]
    while high - low > 1e-9:
        middle = 0.5 * (low + high)
        number = at(middle)
        if abs(number - ends[0]) < abs(number - ends[1]):
            low, ends[0] = middle, number
        else:
            high, ends[1] = middle, number
    return high, ends[1] - ends[0]


@pytest.fixture(scope="module")
def made():
    """One program for all tests: it takes minutes to compile. The lever that jumps stands beside the jump."""
    scenario = load("baseline", LONG)
    place, height = place_of_the_jump(scenario, 0.0, 0.05)
    scenario = changed(scenario, {lever_table.BY_NAME[JUMPS].key: place + BESIDE})
    found = sim.elasticities(scenario, levers=[*TURNED, AT_ITS_END, JUMPS], runs=len(SEEDS))
    return SimpleNamespace(scenario=scenario, found=found, place=place, height=height)


def pair(made, outcome, lever):
    return made.found.outcomes.index(outcome), made.found.levers.index(lever)


def row(made, outcome, lever):
    table = made.found.table
    [one] = table[(table.outcome == outcome) & (table.lever == lever)].to_dict("records")
    return one


@pytest.mark.slow
@pytest.mark.parametrize("lever", TURNED)
def test_derivatives_are_the_limits_of_differences(made, lever):
    """To a ten-thousandth, with a step ten times smaller than that of the quotients it is held against."""
    quantity = lever_table.quantity(made.scenario, lever_table.BY_NAME[lever])
    step = 1e-4 * (quantity.range[1] - quantity.range[0])
    low, high = (outcomes(made.scenario, lever, quantity.value + side) for side in (-step, step))
    moved = 0
    for outcome in SMOOTH:
        i, j = pair(made, outcome, lever)
        difference = (high[outcome] - low[outcome]) / (2.0 * step)
        np.testing.assert_allclose(made.found.derivatives[:, i, j], difference, rtol=1e-4, atol=1e-8, err_msg=outcome)
        assert not made.found.jumps[:, i, j].any()
        moved += bool(np.all(difference != 0.0))
    assert moved >= 1


@pytest.mark.slow
def test_values_and_quotients_are_those_of_numpy(made):
    base = outcomes(made.scenario, "payout_ratio", made.found.at[1])
    np.testing.assert_allclose(made.found.values.T, list(base.values()), rtol=1e-9, atol=1e-12)
    low, high = (outcomes(made.scenario, "payout_ratio", made.found.at[1] + side) for side in (-1e-3, 1e-3))
    for i, name in enumerate(made.found.outcomes):
        expected = (high[name] - low[name]) / 2e-3
        np.testing.assert_allclose(
            made.found.quotients[:, i, 1], expected, rtol=1e-6, atol=1e-6 * max(1.0, base[name].max())
        )


@pytest.mark.slow
def test_a_jump_is_noticed_and_the_quotient_counts(made):
    """A deal falls below the smallest ticket: the derivative does not see it, the two histories do."""
    assert abs(made.height) > 0.1
    i, j = pair(made, JUMPING, JUMPS)
    assert made.found.jumps[0, i, j]
    step = 1e-3 * 5.0
    assert made.found.quotients[0, i, j] == pytest.approx(made.height / (2.0 * step), rel=0.1)
    assert abs(made.found.derivatives[0, i, j]) < 0.1 * abs(made.found.quotients[0, i, j])
    told = row(made, JUMPING, JUMPS)
    assert told["by"] == "quotient"
    assert told["slope"] == told["quotient"] != told["derivative"]
    assert told["jumps"] == made.found.jumps[:, i, j].mean()


@pytest.mark.slow
def test_the_words_name_what_jumps(made):
    smooth, jumpy = made.found.words
    assert smooth.startswith(f"{(made.found.jumps.mean(axis=0) <= 0.1).sum()} of {len(OUTCOMES) * 6} pairs")
    assert JUMPING in jumpy
    assert "final_tokens_usd_bn" not in jumpy


@pytest.mark.slow
def test_a_lever_at_the_end_of_its_range_is_turned_one_way(made):
    """No history is run beyond the range; the quotient is that of the base and the side there is."""
    at, inside = (outcomes(made.scenario, AT_ITS_END, value) for value in (1.0, 1.0 - 1e-3))
    i, j = pair(made, JUMPING, AT_ITS_END)
    assert made.found.at[j] == 1.0
    np.testing.assert_allclose(made.found.quotients[:, i, j], (at[JUMPING] - inside[JUMPING]) / 1e-3, rtol=1e-6)
    # Half a step away from where the derivative is taken.
    np.testing.assert_allclose(made.found.derivatives[:, i, j], made.found.quotients[:, i, j], rtol=0.01)


@pytest.mark.slow
def test_the_table_has_means_over_histories_and_percent_per_percent(made):
    assert len(made.found.table) == len(OUTCOMES) * 6
    told = row(made, "dividends_usd_bn", "payout_ratio")
    i, j = pair(made, "dividends_usd_bn", "payout_ratio")
    assert told["by"] == "derivative"
    assert told["slope"] == pytest.approx(made.found.derivatives[:, i, j].mean())
    at = load("baseline").redeployment["payout_ratio"].value
    assert told["elasticity"] == pytest.approx(told["slope"] * at / made.found.values[:, i].mean())
    # Within a year little feeds back: one percent more of the profit is one percent more of dividends.
    assert told["elasticity"] == pytest.approx(1.0, abs=0.01)
    none = row(made, "coins_failed", "payout_ratio")
    assert none["value"] == 0.0
    assert np.isnan(none["elasticity"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"outcomes": ["intrest_usd_bn"]}, "outcomes = 'intrest_usd_bn': unknown outcome, .* 'interest_usd_bn'"),
        ({"levers": ["terminal_rat"]}, "levers = 'terminal_rat': unknown lever, did you mean 'terminal_rate'"),
        ({"levers": ["tether_regime"]}, "levers = 'tether_regime': unknown lever.*; allowed: .*terminal_rate"),
        ({"levers": []}, "at least one lever is needed"),
        ({"outcomes": []}, "at least one outcome is needed"),
        ({"runs": 0}, "at least 1 history"),
        ({"config": "basline"}, "did you mean 'baseline'"),
        ({"quarters": 0}, "run.quarters"),
    ],
)
def test_mistakes_are_told_in_one_line(given, said):
    with pytest.raises(sim.ScenarioError, match=said) as caught:
        sim.elasticities(**{"levers": ["terminal_rate"], **given})
    assert "\n" not in str(caught.value)


def test_what_rounding_leaves_of_an_ask_does_not_decide_a_derivative():
    """Asks that are filled but for rounding are offered nothing: a share of them has a derivative of any size."""
    import jax

    def slope(parts, directions):
        return jax.jvp(lambda *given: match(*given), parts, directions)

    rng = np.random.default_rng(1)
    with jax.enable_x64(True):
        program = jax.jit(slope)
        for _ in range(300):
            offers, asks = rng.lognormal(0.0, 2.0, (2, 9)) * (rng.random((2, 9)) < 0.7)
            weight = rng.random((9, 9)) * (rng.random((9, 9)) < 0.5)
            parts = (offers, asks, weight, offers[:, None] * weight * rng.choice([1.0, 100.0]))
            directions = tuple(part * rng.standard_normal(part.shape) for part in parts)
            given, moved = program(parts, directions)
            np.testing.assert_allclose(given, match(*parts), rtol=1e-9, atol=1e-15)
            assert np.abs(moved).max() <= 100.0 * max(offers.max(), asks.max())
