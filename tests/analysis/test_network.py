"""The network of a run: against the run's tables, and as files."""

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest
from support.networks import edges, first_quarters, of_quarter

from sim.analysis import network
from sim.economy.books.flows import FLOWS
from sim.runs.run import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return first_quarters(tmp_path_factory.mktemp("runs") / "run")


def assert_same(left: nx.MultiDiGraph, right: nx.MultiDiGraph) -> None:
    assert nx.utils.graphs_equal(left, right)
    assert list(left.edges(keys=True)) == list(right.edges(keys=True))


# The graph is what the tables say.


@pytest.mark.parametrize(("quarter", "last"), [("2024Q1", 1), ("2024Q3", 1), ("2025Q2", 4), (None, 6)])
def test_flow_edges_add_up_to_the_flows_of_the_period(run: Run, quarter: str | None, last: int) -> None:
    graph = network.graph(run, quarter, last)
    labels = run.series["quarter"].tolist()
    end = labels.index(quarter or labels[-1])
    period = labels[end + 1 - last : end + 1]
    flows = of_quarter(run.flows, *period)
    found = edges(graph, "flow")
    assert math.fsum(data["usd_bn"] for *_, data in found) == pytest.approx(flows["usd_bn"].sum(), rel=1e-12)
    for kind, total in flows.groupby("flow")["usd_bn"].sum().items():
        of_kind = [data["usd_bn"] for *_, key, data in graph.edges(keys=True, data=True) if key == kind]
        assert math.fsum(of_kind) == pytest.approx(total, rel=1e-12)
    for payer, payee, data in found:
        kind = FLOWS[data["flow"]]
        assert data["meaning"] == kind.meaning
        origins = [value for name, value in data.items() if name.startswith("from_")]
        assert math.fsum(origins) == pytest.approx(data["usd_bn"], rel=1e-9)
        assert data["interest_share"] == pytest.approx(data["from_bill_interest"] / data["usd_bn"])
        assert data["flow"] in graph[payer][payee]
    assert graph.graph == {
        "quarter": period[-1],
        "quarters": last,
        "units": "USD bn",
        "scenario": "baseline",
        "seed": 1,
    }


def test_what_flows_in_beyond_what_flows_out_is_the_change_of_cash(run: Run) -> None:
    labels = run.series["quarter"].tolist()
    before = network.graph(run, labels[0])
    for label in labels[1:]:
        graph = network.graph(run, label)
        net = dict.fromkeys(graph, 0.0)
        for payer, payee, data in edges(graph, "flow"):
            net[payer] -= data["usd_bn"]
            net[payee] += data["usd_bn"]
        for name, data in graph.nodes(data=True):
            assert net[name] == pytest.approx(data["cash"] - before.nodes[name]["cash"], abs=1e-9)
        before = graph


def test_nodes_have_the_balances_of_the_agents(run: Run) -> None:
    for label in ("2023Q4", "2025Q2"):
        graph = network.graph(run, label)
        table = of_quarter(run.agents, label)
        assert list(graph) == list(dict.fromkeys(table["agent"]))
        for name, data in graph.nodes(data=True):
            own = table[table["agent"] == name].set_index("measure")
            assert data["population"] == own["population"].iloc[0]
            balances = {key: value for key, value in data.items() if key != "population"}
            assert {"cash", "net_worth"} <= set(balances) <= set(network.BALANCES)
            for measure, value in balances.items():
                assert type(value) is float
                assert math.isfinite(value)
                assert value == own.loc[measure, "value"]
    assert {data["population"] for _, data in graph.nodes(data=True)} == {
        "issuers",
        "labs",
        "providers",
        "investors",
        "ventures",
        "sectors",
    }


def test_exposures_are_what_holders_own_and_issuers_owe(run: Run) -> None:
    for label in ("2023Q4", "2025Q2"):
        graph = network.graph(run, label)
        found = edges(graph, "exposure")
        claims = of_quarter(run.exposures, label)
        assert len(found) == (claims["issuer"] != "").sum()
        owed: dict[tuple[str, str], float] = {}
        for _, issuer, data in found:
            owed[issuer, data["instrument"]] = owed.get((issuer, data["instrument"]), 0.0) + data["usd_bn"]
        for (issuer, instrument), worth in owed.items():
            measure = {"compute_loans": "debt", "tokens": "tokens"}.get(instrument, "equity_value")
            if issuer in ("Government", "Economy"):
                continue
            assert worth == pytest.approx(graph.nodes[issuer][measure], rel=1e-9, abs=1e-9)
        shares = graph["Microsoft"]["OpenAI"]["lab_shares"]
        assert shares["usd_bn"] > 0.0
        assert shares["layer"] == "exposure"


def test_numbers_that_are_none_are_left_out(run: Run) -> None:
    agents = run.agents.copy()
    at = (agents["agent"] == "OpenAI") & (agents["quarter"] == "2025Q2") & (agents["measure"] == "net_worth")
    agents.loc[at, "value"] = np.nan
    copy = Run(run.path, {})
    copy.__dict__["agents"] = agents
    graph = network.graph(copy)
    assert "net_worth" not in graph.nodes["OpenAI"]
    assert "cash" in graph.nodes["OpenAI"]
    assert graph.graph == {"quarter": "2025Q2", "quarters": 1, "units": "USD bn"}


@pytest.mark.parametrize("quarter", ["2022Q4", "2031Q1", "soon", ""])
def test_a_quarter_that_is_not_in_the_run_is_refused(run: Run, quarter: str) -> None:
    with pytest.raises(ValueError, match=f"no quarter {quarter!r}: it has 2023Q4 to 2025Q2"):
        network.graph(run, quarter)


@pytest.mark.parametrize(
    ("quarter", "last", "most"), [("2024Q2", 3, 2), ("2023Q4", 2, 1), (None, 7, 6), (None, 0, 6), (None, -1, 6)]
)
def test_more_quarters_than_there_are_is_refused(run: Run, quarter: str | None, last: int, most: int) -> None:
    with pytest.raises(ValueError, match=f"last = {last}: up to .* can add up 1 to {most} quarters"):
        network.graph(run, quarter, last)


def test_owners_and_what_they_own_become_one_node(run: Run) -> None:
    apart = network.graph(run, last=4)
    group = network.graph(run, last=4, owners={"Microsoft Azure": "Microsoft", "Vendor": "Nvidia"})
    assert set(apart) - set(group) == {"Microsoft Azure", "Vendor"}
    assert group.nodes["Microsoft"]["population"] == "investors"
    cash = apart.nodes["Microsoft"]["cash"] + apart.nodes["Microsoft Azure"]["cash"]
    assert group.nodes["Microsoft"]["cash"] == pytest.approx(cash)
    for layer in ("flow", "exposure"):
        totals = [math.fsum(data["usd_bn"] for *_, data in edges(graph, layer)) for graph in (apart, group)]
        assert totals[0] == pytest.approx(totals[1])
    rent = group["OpenAI"]["Microsoft"]["compute"]["usd_bn"]
    assert rent == apart["OpenAI"]["Microsoft Azure"]["compute"]["usd_bn"]
    assert network.funded_sales(group)[0] > network.funded_sales(apart)[0] + 0.1


@pytest.mark.parametrize(
    "owners", [{"Nobody": "Microsoft"}, {"Nvidia": "Nobody"}, {"Nvidia": "Google", "Google": "Amazon"}]
)
def test_owners_that_make_no_sense_are_refused(run: Run, owners: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="owners: "):
        network.graph(run, owners=owners)


# Files.


def test_json_is_read_back_the_same(run: Run, tmp_path: Path) -> None:
    graph = network.graph(run, last=2)
    network.write_json(graph, tmp_path / "network.json")
    again = network.read_json(tmp_path / "network.json")
    assert_same(graph, again)
    network.write_json(again, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "network.json").read_bytes()
    network.to_json(graph)["graph"]["quarter"] = "changed"
    assert graph.graph["quarter"] == "2025Q2"


def test_graphml_is_read_back_with_its_types(run: Run, tmp_path: Path) -> None:
    graph = network.graph(run, last=2)
    path = tmp_path / "network.graphml"
    network.write_graphml(graph, path)
    again = nx.read_graphml(path, force_multigraph=True)
    assert dict(again.nodes(data=True)) == dict(graph.nodes(data=True))
    assert list(again.edges(data=True)) == list(graph.edges(data=True))
    assert again.graph.items() >= graph.graph.items()
    assert type(again.graph["seed"]) is int
    ids = [edge.get("id") for edge in ElementTree.parse(path).iter("{http://graphml.graphdrawing.org/xmlns}edge")]
    assert len(set(ids)) == len(ids) == len(graph.edges)


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes_in_every_process(run: Run, tmp_path: Path) -> None:
    code = """if True:
        import sys
        from sim.analysis import network
        from sim.runs.run import Run
        graph = network.graph(Run.open(sys.argv[1]), "2025Q1", 4)
        network.write_graphml(graph, sys.argv[2] + ".graphml")
        network.write_json(graph, sys.argv[2] + ".json")
        print(network.measures(graph), network.centrality(graph).to_csv())
    """
    seen = set()
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", code, str(run.path), str(tmp_path / seed)],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        files = [tmp_path / f"{seed}.graphml", tmp_path / f"{seed}.json"]
        seen.add(tuple(hashlib.sha256(text).hexdigest() for text in (told, *(f.read_bytes() for f in files))))
    assert len(seen) == 1
