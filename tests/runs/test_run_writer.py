"""Writing run folders, on real files and with real processes."""

import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support.run_folders import MANIFEST, QUARTERS, STOPPED_MIDWAY, contents, python, quarter_tables, write_run

from sim.errors import RunError
from sim.runs import writer as writer_module
from sim.runs.run import list_runs
from sim.runs.writer import QuarterTables, RunWriter, default_out


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    run = write_run(tmp_path / "new" / "run")
    assert contents(tmp_path / "new") == [
        "run",
        "run/agents.parquet",
        "run/events.json",
        "run/exposures.parquet",
        "run/flows.parquet",
        "run/manifest.json",
        "run/series.parquet",
    ]
    assert run.series["quarter"].tolist() == QUARTERS
    assert run.series.columns.tolist() == ["quarter", "gpus", 'odd "name"', "phase"]
    assert run.series['odd "name"'].isna().all()
    expected = [quarter_tables(quarter) for quarter in QUARTERS]
    assert run.series["gpus"].tolist() == [tables.series["gpus"] for tables in expected]
    for name in ("agents", "flows", "exposures"):
        table = getattr(run, name)
        parts = [getattr(tables, name) for tables in expected if getattr(tables, name)]
        assert table.columns.tolist() == list(parts[0])
        for column in parts[0]:
            assert table[column].tolist() == [value for part in parts for value in part[column]]
    assert len(run.events) == 3
    assert run.events[0] == {"quarter": "2023Q4", "kind": "default", "agent": "lab 1", "text": "naïve", "usd_bn": None}
    assert run.manifest.items() >= MANIFEST.items()


def test_tables_without_rows_have_their_columns(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run") as writer:
        writer.quarter(QuarterTables(series={"quarter": "2024Q1"}))
        run = writer.commit(MANIFEST)
    assert run.flows.columns.tolist() == ["quarter", "flow", "payer", "payee", "usd_bn"]
    assert run.events == []
    assert len(run.agents) == len(run.flows) == len(run.exposures) == 0


def test_long_runs_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_ROWS_WAITING", 1000)
    quarters = [f"q{count}" for count in range(60)]
    with RunWriter(tmp_path / "run") as writer:
        for quarter in quarters:
            writer.quarter(quarter_tables(quarter))
        run = writer.commit(MANIFEST)
    assert run.series["quarter"].tolist() == quarters
    assert run.agents["quarter"].tolist() == [quarter for quarter in quarters for _ in range(40)]


def test_arrays_may_be_reused_by_the_caller(tmp_path: Path) -> None:
    value = np.zeros(1)
    with RunWriter(tmp_path / "run") as writer:
        for count, quarter in enumerate(QUARTERS):
            value[:] = count
            row = {"quarter": [quarter], "population": ["lab"], "agent": ["a"], "measure": ["cash"]}
            writer.quarter(QuarterTables(series={"quarter": quarter}, agents={**row, "value": value}))
        run = writer.commit(MANIFEST)
    assert run.agents["value"].tolist() == [0.0, 1.0, 2.0]


@pytest.mark.slow
def test_rows_beyond_the_memory_limit_spill_and_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "_MEMORY_LIMIT", "16MB")
    spilled = False
    with RunWriter(tmp_path / "run") as writer:
        for count in range(20):
            writer.quarter(quarter_tables(f"q{count}", rows=20_000))
            spilled = spilled or any(writer.folder.glob("spill/*"))
        run = writer.commit(MANIFEST)
    assert spilled
    assert len(run.flows) == 400_000
    assert not list(run.path.glob("spill*"))


def test_figures_are_drawn_before_the_commit_and_belong_to_the_run(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run") as writer:
        with pytest.raises(RunError, match="still being written"):
            writer.tables()
        writer.quarter(quarter_tables("2023Q4"))
        view = writer.finish_tables()
        assert writer.tables() is view is writer.finish_tables()
        assert view.query("select count(*) as n from agents")["n"].tolist() == [40]
        with pytest.raises(RunError, match="already finished"):
            writer.quarter(quarter_tables("2024Q1"))
        (writer.folder / "figures").mkdir()
        (writer.folder / "figures" / "flows.png").write_bytes(b"png")
        run = writer.commit(MANIFEST)
    assert (run.path / "figures" / "flows.png").read_bytes() == b"png"


def test_the_manifest_is_plain_sorted_json(tmp_path: Path) -> None:
    outcomes = {"share": np.float64("nan"), "gpus": np.int64(3), "path": Path("a"), "list": np.array([1.0, np.inf])}
    run = write_run(tmp_path / "run", {**MANIFEST, "outcomes": outcomes, "created": "2024-01-01T00:00:00"})
    text = (run.path / "manifest.json").read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    assert run.manifest["outcomes"] == {"share": None, "gpus": 3, "path": "a", "list": [1.0, None]}
    assert run.manifest["created"] == "2024-01-01T00:00:00"


@pytest.mark.parametrize("manifest", [{"scenario": "baseline"}, {**MANIFEST, "value": object()}])
def test_a_bad_manifest_is_refused(tmp_path: Path, manifest: dict) -> None:
    with pytest.raises(RunError, match=r"missing seed, quarters|cannot be written as JSON"):
        write_run(tmp_path / "run", manifest)
    assert contents(tmp_path) == []


def test_the_same_rows_give_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    for name, hash_seed in (("a", "1"), ("b", "2")):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        with python("write_run(Path(sys.argv[1]))", tmp_path / name, env=environment) as child:
            pass
        assert child.returncode == 0
    for name in ("series.parquet", "agents.parquet", "flows.parquet", "exposures.parquet", "events.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_writer_leaves_nothing_final_and_the_next_one_cleans_up(tmp_path: Path, how: int) -> None:
    out = tmp_path / "run"
    with python(STOPPED_MIDWAY, out) as child:
        leftover = Path(child.stdout.readline().strip())
        assert leftover.is_dir()
        assert leftover.name.startswith(".")
        assert str(child.pid) in leftover.name
        assert not out.exists()
        assert list_runs(tmp_path) == []
        child.send_signal(how)
    assert leftover.is_dir()
    assert not out.exists()
    other = tmp_path / leftover.name.replace(".run.", ".other.")
    other.mkdir()
    write_run(out)
    assert not leftover.exists()
    assert other.is_dir(), "a leftover of another run is not this writer's to remove"


def test_ctrl_c_and_errors_leave_nothing(tmp_path: Path) -> None:
    with python(STOPPED_MIDWAY, tmp_path / "run", stderr=subprocess.DEVNULL) as child:
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
    assert child.returncode == -signal.SIGINT  # Ctrl-C ended it, and not the end of its sleep
    with pytest.raises(ZeroDivisionError), RunWriter(tmp_path / "run") as writer:
        writer.quarter(quarter_tables("2023Q4"))
        raise ZeroDivisionError
    with RunWriter(tmp_path / "run"):
        pass
    assert contents(tmp_path) == []


def test_a_writer_at_work_is_left_alone(tmp_path: Path) -> None:
    out = default_out(tmp_path, "baseline", 1)
    with python(STOPPED_MIDWAY, out, stderr=subprocess.DEVNULL) as child:
        at_work = Path(child.stdout.readline().strip())
        assert default_out(tmp_path, "baseline", 1) == tmp_path / "baseline-seed1-2"
        write_run(out)
        assert at_work.is_dir()
        child.kill()


def test_two_writers_of_one_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with RunWriter(out) as writer:
        writer.quarter(quarter_tables("2023Q4"))
        with pytest.raises(RunError, match="already writing"), RunWriter(out):
            pass
        with python("write_run(Path(sys.argv[1]))", out) as child:
            pass
        assert child.returncode == 0
        before = {path: path.read_bytes() for path in out.iterdir()}
        with pytest.raises(RunError, match="exists and is not empty"):
            writer.commit(MANIFEST)
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    assert contents(tmp_path) == sorted(["run", *(f"run/{path.name}" for path in before)])


def test_an_earlier_process_of_the_same_pid_is_dead(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run") as writer:
        leftover = writer.folder
    leftover.mkdir()
    write_run(tmp_path / "run")
    assert not leftover.exists()


def test_a_folder_with_content_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("mine")
    with pytest.raises(RunError, match="exists and is not empty"):
        RunWriter(tmp_path / "run")
    assert contents(tmp_path) == ["run", "run/mine.txt"]
    with pytest.raises(RunError, match="not a folder"):
        RunWriter(tmp_path / "run" / "mine.txt")


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert write_run(tmp_path / "run").manifest["seed"] == 7


def test_a_parent_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"^cannot write a run to .*/file/deep/run: Not a directory$"):
        RunWriter(tmp_path / "file" / "deep" / "run")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_parent_without_permission_is_one_clear_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match=r"Permission denied$"), RunWriter(tmp_path / "run"):
        pass


@pytest.mark.parametrize("bytes_allowed", [1000, 30_000])
def test_a_full_disk_is_one_clear_line(tmp_path: Path, bytes_allowed: int) -> None:
    code = """
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
        try:
            with RunWriter(Path(sys.argv[1])) as writer:
                for count in range(9):
                    writer.quarter(quarter_tables(f"q{count}", rows=20_000))
                writer.commit(MANIFEST)
        except RunError as error:
            print(error)
    """
    with python(code, tmp_path / "run", bytes_allowed) as child:
        message = child.stdout.read()
    assert child.returncode == 0
    assert message.startswith("cannot write a run to ")
    assert message.count("\n") == 1
    assert contents(tmp_path) == []


def altered(**changes: object) -> QuarterTables:
    return QuarterTables(**{**vars(quarter_tables("2024Q2")), **changes})


WRONG = {
    "series: missing gpus; unexpected more": altered(
        series={"quarter": "2024Q2", 'odd "name"': 0.0, "phase": "calm", "more": 1.0}
    ),
    "series: the row has no text": altered(series={"gpus": 1.0}),
    "series: gpus is not a column": altered(
        series={"quarter": "2024Q2", "gpus": [1.0], 'odd "name"': 0.0, "phase": "calm"}
    ),
    "series: text in one quarter and a number in another: gpus, phase": altered(
        series={"quarter": "2024Q2", "gpus": "many", 'odd "name"': 0.0, "phase": 1.0}
    ),
    "flows: missing from_equity": altered(
        flows={key: value for key, value in quarter_tables("2024Q2").flows.items() if key != "from_equity"}
    ),
    "agents: missing population, agent, measure, value": altered(agents={"quarter": ["2024Q2"]}),
    "agents: value has a value that is not a number": altered(
        agents={**quarter_tables("2024Q2").agents, "value": ["much"] * 40}
    ),
    "exposures: columns of different lengths": altered(
        exposures={**quarter_tables("2024Q2").exposures, "usd_bn": [1.0, 2.0]}
    ),
    "events: missing agent, text, usd_bn": altered(events=[{"quarter": "2024Q2", "kind": "default"}]),
}


@pytest.mark.parametrize("message", WRONG)
def test_tables_that_do_not_fit_are_refused(tmp_path: Path, message: str) -> None:
    with pytest.raises(RunError, match=f"^{message}"), RunWriter(tmp_path / "run") as writer:
        writer.quarter(quarter_tables("2024Q1"))
        writer.quarter(WRONG[message])
    assert contents(tmp_path) == []


def test_a_run_needs_a_quarter_and_a_with_statement(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no quarter was written"), RunWriter(tmp_path / "run") as writer:
        writer.commit(MANIFEST)
    with pytest.raises(RunError, match="with statement"):
        RunWriter(tmp_path / "run").quarter(quarter_tables("2024Q1"))
    assert contents(tmp_path) == []
