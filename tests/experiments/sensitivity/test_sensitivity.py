"""What the outcomes of a sweep depend on: indices that are known, and what is said where they are not."""

import math
from dataclasses import replace

import numpy as np
import pytest
from SALib.sample import morris as morris_design
from SALib.sample import sobol as sobol_design
from support import made_sweeps
from support.made_sweeps import ishigami

from sim.engine.outcomes import OUTCOMES, reduced
from sim.errors import RunError, ScenarioError
from sim.experiments.sensitivity import Estimate, sensitivity
from sim.experiments.sensitivity.analysis import variance_shares
from sim.experiments.sweep.folder import Sweep
from sim.experiments.sweep.methods.estimates import next_power
from sim.experiments.sweep.methods.morris import elementary_effects

NAMES = ["x1", "x2", "x3"]
SIDES = {"num_vars": 3, "names": NAMES, "bounds": [[-math.pi, math.pi]] * 3}
VARIED = made_sweeps.axes(NAMES, -math.pi, math.pi)
OUTCOME = "gpus_bought"
# Ishigami and Homma (1990), a = 7, b = 0.1: V = 13.84.
FIRST = {"x1": 0.3139, "x2": 0.4424, "x3": 0.0}
TOTAL = {"x1": 0.5576, "x2": 0.4424, "x3": 0.2437}
PAIRS = {("x1", "x2"): 0.0, ("x1", "x3"): 0.2437, ("x2", "x3"): 0.0}


def columns(points):
    return dict(zip(NAMES, points.T, strict=True))


def sobol_sweep(folder, samples=1024, noise=None, **more):
    points = sobol_design.sample(SIDES, samples, seed=1)
    values = ishigami(points)[:, None] if noise is None else ishigami(points)[:, None] + noise(len(points))
    return made_sweeps.write(
        folder, "sobol", columns(points), {OUTCOME: values}, VARIED, values.shape[1], samples=samples, **more
    )


@pytest.fixture(scope="module")
def ishigami_found(tmp_path_factory):
    return sensitivity(sobol_sweep(tmp_path_factory.mktemp("sweeps") / "ishigami"), [OUTCOME])


# Sobol


@pytest.mark.parametrize(("measure", "truth"), [("first_order", FIRST), ("total_order", TOTAL)])
def test_sobol_indices_of_ishigami_are_the_analytic_ones(ishigami_found, measure, truth):
    found = ishigami_found.findings[OUTCOME].indices[measure]
    for lever, index in truth.items():
        assert found[lever].value == pytest.approx(index, abs=0.02)
        assert found[lever].low <= index <= found[lever].high
        assert 0.0 < found[lever].half_width < 0.1


def test_second_order_indices_of_ishigami(ishigami_found):
    pairs = ishigami_found.findings[OUTCOME].interactions
    assert pairs.keys() == PAIRS.keys()
    for pair, index in PAIRS.items():
        assert pairs[pair].value == pytest.approx(index, abs=0.03)
        assert pairs[pair].low <= index <= pairs[pair].high


def test_an_interaction_beyond_what_its_levers_explain_in_all_is_not_told(ishigami_found):
    finding = ishigami_found.findings[OUTCOME]
    assert list(finding.clear_interactions) == [("x1", "x3")]
    wild = {**finding.interactions, ("x2", "x3"): Estimate(0.4, 0.1, 0.7)}
    assert finding.indices["total_order"]["x3"].high < 0.4
    assert list(replace(finding, interactions=wild).clear_interactions) == [("x1", "x3")]


@pytest.mark.slow
def test_four_times_the_runs_halve_the_intervals_as_was_said(ishigami_found, tmp_path):
    first = ishigami_found.findings[OUTCOME].convergence
    assert first.runs == 1024 * 8
    assert first.more_to_halve == 3 * first.runs
    more = sensitivity(sobol_sweep(tmp_path / "more", 4096), [OUTCOME]).findings[OUTCOME].convergence
    assert more.half_width == pytest.approx(first.half_width / 2.0, rel=0.25)
    # What was said to suffice for 0.05 does.
    enough = (first.runs + first.more_to_target) // 8
    assert enough == next_power(1024 * (first.half_width / 0.05) ** 2)
    assert first.half_width > 0.05 > more.half_width
    assert more.more_to_target == 0


def test_the_ranking_of_a_small_design_is_not_settled_and_of_a_large_one_is(ishigami_found, tmp_path):
    assert ishigami_found.findings[OUTCOME].convergence.settled
    small = sensitivity(sobol_sweep(tmp_path / "small", 16), [OUTCOME]).findings[OUTCOME].convergence
    assert not small.settled
    assert "not settled between" in sensitivity(tmp_path / "small", [OUTCOME]).words[0]


def test_a_sobol_design_with_a_failed_point_is_refused_with_the_count(tmp_path):
    folder = sobol_sweep(tmp_path / "holes", 16, problems={(5, 0): "no money", (7, 0): "no sense"})
    with pytest.raises(RunError, match=r"2 of 128 points.*point 5: no money.*every point"):
        sensitivity(folder, [OUTCOME])


def test_an_unfinished_sobol_design_is_refused(tmp_path):
    folder = sobol_sweep(tmp_path / "half", 16)
    next((folder / "outcomes").glob("000001-*")).unlink()
    with pytest.raises(RunError, match=r"64 of 128 points.*not run yet.*finish the sweep"):
        sensitivity(folder, [OUTCOME])


def test_a_sobol_design_without_points_for_pairs_has_no_second_order(tmp_path):
    points = sobol_design.sample(SIDES, 1024, calc_second_order=False, seed=1)
    values = {OUTCOME: ishigami(points)[:, None]}
    folder = made_sweeps.write(
        tmp_path / "bare", "sobol", columns(points), values, VARIED, samples=1024, second_order=False
    )
    found = sensitivity(folder, [OUTCOME]).findings[OUTCOME]
    assert found.interactions == {}
    assert found.convergence.runs == 1024 * 5
    for lever, index in TOTAL.items():
        assert found.indices["total_order"][lever].value == pytest.approx(index, abs=0.02)


# Luck


def test_luck_is_told_from_levers_where_seeds_are_shared_by_all_points():
    rng = np.random.default_rng(3)
    points, seeds = 400, 60
    of_points, of_seeds = 3.0 * rng.standard_normal((points, 1)), 2.0 * rng.standard_normal((1, seeds))
    found = variance_shares(10.0 + of_points + of_seeds + rng.standard_normal((points, seeds)))
    assert found.levers == pytest.approx(9.0 / 14.0, abs=0.06)
    assert found.seed == pytest.approx(4.0 / 14.0, abs=0.06)
    assert found.seed_with_levers == pytest.approx(1.0 / 14.0, abs=0.02)
    assert found.levers + found.seed + found.seed_with_levers == pytest.approx(1.0)
    assert found.seed_left_in_means == pytest.approx((1.0 / seeds) / (9.0 + 1.0 / seeds), rel=0.2)


def test_the_seeds_whole_share_is_that_of_a_nested_analysis():
    rng = np.random.default_rng(4)
    values = rng.standard_normal((500, 1)) + rng.standard_normal((1, 8)) + 0.5 * rng.standard_normal((500, 8))
    found = variance_shares(values)
    within = values.var(axis=1, ddof=1).mean()
    by_point = values.mean(axis=1).var(ddof=1)
    both = within - values.mean(axis=0).var(ddof=1)
    whole = found.levers + found.seed + found.seed_with_levers
    assert (found.seed + found.seed_with_levers) / whole == pytest.approx(
        within / (within + by_point - both / 8), rel=0.01
    )


def test_what_the_seed_does_everywhere_does_not_disturb_the_indices(ishigami_found, tmp_path):
    folder = sobol_sweep(tmp_path / "luck", noise=lambda n: np.broadcast_to([[-9.0, 2.0, 7.0]], (n, 3)))
    found = sensitivity(folder, [OUTCOME]).findings[OUTCOME]
    for lever in NAMES:
        plain = ishigami_found.findings[OUTCOME].indices["total_order"][lever].value
        assert found.indices["total_order"][lever].value == pytest.approx(plain, abs=1e-9)
    assert found.variance.seed > 0.5
    assert found.variance.seed_with_levers == pytest.approx(0.0, abs=1e-12)


def test_luck_that_few_seeds_leave_in_the_means_is_warned_of(tmp_path):
    rng = np.random.default_rng(1)
    folder = sobol_sweep(tmp_path / "noise", 128, noise=lambda n: 3.0 * rng.standard_normal((n, 2)))
    found = sensitivity(folder, [OUTCOME])
    left = found.findings[OUTCOME].variance.seed_left_in_means
    assert left == pytest.approx(4.5 / (4.5 + 13.84), abs=0.08)
    assert "counts as interaction" in found.words[0]


# Morris


def morris_sweep(folder, values, trajectories=20, **more):
    points = morris_design.sample(SIDES, trajectories, num_levels=4, seed=1)
    return made_sweeps.write(
        folder, "morris", columns(points), {OUTCOME: values(points)[:, None]}, VARIED, samples=trajectories, **more
    )


def test_morris_screening_of_a_known_function(tmp_path):
    def product(x):
        return 3.0 * x[:, 0] + x[:, 0] * x[:, 1]

    found = sensitivity(morris_sweep(tmp_path / "morris", product), [OUTCOME]).findings[OUTCOME]
    star, sigma = found.indices["mu_star"], found.indices["sigma"]
    # Effects for the whole range, 2 pi: those of x1 are 2 pi (3 + x2), those of x3 nothing.
    assert star["x3"].value == star["x3"].high == 0.0
    assert found.verdicts == {
        "x1": "matters, uneven or with others",
        "x2": "matters, uneven or with others",
        "x3": "negligible",
    }
    assert found.ranked[0] == "x1"
    assert star["x1"].low <= star["x1"].value <= star["x1"].high
    assert sigma["x1"].value > 0.0


def test_an_even_effect_is_called_linear_whatever_the_size_of_the_steps(tmp_path):
    found = sensitivity(morris_sweep(tmp_path / "plane", lambda x: 2.0 * x[:, 0] - x[:, 1]), [OUTCOME])
    finding = found.findings[OUTCOME]
    assert finding.indices["mu"]["x1"].value == pytest.approx(4.0 * math.pi)
    assert finding.indices["mu"]["x2"].value == pytest.approx(-2.0 * math.pi)
    assert finding.verdicts["x1"] == finding.verdicts["x2"] == "matters, about linear"
    assert finding.convergence.more_to_target == 0


def test_our_elementary_effects_are_those_of_salib(tmp_path):
    folder = morris_sweep(tmp_path / "morris", ishigami)
    sample = Sweep.open(folder).sample([OUTCOME])
    effects = elementary_effects(sample.cube(), sample.values[OUTCOME][:, 0])
    found = sensitivity(folder, [OUTCOME]).findings[OUTCOME].indices
    for place, lever in enumerate(NAMES):
        assert found["mu_star"][lever].value == pytest.approx(np.abs(effects[:, place]).mean())
        assert found["sigma"][lever].value == pytest.approx(effects[:, place].std(ddof=1))


def test_a_trajectory_with_a_failed_point_is_left_out_whole_and_said(tmp_path):
    folder = morris_sweep(tmp_path / "morris", ishigami, problems={(6, 0): "no money", (7, 0): "no money"})
    found = sensitivity(folder, [OUTCOME])
    assert len(found.sample.points) == 19 * 4
    assert "2 of 80 points" in found.notes[0]
    assert "1 of 20 trajectories" in found.notes[0]
    assert found.words[0] == found.notes[0]


# Other designs


def plane(x):
    return 3.0 * x[:, 0] - x[:, 1]


def test_rank_regression_of_a_monotone_function(tmp_path):
    points = np.random.default_rng(1).uniform(-math.pi, math.pi, size=(400, 3))
    values = {OUTCOME: np.exp(plane(points))[:, None]}
    folder = made_sweeps.write(tmp_path / "random", "random", columns(points), values, VARIED)
    found = sensitivity(folder, [OUTCOME]).findings[OUTCOME]
    slopes = found.indices["rank_regression"]
    # Of a sum of independent levers with weights 3 and -1.
    assert slopes["x1"].value == pytest.approx(3.0 / math.sqrt(10.0), abs=0.03)
    assert slopes["x2"].value == pytest.approx(-1.0 / math.sqrt(10.0), abs=0.03)
    assert slopes["x3"].low < 0.0 < slopes["x3"].high
    assert found.ranked == ("x1", "x2", "x3")
    assert found.explained > 0.97
    assert found.ends["x1"].swing > 0.0 > found.ends["x2"].swing


def test_the_ends_of_a_grid_are_its_marginal_means_with_intervals_over_seeds(tmp_path):
    grid = np.array([(a, b) for a in (0.0, 1.0, 2.0) for b in ("x", "y", "z")], dtype=object)
    a = grid[:, 0].astype(float)
    word = np.array([{"x": 5.0, "y": -5.0, "z": 0.0}[b] for b in grid[:, 1]])
    values = (a + word)[:, None] + np.array([[-1.0, 1.0]])
    numbers = made_sweeps.axis("a", 0.0, 2.0, [0.0, 1.0, 2.0])
    vary = [numbers, made_sweeps.axis("b", values=["x", "y", "z"], unit="")]
    points = {"a": a, "b": [str(b) for b in grid[:, 1]]}
    folder = made_sweeps.write(tmp_path / "grid", "grid", points, {OUTCOME: values}, vary, 2)
    found = sensitivity(folder, [OUTCOME]).findings[OUTCOME]
    assert (found.ends["a"].low.value, found.ends["a"].high.value) == (0.0, 2.0)
    assert (found.ends["b"].low_at, found.ends["b"].high_at) == ("y", "x")
    assert found.ends["b"].swing == 10.0
    # Student's t with one degree of freedom: 6.31 times the standard error, which is 1.
    assert found.ends["a"].high.half_width == pytest.approx(6.3138, abs=1e-3)


def test_failed_points_of_a_random_design_are_left_out_and_said(tmp_path):
    points = np.random.default_rng(1).uniform(-1.0, 1.0, size=(50, 3))
    folder = made_sweeps.write(
        tmp_path / "random",
        "random",
        columns(points),
        {OUTCOME: np.stack([plane(points)] * 2, axis=1)},
        VARIED,
        2,
        problems={(3, 1): "no money"},
    )
    found = sensitivity(folder, [OUTCOME])
    assert len(found.sample.points) == 49
    assert "1 of 50 points cannot be used (the first is point 3: no money)" in found.notes[0]


def test_outcomes_that_cannot_be_judged_are_named_with_the_reason(tmp_path):
    points = np.random.default_rng(1).uniform(-1.0, 1.0, size=(50, 3))
    infinite = plane(points)
    infinite[7] = math.inf
    values = {OUTCOME: plane(points), "failures": np.ones(50), "lowest_token_price": infinite}
    given = {name: numbers[:, None] for name, numbers in values.items()}
    folder = made_sweeps.write(tmp_path / "random", "random", columns(points), given, VARIED)
    found = sensitivity(folder, list(values))
    assert list(found.findings) == [OUTCOME]
    assert found.skipped == {
        "failures": "the same at every point",
        "lowest_token_price": "not a finite number in 1 of 50 runs",
    }


def test_an_unknown_outcome_and_a_folder_that_is_no_sweep_are_one_line(ishigami_found, tmp_path):
    with pytest.raises(ScenarioError, match="did you mean 'gpus_bought'"):
        sensitivity(ishigami_found.sample.folder, ["gpus_bougth"])
    with pytest.raises(RunError, match="not a sweep folder"):
        sensitivity(tmp_path)


def test_histories_of_one_scenario_say_nothing_of_what_matters(tmp_path):
    folder = made_sweeps.write(tmp_path / "seeds", "seeds", {"none": [0.0]}, {OUTCOME: np.ones((1, 4))}, [], 4)
    with pytest.raises(RunError, match="nothing was varied but the seed"):
        sensitivity(folder, [OUTCOME])


# Dates of first failures


def first_failures(failures):
    path = np.array(failures, dtype=float)
    paths = {outcome.read: path for outcome in OUTCOMES}
    return reduced(paths)["quarters_before_first_lab_failure"]


def test_quarters_before_the_first_failure_count_from_the_opening_and_end_with_the_history():
    assert first_failures([0, 2, 0, 1]) == 0.0
    assert first_failures([0, 0, 0, 1]) == 2.0
    assert first_failures([0, 0, 0, 0]) == 3.0
    np.testing.assert_array_equal(first_failures([[0, 0, 1, 1], [0, 0, 0, 0]]), [1.0, 3.0])


def test_they_are_the_same_in_jax():
    jax = pytest.importorskip("jax")
    path = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    paths = {outcome.read: path for outcome in OUTCOMES}
    with jax.enable_x64(True):
        found = jax.jit(reduced)(paths)
    np.testing.assert_array_equal(found["quarters_before_first_coin_failure"], [1.0, 3.0])
    assert found.keys() == reduced(paths).keys()
