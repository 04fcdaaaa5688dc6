"""The catalogue lists folders of every kind of results, as their experiments leave them."""

import json

import pytest
from support.sweeps import write_design

import sim
from sim.cli.printing import show_listing
from sim.experiments import calibrate as calibration
from sim.experiments.catalogue import listing
from sim.experiments.ensemble import run_ensemble
from sim.experiments.sensitivity import sensitivity
from sim.runs.kinds import BACKTEST, KINDS, kind_of, result_folders
from sim.runs.metadata import write_metadata


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Results of every kind in `runs/`, and a folder that is none."""
    home = tmp_path_factory.mktemp("home")
    runs = home / "runs"
    sim.run("baseline", quarters=1, out=runs / "run", figures=False)
    sim.compare("baseline", "no-redeployment", runs=2, quarters=1, engine="numpy").save(runs / "comparison")
    sim.sweep(write_design(home / "rates.toml"), runs / "sweep", workers=1)
    sensitivity(runs / "sweep", ["redeployed_usd_bn"]).save()
    run_ensemble("baseline", 2, quarters=1, engine="numpy", out=runs / "ensemble", report=False)
    (runs / "backtest").mkdir()  # a whole one takes half a minute: the tests of backtests ask for its kind
    write_metadata(runs / "backtest" / BACKTEST, {"origins": ["2025Q1"]}, ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "Simulator", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            calibration.calibrate(trials=0, out=runs / "calibration")
    (runs / "notes").mkdir()
    return home


def _interrupted(*arguments, **options):
    raise KeyboardInterrupt


def test_every_folder_is_recognised(home):
    kinds = {folder.relative_to(home / "runs").as_posix(): kind.name for folder, kind in result_folders(home / "runs")}
    expected = {name: name for name in KINDS if name != "sensitivity"}
    assert kinds == {**expected, "sweep/sensitivity": "sensitivity"}
    assert kind_of(home / "runs" / "notes") is None


def test_the_list_has_every_folder_under_its_kind(home, monkeypatch):
    monkeypatch.chdir(home)
    lists = listing("runs")
    assert [row["path"] for row in lists["runs"]] == ["runs/run"]
    assert [(row["kind"], row["complete"]) for row in lists["sweeps"]] == [("ensemble", True), ("sweep", True)]
    for name, path, complete in (
        ("comparison", "runs/comparison", True),
        ("sensitivity", "runs/sweep/sensitivity", True),
        ("backtest", "runs/backtest", True),
        ("calibration", "runs/calibration", False),
    ):
        (row,) = lists[KINDS[name].plural]
        assert (row["path"], row["complete"]) == (path, complete)
        assert row["created"]
    json.dumps(lists)


def test_a_person_sees_every_folder(home, monkeypatch, capsys):
    monkeypatch.chdir(home)
    monkeypatch.setenv("COLUMNS", "200")
    show_listing(listing("runs"))
    shown = capsys.readouterr().out
    for folder, kind in result_folders(home / "runs"):
        assert folder.name in shown
        assert kind.plural.split()[0].capitalize() in (*shown.split(), "Ensembles")
    assert "not finished" in shown
