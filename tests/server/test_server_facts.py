"""The facts page: one history at once, many in the background, verdicts as the command computes them."""

import csv
import io

import pytest

import sim
from sim.server import ensemble_worker
from sim.server.app import create_app
from sim.server.views import facts

SLOW = 60_000


@pytest.fixture(scope="module")
def client():
    return create_app().server.test_client()


@pytest.mark.slow
def test_the_table_of_one_history_is_that_of_the_run(client, tmp_path):
    run = sim.run("baseline", seed=3, changes={"payout_ratio": 0.6}, out=tmp_path / "run", figures=False)
    wanted = sim.facts_of(run).to_dict()
    found = client.get("/api/facts?seed=3&payout_ratio=0.6").get_json()
    assert len(found["facts"]) == len(wanted["facts"]) >= 29
    for ours, theirs in zip(found["facts"], wanted["facts"], strict=True):
        assert ours["verdict"] == theirs["verdict"]
        none = theirs["model"] is None
        assert ours["model"] is None if none else ours["model"] == pytest.approx(theirs["model"], rel=1e-9)


@pytest.mark.slow
def test_many_histories_are_those_of_the_command(monkeypatch):
    monkeypatch.setattr(facts, "RUNS", 2)
    found = ensemble_worker.DOCUMENTS["facts"]({"scenario": "baseline"})
    wanted = sim.validate("baseline", runs=2, workers=1).to_dict()
    assert found["facts"] == wanted["facts"]
    assert found["runs"] == 2


def test_a_job_of_facts_can_be_started_and_cancelled(client):
    query = "scenario=fast-cuts&seed=77"
    assert client.get(f"/api/facts/many?{query}").get_json() == {"state": "none"}
    assert client.post(f"/api/facts/many?{query}").get_json()["state"] == "running"
    assert client.get(f"/api/facts/many/result?{query}").status_code == 404
    assert client.delete(f"/api/facts/many?{query}").get_json()["state"] == "cancelled"
    assert client.post("/api/facts/many?terminal_rate=9").status_code == 400


def test_the_table_comes_as_csv(client):
    rows = list(csv.DictReader(io.StringIO(client.get("/api/facts.csv").get_data(as_text=True))))
    by_id = {row["id"]: row for row in rows}
    assert by_id["tether_profit_2024"]["evidence_low"] == "13.0"
    assert by_id["tether_profit_2024"]["kind"] == "emergent"
    assert by_id["tether_profit_2024"]["source"].startswith("http")


def test_the_page_shows_every_fact_with_kind_verdict_and_sources(page, served):
    page.goto(f"{served}/facts?terminal_rate=0.02")
    page.wait_for_selector("#facts-table tr", timeout=SLOW)
    row = page.locator("#fact-tether_profit_2024")
    assert "13 to 13.7" in row.inner_text()
    assert row.locator(".kind").inner_text() == "emergent"
    answer = page.request.get(f"{served}/api/facts?terminal_rate=0.02").json()
    [fact] = [fact for fact in answer["facts"] if fact["id"] == "tether_profit_2024"]
    assert row.locator(".verdict").inner_text() == {True: "agrees", False: "does not agree"}[fact["ok"]]
    assert row.locator("a.source").first.get_attribute("href").startswith("http")
    assert page.locator("#fact-bill_rate_2025Q2 .kind").inner_text() == "input"
    assert "one history, seed 1" in page.inner_text("#facts-about")
    page.get_by_text("Run 40 histories").click()
    page.get_by_role("button", name="Cancel").click(timeout=SLOW)
    page.wait_for_function("() => document.querySelector('#facts-words').innerText === 'Cancelled.'", timeout=SLOW)


@pytest.mark.slow
def test_the_page_fits_a_telephone(narrow_page, served):
    narrow_page.goto(f"{served}/facts?terminal_rate=0.02")
    narrow_page.wait_for_selector("#facts-table tr", timeout=SLOW)
    assert narrow_page.evaluate("document.documentElement.scrollWidth") <= 390
