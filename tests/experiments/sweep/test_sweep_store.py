"""Sweeps: what they leave on disk, how they are taken up, asked, listed and compacted."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pandas as pd
import pytest
from support.sampling import sampled
from support.sweeps import CHUNKS, RUNS, command, content, done, log, outcome_files, started, write_design

import sim
from sim.engine.mesa_model import CapitalFlowModel
from sim.engine.outcomes import OUTCOMES, outcomes_of
from sim.errors import RunError, ScenarioError
from sim.experiments.sweep import Plan, Sweep, chunk_runs, compact
from sim.experiments.sweep.chunk_files import checksum
from sim.experiments.sweep.lock import locked
from sim.experiments.sweep.runner import FailedChunksError, Listener, share
from sim.experiments.worker_pool import ThreadPool
from sim.scenario import levers
from sim.scenario.load import load


class Heard:
    """Keeps what a sweep says of itself."""

    def __init__(self):
        self.lines, self.outlooks, self.steps = [], [], []
        self.listener = Listener(self.outlooks.append, lambda *step: self.steps.append(step), self.lines.append)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("sweeps")


@pytest.fixture(scope="module")
def design(home):
    return write_design(home / "rates.toml")


@pytest.fixture(scope="module")
def whole(home, design):
    """A sweep that nothing interrupted, run in one process; it is not to be changed."""
    return sim.sweep(design, home / "whole", workers=1)


@pytest.fixture
def copy(whole, tmp_path):
    return Path(shutil.copytree(whole.path, tmp_path / "copy"))


def test_a_sweep_leaves_one_file_a_chunk_and_table_named_after_its_content(whole):
    assert whole.complete
    for table in ("outcomes", "series", "flows"):
        paths = sorted((whole.path / table).iterdir())
        assert [path.name[:6] for path in paths] == [f"{chunk:06d}" for chunk in range(CHUNKS)]
        assert all(path.stem[7:] == checksum(path) for path in paths)
        assert all(path in whole.files(table) for path in paths)
    with duckdb.connect() as db:
        codecs = db.execute(
            "SELECT DISTINCT compression FROM parquet_metadata(?)", [str(whole.path / "*" / "*.parquet")]
        ).fetchall()
    assert codecs == [("ZSTD",)]
    manifest = json.loads((whole.path / "manifest.json").read_text())
    assert manifest["plan_hash"] == whole.design["plan_hash"] == Plan.read(whole.path).hash
    assert manifest["runs"] == RUNS
    assert manifest["problems"] == 0
    assert 0.0 < manifest["largest_residual"] < 1e-9
    assert manifest["files"]["outcomes"] == outcome_files(whole.path)


def test_runs_are_the_tables_of_their_point_and_seed(whole, home):
    runs = whole.outcomes
    assert list(runs["run"]) == list(range(RUNS))
    assert list(runs["seed"]) == [5 + run % 2 for run in range(RUNS)]
    row = runs.iloc[11]
    changes = {"terminal_rate": row["terminal_rate"], "tether_regime": row["tether_regime"]}
    seed = int(row["seed"])
    keys = {**levers.keys(changes), "run.seed": seed, "run.quarters": 2}
    for name, number in outcomes_of(CapitalFlowModel(load("baseline", keys), rng=seed)).items():
        assert row[name] == pytest.approx(number, rel=1e-12), name
    single = sim.run("baseline", seed, 2, changes, home / "single", figures=False)
    kept = whole.query("FROM series WHERE run = 11 ORDER BY quarter")
    assert list(kept["quarter"]) == list(single.series["quarter"])
    assert np.allclose(kept["gpu_price_usd"], single.series["gpu_price_usd"], rtol=1e-12)
    flows = whole.query("SELECT flow, sum(usd_bn) AS usd_bn FROM flows WHERE run = 11 GROUP BY flow ORDER BY flow")
    same = single.query("SELECT flow, sum(usd_bn) AS usd_bn FROM flows GROUP BY flow ORDER BY flow")
    paid = {flow: amount for flow, amount in zip(same["flow"], same["usd_bn"], strict=True) if amount}
    assert dict(zip(flows["flow"], flows["usd_bn"], strict=True)) == pytest.approx(paid, rel=1e-9)


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(whole, design, home):
    heard = Heard()
    sim.sweep(design, home / "two", workers=2, listener=heard.listener)
    assert content(home / "two") == content(whole.path)
    assert len({line["worker"] for line in log(home / "two", "done")}) == 2
    assert heard.steps[-1][:2] == (RUNS, RUNS)
    assert heard.outlooks[0].workers == 2


def test_shards_write_the_same_bytes_and_the_last_one_finishes(whole, design, tmp_path):
    out = tmp_path / "shards"
    for part, complete in ((2, False), (3, False), (1, True)):
        sim.sweep(design, out, shard=(part, 3))
        assert Sweep.open(out).complete == complete
        assert (out / "manifest.json").exists() == complete
    assert content(out) == content(whole.path)
    assert started(out) == [*range(1, 8, 3), *range(2, 8, 3), *range(0, 8, 3)]
    assert sorted(chunk for part in (1, 2, 3) for chunk in share(Plan.read(out), (part, 3))) == list(range(CHUNKS))


@pytest.mark.slow
def test_two_shards_at_once_finish_one_sweep(whole, design, tmp_path):
    half = ("sweep", design, "--no-report", "--out", "at-once", "--shard")
    both = [command(*half, f"{i}/2", cwd=tmp_path) for i in (1, 2)]
    for process in both:
        _out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert content(tmp_path / "at-once") == content(whole.path)
    assert sorted(started(tmp_path / "at-once")) == list(range(CHUNKS))


def test_the_same_call_again_runs_nothing(whole, design):
    before, heard = content(whole.path), Heard()
    begun = started(whole.path)
    again = sim.sweep(design, whole.path, workers=1, listener=heard.listener)
    assert again.complete
    assert started(whole.path) == begun
    assert content(whole.path) == before
    assert heard.outlooks[0].to_run == 0


def test_what_it_will_take_is_measured_before_the_first_chunk(design, tmp_path):
    heard = Heard()

    def stop(outlook):
        heard.outlooks.append(outlook)
        assert not (tmp_path / "told" / "outcomes").exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sim.sweep(design, tmp_path / "told", workers=1, listener=Listener(outlook=stop, line=heard.lines.append))
    cost = heard.outlooks[0].rehearsal
    found = sim.sweep(design, tmp_path / "told", workers=1)
    real = sum(path.stat().st_size for table in found.tables for path in found.files(table))
    assert 0.5 * real < cost.size(RUNS, CHUNKS) < 2.0 * real
    assert cost.seconds(RUNS, 1) > 0.0
    assert cost.seconds(RUNS, 4) == pytest.approx(cost.seconds(RUNS, 1) / 4.0)
    assert cost.seconds(10 * RUNS, 1) == pytest.approx(10.0 * cost.seconds(RUNS, 1))


def test_a_disk_that_is_too_small_is_refused(design, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=10_000))
    with pytest.raises(RunError, match=r"16 runs need about .* GB, and the disk has 1e-05 GB free"):
        sim.sweep(design, tmp_path / "small", workers=1)
    assert not (tmp_path / "small" / "outcomes").exists()


@pytest.mark.parametrize("how", ["flipped", "cut", "empty"])
def test_a_corrupt_chunk_is_put_aside_and_run_again(how, whole, copy, design):
    victim = sorted((copy / "series").iterdir())[3]
    raw = victim.read_bytes()
    middle = len(raw) // 2
    bad = {"flipped": raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :], "cut": raw[:-9], "empty": b""}
    victim.write_bytes(bad[how])
    before, heard = len(log(copy)), Heard()
    sim.sweep(design, copy, workers=1, listener=heard.listener)
    assert content(copy) == content(whole.path)
    assert [line["chunk"] for line in log(copy)[before:] if line["state"] == "started"] == [3]
    assert [line for line in heard.lines if "is corrupt" in line and victim.name in line]
    assert (copy / "aside" / f"series-{victim.name}").read_bytes() == bad[how]


def test_a_chunk_without_one_of_its_tables_is_run_again(whole, copy, design):
    sorted((copy / "flows").iterdir())[5].unlink()
    assert not Sweep.open(copy).complete
    before = len(started(copy))
    sim.sweep(design, copy, workers=1)
    assert started(copy)[before:] == [5]
    assert content(copy) == content(whole.path)


@pytest.mark.parametrize(
    ("replaced", "changes", "words"),
    [
        ({"seed = 5": "seed = 6"}, {}, ["seed was 5, is 6"]),
        ({"steps = 4": "steps = 5"}, {}, ["terminal_rate", "4", "5"]),
        ({"high = 0.06": "high = 0.05"}, {}, ["terminal_rate", "0.06", "0.05"]),
        ({"chunk = 2": "chunk = 8"}, {}, ["chunk was 2, is 8"]),
        ({}, {"payout_ratio": 0.2}, ["redeployment.payout_ratio", "0.2"]),
    ],
)
def test_another_design_in_the_same_folder_is_refused(replaced, changes, words, whole, design, tmp_path):
    text = design.read_text()
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    other = tmp_path / "rates.toml"
    other.write_text(text)
    before = content(whole.path)
    with pytest.raises(RunError) as refused:
        sim.sweep(other, whole.path, workers=1, changes=changes)
    assert "\n" not in str(refused.value)
    for word in (str(whole.path), *words):
        assert word in str(refused.value)
    assert content(whole.path) == before


def test_a_folder_with_something_else_in_it_is_left_alone(design, tmp_path):
    (tmp_path / "thesis.txt").write_text("do not lose")
    with pytest.raises(RunError, match="not empty"):
        sim.sweep(design, tmp_path, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_one_process_at_a_time(whole, design):
    held = "import sys; from pathlib import Path; from sim.experiments.sweep.lock import locked\n"
    held += "with locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", held, str(whole.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(RunError, match=f"process {other.pid} on .* is running this sweep"):
            sim.sweep(design, whole.path, workers=1)
        with pytest.raises(RunError, match="is running this sweep"):
            sim.sweep(design, whole.path, shard=(1, 2))
    finally:
        # Not asked to let go: a lock whose holder was killed is nobody's.
        other.kill()
        other.communicate()
    assert sim.sweep(design, whole.path, workers=1).complete
    with locked(whole.path, (1, 2)), locked(whole.path, (2, 2)):
        with pytest.raises(RunError, match="is running this sweep"), locked(whole.path, (2, 2)):
            pass
        with pytest.raises(RunError, match="is running this sweep"):
            compact(whole.path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"workers": 0}, "workers = 0: out of range; allowed: 1 or more"),
        ({"shard": (0, 2)}, "shard = '0/2'"),
        ({"shard": (3, 2)}, "shard = '3/2'"),
        ({"scheduler": "tcp://127.0.0.1:1", "shard": (1, 2)}, "scheduler = 'tcp://127.0.0.1:1': its workers"),
        ({"scheduler": "nonsense://x"}, "scheduler = 'nonsense://x'"),
        ({"scheduler": "tcp://127.0.0.1:9"}, "scheduler = 'tcp://127.0.0.1:9': no Dask scheduler answers"),
    ],
)
def test_wrong_arguments_are_told(options, words, design, tmp_path, monkeypatch):
    monkeypatch.setattr("sim.experiments.sweep.cluster.WAIT_FOR_SCHEDULER", 1.0)
    with pytest.raises(ScenarioError, match=words):
        sim.sweep(design, tmp_path / "wrong", **options)


FAILS = """
import numpy as np

def payout(economy, parameters):
    if float(parameters.environment.terminal_rate) > 0.05:
        raise ValueError("no dividends at such rates")
    return np.zeros(economy.redeployment.share.shape[0])
"""


def test_a_failing_point_is_recorded_and_the_rest_goes_on(tmp_path, monkeypatch):
    (tmp_path / "fails.py").write_text(FAILS)
    monkeypatch.chdir(tmp_path)
    design = write_design(tmp_path / "rates.toml", chunk=4)
    heard = Heard()
    changes = {"decisions.payout": "fails:payout"}
    found = sim.sweep(design, tmp_path / "out", workers=1, changes=changes, listener=heard.listener)
    assert found.complete
    problems = found.query("FROM problems ORDER BY run")
    assert list(problems["run"]) == list(range(12, 16))
    assert set(problems["terminal_rate"]) == {0.06}
    assert problems["problem"].str.contains("no dividends at such rates").all()
    assert found.manifest["problems"] == 4
    runs = found.outcomes.set_index("run")
    assert runs.loc[:11, "interest_usd_bn"].notna().all()
    assert runs.loc[12:, "interest_usd_bn"].isna().all()
    # Averages leave them out, in SQL too; tables hold no number of theirs.
    assert found.query("SELECT count(interest_usd_bn) AS n FROM runs")["n"][0] == 12
    assert found.query("SELECT max(run) AS run FROM series")["run"][0] == 11
    assert found.query("SELECT max(run) AS run FROM flows")["run"][0] == 11
    assert any("4 of 16 runs have no numbers" in line for line in heard.lines)


def test_an_unexpected_error_fails_its_chunk_alone(whole, design, tmp_path, monkeypatch):
    real = chunk_runs._tables_of

    def broken(plan, chunk):
        if chunk in (2, 6):
            raise ZeroDivisionError("a bug")
        return real(plan, chunk)

    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(chunk_runs, "_tables_of", broken)
        with pytest.raises(FailedChunksError, match=r"2 chunks of 8 failed, the first is 2: ZeroDivisionError"):
            sim.sweep(design, out, workers=1, listener=Heard().listener)
    failed = log(out, "failed")
    assert [line["chunk"] for line in failed] == [2, 6]
    assert all("Traceback" in line["message"] and "a bug" in line["message"] for line in failed)
    assert not Sweep.open(out).complete
    assert Sweep.open(out).query("SELECT count(*) AS n FROM outcomes")["n"][0] == 12
    before = len(started(out))
    sim.sweep(design, out, workers=1)
    assert started(out)[before:] == [2, 6]
    assert content(out) == content(whole.path)


def test_queries_see_the_documented_views_and_nothing_else(whole, tmp_path):
    by_rate = whole.query("SELECT terminal_rate, avg(interest_usd_bn) AS usd_bn FROM runs GROUP BY ALL ORDER BY 1")
    table = whole.outcomes.groupby("terminal_rate")["interest_usd_bn"].mean()
    assert list(by_rate["usd_bn"]) == pytest.approx(list(table))
    assert list(whole.points.columns) == ["point", "terminal_rate", "tether_regime"]
    assert len(whole.points) == 8
    columns = list(whole.query("SELECT * FROM outcomes LIMIT 1").columns)
    assert columns[:6] == ["run", "point", "replicate", "seed", "problem", "largest_residual"]
    assert columns[6:] == [outcome.name for outcome in OUTCOMES]
    assert len(whole.query("FROM problems")) == 0
    pivot = "PIVOT (SELECT point, seed, redeployed_usd_bn AS usd_bn FROM outcomes) ON point USING avg(usd_bn)"
    assert len(whole.query(pivot)) == 2
    target = whole.path / "evil.parquet"
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for sql in (f"COPY outcomes TO '{target}'", f"ATTACH '{target}'", f"FROM '{tmp_path}/secret.csv'", "FROM x"):
        with pytest.raises(RunError) as refused:
            whole.query(sql)
        assert "\n" not in str(refused.value)
    assert not target.exists()


def test_a_sweep_can_be_asked_before_it_is_finished(design, tmp_path):
    sim.sweep(design, tmp_path / "part", shard=(2, 4))
    part = Sweep.open(tmp_path / "part")
    assert not part.complete
    assert part.done == 2
    assert sorted(part.outcomes["run"]) == [2, 3, 10, 11]
    with pytest.raises(RunError, match="2 of 8 chunks"):
        _ = part.manifest
    with pytest.raises(RunError, match="finish the sweep first"):
        compact(part.path)


def test_compaction_keeps_every_row_in_order_and_the_sweep_complete(whole, copy, design):
    before = {table: whole.query(f"FROM {table}") for table in whole.tables}
    compacted = compact(copy)
    for table in whole.tables:
        assert [path.name[:4] for path in (copy / table).iterdir()] == ["all-"]
        pd.testing.assert_frame_equal(compacted.query(f"FROM {table}"), before[table])
    assert list(compacted.query("SELECT run FROM outcomes")["run"]) == list(range(RUNS))
    assert compacted.complete
    assert compacted.manifest["files"]["series"] == [path.name for path in (copy / "series").iterdir()]
    bytes_once, begun = content(copy), started(copy)
    assert sim.sweep(design, copy, workers=1).complete
    compact(copy)
    assert content(copy) == bytes_once
    assert started(copy) == begun


@pytest.mark.parametrize("step", sampled(range(1, 10), [1, 4, 8]))
def test_compaction_stopped_at_any_step_goes_on(step, whole, copy, design, monkeypatch):
    """Stopped before the nth change to the folder's files: a copy, a manifest, the removal of a chunk's file."""
    from sim.experiments.sweep import chunk_files

    left = [step]

    def counted(real):
        def stop(*given, **options):
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            return real(*given, **options)

        return stop

    with monkeypatch.context() as patched:
        patched.setattr(chunk_files, "copy", counted(chunk_files.copy))
        patched.setattr(chunk_files, "write_text", counted(chunk_files.write_text))
        patched.setattr(Path, "unlink", counted(Path.unlink))
        with pytest.raises(KeyboardInterrupt):
            compact(copy)
    stopped = Sweep.open(copy)
    assert stopped.complete
    pd.testing.assert_frame_equal(stopped.outcomes, whole.outcomes)
    begun = started(copy)
    assert sim.sweep(design, copy, workers=1).complete
    assert started(copy) == begun
    compact(copy)
    assert sorted(path.name[:4] for table in whole.tables for path in (copy / table).iterdir()) == ["all-"] * 3
    pd.testing.assert_frame_equal(Sweep.open(copy).outcomes, whole.outcomes)


@pytest.mark.slow
def test_a_corrupt_compacted_sweep_is_run_again(whole, copy, design):
    compact(copy)
    victim = next((copy / "outcomes").iterdir())
    victim.write_bytes(victim.read_bytes()[:-1])
    heard = Heard()
    found = sim.sweep(design, copy, workers=1, listener=heard.listener)
    assert found.complete
    assert content(copy) == content(whole.path)
    assert any(victim.name in line for line in heard.lines)


@pytest.mark.slow
def test_the_command_line_runs_lists_asks_and_compacts(whole, home, tmp_path):
    design = write_design(tmp_path / "rates.toml")
    out, err = done("sweep", design, "--no-report", "--name", "mine", "--workers", 1, "--json", cwd=tmp_path)
    told = json.loads(out)
    assert told["complete"]
    assert told["runs"] == RUNS
    assert Path(told["sweep_dir"]) == tmp_path / "runs" / "mine"
    assert "16 runs in 8 chunks; about " in err
    assert content(tmp_path / "runs" / "mine") == content(whole.path)
    sim.sweep(design, tmp_path / "runs" / "part", shard=(1, 2))
    out, _ = done("list", "runs", "--json", cwd=tmp_path)
    listed = json.loads(out)
    assert listed["runs"] == []
    assert [(row["sweep_dir"].split("/")[-1], row["complete"], row["done"]) for row in listed["sweeps"]] == [
        ("mine", True, 8),
        ("part", False, 4),
    ]
    out, _ = done("list", "runs", cwd=tmp_path)
    assert "complete" in out
    assert "4 of 8" in out
    sql = "select tether_regime, count(*) as n from runs group by all order by 1"
    out, _ = done("query", sql, "--run", "runs/mine", "--json", cwd=tmp_path)
    assert json.loads(out)["rows"] == [{"tether_regime": "genius", "n": 8}, {"tether_regime": "offshore", "n": 8}]
    done("compact", "runs/mine", cwd=tmp_path)
    out, _ = done("query", sql, "--run", "runs/mine", "--json", cwd=tmp_path)
    assert len(json.loads(out)["rows"]) == 2


MISTAKES = [
    (["--shard", "1of2"], ["--shard 1of2", "i/N"]),
    (["--shard", "5/4"], ["--shard 5/4"]),
    (["--scheduler", "tcp://127.0.0.1:9", "--workers", "2"], ["--scheduler"]),
]


@pytest.mark.parametrize(("arguments", "words"), sampled(MISTAKES, MISTAKES[:1]))
def test_mistakes_on_the_command_line_are_one_line(arguments, words, design, tmp_path):
    _, err = done("sweep", design, *arguments, cwd=tmp_path, status=2)
    assert len(err.strip().splitlines()) == 1, err
    for word in words:
        assert word in err


def test_an_interrupt_while_a_chunk_is_handed_out_is_an_interrupt(design, tmp_path, monkeypatch):
    import threading

    def interrupted(thread):
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sim.sweep(design, tmp_path / "out", workers=1)


def test_work_in_this_process_leaves_the_caller_free_and_tells_of_errors():
    here = ThreadPool()
    assert here.submit(divmod, 7, 2).result(timeout=10) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        here.submit(divmod, 7, 0).result(timeout=10)
    here.shutdown()
