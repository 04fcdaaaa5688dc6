"""The command line, run as a person would: real processes, real files."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import duckdb
import networkx as nx
import pandas as pd
import pytest
from support.command import CAPFLOW, capflow
from support.sampling import sampled

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]

ORIGINS = [
    "bill_interest",
    "token_float",
    "trading_gains",
    "customer_revenue",
    "investor_capital",
    "credit",
    "opening_cash",
]
SECTORS = ("Government", "Vendor", "Economy")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def answer(home):
    done = capflow("run", "baseline", "--json", cwd=home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def tables(answer):
    folder = Path(answer["run_dir"])
    return {
        name: duckdb.read_parquet(str(folder / f"{name}.parquet")).df()
        for name in ("series", "agents", "flows", "exposures")
    }


def test_the_answer_has_what_it_promises(answer):
    assert answer["scenario"] == "baseline"
    assert (answer["seed"], answer["quarters"]) == (1, 28)
    assert len(answer["checks"]) == 9
    assert all(0.0 <= residual <= 1e-9 for residual in answer["checks"].values())
    for name in (
        "interest_usd_bn",
        "redeployed_usd_bn",
        "interest_funded_gpu_usd_bn",
        "gpus_funded_by_interest",
        "interest_share_of_gpu_capex",
    ):
        assert answer["outcomes"][name] > 0, name
    assert answer["outcomes"]["interest_share_of_gpu_capex"] < 0.1
    assert answer["timing"]["simulation_s"] > 0


def test_the_folder_explains_itself(answer):
    folder = Path(answer["run_dir"])
    expected = {
        "series.parquet",
        "agents.parquet",
        "flows.parquet",
        "exposures.parquet",
        "events.json",
        "manifest.json",
        "scenario.json",
        "network.graphml",
        "network.json",
        "report.html",
        "figures",
    }
    assert {path.name for path in folder.iterdir()} == expected
    assert len(list((folder / "figures").glob("*.png"))) >= 6
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {"checks", "outcomes", "versions", "seed", "scenario", "changes"} <= set(manifest)
    assert nx.read_graphml(folder / "network.graphml").number_of_nodes() > 30


def test_flows_alone_rebuild_everyones_cash(tables):
    """From quarter to quarter, for every agent and sector, by name."""
    agents, flows = tables["agents"], tables["flows"]
    cash = agents[agents["measure"] == "cash"].pivot(index="agent", columns="quarter", values="value")
    quarters = list(tables["series"]["quarter"])
    received = flows.pivot_table(index="payee", columns="quarter", values="usd_bn", aggfunc="sum")
    paid = flows.pivot_table(index="payer", columns="quarter", values="usd_bn", aggfunc="sum")
    assert len(cash) == 6 + 5 + 9 + 9 + 3 + 3
    for before, after in pairwise(quarters):
        change = received[after].reindex(cash.index).fillna(0) - paid[after].reindex(cash.index).fillna(0)
        gross = received[after].reindex(cash.index).fillna(0) + paid[after].reindex(cash.index).fillna(0)
        residual = (cash[after] - cash[before] - change).abs() / gross.clip(lower=1e-3)
        assert residual.max() <= 1e-9, (after, residual.idxmax())


def test_origins_sum_to_the_amount_in_every_row(tables):
    flows = tables["flows"]
    columns = [name for name in flows.columns if name.startswith("from_")]
    assert {f"from_{origin}" for origin in ORIGINS} <= set(columns)
    assert ((flows[columns].sum(axis=1) - flows["usd_bn"]).abs() <= 1e-9 * flows["usd_bn"]).all()
    assert (flows["usd_bn"] > 0).all()
    assert not flows.duplicated(["quarter", "flow", "payer", "payee"]).any()


@pytest.mark.parametrize("origin", ORIGINS)
def test_each_origin_is_accounted_for_from_the_files(tables, origin):
    """Opening + earned = held + spent outside, from flows and balances alone (M9-T1)."""
    agents, flows = tables["agents"], tables["flows"]
    agents = agents[agents["measure"] == f"cash_from_{origin}"]
    held = agents.groupby("quarter")["value"].sum()
    column = flows[f"from_{origin}"]
    earned = column[flows["payer"].isin(SECTORS) & ~flows["payee"].isin(SECTORS)].sum()
    spent = column[flows["payee"].isin(SECTORS) & ~flows["payer"].isin(SECTORS)].sum()
    first, last = held[tables["series"]["quarter"].iloc[[0, -1]]]
    assert first + earned == pytest.approx(last + spent, abs=1e-9 * flows["usd_bn"].sum())


def test_series_begin_with_the_opening_quarter(tables):
    series = tables["series"]
    assert list(series["quarter"].iloc[[0, 1, -1]]) == ["2023Q4", "2024Q1", "2030Q4"]
    assert series["interest_usd_bn"].iloc[0] == 0.0
    assert not series.isna().any().any()


def test_same_seed_same_bytes_and_nothing_is_overwritten(home, answer):
    done = capflow("run", "baseline", "--json", "--no-figures", cwd=home)
    again = Path(json.loads(done.stdout)["run_dir"])
    assert again != Path(answer["run_dir"])
    for name in ("series", "agents", "flows", "exposures"):
        first = (Path(answer["run_dir"]) / f"{name}.parquet").read_bytes()
        assert (again / f"{name}.parquet").read_bytes() == first, name


@pytest.mark.slow
def test_a_person_sees_the_story(home):
    done = capflow("run", "--quarters", 6, "--seed", 3, "--out", "six", "--no-figures", cwd=home)
    assert done.returncode == 0, done.stderr
    for words in (
        "Treasury interest",
        "Where the interest went",
        "first use",
        "in the end, at any remove",
        "Northern Data",
        "six",
    ):
        assert words in done.stdout, words
    assert "Traceback" not in done.stderr


def test_levers_and_dotted_keys_can_be_set(home):
    options = ["--quarters", 4, "--no-figures", "--json"]
    low = capflow("run", "--set", "terminal_rate=0.0", "--out", "low", *options, cwd=home)
    manifest = json.loads((home / "low" / "manifest.json").read_text())
    assert manifest["changes"]["environment.terminal_rate"] == {"from": 0.03, "to": 0.0}
    assert json.loads(low.stdout)["quarters"] == 4
    off = capflow("run", "--set", "redeployment.redeployment=0", "--out", "off", *options, cwd=home)
    assert json.loads(off.stdout)["outcomes"]["redeployed_usd_bn"] == 0.0


MISTAKES = [
    (["run", "basline"], ["basline", "did you mean 'baseline'"]),
    (["run", "nowhere/x.toml"], ["nowhere/x.toml", "does not exist"]),
    (["run", "--set", "terminal_rate=5"], ["--set environment.terminal_rate=5", "0 to 0.1"]),
    (["run", "--set", "terminal_rat=0.1"], ["terminal_rat", "did you mean"]),
    (["run", "--set", "gpus.rent=1"], ["gpus.rent"]),
    (["run", "--set", "nonsense"], ["KEY=VALUE"]),
    (["run", "--quarters", "0"], ["--quarters 0"]),
    (["run", "--quarters", "many"], ["--quarters", "integer"]),
    (["run", "--seed", "-4"], ["--seed -4"]),
    (["run", "--wrong"], ["--wrong"]),
    (["run", "--out", "/dev/null/x"], ["/dev/null/x"]),
    (["query", "select * from nothing"], ["nothing"]),
    (["query", "select 1", "--run", "nowhere"], ["nowhere"]),
    (["list", "everythin"], ["everythin"]),
    (["dance"], ["dance"]),
]


@pytest.mark.parametrize(("arguments", "words"), sampled(MISTAKES, MISTAKES[:3]))
@pytest.mark.usefixtures("answer")
def test_mistakes_end_with_one_line_and_status_two(home, arguments, words):
    before = sorted(home.rglob("*"))
    done = capflow(*arguments, cwd=home)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("capflow: ")
    for word in words:
        assert word in done.stderr
    assert sorted(home.rglob("*")) == before


def test_an_existing_folder_is_left_alone(home):
    (home / "mine").mkdir()
    (home / "mine" / "thesis.txt").write_text("do not lose")
    done = capflow("run", "--out", "mine", cwd=home)
    assert done.returncode == 2
    assert "mine" in done.stderr
    assert (home / "mine" / "thesis.txt").read_text() == "do not lose"


@pytest.mark.parametrize(("number", "status"), sampled(SIGNALS, SIGNALS[:1]))
def test_an_interrupted_run_leaves_no_folder(tmp_path, number, status):
    # A test that runs in the background inherits an ignored Ctrl-C; a person's terminal does not.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + CAPFLOW[2]
    arguments = [
        sys.executable,
        "-c",
        code,
        "run",
        "--quarters",
        "160",
        "--set",
        "history.until=none",
        "--out",
        "runs/long",
    ]
    process = subprocess.Popen(
        arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("runs/.*")):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    assert not (tmp_path / "runs" / "long").exists()
    assert "Traceback" not in err
    if number != signal.SIGKILL:
        assert list((tmp_path / "runs").iterdir()) == []
        assert len(err.strip().splitlines()) == 1
    else:
        done = capflow("run", "--quarters", 1, "--no-figures", "--out", "runs/long", cwd=tmp_path)
        assert done.returncode == 0
        assert [path.name for path in (tmp_path / "runs").iterdir()] == ["long"]


def test_query_answers_in_sql(home, answer):
    sql = "select flow, sum(from_bill_interest) as usd_bn from flows group by flow order by 2 desc limit 3"
    done = capflow("query", sql, "--run", answer["run_dir"], "--json", cwd=home)
    rows = json.loads(done.stdout)["rows"]
    assert rows[0]["flow"] == "bill_interest"
    shown = capflow("query", sql, "--run", answer["run_dir"], cwd=home)
    assert "bill_interest" in shown.stdout
    newest = capflow("query", "select count(*) as n from series", "--json", cwd=home)
    assert json.loads(newest.stdout)["rows"][0]["n"] > 0


def test_list_names_scenarios_levers_and_runs(home, answer):
    found = json.loads(capflow("list", "--json", cwd=home).stdout)
    assert "baseline" in [row["name"] for row in found["scenarios"]]
    assert {"name", "unit", "low", "high", "default", "meaning"} <= set(found["levers"][0])
    assert Path(answer["run_dir"]).name in [Path(row["path"]).name for row in found["runs"]]
    assert "terminal_rate" in capflow("list", "levers", cwd=home).stdout


def test_without_runs_the_list_says_what_to_do(tmp_path):
    done = capflow("list", "runs", cwd=tmp_path)
    assert done.returncode == 0
    assert "capflow run" in done.stdout
    assert capflow("query", "select 1", cwd=tmp_path).returncode == 2


def test_help_names_the_commands(home):
    done = capflow("--help", cwd=home)
    assert done.returncode == 0
    for command in ("run", "list", "query"):
        assert command in done.stdout


def test_python_reads_what_the_command_wrote(answer):
    import sim

    finished = sim.Run.open(answer["run_dir"])
    assert isinstance(finished.series, pd.DataFrame)
    assert finished.query("select count(*) as n from flows")["n"][0] == len(finished.flows)
