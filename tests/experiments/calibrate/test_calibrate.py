"""Estimating parameters: priors, targets, recovery of known parameters, search that goes on, records."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sampling import sampled

from sim.analysis.facts.schema import load_facts
from sim.engine.mesa_model import CapitalFlowModel
from sim.errors import ScenarioError
from sim.experiments.calibrate import load_record
from sim.experiments.calibrate.estimate import errors, estimate, observed
from sim.experiments.calibrate.history import load_history, quarters_of, targets
from sim.experiments.calibrate.moments import Moments
from sim.experiments.calibrate.recovery import identification, run_trials
from sim.experiments.calibrate.search import search
from sim.experiments.calibrate.settings import NINETY, changed_window, load_problem
from sim.experiments.calibrate.simulator import Simulator
from sim.scenario.data import CONFIGS
from sim.scenario.load import load
from studies.calibration.adopt import adopted

ESTIMATE = "2025Q2"
"""The record with all that was observed, and with recovery."""


@pytest.fixture(scope="module")
def problem():
    return load_problem()


@pytest.fixture(scope="module")
def history():
    return load_history()


class Straight:
    """A simulator whose targets are straight lines in the places of three parameters, with noise by seed.

    The last parameter moves nothing, so that no data can tell it.
    """

    def __init__(self, problem, count=12, noise=0.3):
        keys = list(problem.plan.parameters)[:3]
        plan = problem.plan.model_copy(
            update={
                "parameters": {key: problem.plan.parameters[key] for key in keys},
                "search": problem.plan.search.model_copy(
                    update={
                        "candidates": 8,
                        "generations": 6,
                        "seeds": 4,
                        "scatter_seeds": 64,
                        "scatter_places": 4,
                        "slope_seeds": 4,
                    }
                ),
            }
        )
        self.problem = replace(problem, plan=plan, axes=problem.axes[:3])
        self.targets = targets(load_history(), "2024Q1", "2024Q4")[:count]
        self.slopes = np.random.default_rng(0).normal(size=(count, 3)) * np.array([0.3, 0.3, 0.0])
        self.usual_scatter = np.zeros((count, count))
        self.noise = noise * np.array([target.series.error for target in self.targets])
        self.stop_after, self.calls = None, 0

    def compared(self, values, seeds):
        self.calls += 1
        if self.stop_after is not None and self.calls > self.stop_after:
            raise KeyboardInterrupt
        chance = np.array([np.random.default_rng(seed).normal(size=len(self.noise)) for seed in seeds])
        middle = self.problem.places(values) @ self.slopes.T
        return middle[:, None, :] + self.noise * chance[None]


@given(st.lists(st.floats(-2.0, 2.0), min_size=40, max_size=40))
@settings(max_examples=25, deadline=None)
def test_places_and_values_are_each_others_inverse(problem, given_places):
    places = np.clip(np.array(given_places[: len(problem.keys)]), *problem.bounds)
    assert np.allclose(problem.places(problem.values(places)), places, atol=1e-9)


def test_the_prior_interval_is_the_one_of_the_file(problem):
    for sign, end in ((-1.0, "low"), (1.0, "high")):
        ends = problem.values(np.full(len(problem.keys), sign * NINETY))
        low, high = (problem.values(side) for side in problem.bounds)
        for value, prior, least, most in zip(ends, problem.plan.parameters.values(), low, high, strict=True):
            # The scenario's own range may cut a prior off.
            assert value == pytest.approx(np.clip(getattr(prior, end), least, most), rel=1e-9)


def test_no_figure_is_counted_twice_and_none_is_later_than_the_window(history):
    found = targets(history, "2024Q1", "2025Q2")
    for name in history:
        quarters = [set(quarters_of(one.period)) for one in found if one.name == name]
        for place, one in enumerate(quarters):
            others = set().union(*(other for other in quarters[:place] + quarters[place + 1 :] if other < one))
            assert not one <= others, f"{name}: a period is made of others"
    assert max(one.last for one in found) == "2025Q2"
    assert {one.last for one in targets(history, "2024Q1", "2024Q2")} <= {"2024Q1", "2024Q2"}


def test_nothing_that_is_called_emergent_is_fitted_to(history):
    readings = {name: fact.reading for name, fact in load_facts().all.items() if fact.kind == "emergent"}
    # When a lab first earns money comes years after what is fitted.
    readings = {name: reading for name, reading in readings.items() if reading.reduce != "first profitable year"}
    for name, reading in readings.items():
        for label, series in history.items():
            same = (set(reading.of), set(reading.less), set(reading.over)) == (
                set(series.of),
                set(series.less),
                set(series.over),
            )
            assert not (same and series.fitted), f"{name} is emergent, and {label} is fitted"


def test_the_simulator_reads_what_a_single_history_says(problem, history):
    wanted = {"tether_tokens", "openai_revenue", "gpu_rent", "all_tokens", "coreweave_margin"}
    every = [one for one in targets(history, "2024Q1", "2024Q2") if one.name in wanted]
    assert {one.name for one in every} == wanted - {"openai_revenue"}
    values = problem.current()[None]
    found = Simulator(problem, every, engine="numpy").each(values, [3])[0, 0]
    model = CapitalFlowModel(load("baseline"), rng=3)
    opening = float(model.measured["issuers"]["tokens"].sum())
    rows = []
    for _ in range(2):
        model.step()
        place = model.names["providers"].index("CoreWeave")
        providers = model.measured["providers"]
        rows.append(
            {
                "tether_tokens": model.measured["issuers"]["tokens"][model.names["issuers"].index("Tether")],
                "all_tokens": model.measured["issuers"]["tokens"].sum() / opening,
                "gpu_rent": float(model.economy.gpus.rent),
                "coreweave_margin": 1.0 - providers["running_cost"][place] / providers["revenue"][place],
            }
        )
    for number, one in zip(found, every, strict=True):
        assert number == pytest.approx(rows[int(one.period[-1]) - 1][one.name], rel=1e-12), one.label


def test_known_parameters_are_found_again_and_an_idle_one_is_not(problem, tmp_path):
    simulator = Straight(problem)
    known = run_trials(simulator, 50, tmp_path / "trials.jsonl")
    judged = identification(known, problem.plan.recovery)
    assert ((judged.coverage >= 0.8) & (judged.coverage <= 1.0)).all()
    assert judged.width[2] >= 1.0 - 1e-9, "nothing is known of what moves nothing"
    assert not judged.identified[2]
    assert (judged.width[:2] < 0.7).all()


def test_intervals_that_are_too_narrow_are_stretched_and_one_that_no_stretch_mends_is_noticed(problem, tmp_path):
    simulator = Straight(problem)
    known = run_trials(simulator, 40, tmp_path / "t.jsonl")
    right = identification(known, problem.plan.recovery)
    narrow = identification([replace(one, deviation=one.deviation / 5.0) for one in known], problem.plan.recovery)
    np.testing.assert_array_less(4.0, narrow.stretch[:2])
    np.testing.assert_allclose(narrow.stretch[:2], 5.0 * right.stretch[:2], rtol=0.3)
    assert (narrow.coverage >= 0.8).all()
    only_first = np.array([5.0, *np.ones(len(known[0].truth) - 1)])
    alone = [replace(one, deviation=one.deviation / only_first) for one in known]
    judged = identification(alone, problem.plan.recovery)
    assert right.coverage[0] >= 0.8 > judged.coverage[0]
    assert not judged.identified[0]


def test_trials_go_on_where_they_stopped(problem, tmp_path):
    log = tmp_path / "trials.jsonl"
    whole = run_trials(Straight(problem), 4, log)
    text = log.read_text()
    log.write_text(text[: text.index("\n") + 20])
    simulator = Straight(problem)
    again = run_trials(simulator, 4, log)
    assert all(np.allclose(a.estimate, b.estimate) for a, b in zip(whole, again, strict=True))
    assert len(log.read_text().splitlines()) == 4
    before = simulator.calls
    run_trials(simulator, 4, log)
    assert simulator.calls == before, "what is in the log is not run again"


def test_a_search_goes_on_where_it_was_stopped(problem, tmp_path):
    simulator, journal = Straight(problem), tmp_path / "search.log"
    free = np.array([True, True, False])
    truth = simulator.problem.values(np.array([[1.5, -1.5, 0.0]]))
    figures, error = simulator.compared(truth, [99])[0, 0], errors(simulator.targets)
    moments = Moments(figures, np.diag(error**2))
    simulator.stop_after, simulator.calls = 3, 0
    with pytest.raises(KeyboardInterrupt):
        search(simulator, moments, range(1, 5), 0, free, journal)
    simulator.stop_after, simulator.calls = None, 0
    found = search(simulator, moments, range(1, 5), 0, free, journal)
    assert simulator.calls == 3, "three of six generations were done"
    assert found.candidates == 48
    assert found.places[2] == 0.0, "what is not free keeps the middle of its prior"
    middle = simulator.compared(simulator.problem.values(np.zeros((1, 3))), range(1, 5))
    assert found.distance < 0.5 * moments.misfit(middle)[0], "much nearer than where it began"


def test_an_estimate_recovers_the_truth_without_chance(problem):
    simulator = Straight(problem, noise=0.0)
    truth = np.array([0.7, -0.4, 0.0])
    figures = simulator.compared(simulator.problem.values(truth)[None], [1])[0, 0]
    found = estimate(simulator, figures, short=simulator.problem.plan.recovery)
    # The priors pull a little towards the middle; the interval says how much.
    assert (np.abs(found.posterior.middle - truth) <= NINETY * found.posterior.deviation).all()
    assert found.posterior.inflation == 1.0
    far = estimate(simulator, figures + 40.0 * errors(simulator.targets), short=simulator.problem.plan.recovery)
    assert far.posterior.inflation > 10.0, "a misfit that chance does not explain widens the intervals"


def test_adopting_a_record_changes_values_and_reasons_alone():
    text = (CONFIGS / "baseline.toml").read_text()
    record = load_record(ESTIMATE)
    changed = adopted(text, record, dict.fromkeys(record.keys, "because"), "there")
    lines = [(a, b) for a, b in zip(text.splitlines(), changed.splitlines(), strict=True) if a != b]
    assert len(lines) == len(record.keys)
    assert all("because" in b and "(there)" in b and b.split(" = ")[0] == a.split(" = ")[0] for a, b in lines)
    with pytest.raises(ScenarioError, match="no line of its own"):
        adopted("[tokens]\n", record, dict.fromkeys(record.keys, ""), "")


def test_a_window_and_a_record_are_checked(problem, tmp_path):
    with pytest.raises(ScenarioError, match=r"until = '2031Q1': .*allowed: 2024Q1 to 2025Q2"):
        changed_window(problem, "2031Q1")
    with pytest.raises(ScenarioError, match="estimate = '1999Q1': no such record"):
        load_record("1999Q1")
    damaged = tmp_path / "x.json"
    damaged.write_text(json.dumps({"parameters": {"tokens.demand_growth": {}}, "covariance": []}))
    with pytest.raises(ScenarioError, match="is not the record of an estimate"):
        load_record(damaged)
    other = load_record(ESTIMATE)
    with pytest.raises(ScenarioError, match="its parameters are not those"):
        other.draws(replace(problem, plan=Straight(problem).problem.plan), 1, 0)


MISTAKES = [
    (["--until", "2023Q1"], "2023Q1"),
    (["--trials", "-1"], "must not be negative"),
    (["nowhere.toml"], "nowhere.toml"),
]


@pytest.mark.parametrize(("arguments", "said"), sampled(MISTAKES, MISTAKES[:1]))
def test_bad_input_is_told_in_one_line(tmp_path, arguments, said):
    command = [sys.executable, "-c", "from sim.cli import main; main()", "calibrate", *arguments]
    command += ["--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_figures_are_compared_by_logarithm_where_the_series_says_so(history):
    found = targets(history, "2024Q1", "2024Q4")
    for one, number in zip(found, observed(found), strict=True):
        assert number == pytest.approx(np.log(one.value) if one.series.change == "log" else one.value)
