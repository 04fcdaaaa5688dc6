"""Reports of sweeps, ensembles as run folders, and how runs are divided and stepped by default."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from support.pages import text_of
from support.sampling import sampled
from support.sweeps import command, content, done, log, outcome_files, started, until, write_design

import sim
from sim.engine.ensemble import WORTH_COMPILING, chosen_engine
from sim.errors import RunError, ScenarioError
from sim.experiments.sensitivity import write_sweep_report
from sim.experiments.sweep import Plan, Sweep, compact
from sim.experiments.sweep.runner import Listener
from sim.experiments.sweep.settings import parsed


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("ensembles")


@pytest.fixture(scope="module")
def design(home):
    return write_design(home / "rates.toml", keep="['series']", chunk=8)


# Reports of sweeps


@pytest.fixture(scope="module")
def reported(home, design):
    """A sweep from the command line, and what it answered."""
    out, err = done("sweep", design, "--out", "reported", "--workers", 1, "--json", cwd=home)
    return json.loads(out), err


def test_a_sweep_from_the_command_line_has_its_report(home, design, reported):
    answer, err = reported
    report = home / "reported" / "report.html"
    assert answer["report"] == str(report)
    assert "Rates and laws" in report.read_text(encoding="utf-8")
    assert (home / "reported" / "figures" / "fans.png").is_file()
    assert "capflow: writing the report" in err
    assert not list((home / "reported").glob(".report*"))
    # The API leaves it out unless asked, and the data are the same with it.
    plain = sim.sweep(design, home / "plain", workers=1)
    assert plain.report is None
    assert not (plain.path / "report.html").exists()
    assert content(plain.path) == content(home / "reported")


@pytest.mark.slow
def test_a_report_is_not_drawn_again_unless_the_data_changed(home, design, reported):
    folder = home / "reported"
    before = (folder / "report.html").stat()
    out, err = done("sweep", design, "--out", "reported", "--workers", 1, cwd=home)
    after = (folder / "report.html").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert "writing" not in err
    assert f"Report: {folder / 'report.html'}" in out
    compact(folder)
    assert Sweep.open(folder).report is None
    begun = started(folder)
    sim.sweep(design, folder, workers=1, report=write_sweep_report)
    assert Sweep.open(folder).report == folder / "report.html"
    assert started(folder) == begun


def test_without_report_there_is_none(home, design):
    out, _ = done("sweep", design, "--out", "bare", "--workers", 1, "--no-report", "--json", cwd=home)
    assert json.loads(out)["report"] is None
    assert {path.name for path in (home / "bare").iterdir()} & {"report.html", "figures"} == set()


def test_an_unfinished_sweep_has_no_report(home, design):
    out, _ = done("sweep", design, "--out", "part", "--shard", "1/2", "--json", cwd=home)
    assert json.loads(out)["report"] is None
    assert not (home / "part" / "report.html").exists()


@pytest.mark.slow
def test_a_report_that_cannot_be_written_leaves_the_sweep_complete(home, design):
    folder, lines = home / "refused", []
    # A file where the folder of the pictures should be: root may write into folders that are read-only.
    sim.sweep(design, folder, workers=1)
    (folder / "figures").write_text("in the way")
    found = sim.sweep(design, folder, workers=1, report=write_sweep_report, listener=Listener(line=lines.append))
    assert found.complete
    assert found.report is None
    [line] = [line for line in lines if "cannot write the report" in line]
    assert str(folder) in line
    assert "\n" not in line
    assert "the same command tries again" in line
    assert not list(folder.glob(".report*"))
    os.remove(folder / "figures")
    assert (
        sim.sweep(design, folder, workers=1, report=write_sweep_report, listener=Listener(line=lines.append)).report
        is not None
    )


# Ensembles in folders

RUN = ("run", "baseline", "--runs", 3, "--seed", 4, "--quarters", 2, "--workers", 1, "--set", "payout_ratio=0.4")


@pytest.fixture(scope="module")
def ensemble(home):
    """Three short histories from the command line, and what was answered."""
    out, _ = done(*RUN, "--json", cwd=home)
    return json.loads(out)


def test_an_ensemble_is_the_histories_of_its_seeds(home, ensemble):
    assert ensemble["run_dir"] == str(home / "runs" / "baseline-runs3-seed4")
    assert [ensemble[key] for key in ("scenario", "seed", "runs", "quarters")] == ["baseline", 4, 3, 2]
    assert 0.0 < ensemble["checks"]["largest_residual"] < 1e-9
    assert ensemble["problems"] == 0
    assert ensemble["timing"]["total_s"] > 0.0
    data = sim.ensemble("baseline", 3, 4, 2, {"payout_ratio": 0.4}, engine="numpy")
    assert set(ensemble["outcomes"]) == set(data.outcome.values)
    for name, told in ensemble["outcomes"].items():
        values = data.outcomes.sel(outcome=name).values
        wanted = [values.mean(), values.std(ddof=1), *np.quantile(values, (0.05, 0.5, 0.95))]
        assert list(told.values()) == pytest.approx(wanted, rel=1e-9, abs=1e-12), name
    found = Sweep.open(ensemble["run_dir"])
    assert found.complete
    assert found.design["method"] == "seeds"
    assert found.design["points"] == 1
    assert list(found.outcomes["seed"]) == [4, 5, 6]
    assert found.design["engine"] == "numpy"  # too few to be worth compiling
    kept = found.query("SELECT tokens_usd_bn FROM series WHERE run = 2 ORDER BY quarter")["tokens_usd_bn"]
    np.testing.assert_allclose(kept, data.series.sel(run=2, measure="tokens_usd_bn"), rtol=1e-12)


def test_the_report_of_an_ensemble_speaks_of_seeds_alone(ensemble):
    folder = Path(ensemble["run_dir"])
    assert ensemble["report"] == str(folder / "report.html")
    told = text_of(folder / "report.html")
    assert "3 histories of one scenario (seeds 4 to 6)" in told
    assert "The fan is over seeds: the same assumptions, different luck" in told
    assert "When the first one failed" in told
    mean = ensemble["outcomes"]["gpu_capex_usd_bn"]["mean"]
    assert f"GPU purchases of the providers, USD bn {mean:.1f}" in told
    assert "redeployment.payout_ratio = 0.4" in told
    again = "run baseline --runs 3 --seed 4 --quarters 2 --engine numpy --set redeployment.payout_ratio=0.4 --out"
    assert f"capflow {again} {folder}" in told
    for word in ("points", "Lever", "What outcomes depend on", "capflow sensitivity", "capflow sweep"):
        assert word not in told, word
    assert (folder / "figures" / "fans.png").is_file()


def test_the_table_shows_percentiles_and_a_finished_folder_is_not_taken_again(home, ensemble):
    out, _ = done(*RUN, "--no-figures", cwd=home)
    second = home / "runs" / "baseline-runs3-seed4-2"
    assert f"Folder: {second}" in out
    for words in ("mean", "5 percent", "median", "95 percent", "3 histories, 2 quarters, seeds 4 to 6", "Books:"):
        assert words in out, words
    assert not (second / "report.html").exists()
    assert content(second) == content(Path(ensemble["run_dir"]))
    out, _ = done("list", "runs", "--json", cwd=home)
    listed = {Path(row["sweep_dir"]).name: row["complete"] for row in json.loads(out)["sweeps"]}
    assert listed["baseline-runs3-seed4"]
    assert listed["baseline-runs3-seed4-2"]


@pytest.mark.parametrize("out", sampled([[], ["--out", "mine"]], []))
def test_an_ensemble_that_was_killed_goes_on(out, tmp_path):
    arguments = ["run", "baseline", "--runs", 20, "--quarters", 3, "--workers", 1, "--no-figures", *out]
    folder = tmp_path / (out[1] if out else "runs/baseline-runs20-seed1")
    process = command(*arguments, cwd=tmp_path)
    until(lambda: outcome_files(folder), process)
    process.kill()
    process.communicate(timeout=30)
    there = {int(name[:6]) for name in outcome_files(folder)}
    lines = len(log(folder))
    assert len(there) < 3
    assert not (folder / "manifest.json").exists()
    answer, _ = done(*arguments, "--json", cwd=tmp_path)
    assert json.loads(answer)["run_dir"] == str(folder)
    assert {line["chunk"] for line in log(folder)[lines:] if line["state"] == "started"} == set(range(3)) - there
    assert list(Sweep.open(folder).outcomes["seed"]) == list(range(1, 21))


def test_an_interrupted_ensemble_ends_with_one_line(tmp_path):
    process = command("run", "baseline", "--runs", 20, "--quarters", 8, "--workers", 1, cwd=tmp_path)
    folder = tmp_path / "runs" / "baseline-runs20-seed1"
    until(lambda: (folder / "status.jsonl").exists() and started(folder), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip().splitlines()[-1].startswith("capflow: interrupted; finished chunks are kept")
    assert "Traceback" not in err


MISTAKES = [
    (["run", "basline", "--runs", 3], ["unknown scenario 'basline'", "did you mean 'baseline'"]),
    (["run", "--runs", 0], ["--runs 0", "at least 1"]),
    (["run", "--runs", 3, "--workers", 0], ["--workers 0"]),
    (["run", "--runs", 3, "--engine", "fortran"], ["--engine fortran", "auto, jax, numpy"]),
    (["run", "--runs", 3, "--seed", 2**63 - 2], ["--seed", "3 seeds"]),
    (["run", "--runs", 3, "--set", "terminal_rate=5"], ["environment.terminal_rate", "0 to 0.1"]),
    (["run", "--engine", "jax"], ["--engine jax", "2 runs or more"]),
    (["run", "--workers", 2], ["--workers 2", "2 runs or more"]),
    (["run", "--runs", 3, "--quarters", 2, "--out", "rates.toml"], ["rates.toml", "not a folder"]),
]


@pytest.mark.parametrize(("arguments", "words"), sampled(MISTAKES, MISTAKES[:2]))
def test_mistakes_are_one_line(home, design, arguments, words):
    before = sorted(home.rglob("*"))
    out, err = done(*arguments, cwd=home, status=2)
    assert out == "", err
    assert len(err.strip().splitlines()) == 1, err
    for word in words:
        assert word in err
    assert sorted(home.rglob("*")) == before


def test_one_run_is_a_run(home):
    out, _ = done("run", "--runs", 1, "--quarters", 1, "--no-figures", "--json", cwd=home)
    assert len(json.loads(out)["checks"]) == 9
    assert (Path(json.loads(out)["run_dir"]) / "flows.parquet").is_file()


# Designs that are no files


def test_a_design_may_be_given_as_plain_data(tmp_path):
    design = {"title": "Two rates!", "method": "grid", "quarters": 1, "engine": "numpy"}
    plan = Plan.make({**design, "vary": {"environment": {"terminal_rate": {"values": [0.0, 0.03]}}}})
    assert (plan.name, plan.points, plan.axes[0].key) == ("two-rates", 2, "environment.terminal_rate")
    with pytest.raises(ScenarioError, match=r"^mine: vary: grid needs at least 1"):
        Plan.make(design, name="mine")
    with pytest.raises(ScenarioError, match=r"^mine: vary: seeds takes no vary"):
        Plan.make({**design, "method": "seeds", "vary": {"payout_ratio": {"values": [0.1]}}}, name="mine")


def test_the_plan_of_seeds_alone_is_read_back_as_it_was_written(tmp_path):
    plan = Plan.make(seeds(40, engine="numpy"), {"tail.labs": 3})
    plan.write(tmp_path)
    read = Plan.read(tmp_path)
    assert read.hash == plan.hash
    assert (read.points, read.runs) == (1, 40)
    assert [start.draws.bill_rate_data.shape for start in list(read.starts(0))[:2]] == [(1,), (1,)]
    told = (tmp_path / "design.json").read_text()
    (tmp_path / "design.json").write_text(told.replace('"seed": 1,', '"seed": 2,'))
    with pytest.raises(RunError, match="was edited"):
        Plan.read(tmp_path)


# How runs are divided, and what steps them


def seeds(count, **more):
    return {"title": "Seeds", "method": "seeds", "quarters": 1, "replicates": count, **more}


@pytest.mark.parametrize(
    ("runs", "engine", "keep", "chunk"),
    [
        (1, "numpy", "outcomes", 8),
        (700, "numpy", "outcomes", 16),
        (100_000, "numpy", "outcomes", 64),
        (100_000, "numpy", "series", 64),
        (100, "jax", "outcomes", 256),
        (2_000, "jax", "outcomes", 256),
        (20_000, "jax", "outcomes", 512),
        (1_000_000, "jax", "outcomes", 1024),
        (1_000_000, "jax", "flows", 256),
    ],
)
def test_the_size_of_chunks_follows_from_the_design(runs, engine, keep, chunk):
    design = parsed(seeds(runs, keep=[keep]), "test")
    assert design.runs_in_chunk(runs, engine) == chunk
    assert parsed(seeds(runs, keep=[keep], chunk=5), "test").runs_in_chunk(runs, engine) == 5
    # Four chunks for each of two workers, unless a chunk would not fill a batch.
    assert -(-runs // chunk) >= 8 or chunk == (256 if engine == "jax" else 8)


def test_few_histories_are_not_compiled():
    pytest.importorskip("jax")
    assert chosen_engine("auto", WORTH_COMPILING - 1) == "numpy"
    assert chosen_engine("auto", WORTH_COMPILING) == chosen_engine("auto") == "jax"
    assert chosen_engine("jax", 1) == "jax"
    assert chosen_engine("numpy", 10**6) == "numpy"
    assert Plan.make(seeds(WORTH_COMPILING - 1)).engine == "numpy"
    assert Plan.make(seeds(WORTH_COMPILING)).engine == "jax"
    varied = {"vary": {"payout_ratio": {"values": [0.1, 0.2]}}}
    assert Plan.make({**seeds(WORTH_COMPILING // 2), "method": "grid", **varied}).engine == "jax"
