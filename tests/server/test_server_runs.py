"""Runs and sweeps on the server: what is listed, what can be had of it, and what cannot."""

import csv
import io
import json
import math
import os
import shutil

import numpy as np
import pytest
from support import made_sweeps
from support.shelves import GRID, fill, inside

from sim.errors import RunError, ScenarioError
from sim.experiments import calibrate as calibration
from sim.experiments.sensitivity import sensitivity
from sim.experiments.sweep import Sweep, sweep
from sim.report.html import REPORT
from sim.runs.kinds import BACKTEST, CALIBRATION_RECORD
from sim.runs.metadata import write_metadata
from sim.scenario.shipped import shipped
from sim.server import address, result_folders
from sim.server.app import create_app
from sim.server.histories import HistoryStore
from sim.server.pages import runs as page
from sim.server.replay import replay

SECRET = "nobody may read this"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    folder = fill(tmp_path_factory.mktemp("shelf"))
    (folder / "secret.txt").write_text(SECRET)
    (folder / "outside").mkdir()
    (folder / "outside" / "manifest.json").write_text(json.dumps(SECRET))
    return folder


@pytest.fixture
def here(filled, monkeypatch):
    monkeypatch.chdir(filled)
    return filled


@pytest.fixture
def client(here):
    return create_app().server.test_client()


def _told(text):
    """All that a page says."""
    if isinstance(text, str | int | float):
        return str(text)
    if isinstance(text, list | tuple):
        return " ".join(map(_told, text))
    return _told(getattr(text, "children", None) or "")


def _rows(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_everything_is_listed_with_what_it_is(here):
    found, there = result_folders.entries()
    assert there == 4
    assert {entry.name: entry.kind for entry in found} == {
        "small": "run",
        "three": "ensemble",
        "pair": "comparison",
        "laws": "sweep",
    }
    assert found == sorted(found, key=lambda entry: entry.created, reverse=True)
    words = _told(page.layout({}))
    assert "varies terminal rate, tether regime; GPUs paid with interest: USD " in words
    assert "2 pairs" in words
    assert "baseline and zero-rates" in words
    assert "1, seed 1" in words


def test_an_empty_folder_says_what_makes_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = _told(page.layout({}))
    assert "capflow run baseline" in words
    assert "capflow sweep rates" in words
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "README.md").write_text("no folder")
    (tmp_path / "runs" / ".laws.partial-here-1").mkdir()
    assert result_folders.entries() == ([], 0)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "manifest.json").write_text("{"), "not JSON"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "not a JSON object"),
        (lambda folder: (folder / "manifest.json").write_text('{"scenario": "x"}'), "missing seed"),
        (lambda folder: (folder / "flows.parquet").unlink(), "no flows.parquet"),
        (lambda folder: (folder / "design.json").write_text('{"name": 1}'), "missing title"),
        (lambda folder: (folder / "comparison.json").write_text('{"a": 1}'), "missing b"),
        (lambda folder: (folder / "comparison.json").write_bytes(b"\xff"), "not JSON"),
    ],
)
def test_a_broken_folder_says_why_and_breaks_nothing_else(here, tmp_path, monkeypatch, damage, reason):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(here / "runs" / "small", tmp_path / "runs" / "small")
    shutil.copytree(here / "runs" / "small", tmp_path / "runs" / "damaged")
    damage(tmp_path / "runs" / "damaged")
    found = {entry.name: entry for entry in result_folders.entries()[0]}
    assert found["small"].kind == "run"
    assert found["damaged"].kind == "broken"
    assert reason in found["damaged"].reason
    assert reason in _told(page.layout({}))
    with pytest.raises(RunError, match="damaged cannot be read"):
        page.layout({"run": "damaged"})
    asked = create_app().server.test_client().get("/api/runs/file?run=damaged&file=events.json")
    assert asked.status_code == 400
    assert "cannot be read" in asked.json["error"]


def test_a_list_is_cut_with_the_number_said(here, monkeypatch):
    monkeypatch.setattr(result_folders, "MOST_FOLDERS", 2)
    monkeypatch.setattr(result_folders, "MOST_FILES", 3)
    assert "The newest 2 of 4 are shown" in _told(page.layout({}))
    found, there = result_folders.files(result_folders.find("small"))
    assert len(found) == 3
    assert there > 3
    assert f"The first 3 of {there} are listed" in _told(page.layout({"run": "small"}))


def test_files_come_whole_and_as_attachments(client, here):
    for name in ("series.parquet", "manifest.json", "network.graphml"):
        with client.get("/api/runs/file", query_string={"run": "small", "file": name}) as answer:
            assert answer.status_code == 200
            assert answer.data == (here / "runs" / "small" / name).read_bytes()
            assert answer.headers["Content-Disposition"] == f"attachment; filename=small-{name}"
            assert int(answer.headers["Content-Length"]) == len(answer.data)
    inner = next((here / "runs" / "laws" / "outcomes").glob("*.parquet"))
    with client.get("/api/runs/file", query_string={"run": "laws", "file": f"outcomes/{inner.name}"}) as answer:
        assert answer.data == inner.read_bytes()


def test_pictures_and_reports_are_shown_and_a_report_may_do_nothing(client, here):
    name = next((here / "runs" / "pair" / "figures").glob("*.png")).name
    with client.get("/api/runs/picture", query_string={"run": "pair", "file": f"figures/{name}"}) as picture:
        assert picture.mimetype == "image/png"
        assert picture.data.startswith(b"\x89PNG")
        assert "attachment" not in picture.headers.get("Content-Disposition", "")
    with client.get("/api/runs/report?run=pair") as report:
        assert report.mimetype == "text/html"
        assert b"<html" in report.data
        policy = report.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy
    assert client.get("/api/runs/picture?run=pair&file=report.html").status_code == 400
    assert client.get("/api/runs/report?run=small").json["error"] == "runs: small has no file 'report.html'"


@pytest.fixture
def trap(here, tmp_path, monkeypatch):
    """A folder of runs with links that lead out of it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "small"
    shutil.copytree(here / "runs" / "small", folder)
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "elsewhere").mkdir()
    shutil.copytree(here / "runs" / "small", tmp_path / "elsewhere" / "run")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "link.png").symlink_to(tmp_path / "secret.txt")
    (folder / "report.html").symlink_to(tmp_path / "secret.txt")
    (folder / "tables").symlink_to(tmp_path / "elsewhere")
    (folder / ".hidden").write_text(SECRET)
    (tmp_path / "runs" / "linked").symlink_to(tmp_path / "elsewhere" / "run")
    (tmp_path / "runs" / "secret.txt").write_text(SECRET)
    os.mkfifo(folder / "pipe")
    return create_app().server.test_client()


@pytest.mark.parametrize("address", ["/api/runs/file", "/api/runs/picture"])
@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "../../secret.txt",
        "..",
        ".",
        "",
        "/",
        "/etc/passwd",
        "figures/../manifest.json",
        "./manifest.json",
        "manifest.json/",
        "manifest.json%00.png",
        "%2e%2e/%2e%2e/secret.txt",
        "%252e%252e/secret.txt",
        "..%2f..%2fsecret.txt",
        "..%5c..%5csecret.txt",
        "link.txt",
        "link.png",
        "tables/run/manifest.json",
        ".hidden",
        "pipe",
        "a/b/c/d/e",
        "x" * 5000,
    ],
)
def test_no_name_of_a_file_leads_out_of_its_folder(trap, address, name):
    answer = trap.get(f"{address}?run=small&file={name}")
    assert answer.status_code == 400, answer.status
    assert SECRET not in answer.text
    assert "\n" not in answer.json["error"]
    assert len(answer.json["error"]) < 300


@pytest.mark.parametrize(
    "name",
    ["..", ".", "", "/", "/etc", "../runs/small", "small/", "small/../small", "%2e%2e", "%2e%2e%2fruns%2fsmall",
     "small%00", "linked", "secret.txt", "..%5cruns", "x" * 5000],
)  # fmt: skip
def test_no_name_of_a_folder_leads_out_of_runs(trap, name):
    for asked in (f"/api/runs/file?run={name}&file=manifest.json", f"/api/runs/report?run={name}",
                  f"/api/runs/series.csv?run={name}", f"/api/sweep/map?sweep={name}"):  # fmt: skip
        answer = trap.get(asked)
        assert answer.status_code == 400, (asked, answer.status)
        assert SECRET not in answer.text
        assert len(answer.json["error"]) < 300


def test_links_are_no_files_and_no_runs(trap):
    found = {entry.name: entry for entry in result_folders.entries()[0]}
    assert found["linked"].kind == "broken"
    assert "a link" in found["linked"].reason
    names = {file.name for file in result_folders.files(found["small"])[0]}
    assert "manifest.json" in names
    assert not names & {"link.txt", "link.png", "report.html", ".hidden", "pipe"}
    assert not any(name.startswith("tables/") for name in names)
    assert trap.get("/api/runs/report?run=small").status_code == 400
    assert trap.get("/api/runs/file/..%2f..%2fsecret.txt").status_code == 404


def test_tables_of_a_run_and_differences_of_a_comparison_as_csv(client, here):
    rows = _rows(client.get("/api/runs/series.csv?run=small"))
    assert len(rows) == 3
    assert float(rows[-1]["bill_rate"]) > 0.0
    rows = {row["outcome"]: row for row in _rows(client.get("/api/runs/differences.csv?run=pair"))}
    told = json.loads((here / "runs" / "pair" / "comparison.json").read_text())["outcomes"]
    assert set(rows) == set(told)
    assert float(rows["interest_usd_bn"]["difference"]) == told["interest_usd_bn"]["mean_difference"]
    assert client.get("/api/runs/nothing.csv?run=small").status_code == 404
    assert client.get("/api/runs/series.csv?run=laws").json["error"] == "runs: 'laws' is not a run, but a sweep"


def test_a_run_that_only_levers_change_can_be_shown_live(here):
    entry = result_folders.find("small")
    found = replay(entry.path, "baseline")
    query = found.address(1)
    assert query == "/?scenario=baseline&terminal_rate=0.01&quarter=2024Q2"
    assert "Show it live" in _told(page.layout({"run": "small"}))
    words = _told(page.layout({"run": "pair"}))
    assert "Show baseline live" in words
    assert "Show zero-rates live" in words


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda told: told["gpus"]["availability"].update(value=0.5), "gpus.availability"),
        (lambda told: told["run"].update(quarters=90), "90 quarters"),
        (lambda told: told.clear(), "cannot be read"),
    ],
)
def test_what_no_lever_turns_cannot_be_shown_live(here, tmp_path, change, reason):
    told = json.loads((here / "runs" / "small" / "scenario.json").read_text())
    change(told)
    (tmp_path / "scenario.json").write_text(json.dumps(told))
    with pytest.raises(ScenarioError, match=reason):
        replay(tmp_path, "baseline").address(1)


def test_other_scenarios_and_replaced_decisions_cannot_be_shown_live(here):
    assert "not a scenario that ships" in replay(here / "runs" / "small", "mine").reason
    assert "decision rules" in replay(here / "runs" / "small", "baseline", decisions=True).reason


def test_the_map_of_a_grid_is_the_mean_of_its_runs(client, here):
    asked = "sweep=laws&x=tether_regime&y=terminal_rate&outcome=interest_usd_bn"
    found = client.get(f"/api/sweep/map?{asked}").json
    assert found["x"]["cells"] == ["genius", "offshore"]
    assert found["y"]["cells"] == ["0", "3", "6"]
    assert found["y"]["unit"] == "percent a year"
    by_hand = Sweep.open(here / "runs" / "laws").query(
        "SELECT tether_regime, terminal_rate, avg(interest_usd_bn) AS mean, min(interest_usd_bn) AS low, "
        "max(interest_usd_bn) AS high FROM runs GROUP BY ALL"
    )
    assert len(found["cells"]) == len(by_hand) == 6
    values = {(row.tether_regime, round(100 * row.terminal_rate)): row for row in by_hand.itertuples()}
    for cell in found["cells"]:
        row = values[found["x"]["cells"][cell["i"]], int(found["y"]["cells"][cell["j"]])]
        assert cell["mean"] == pytest.approx(row.mean, rel=1e-12)
        assert cell["runs"] == 2
        assert row.low <= cell["p05"] <= cell["p95"] <= row.high
    rows = _rows(client.get(f"/api/sweep/map.csv?{asked}"))
    assert [float(row["mean"]) for row in rows] == [cell["mean"] for cell in found["cells"]]
    assert rows[0]["tether_regime"] == "genius"
    assert rows[0]["terminal_rate (percent a year)"] == "0"


@pytest.fixture
def sampled(tmp_path, monkeypatch):
    """A sampled sweep of 256 points and two seeds, with problems and outcomes without limit."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(1)
    a, b = random.uniform(0.0, 0.06, 256), np.exp(random.uniform(math.log(0.3), math.log(3.0), 256))
    outcome = (100.0 * a + np.log(b))[:, None] + random.normal(0.0, 0.01, (256, 2))
    endless = outcome.copy()
    endless[7, 1] = np.inf
    made_sweeps.write(
        tmp_path / "runs" / "drawn",
        "latin_hypercube",
        {"terminal_rate": a, "investor_appetite": b},
        {"interest_funded_gpu_usd_bn": outcome, "lowest_reserve_excess_share": endless},
        [
            {**made_sweeps.axis("terminal_rate", 0.0, 0.06, unit="per year"), "key": "environment.terminal_rate"},
            {**made_sweeps.axis("investor_appetite", 0.3, 3.0, scale="log"), "key": "funding.investor_appetite"},
        ],
        replicates=2,
        problems={(3, 0): "it does not open", (3, 1): "it does not open", (9, 1): "its books do not hold"},
    )
    return a, b, outcome


def test_the_map_of_a_sample_has_bins_that_say_how_many_runs_they_hold(sampled):
    a, b, outcome = sampled
    client = create_app().server.test_client()
    found = client.get("/api/sweep/map?sweep=drawn").json
    bins = len(found["x"]["cells"])
    assert bins == len(found["y"]["cells"]) == 5
    assert found["x"]["binned"]
    assert found["x"]["cells"][0] == "0 to 1.2"
    assert (found["y"]["labels"][0], found["y"]["labels"][-1]) == ("0.3", "3")
    i = np.minimum((a / 0.06 * bins).astype(int), bins - 1)
    j = np.minimum((np.log(b / 0.3) / np.log(10.0) * bins).astype(int), bins - 1)
    fine = np.ones_like(outcome, dtype=bool)
    fine[3], fine[9, 1] = False, False
    assert sum(cell["runs"] for cell in found["cells"]) == 512
    assert sum(cell["problems"] for cell in found["cells"]) == 3
    for cell in found["cells"]:
        here = (i == cell["i"]) & (j == cell["j"])
        assert cell["runs"] == 2 * here.sum()
        assert cell["mean"] == pytest.approx(outcome[here][fine[here]].mean(), rel=1e-12)
    endless = client.get("/api/sweep/map?sweep=drawn&outcome=lowest_reserve_excess_share").json["cells"]
    assert [(cell["i"], cell["j"]) for cell in endless if cell["mean"] is None] == [(i[7], j[7])]


def test_problems_are_counted_with_their_reasons_and_what_is_not_there_yet_is_said(sampled):
    words = _told(page.layout({"sweep": "drawn"}))
    assert "3 of 512 runs" in words
    assert "it does not open" in words
    assert "its books do not hold" in words
    assert "Not finished" in words
    assert "kept no series" in words


def test_the_distribution_is_that_of_the_runs(sampled):
    _, _, outcome = sampled
    client = create_app().server.test_client()
    found = client.get("/api/sweep/distribution?sweep=drawn").json
    fine = np.delete(outcome.ravel(), [6, 7, 19])
    assert found["runs"] == 509
    assert found["problems"] == 3
    assert found["endless"] == 0
    assert found["counts"] == np.histogram(fine, found["edges"])[0].tolist()
    assert found["quantiles"] == pytest.approx(np.quantile(fine, found["levels"]).tolist(), rel=1e-12)
    endless = client.get("/api/sweep/distribution?sweep=drawn&outcome=lowest_reserve_excess_share").json
    assert endless["endless"] == 1
    assert endless["runs"] == 508
    rows = _rows(client.get("/api/sweep/distribution.csv?sweep=drawn"))
    assert sum(int(row["runs"]) for row in rows) == 509


def test_the_fan_is_that_of_the_series(client, here):
    found = client.get("/api/sweep/fan?sweep=laws&series=bill_rate").json
    table = Sweep.open(here / "runs" / "laws").query("SELECT quarter, bill_rate FROM series")
    assert found["quarters"] == sorted(table["quarter"].unique())
    assert found["runs"] == 12
    for quarter, band in zip(found["quarters"], found["bands"], strict=True):
        values = table[table["quarter"] == quarter]["bill_rate"]
        assert band == pytest.approx(np.quantile(values, found["levels"]).tolist(), rel=1e-12)
    flow = client.get("/api/sweep/fan?sweep=laws&series=interest_usd_bn").json
    assert flow["quarters"] == found["quarters"][1:]
    assert len(_rows(client.get("/api/sweep/fan.csv?sweep=laws&series=bill_rate"))) == 3


def test_effects_are_those_of_the_analysis(client, here):
    found = client.get("/api/sweep/effects?sweep=laws&outcome=interest_usd_bn").json
    finding = sensitivity(here / "runs" / "laws", ["interest_usd_bn"]).findings["interest_usd_bn"]
    assert found["mean"] == finding.mean
    assert {bar["name"] for bar in found["bars"]} == {"terminal_rate", "tether_regime"}
    for bar in found["bars"]:
        ends = finding.ends[bar["name"]]
        assert (bar["low"]["value"], bar["high"]["value"]) == (ends.low.value, ends.high.value)
    rates = next(bar for bar in found["bars"] if bar["name"] == "terminal_rate")
    assert (rates["low"]["at"], rates["high"]["at"]) == ("0", "6")
    assert rates["unit"] == "percent a year"
    assert found["words"]
    assert found["indices"]
    nothing = client.get("/api/sweep/effects?sweep=laws&outcome=venture_failures").json
    assert "the same at every point" in nothing["reason"]
    assert not nothing["bars"]
    assert client.get("/api/sweep/effects?sweep=three").json["error"] == "runs: three varies nothing but the seed"


def test_an_analysis_that_was_stored_is_taken_and_a_large_sweep_asks_for_one(here, tmp_path, monkeypatch):
    from sim.server.sweeps import effects

    monkeypatch.chdir(tmp_path)
    shutil.copytree(here / "runs" / "laws", tmp_path / "runs" / "laws")
    monkeypatch.setattr(effects, "MOST_RUNS", 10)
    client = create_app().server.test_client()
    asked = "/api/sweep/effects?sweep=laws&outcome=interest_usd_bn"
    reason = client.get(asked).json["reason"]
    assert "`capflow sensitivity runs/laws` has analysed the outcome interest_usd_bn" in reason
    sensitivity(tmp_path / "runs" / "laws", ["interest_usd_bn"]).save()
    assert len(client.get(asked).json["bars"]) == 2


@pytest.mark.slow
def test_the_extreme_cases_are_live_histories(client, here):
    found = client.get("/api/sweep/cases?sweep=laws&outcome=interest_usd_bn").json
    values = Sweep.open(here / "runs" / "laws").outcomes["interest_usd_bn"]
    assert [case["value"] for case in found["highest"]] == sorted(values, reverse=True)[:10]
    assert [case["value"] for case in found["lowest"]] == sorted(values)[:10]
    worlds = HistoryStore()
    for case in (found["highest"][0], found["lowest"][0]):
        said = dict(part.split("=") for part in case["href"].removeprefix("/?").split("&"))
        assert said.pop("quarter") == "2024Q2"
        series = worlds.run(address.read(said)).series
        assert series["interest_usd_bn"].iloc[1:3].sum() == pytest.approx(case["value"], rel=1e-9)
    assert len(_rows(client.get("/api/sweep/cases.csv?sweep=laws"))) == 20


@pytest.mark.slow
def test_cases_whose_keys_are_no_levers_say_so(tmp_path, monkeypatch):
    design = {**GRID, "quarters": 1, "vary": {"gpus.availability": {"values": [0.8, 0.9]}}, "keep": ["outcomes"]}
    with inside(tmp_path):
        sweep(design, tmp_path / "runs" / "lives", workers=1, name="lives")
    monkeypatch.chdir(tmp_path)
    client = create_app().server.test_client()
    found = client.get("/api/sweep/cases?sweep=lives").json
    assert found["reason"] == "no lever of the live page turns gpus.availability"
    assert all(case["href"] is None for case in found["highest"])
    assert client.get("/api/sweep/map?sweep=lives").json["y"] is None


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("sweep=laws&x=nothing", "x = 'nothing': unknown lever; allowed: terminal_rate, tether_regime"),
        ("sweep=laws&x=terminal_rate&y=terminal_rate", "choose two levers"),
        ("sweep=laws&outcome=interest", "outcome = 'interest'"),
        ("sweep=laws&series=x", "series = 'x'"),
        ("sweep=small", "is not a sweep, but a run"),
        ("sweep=none", "there is no 'none'"),
        ("sweep=laws&outcome=" + "%22;drop table x" * 400, "outcome = "),
    ],
)
def test_wrong_choices_are_one_line(client, asked, told):
    for part in ("map", "effects", "distribution", "fan", "cases"):
        answer = client.get(f"/api/sweep/{part}?{asked}")
        assert answer.status_code == 400
        assert told in answer.json["error"]
        assert len(answer.json["error"]) < 400
    assert client.get("/api/sweep/nothing?sweep=laws").status_code == 404


def test_a_page_knows_its_address_alone(here):
    with pytest.raises(ScenarioError, match="file: unknown key; allowed: run"):
        page.layout({"run": "small", "file": "x"})
    with pytest.raises(RunError, match="not a sweep, but a run"):
        page.layout({"sweep": "small"})


def test_what_is_added_up_is_new_when_more_of_the_sweep_is_there(here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(here / "runs" / "laws", tmp_path / "runs" / "laws")
    part = sorted((tmp_path / "runs" / "laws" / "outcomes").glob("*.parquet"))[-1]
    (tmp_path / "runs" / "laws" / "manifest.json").rename(tmp_path / "manifest.json")
    part.rename(tmp_path / part.name)
    client = create_app().server.test_client()
    asked = "/api/sweep/distribution?sweep=laws&outcome=interest_usd_bn"
    assert client.get(asked).json["runs"] == 8
    assert "2 of 3 parts are there" in _told(page.layout({"sweep": "laws"}))
    (tmp_path / part.name).rename(part)
    assert client.get(asked).json["runs"] == 12


@pytest.fixture(scope="module")
def analysed(filled, tmp_path_factory):
    """A sensitivity analysis in its sweep, a calibration that is finished, one that is not, and a backtest."""
    home = tmp_path_factory.mktemp("analysed")
    runs = home / "runs"
    shutil.copytree(filled / "runs" / "laws", runs / "laws")
    with inside(home):
        sensitivity(runs / "laws", ["interest_usd_bn"]).save()
    for name in ("stopped", "fitted"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(calibration, "Simulator", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                calibration.calibrate(trials=0, out=runs / name)
    shutil.copy(shipped("configs") / "estimates" / "2025Q2.json", runs / "fitted" / CALIBRATION_RECORD)
    (runs / "past").mkdir()
    scores = {"origins": ["2024Q4", "2025Q1"], "draws": 20, "seed": 1, "words": ["The model loses on rents."]}
    write_metadata(runs / "past" / BACKTEST, scores, ())
    (runs / "past" / REPORT).write_text("<html>the report</html>")
    return home


def _interrupted(*arguments, **options):
    raise KeyboardInterrupt


def test_analyses_are_listed_as_what_they_are_and_open(analysed, monkeypatch):
    monkeypatch.chdir(analysed)
    kinds = {entry.name: entry.kind for entry in result_folders.entries()[0]}
    assert kinds == {
        "laws": "sweep",
        "laws/sensitivity": "sensitivity",
        "stopped": "calibration",
        "fitted": "calibration",
        "past": "backtest",
    }
    words = _told(page.layout({}))
    assert "Sensitivity analysis" in words
    assert "forecasts from 2024Q4 to 2025Q1" in words
    client = create_app().server.test_client()
    document = json.loads((analysed / "runs" / "laws" / "sensitivity" / "sensitivity.json").read_text())
    for name, sentence in (
        ("laws/sensitivity", document["words"][0]),
        ("stopped", "It is not finished"),
        ("fitted", "root mean square gap"),
        ("past", "The model loses on rents."),
    ):
        assert sentence in _told(page.layout({"run": name}))
    with client.get("/api/runs/report", query_string={"run": "laws/sensitivity"}) as report:
        assert report.status_code == 200
        assert b"<html" in report.data
    asked = {"run": "laws/sensitivity", "file": "figures/tornado_interest_usd_bn.png"}
    with client.get("/api/runs/picture", query_string=asked) as picture:
        assert picture.data.startswith(b"\x89PNG")
    with client.get("/api/runs/report?run=past") as report:
        assert b"the report" in report.data


@pytest.mark.parametrize("name", ["laws/", "laws/..", "laws/outcomes", "laws/sensitivity/figures", "../laws", "/laws"])
def test_no_name_of_an_analysis_leads_elsewhere(analysed, monkeypatch, name):
    monkeypatch.chdir(analysed)
    with pytest.raises(RunError, match="there is no"):
        result_folders.find(name)
