"""Comparisons in the background, without a browser: addresses, processes, what they answer, and their end."""

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

import sim
from sim.engine.batch import behaviour, in_numpy, seeded, start
from sim.engine.outcomes import BY_NAME
from sim.errors import ScenarioError
from sim.experiments.compare import run_twins
from sim.experiments.compare.twin_paths import DRAWN, FINISHED
from sim.experiments.compare.words import words as words_of
from sim.report.figures.fans import LEVELS
from sim.runs.folders import process_alive
from sim.scenario.load import load, names
from sim.server import comparison_query
from sim.server import jobs as jobs_module
from sim.server.app import create_app
from sim.server.comparison_query import AGAINST, FEWEST, MOST, read
from sim.server.histories import BusyError
from sim.server.jobs import Jobs
from sim.server.views.comparison import FANS, OUTCOMES

SHORT = {"runs": "4", "quarters": "2"}
QUICK = "a.terminal_rate=0.01&b.scenario=no-redeployment&runs=4&quarters=2&seed=7"
LONG = {"runs": "15"}
"""Few enough histories to run in NumPy, one by one; long enough to be caught at it."""
PATIENCE = 90


def until(what, seconds=PATIENCE):
    """Wait until something is so, and return what it is."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


def over(jobs, asking):
    return until(lambda: (told := jobs.state(asking))["state"] not in ("waiting", "running") and told)


def result(client):
    return json.loads(gzip.decompress(client.get(f"/api/compare/result?{QUICK}").data))


@pytest.fixture
def jobs():
    found = Jobs()
    yield found
    found.close()


@pytest.fixture(scope="module")
def client():
    """The application, with one comparison done."""
    found = create_app().server.test_client()
    assert found.get(f"/api/compare?{QUICK}").json == {"state": "none"}
    assert found.get(f"/api/compare/result?{QUICK}").status_code == 404
    told = found.post(f"/api/compare?{QUICK}").json
    assert told["state"] == "running"
    assert told["progress"]["words"]
    until(lambda: found.get(f"/api/compare?{QUICK}").json["state"] not in ("waiting", "running"))
    return found


# Addresses


def test_a_link_of_the_live_page_is_compared_with_its_scenario_untouched():
    found = read({"scenario": "zero-rates", "payout_ratio": "0.2", "seed": "5"})
    assert found.a.turned == (("payout_ratio", 0.2),)
    assert found.b == found.a.untouched
    assert (found.a.seed, found.b.seed) == (5, 5)


def test_a_world_with_nothing_turned_is_compared_with_no_redeployment():
    assert read({}).b.scenario == AGAINST
    found = read({"scenario": "fast-cuts"})
    assert (found.a.scenario, found.b.scenario, found.b.turned) == ("fast-cuts", AGAINST, ())
    assert read({"scenario": AGAINST}).b.scenario == "baseline"


@pytest.mark.parametrize("name", sorted(names()))
def test_every_scenario_can_be_compared_from_the_live_page(name):
    """One that opens at another time than no-redeployment does is compared with itself without redeployment."""
    found = read({"scenario": name})
    assert found.a != found.b
    assert len(found.specs()) == 2


def test_scenarios_of_different_length_need_a_number_of_quarters(monkeypatch):
    shorter = load("fast-cuts", {"run.quarters": 12})
    monkeypatch.setattr(comparison_query, "shipped", lambda name: shorter if name == "fast-cuts" else load(name))
    with pytest.raises(ScenarioError, match="12: choose a number of quarters for both"):
        read({"b.scenario": "fast-cuts"})
    assert read({"b.scenario": "fast-cuts", "quarters": "12"}).quarters == 12


def test_an_address_says_the_question_and_nothing_else():
    said = {"a.scenario": "fast-cuts", "b.tether_regime": "genius", "seed": "9", "runs": "12", "quarters": "3"}
    found = read(said)
    query = dict(part.split("=") for part in found.query.split("&"))
    assert query == {**said, "b.scenario": "baseline"}
    assert read(query) == found
    assert [spec.run.quarters for spec in found.specs()] == [3, 3]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"a.terminal_rat": "0.1"}, "did you mean 'terminal_rate'"),
        ({"b.terminal_rate": "much"}, "scenario B: .*expected a number"),
        ({"b.terminal_rate": "3"}, "scenario B: .*terminal_rate"),
        ({"a.scenario": "../../etc/passwd"}, "scenario A: .*unknown scenario"),
        ({"scenario": "baseline", "b.scenario": "fast-cuts"}, "scenario = .*: needs a prefix"),
        ({"c.scenario": "baseline"}, "no such lever"),
        ({"runs": str(MOST + 1)}, f"whole number; allowed: {FEWEST} to {MOST}"),
        ({"runs": str(FEWEST - 1)}, f"whole number; allowed: {FEWEST} to {MOST}"),
        ({"runs": "9" * 5000}, f"whole number; allowed: {FEWEST} to {MOST}"),
        ({"quarters": "0"}, "whole number; allowed: 1 to"),
        ({"seed": "-1"}, "whole number"),
        ({"b.scenario": "bank-failure", "quarters": "4"}, "start in the same quarter"),
    ],
)
def test_what_is_wrong_with_an_address_is_told_in_one_line(said, words):
    with pytest.raises(ScenarioError, match=words) as told:
        read(said)
    assert "\n" not in str(told.value)


# Twins with their paths


def test_twins_are_those_of_compare_and_fans_those_of_their_histories():
    a, b = (load(name, {"run.quarters": 3}) for name in ("baseline", "no-redeployment"))
    found = run_twins(a, b, 4, seed=11, engine="numpy")
    other = sim.compare("baseline", "no-redeployment", runs=4, seed=11, quarters=3, workers=1)
    for name, effect in other.effects.items():
        assert effect.a == pytest.approx(found.comparison.effects[name].a, rel=1e-12, nan_ok=True), name
        assert effect.b == pytest.approx(found.comparison.effects[name].b, rel=1e-12, nan_ok=True), name
    assert words_of(found.comparison) == other.words
    assert found.quarters == ("2023Q4", "2024Q1", "2024Q2", "2024Q3")
    histories = in_numpy([start(seeded(b, seed), seed) for seed in range(11, 15)], behaviour(b))
    tokens = histories.paths[..., histories.names.index("gpu_capex_usd_bn")]
    quantiles = found.quantiles("gpu_capex_usd_bn", LEVELS)[1]
    assert quantiles == pytest.approx(np.quantile(tokens, LEVELS, axis=0).T)
    assert (np.diff(quantiles, axis=1) >= 0.0).all()


def test_twins_with_other_agents_are_run_apart():
    """They do not fit one batch; what they say is the same."""
    baseline = load("baseline", {"run.quarters": 2})
    larger = load("baseline", {"run.quarters": 2, "tail.providers": 2})
    seen = []
    found = run_twins(baseline, larger, 2, engine="numpy", progress=lambda *step: seen.append(step))
    alone = run_twins(larger, larger, 2, engine="numpy")
    assert found.paths[1] == pytest.approx(alone.paths[0], nan_ok=True)
    assert not np.allclose(found.paths[0], found.paths[1], equal_nan=True)
    assert seen[-1] == (4, 4, FINISHED)
    assert [step for step in seen if step[2] == DRAWN] == [(done, 4, DRAWN) for done in range(1, 5)]


# Jobs


def test_a_comparison_is_run_and_told_as_compare_tells_it(client):
    found = result(client)
    turned = load("baseline", {"environment.terminal_rate": 0.01})
    other = sim.compare(turned, "no-redeployment", runs=4, seed=7, quarters=2, workers=1)
    assert [row["name"] for row in found["outcomes"]] == list(OUTCOMES)
    for row in found["outcomes"]:
        effect = other.effects[row["name"]]
        told = [row[part] for part in ("mean_a", "mean_b", "mean", "low", "high")]
        assert told == pytest.approx([effect.mean_a, effect.mean_b, effect.mean, effect.low, effect.high]), row
        assert (row["decided"], row["none"]) == (effect.decided, effect.none)
        assert (row["label"], row["unit"]) == (BY_NAME[row["name"]].label, BY_NAME[row["name"]].unit)
    assert found["words"] == other.words
    assert found["cause"]["purchases"]["mean"] == pytest.approx(other.cause.purchases.mean)
    assert found["labels"] == ["baseline, terminal_rate = 0.01", "no-redeployment"]
    assert [fan["name"] for fan in found["fans"]] == [measure.name for measure in FANS]
    for fan in found["fans"]:
        assert np.shape(fan["a"]) == np.shape(fan["b"]) == (3, len(LEVELS))
    assert found["seeds"] == [7, 10]


def test_what_was_asked_is_kept_for_whoever_asks_the_same(client):
    assert client.get(f"/api/compare?{QUICK}").json["state"] == "done"
    assert client.post(f"/api/compare?{QUICK}").json["state"] == "done"
    assert client.delete(f"/api/compare?{QUICK}").json["state"] == "done"
    other = QUICK.replace("seed=7", "seed=8")
    assert client.get(f"/api/compare?{other}").json == {"state": "none"}


def test_tables_are_the_numbers_of_the_page(client):
    found = result(client)
    tables = {}
    for name in ("differences", "fans", "origins"):
        answer = client.get(f"/api/compare/{name}.csv?{QUICK}")
        assert answer.mimetype == "text/csv"
        assert f"{name}.csv" in answer.headers["Content-Disposition"]
        tables[name] = list(csv.DictReader(io.StringIO(answer.text)))
    rows = {row["outcome"]: row for row in tables["differences"]}
    for outcome in found["outcomes"]:
        assert float(rows[outcome["name"]]["difference"]) == outcome["mean"]
    assert len(tables["fans"]) == len(FANS) * 2 * 3
    first = tables["fans"][0]
    assert float(first["quantile_0.5"]) == found["fans"][0]["a"][0][2]
    origins = [float(row["difference_usd_bn"]) for row in tables["origins"]]
    assert sum(origins[:-1]) == pytest.approx(origins[-1], abs=1e-9)
    assert client.get(f"/api/compare/secrets.csv?{QUICK}").status_code == 404
    none = client.get("/api/compare/fans.csv?seed=12345")
    assert none.status_code == 404
    assert "run it" in none.json["error"]


def test_mistakes_are_told_and_start_nothing(client):
    for query, words in (
        ("runs=100000", "whole number"),
        ("b.scenario=nothing", "unknown scenario"),
        ("b.scenario=lab-failure&quarters=1", "2024Q1"),
    ):
        answer = client.post(f"/api/compare?{query}")
        assert answer.status_code == 400
        assert words in answer.json["error"]


def test_pages_of_other_sites_start_and_end_nothing(client):
    headers = {"Origin": "http://elsewhere.example"}
    for method in (client.post, client.delete):
        assert method(f"/api/compare?{QUICK}", headers=headers).status_code == 403
    own = {"Origin": "http://localhost"}
    assert client.delete(f"/api/compare?{QUICK}", headers=own).status_code == 200


def test_cancel_ends_the_process_and_lets_the_next_one_run(jobs):
    long, short = read(LONG), read(SHORT)
    jobs.start(long)
    jobs.start(short)
    assert jobs.state(short) == {"state": "waiting", "place": 1}
    until(lambda: jobs.state(long)["progress"]["part"] > 0.0)
    pid = jobs._jobs[long].process.pid
    assert process_alive(pid)
    jobs.cancel(long)
    assert jobs.state(long) == {"state": "cancelled"}
    until(lambda: not process_alive(pid), 10)
    assert over(jobs, short)["state"] == "done"
    assert jobs.result(long) is None
    # Asked for again, it starts again; one that only waits is cancelled with no process.
    jobs.start(long)
    assert jobs.state(long)["state"] == "running"
    jobs.start(replace(short, runs=5))
    jobs.cancel(replace(short, runs=5))
    assert jobs.state(replace(short, runs=5)) == {"state": "cancelled"}


def test_a_process_that_dies_is_told_in_one_line(jobs):
    asking = read(LONG)
    jobs.start(asking)
    os.kill(jobs._jobs[asking].process.pid, signal.SIGKILL)
    told = over(jobs, asking)
    assert told["state"] == "failed"
    assert "signal 9" in told["message"]
    assert "\n" not in told["message"]


def test_a_comparison_that_takes_too_long_is_ended(jobs, monkeypatch):
    monkeypatch.setattr(jobs_module, "LONGEST", 0.2)
    asking = read(LONG)
    jobs.start(asking)
    pid = jobs._jobs[asking].process.pid
    assert "was ended after" in over(jobs, asking)["message"]
    until(lambda: not process_alive(pid), 10)


def test_only_a_few_wait_and_only_a_few_are_kept(jobs, monkeypatch):
    monkeypatch.setattr(jobs_module, "MOST_WAITING", 2)
    monkeypatch.setattr(jobs_module, "MOST_KEPT", 3)
    first = read(LONG)
    asked = [replace(first, runs=runs) for runs in range(4, 8)]
    jobs.start(first)
    for asking in asked[:2]:
        jobs.start(asking)
    with pytest.raises(BusyError, match="busy: 2 jobs wait"):
        jobs.start(asked[2])
    assert jobs.state(asked[1]) == {"state": "waiting", "place": 2}
    assert jobs.state(asked[2]) == {"state": "none"}
    jobs.start(asked[1])  # Who asks for one that waits already is not turned away.
    for asking in asked:
        jobs.start(asking)
        jobs.cancel(asking)
    jobs.start(replace(first, runs=9))
    assert [jobs.state(asking)["state"] for asking in asked] == ["none", *["cancelled"] * 3]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_a_comparison_ends_with_its_server_even_if_that_is_killed():
    code = (
        "import time\nfrom sim.server.jobs import Jobs\nfrom sim.server.comparison_query import read\n"
        f"jobs, asked = Jobs(), read({LONG!r})\njobs.start(asked)\n"
        "while jobs.state(asked)['progress']['part'] == 0.0: time.sleep(0.05)\n"
        "print(jobs._jobs[asked].process.pid, flush=True)\ntime.sleep(600)"
    )
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        pid = int(server.stdout.readline())
        assert process_alive(pid)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    until(lambda: not process_alive(pid), 10)
