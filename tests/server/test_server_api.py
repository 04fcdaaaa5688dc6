"""What pages fetch, and who may: documents, tables, errors in one line, token, host names, headers."""

import csv
import gzip
import io
import json

import pytest

import sim
from sim.server.app import create_app

TOKEN = "a-long-secret"


@pytest.fixture(scope="module")
def client():
    return create_app().server.test_client()


@pytest.fixture(scope="module")
def guarded():
    return create_app(TOKEN, ("0.0.0.0",)).server


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return sim.run("fast-cuts", seed=5, out=tmp_path_factory.mktemp("runs") / "run", figures=False)


def _world(client, query):
    answer = client.get(f"/api/world?{query}")
    assert answer.headers["Content-Encoding"] == "gzip"
    return json.loads(gzip.decompress(answer.get_data()))


def test_a_document_says_what_the_run_of_the_same_scenario_and_seed_says(client, run):
    world = _world(client, "scenario=fast-cuts&seed=5")
    outcomes = run.manifest["outcomes"]
    cards = {card["id"]: card for card in world["cards"]}
    for card, outcome in (
        ("interest", "interest_usd_bn"),
        ("redeployed", "redeployed_usd_bn"),
        ("from_interest", "redeployed_from_interest_usd_bn"),
        ("gpus_usd_bn", "interest_funded_gpu_usd_bn"),
        ("tokens", "final_tokens_usd_bn"),
        ("failures", "failures"),
    ):
        assert cards[card]["values"][-1] == pytest.approx(outcomes[outcome], rel=1e-5), card
    assert cards["gpus_usd_bn"]["gpus"][-1] == pytest.approx(outcomes["gpus_funded_by_interest"], rel=1e-5)
    assert cards["gpus_usd_bn"]["share"][-1] == pytest.approx(outcomes["interest_share_of_gpu_capex"], rel=1e-5)
    assert world["quarters"] == run.series["quarter"].tolist()
    assert world["events"] == run.events
    assert world["largest_residual"] < 1e-9


def test_in_every_quarter_the_uses_sum_to_the_interest(client):
    world = _world(client, "scenario=fast-cuts&seed=5")
    (interest,) = (card["values"] for card in world["cards"] if card["id"] == "interest")
    for part in ("direct", "final"):
        for at, earned in enumerate(interest):
            total = sum(row["usd_bn"][at] for row in world["uses"][part])
            assert total == pytest.approx(earned, rel=1e-4, abs=1e-6)


def test_every_line_of_the_network_ends_at_a_node_and_has_no_more_interest_than_money(client):
    network = _world(client, "scenario=perfect-storm")["network"]
    known = {node["id"] for node in network["nodes"]}
    for edge in network["edges"]:
        assert {edge["source"], edge["target"]} <= known
        for part, whole in zip(edge["interest"], edge["usd_bn"], strict=True):
            assert part <= whole * (1 + 1e-5) + 1e-12


def test_the_first_to_fail_is_the_first_of_the_events(client):
    world = _world(client, "scenario=perfect-storm")
    failed = [event for event in world["events"] if event["kind"] in ("failure", "issuer_failure")]
    assert world["first_failures"]
    assert world["first_failures"] == [event for event in failed if event["quarter"] == failed[0]["quarter"]]
    assert _world(client, "scenario=baseline")["first_failures"] == []


def test_a_lever_changes_the_document_and_is_marked(client):
    world = _world(client, "terminal_rate=0.01")
    assert world["world"]["turned"] == ["terminal_rate"]
    assert world["world"]["levers"]["terminal_rate"] == 0.01
    assert world["cards"][0]["values"][-1] < _world(client, "")["cards"][0]["values"][-1]


def test_the_books_of_an_agent_balance_in_every_quarter(client):
    names = ("issuers/Tether", "labs/OpenAI", "providers/CoreWeave", "investors/SoftBank", "ventures/Neuralink")
    for name in names:
        found = client.get("/api/agent", query_string={"agent": name}).get_json()
        for at, worth in enumerate(found["net_worth"]):
            assets = sum(item["usd_bn"][at] for item in found["assets"])
            debts = sum(item["usd_bn"][at] for item in found["debts"])
            # GPUs are held of no one, as bitcoin is.
            assert assets - debts == pytest.approx(worth, rel=2e-4, abs=2e-4), (name, found["quarters"][at])


@pytest.mark.parametrize("table", ["series", "agents", "flows", "exposures", "events", "uses", "ends", "payments"])
def test_tables_come_as_csv(client, table):
    answer = client.get(f"/api/{table}.csv?scenario=fast-cuts&seed=5")
    assert answer.mimetype == "text/csv"
    assert f"capflow-fast-cuts-{table}.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert rows
    assert "quarter" in rows[0]


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/api/world?terminal_rate=9", 400, "out of range; allowed: 0 to 0.1"),
        ("/api/world?scenario=../../etc/passwd", 400, "unknown scenario"),
        ("/api/world?decisions.redeployment=os:system", 400, "no such lever"),
        ("/api/agent?agent=issuers/Tehter", 400, "did you mean"),
        ("/api/agent", 400, "agent = ''"),
        ("/api/secrets.csv", 404, "no such table"),
        ("/api/..%2f..%2fpyproject.csv", 404, "no such address"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(client, path, status, told):
    answer = client.get(path)
    assert answer.status_code == status
    error = answer.get_json()["error"]
    assert told in error
    assert "\n" not in error


@pytest.mark.parametrize(
    "path", ["/assets/../app.py", "/assets/..%2fapp.py", "/assets/%2e%2e/gate.py", "/../../etc/passwd"]
)
def test_files_beside_the_assets_are_not_served(client, path):
    answer = client.get(path)
    assert b"from __future__" not in answer.get_data()
    assert b"root:" not in answer.get_data()


def test_every_answer_has_its_headers(client):
    for path in ("/", "/api/world?x=1", "/assets/capflow.css"):
        with client.get(path) as answer:
            headers = answer.headers
        assert "script-src 'self' 'sha256-" in headers["Content-Security-Policy"]
        assert "unsafe-eval" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def test_without_a_token_only_names_of_this_machine_are_answered(client):
    for host in ("localhost:8765", "127.0.0.1", "[::1]:8765"):
        assert client.get("/", headers={"Host": host}).status_code == 200
    for host in ("evil.example", "localhost.evil.example:8765", "[::2]:80"):
        assert client.get("/", headers={"Host": host}).status_code == 403


def test_posts_of_other_sites_are_refused(client):
    for origin, status in (("http://evil.example", 403), ("null", 403), ("http://localhost", 500)):
        answer = client.post("/_dash-update-component", headers={"Origin": origin}, json={})
        assert (answer.status_code == 403) == (status == 403)


@pytest.mark.parametrize("path", ["/", "/about", "/api/world", "/api/series.csv", "/_dash-layout", "/assets/live.js"])
def test_with_a_token_everything_asks_for_it(guarded, path):
    client = guarded.test_client()
    refused = client.get(path)
    assert refused.status_code == 401
    assert client.get(path, headers={"Authorization": "Bearer wrong-secret"}).status_code == 401
    with client.get(path, headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
        assert answer.status_code == 200


def test_a_token_in_the_address_or_the_form_opens_all_pages_and_leaves_the_address(guarded):
    for client in (guarded.test_client(), guarded.test_client()):
        opened = client.get(f"/about?token={TOKEN}")
        assert opened.status_code == 302
        assert TOKEN not in opened.headers["Location"]
        assert TOKEN not in opened.headers["Set-Cookie"]
        assert "HttpOnly" in opened.headers["Set-Cookie"]
        assert client.get("/_dash-layout").status_code == 200
    client = guarded.test_client()
    assert client.post("/_token", data={"token": "wrong"}).status_code == 401
    assert client.post("/_token", data={"token": TOKEN, "next": "//evil.example"}).headers["Location"] == "/"
    assert client.get("/api/agent?agent=issuers/Circle").status_code == 200


def test_a_link_with_a_token_keeps_the_rest_of_its_address(guarded):
    opened = guarded.test_client().get(f"/?scenario=perfect-storm&token={TOKEN}&seed=3")
    assert opened.headers["Location"] == "/?scenario=perfect-storm&seed=3"


def test_a_request_that_is_too_large_is_refused(client):
    answer = client.post("/_dash-update-component", data=b"x" * 2_000_000, content_type="application/json")
    assert answer.status_code == 413
