"""Twins on common random numbers: what they are paired by, what is said of them, and what is written."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command import CAPFLOW, capflow
from support.sampling import sampled

import sim
from sim.analysis.attribution import headline
from sim.economy.books.measures import EARNED
from sim.engine.mesa_model import CapitalFlowModel
from sim.engine.outcomes import BY_NAME, HEADLINES, OUTCOMES, outcomes_of, reduced
from sim.errors import RunError, ScenarioError
from sim.experiments import workers as workers_module
from sim.experiments.compare import compare
from sim.experiments.compare.cause import REDEPLOYMENT
from sim.experiments.compare.folder import figures
from sim.experiments.compare.paired import effect
from sim.runs.folders import require_writable_parent
from sim.runs.run import list_runs
from sim.scenario.load import load

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20)


@pytest.fixture(scope="module")
def twins():
    """The question of the house, in short histories, in this process."""
    return compare("baseline", "no-redeployment", runs=3, quarters=10, workers=1)


# Outcomes


def test_outcomes_are_those_of_the_run_folder(tmp_path):
    """The same names and numbers, from memory and from the tables of a run with the same seed."""
    run = sim.run("baseline", seed=4, quarters=12, out=tmp_path / "run", figures=False)
    found = outcomes_of(CapitalFlowModel(load("baseline", {"run.quarters": 12, "run.seed": 4}), rng=4))
    told = headline(run)
    assert set(told) <= set(found)
    for name, number in told.items():
        assert found[name] == pytest.approx(number, rel=1e-9, abs=1e-9), name
    last = run.series.iloc[-1]
    assert found["gpu_rent_at_end_usd_hour"] == last["gpu_rent_usd_hour"]
    assert found["provider_debt_at_end_usd_bn"] == last["provider_debt_usd_bn"]
    assert found["lab_raised_usd_bn"] == pytest.approx(run.series["lab_raised_usd_bn"].sum())
    own = run.agents[(run.agents["measure"] == "own_book") & (run.agents["quarter"] == last["quarter"])]
    assert found["own_books_at_end_usd_bn"] == pytest.approx(own["value"].sum())
    kinds = ("lab_failures", "provider_failures", "venture_failures")
    assert found["failures"] == sum(found[kind] for kind in kinds)
    assert sum(found[f"gpu_capex_from_{o}_usd_bn"] for o in EARNED) == pytest.approx(found["gpu_capex_usd_bn"])


def test_every_outcome_is_declared_once_and_reduced_as_it_says():
    assert len(BY_NAME) == len(OUTCOMES)
    assert set(HEADLINES) <= set(BY_NAME)
    path = np.array([9.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    paths = {outcome.read: path for outcome in OUTCOMES} | {"gpu_capex_usd_bn": 2.0 * path}
    found = reduced(paths)
    assert found["lab_spending_usd_bn"] == 15.0
    assert found["lab_revenue_last_year_usd_bn"] == 14.0
    assert found["gpus_at_end"] == 5.0
    assert found["lowest_reserve_excess_usd_bn"] == 1.0
    assert found["largest_weekly_outflow"] == 9.0
    assert found["interest_share_of_gpu_capex"] == 0.5


def test_an_outcome_that_the_model_does_not_measure_is_an_error():
    paths = {outcome.read: np.ones(3) for outcome in OUTCOMES if outcome.read != "gpus"}
    with pytest.raises(KeyError, match="gpus"):
        reduced(paths)


# Pairs


def test_interval_of_the_mean_difference_by_hand():
    """Differences 1, 2, 3, 4: mean 2.5, s = 1.29099, t(0.95, 3) = 2.35336, half 1.51909."""
    found = effect(np.array([11.0, 22.0, 33.0, 44.0]), np.array([10.0, 20.0, 30.0, 40.0]))
    assert (found.mean_a, found.mean_b, found.mean) == (27.5, 25.0, 2.5)
    assert found.low == pytest.approx(2.5 - 1.51909, abs=1e-5)
    assert found.high == pytest.approx(2.5 + 1.51909, abs=1e-5)
    assert (found.spread_low, found.spread_high) == pytest.approx((1.15, 3.85))
    assert found.decided
    assert found.same_sign == 4
    with pytest.raises(ValueError, match="the same length, at least 2"):
        effect(np.ones(1), np.ones(1))


@given(a=NUMBERS, shift=st.floats(-1e3, 1e3))
def test_what_twins_share_cancels(a, shift):
    """However much histories differ, twins that differ by a constant differ by it exactly, with no interval."""
    values = np.array(a)
    found = effect(values + shift, values)
    scale = 1e-9 * (np.abs(values).max() + abs(shift) + 1.0)
    assert found.mean == pytest.approx(shift, abs=scale)
    assert found.high - found.low <= 10.0 * scale
    turned = effect(values, values + shift)
    assert (turned.mean, turned.low, turned.high) == pytest.approx((-found.mean, -found.high, -found.low))
    assert effect(values, values).none


def test_the_interval_covers_the_truth_in_nine_of_ten_samples():
    random = np.random.default_rng(5)
    covered = []
    for _ in range(2000):
        shared = random.normal(0.0, 10.0, 8)
        found = effect(shared + 0.7 + random.normal(0.0, 1.0, 8), shared)
        covered.append(found.low <= 0.7 <= found.high)
    assert np.mean(covered) == pytest.approx(0.90, abs=0.02)


def test_twins_that_assume_the_same_do_not_differ_at_all():
    """M11-T1 for comparisons: the random numbers are common, so the difference is exactly zero."""
    found = compare("baseline", "baseline", runs=2, quarters=6, workers=1)
    for name, one in found.effects.items():
        assert (one.differences == 0.0).all(), name
        assert (one.low, one.high) == (0.0, 0.0), name
    assert found.differs == {}
    assert "exactly zero" in found.words[0]
    assert found.names == ("baseline (A)", "baseline (B)")
    assert figures(found) == []


def test_a_pair_is_one_seed_and_the_seeds_follow_that_of_a(twins):
    assert twins.seeds == (1, 2, 3)
    scenario = load("no-redeployment", {"run.quarters": 10, "run.seed": 2})
    alone = outcomes_of(CapitalFlowModel(scenario, rng=2))
    for name, number in alone.items():
        assert twins.effects[name].b[1] == number, name


def test_without_redeployment_interest_pays_for_nothing(twins):
    """M9-T8: the twin without redeployment has no accounting share; both numbers stand side by side."""
    assert (twins.effects["interest_share_of_gpu_capex"].b == 0.0).all()
    assert (twins.effects["redeployed_usd_bn"].b == 0.0).all()
    assert (twins.effects["interest_share_of_gpu_capex"].a > 0.0).all()
    this = twins.cause
    assert (this.more, this.less) == ("baseline", "no-redeployment")
    assert this.redeployment
    assert this.alone
    assert sum(found.mean for found in this.by_origin.values()) == pytest.approx(this.purchases.mean)
    assert this.interest.mean + this.others.mean == pytest.approx(this.purchases.mean)


@pytest.mark.slow
def test_the_engine_does_not_matter():
    """Many pairs are compiled, few are not; a pair's numbers are the same."""
    told = []
    many = compare("baseline", "no-redeployment", runs=16, progress=lambda *step: told.append(step))
    few = compare("baseline", "no-redeployment", runs=2, engine="numpy", workers=1)
    assert told == [(16, 32, "baseline"), (32, 32, "no-redeployment")]
    for name, found in few.effects.items():
        np.testing.assert_allclose(many.effects[name].a[:2], found.a, rtol=1e-9, atol=1e-9, err_msg=name)
        np.testing.assert_allclose(many.effects[name].b[:2], found.b, rtol=1e-9, atol=1e-9, err_msg=name)


def test_what_cannot_be_compiled_is_compared_in_numpy(capsys, monkeypatch):
    monkeypatch.setattr("sim.engine.ensemble.WORTH_COMPILING", 4)
    deaf = load("baseline", {"decisions.payout": "support.decisions:untraceable", "run.quarters": 2})
    plain = load("baseline", {"run.quarters": 2})
    found = compare(deaf, plain, runs=2)
    assert "decisions.payout cannot be compiled" in capsys.readouterr().err
    assert found.effects["dividends_usd_bn"].mean != 0.0
    with pytest.raises(ScenarioError, match=r"decisions.payout cannot be compiled"):
        compare(deaf, plain, runs=2, engine="jax")


def test_the_number_of_workers_does_not_matter(twins):
    """Bit by bit, real processes."""
    told = []
    again = compare(
        "baseline", "no-redeployment", runs=3, quarters=10, workers=2, progress=lambda *step: told.append(step)
    )
    for name, found in twins.effects.items():
        np.testing.assert_array_equal(found.a, again.effects[name].a, err_msg=name)
        np.testing.assert_array_equal(found.b, again.effects[name].b, err_msg=name)
    assert [step[0] for step in told] == [1, 2, 3, 4, 5, 6]
    assert {step[1] for step in told} == {6}


@pytest.mark.slow
def test_a_worker_that_dies_is_told_with_its_history(monkeypatch):
    monkeypatch.setattr(workers_module, "_outcomes", _killed)
    with pytest.raises(workers_module.WorkerError, match=r"^baseline, seed 1: the worker process died"):
        compare("baseline", "no-redeployment", runs=2, quarters=2, workers=2)


def _killed(scenario, seed):
    if scenario.name == "baseline" and seed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(30.0)


def test_a_violated_identity_is_told_with_its_history(monkeypatch):
    from sim.engine import mesa_model

    monkeypatch.setattr(mesa_model, "TOLERANCE", -1.0)
    with pytest.raises(sim.AccountingError, match=r"^baseline, seed 1: 2023Q4: identity"):
        compare("baseline", "no-redeployment", runs=2, quarters=2, workers=1)


# The folder and the command


def test_the_folder_holds_everything(twins, tmp_path):
    folder = twins.save(tmp_path / "pair")
    assert {path.name for path in folder.iterdir()} == {"comparison.json", "outcomes.parquet", "figures", "report.html"}
    explained = json.loads((folder / "comparison.json").read_text())
    assert explained["outcomes"]["gpu_capex_usd_bn"]["mean_difference"] == twins.effects["gpu_capex_usd_bn"].mean
    table = duckdb.read_parquet(str(folder / "outcomes.parquet")).df()
    assert len(table) == 2 * 3 * len(twins.effects)
    means = table.groupby(["scenario", "outcome"])["value"].mean()
    assert means["baseline", "gpu_capex_usd_bn"] == pytest.approx(twins.effects["gpu_capex_usd_bn"].mean_a)
    drawn = {path.stem for path in (folder / "figures").glob("*.png")}
    assert drawn == set(figures(twins))
    assert "accounting_and_cause" in drawn
    page = (folder / "report.html").read_text()
    assert page.count("data:image/png;base64,") == len(drawn)
    assert "http" not in page
    assert list_runs(tmp_path) == []
    with pytest.raises(sim.RunError, match="not empty"):
        twins.save(folder)


def test_the_command_answers_with_means_difference_and_interval(tmp_path):
    """End to end, with real worker processes."""
    done = capflow(
        *("compare", "baseline", "no-redeployment", "--runs", 2, "--quarters", 4, "--seed", 7, "--workers", 2),
        *("--set", "terminal_rate=0.02", "--json"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["runs"], answer["seed"], answer["quarters"]) == (2, 7, 4)
    assert answer["differs"] == {REDEPLOYMENT: {"a": 1.0, "b": 0.0}}
    assert answer["changes"] == {"environment.terminal_rate": 0.02}
    for name, found in answer["outcomes"].items():
        low, high = found["interval_90"]
        assert found["mean_difference"] == pytest.approx(found["mean_a"] - found["mean_b"], abs=1e-9), name
        assert low <= found["mean_difference"] <= high, name
    assert Path(answer["comparison_dir"]).parent == tmp_path / "runs"
    assert Path(answer["comparison_dir"]).name == "compare-baseline-vs-no-redeployment-runs2-seed7"
    assert Path(answer["comparison_dir"], "report.html").is_file()
    listed = capflow("list", "runs", "--json", cwd=tmp_path)
    assert json.loads(listed.stdout)["runs"] == []
    assert listed.stderr == ""


@pytest.mark.slow
def test_a_person_sees_the_table_and_the_words(tmp_path):
    done = capflow(
        *("compare", "baseline", "no-redeployment", "--runs", 2, "--quarters", 4, "--out", "twins"), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    for told in ("2 pairs of histories", "GPU purchases", "Accounting:", "Cause:", "twins/report.html"):
        assert told in " ".join(done.stdout.split()), told
    assert done.stderr == ""


MISTAKES = [
    (["baseline"], "Missing argument"),
    (["baselin", "baseline"], "did you mean 'baseline'"),
    (["baseline", "no-redeployment", "--runs", 0], "at least 2 pairs"),
    (["baseline", "short.toml"], "baseline runs for 28 quarters"),
    (["baseline", "no-redeployment", "--out", "taken"], "taken"),
]


@pytest.mark.parametrize(("arguments", "told"), sampled(MISTAKES, MISTAKES[:1]))
def test_mistakes_end_with_one_line_and_status_two(tmp_path, arguments, told):
    (tmp_path / "short.toml").write_text('extends = "baseline"\ntitle = "Short"\n[run]\nquarters = 4\n')
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").write_text("do not lose")
    before = sorted(tmp_path.rglob("*"))
    done = capflow("compare", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert told in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"b": "nowhere"}, "unknown scenario 'nowhere'"),
        ({"runs": 1}, "at least 2"),
        ({"workers": 0}, "workers = 0"),
        ({"quarters": 0}, "run.quarters"),
        ({"changes": {"terminal_rate": 7}}, "environment.terminal_rate"),
        ({"changes": {"terminal_rat": 0.01}}, "did you mean 'terminal_rate'"),
        ({"seed": -1}, "run.seed"),
        ({"seed": 2**63 - 1}, "the last of 2 seeds"),
    ],
)
def test_what_is_wrong_is_told_before_anything_runs(wrong, told):
    with pytest.raises(ScenarioError, match=told):
        compare(**{"a": "baseline", "b": "no-redeployment", "runs": 2, **wrong})


def test_scenarios_that_open_at_different_times_are_refused():
    later = load("baseline")
    later = later.model_copy(update={"run": later.run.model_copy(update={"opening": "2024Q1"}), "name": "later"})
    with pytest.raises(ScenarioError, match="baseline starts in 2023Q4"):
        compare("baseline", later, runs=2)


@pytest.mark.parametrize(("number", "status"), sampled(SIGNALS, SIGNALS[2:]))
def test_a_stopped_comparison_leaves_no_folder_and_no_process(tmp_path, number, status):
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + CAPFLOW[2]
    options = ["--runs", "400", "--quarters", "160", "--set", "history.until=none", "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, "compare", "baseline", "no-redeployment", *options],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(_workers_of(process.pid)) < 2:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    workers = _workers_of(process.pid)
    time.sleep(2.5)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == status, err
    assert out == ""
    if number != signal.SIGKILL:
        assert len(err.strip().splitlines()) == 1, err
    deadline = time.monotonic() + 20
    while any(map(_runs_python, workers)):
        assert time.monotonic() < deadline, "a worker outlives its command"
        time.sleep(0.1)
    assert not list(tmp_path.rglob("compare-*"))


def _workers_of(parent):
    """Child processes that are spawned workers, on systems that have /proc."""
    if not Path("/proc").is_dir():
        pytest.skip("no /proc to look for processes in")
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = stat.read_text().rpartition(")")[2].split()
            command = (stat.parent / "cmdline").read_text()
        except OSError:
            continue
        if int(told[1]) == parent and "loky" in command:
            found.append(int(stat.parent.name))
    return found


def _runs_python(pid):
    try:
        return "loky" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def test_results_are_frozen(twins):
    with pytest.raises(AttributeError):
        twins.seeds = ()
    assert replace(twins, seconds=1.0).seconds == 1.0


def test_a_folder_that_cannot_be_made_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="is not a folder"):
        require_writable_parent(tmp_path / "file" / "sub" / "folder")
    require_writable_parent(tmp_path / "new" / "folder")
