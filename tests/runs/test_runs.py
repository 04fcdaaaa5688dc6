"""Reading run folders: opening, asking and listing them."""

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.run_folders import MANIFEST, QUARTERS, contents, write_run

from sim.errors import RunError
from sim.runs.run import Run, list_runs
from sim.runs.writer import RunWriter, default_out


@pytest.mark.parametrize(
    "name", ["manifest.json", "series.parquet", "agents.parquet", "flows.parquet", "exposures.parquet", "events.json"]
)
def test_opening_names_what_is_missing(tmp_path: Path, name: str) -> None:
    run = write_run(tmp_path / "run")
    (run.path / name).unlink()
    with pytest.raises(RunError, match=f"run: not a run folder: it has no {name}$"):
        Run.open(run.path)


def test_broken_files_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="none: no such run folder"):
        Run.open(tmp_path / "none")
    run = write_run(tmp_path / "run")
    (run.path / "series.parquet").write_text("broken")
    for read in (lambda: run.series, lambda: run.query("from series")):
        with pytest.raises(RunError, match="cannot read") as caught:
            read()
        assert "\n" not in str(caught.value)
    for text in ("{", "[]"):
        (run.path / "manifest.json").write_text(text)
        with pytest.raises(RunError, match=r"manifest.json: not (a )?JSON"):
            Run.open(run.path)


def test_folder_names_that_look_like_patterns(tmp_path: Path) -> None:
    run = write_run(tmp_path / "it's [1] *?")
    assert len(run.series) == 3
    assert run.query("select count(*) as n from series")["n"].tolist() == [3]


def test_queries_join_the_tables(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    answer = run.query("""
        select quarter, gpus, sum(flows.usd_bn) as paid, any_value(issuer) as issuer
        from series join flows using (quarter) join exposures using (quarter)
        group by all order by quarter
    """)
    assert answer["quarter"].tolist() == QUARTERS[1:]
    expected = run.flows.groupby("quarter")["usd_bn"].sum().tolist()
    assert answer["paid"].tolist() == pytest.approx(expected)


FORBIDDEN: dict[str, Callable[[Path], str]] = {
    "copy": lambda folder: f"copy series to '{folder}/stolen.csv'",
    "copy over a table": lambda folder: f"copy (select 1) to '{folder}/run/series.parquet' (format parquet)",
    "export": lambda folder: f"export database '{folder}/stolen'",
    "attach": lambda folder: f"attach '{folder}/stolen.db'",
    "read": lambda folder: f"select * from read_text('{folder}/run/manifest.json')",
    "python variable": lambda folder: "select * from options",
    "setting": lambda folder: "set enable_external_access = true",
    "profile": lambda folder: f"pragma profiling_output = '{folder}/stolen.json'",
    "log": lambda folder: f"call enable_logging(storage = 'file', storage_path = '{folder}/stolen')",
    "extension": lambda folder: "install httpfs",
    "not SQL": lambda folder: "selec 1",
    "no table": lambda folder: "select * from nothing",
    "nothing": lambda folder: "",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_queries_reach_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    run = write_run(tmp_path / "run")
    before = {path: path.read_bytes() for path in run.path.iterdir()}
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(RunError, match=r"^query: [^\n]+$"):
        run.query(FORBIDDEN[what](tmp_path))
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "run"]
    assert contents(tmp_path / "here") == []


def test_queries_change_nothing(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    run.query("delete from series")
    run.query("drop table flows")
    assert run.query("select count(*) as n from series")["n"].tolist() == [3]
    assert len(run.flows) == 80


def test_runs_are_listed_newest_first_and_broken_ones_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert list_runs(tmp_path / "none") == []
    write_run(tmp_path / "old", {**MANIFEST, "created": "2024-01-01T00:00:00"})
    write_run(tmp_path / "new")
    write_run(tmp_path / "newer")
    write_run(tmp_path / "undated", {**MANIFEST, "created": "yesterday"})
    write_run(tmp_path / "seedless", {**MANIFEST, "seed": None})
    (tmp_path / "empty").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "README.md").write_text("")
    with caplog.at_level(logging.WARNING):
        found = list_runs(tmp_path)
    assert [run.path.name for run in found] == ["newer", "new", "old"]
    assert (found[0].scenario, found[0].seed, found[0].quarters) == ("baseline", 7, 3)
    assert [message.split()[1].rpartition("/")[2] for message in caplog.messages] == [
        "empty:",
        "manifest.json:",
        "manifest.json:",
    ]


def test_default_names(tmp_path: Path) -> None:
    assert default_out(tmp_path / "runs", "baseline", 3) == tmp_path / "runs" / "baseline-seed3"
    for name in ("baseline-seed3", "baseline-seed3-2"):
        (tmp_path / name).mkdir()
    assert default_out(tmp_path, "baseline", 3).name == "baseline-seed3-3"
    assert default_out(tmp_path, "../my scenario/", 1).name == "my-scenario-seed1"
    with RunWriter(default_out(tmp_path, "a", 1)):
        assert default_out(tmp_path, "a", 1).name == "a-seed1-2"


def test_importing_runs_is_light() -> None:
    code = "print(*{'numpy', 'pandas', 'duckdb'} & set(sys.modules))"
    child = subprocess.run(
        [sys.executable, "-c", f"import sys, sim.runs.run; {code}"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.strip() == ""
