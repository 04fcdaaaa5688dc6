"""Reports of sweeps, ensembles as run folders, and how runs are divided and stepped by default."""

import json
import os

import pytest
from sweeps import content, done, started, write_design

import sim
from sim.experiments.sweep import Sweep, compact
from sim.experiments.sweep.runner import Told


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
    assert plain.report is None and not (plain.path / "report.html").exists()
    assert content(plain.path) == content(home / "reported")


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
    sim.sweep(design, folder, workers=1, report=True)
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


def test_a_report_that_cannot_be_written_leaves_the_sweep_complete(home, design):
    folder, lines = home / "refused", []
    # A file where the folder of the pictures should be: root may write into folders that are read-only.
    sim.sweep(design, folder, workers=1)
    (folder / "figures").write_text("in the way")
    found = sim.sweep(design, folder, workers=1, report=True, told=Told(line=lines.append))
    assert found.complete and found.report is None
    [line] = [line for line in lines if "cannot write the report" in line]
    assert str(folder) in line and "\n" not in line and "the same command tries again" in line
    assert not list(folder.glob(".report*"))
    os.remove(folder / "figures")
    assert sim.sweep(design, folder, workers=1, report=True, told=Told(line=lines.append)).report is not None
