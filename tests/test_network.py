"""The network of a run and its measures: against the run's tables, and against sums done by hand."""

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import calendar, network, opening, scenario, shocks
from sim.economy.flows import FLOWS
from sim.economy.quarter import quarter as next_quarter
from sim.events import happened
from sim.records import Recorder
from sim.run_writer import RunWriter
from sim.runs import Run

QUARTERS = 6
Amounts = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The first quarters of the baseline."""
    start = opening.open_economy(scenario.load("baseline"))
    draws = opening.draws_for(scenario.load("baseline"), start.names, 1, QUARTERS)
    recorder, economy = Recorder(start.names), start.economy
    with RunWriter(tmp_path_factory.mktemp("runs") / "run") as writer:
        writer.quarter(recorder.tables(start.quarter, economy.books, economy, []))
        for number in range(QUARTERS):
            before, label = economy, calendar.later(start.quarter, number + 1)
            economy, _ = next_quarter(economy, start.rules, shocks.at(draws, number))
            events = happened(label, before, economy, start.names)
            writer.quarter(recorder.tables(label, before.books, economy, events))
        return writer.commit({"scenario": "baseline", "seed": 1, "quarters": QUARTERS})


def by_hand(
    paid: Amounts, flow: str = "compute", held: Amounts | None = None, **populations: str
) -> nx.MultiDiGraph:
    """A network of agents of one letter, of a population of their own if no other is given."""
    graph = nx.MultiDiGraph()
    held = held or {}
    for name in sorted({name for pair in (*paid, *held) for name in pair} | set(populations)):
        graph.add_node(name, population=populations.get(name, name))
    for (payer, payee), usd_bn in paid.items():
        graph.add_edge(payer, payee, flow, layer="flow", flow=flow, usd_bn=usd_bn)
    for (holder, issuer), usd_bn in held.items():
        graph.add_edge(holder, issuer, "lab_shares", layer="exposure", instrument="lab_shares", usd_bn=usd_bn)
    return graph


def pairs(paid: Amounts) -> nx.DiGraph:
    return network.collapsed(by_hand(paid))


def edges(graph: nx.MultiDiGraph, layer: str) -> list[tuple[str, str, dict]]:
    return [edge for edge in graph.edges(data=True) if edge[2]["layer"] == layer]


def of_quarter(table: pd.DataFrame, *quarters: str) -> pd.DataFrame:
    return table[table["quarter"].isin(quarters)]


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
    ("quarter", "last", "most"),
    [("2024Q2", 3, 2), ("2023Q4", 2, 1), (None, 7, 6), (None, 0, 6), (None, -1, 6)],
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


def test_the_same_run_gives_the_same_bytes_in_every_process(run: Run, tmp_path: Path) -> None:
    code = """if True:
        import sys
        from sim import network
        from sim.runs import Run
        graph = network.graph(Run.open(sys.argv[1]), "2025Q1", 4)
        network.write_graphml(graph, sys.argv[2] + ".graphml")
        network.write_json(graph, sys.argv[2] + ".json")
        print(network.measures(graph), network.centrality(graph).to_csv())
    """
    seen = set()
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", code, str(run.path), str(tmp_path / seed)],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        files = [tmp_path / f"{seed}.graphml", tmp_path / f"{seed}.json"]
        seen.add(tuple(hashlib.sha256(text).hexdigest() for text in (told, *(f.read_bytes() for f in files))))
    assert len(seen) == 1


# Measures, by hand.


def test_herfindahl_and_top_shares_by_hand() -> None:
    assert network.herfindahl([5.0, 3.0, 2.0]) == pytest.approx(0.38)
    assert network.herfindahl([7.0, 0.0]) == 1.0
    assert network.top_share([2.0, 5.0, 3.0], 1) == pytest.approx(0.5)
    assert network.top_share([2.0, 5.0, 3.0], 2) == pytest.approx(0.8)
    assert network.top_share([2.0, 5.0], 4) == 1.0
    for nothing in ([], [0.0, 0.0]):
        assert math.isnan(network.herfindahl(nothing))
        assert math.isnan(network.top_share(nothing, 1))


def test_a_pair_is_one_edge_whose_distance_is_one_by_the_amount() -> None:
    graph = by_hand({("a", "b"): 3.0, ("a", "a"): 9.0, ("b", "c"): 1e-14}, held={("b", "a"): 2.0})
    graph.add_edge("a", "b", "lab_tax", layer="flow", flow="lab_tax", usd_bn=1.0)
    flow, exposure = network.collapsed(graph), network.collapsed(graph, "exposure")
    assert list(flow.edges(data=True)) == [("a", "b", {"weight": 4.0, "distance": 0.25})]
    assert list(exposure.edges(data="weight")) == [("b", "a", 2.0)]
    assert set(flow) == {"a", "b", "c"}
    with pytest.raises(ValueError, match="layer = 'flows': it is one of flow, exposure"):
        network.collapsed(graph, "flows")


def test_money_that_comes_back_counts_once() -> None:
    there_and_back = pairs({("a", "b"): 5.0, ("b", "a"): 2.0, ("b", "c"): 3.0})
    assert network.circular(there_and_back) == (2.0, 0.0)
    assert network.reciprocity(there_and_back) == pytest.approx(0.4)


def test_money_goes_round_three() -> None:
    circle = {("a", "b"): 5.0, ("b", "c"): 3.0, ("c", "a"): 4.0}
    assert network.circular(pairs(circle)) == (0.0, 3.0)
    assert network.circular(pairs({**circle, ("b", "a"): 1.0, ("c", "b"): 1.0})) == (2.0, 2.0)
    assert network.circular(pairs({("a", "b"): 5.0, ("b", "c"): 3.0, ("a", "c"): 4.0})) == (0.0, 0.0)


def test_an_edge_of_two_circles_counts_once() -> None:
    shared = {("a", "b"): 5.0, ("b", "c"): 4.0, ("c", "a"): 4.0, ("b", "d"): 3.0, ("d", "a"): 3.0}
    assert network.circular(pairs(shared)) == (0.0, 5.0)


def test_the_largest_circle_is_taken_out_first() -> None:
    largest = {("a", "b"): 5.0, ("b", "c"): 5.0, ("c", "a"): 5.0}
    others = {("b", "d"): 4.0, ("d", "a"): 4.0, ("c", "e"): 4.0, ("e", "b"): 4.0}
    assert network.circular(pairs({**others, **largest})) == (0.0, 5.0)


def test_sectors_close_no_circuit() -> None:
    paid = {("a", "b"): 6.0, ("b", "a"): 2.0, ("b", "s"): 4.0, ("s", "a"): 4.0}
    numbers = network.measures(by_hand(paid, a="labs", b="labs", s="sectors"))
    assert numbers["agents"] == 2
    assert numbers["flow_usd_bn"] == 16.0
    assert numbers["agent_flow_usd_bn"] == 8.0
    assert numbers["circular_usd_bn"] == 2.0
    assert numbers["circular_share"] == 0.25
    assert numbers["circular_three_share"] == 0.0
    assert numbers["reciprocity"] == 0.25
    assert numbers["density"] == 1.0
    assert numbers["largest_circuit_share"] == 1.0
    assert math.isnan(numbers["assortativity"])


def test_funding_that_comes_back_as_sales() -> None:
    graph = by_hand(
        {("i", "l"): 6.0, ("s", "p"): 2.0, ("i", "p"): 1.0, ("i", "i"): 9.0},
        "lab_round",
        i="investors",
        s="sectors",
    )
    for payer, payee, flow, usd_bn in [
        ("l", "i", "compute", 2.5),
        ("p", "i", "investor_loan_principal", 1.0),
    ]:
        graph.add_edge(payer, payee, flow, layer="flow", flow=flow, usd_bn=usd_bn)
    assert network.funded_sales(graph) == (2.5, 7.0)


def test_concentration_of_funding_and_exposure() -> None:
    graph = by_hand(
        {("i", "l"): 3.0, ("i", "m"): 1.0, ("s", "p"): 2.0, ("i", "q"): 2.0},
        "lab_round",
        {("i", "l"): 3.0, ("j", "l"): 1.0, ("s", "l"): 100.0},
        **{"i": "investors", "j": "investors", "s": "sectors"},
        **{"l": "labs", "m": "labs", "n": "labs", "p": "providers", "q": "providers"},
    )
    numbers = network.measures(graph)
    assert numbers["lab_funding_hhi"] == pytest.approx(0.625)
    assert numbers["lab_funding_top1"] == 0.75
    assert numbers["lab_funding_top4"] == 1.0
    assert numbers["provider_funding_hhi"] == 0.5
    assert numbers["exposure_usd_bn"] == 4.0
    assert numbers["exposure_hhi"] == pytest.approx(0.625)


def test_mixing_and_assortativity_by_hand() -> None:
    populations = {"l": "labs", "m": "labs", "p": "providers", "s": "sectors"}
    paid = {("l", "m"): 1.0, ("m", "l"): 2.0, ("l", "p"): 3.0, ("p", "s"): 4.0, ("l", "l"): 50.0}
    graph = by_hand(paid, **populations)
    matrix = network.mixing(graph)
    assert matrix.to_dict("index") == {
        "labs": {"labs": 3.0, "providers": 3.0, "sectors": 0.0},
        "providers": {"labs": 0.0, "providers": 0.0, "sectors": 4.0},
        "sectors": {"labs": 0.0, "providers": 0.0, "sectors": 0.0},
    }
    # Shares 1/2 within labs and 1/2 from labs to providers: (1/2 - 1/2) / (1 - 1/2).
    assert network.assortativity(network.mixing(graph, sectors=False)) == 0.0
    assert network.assortativity(pd.DataFrame([[2.0, 0.0], [0.0, 3.0]])) == pytest.approx(1.0)
    assert network.assortativity(pd.DataFrame([[0.0, 1.0], [1.0, 0.0]])) == -1.0
    assert math.isnan(network.assortativity(pd.DataFrame([[2.0]])))


def test_who_is_central_by_hand() -> None:
    # The way through b is short because much flows along it.
    table = network.centrality(
        by_hand({("a", "b"): 10.0, ("b", "c"): 10.0, ("a", "c"): 1.0}, held={("c", "a"): 2.0})
    )
    assert table["betweenness"].tolist() == [0.0, 0.5, 0.0]
    assert table["paid_usd_bn"].tolist() == [11.0, 10.0, 0.0]
    assert table["received_usd_bn"].tolist() == [0.0, 10.0, 11.0]
    assert table["holds_usd_bn"].tolist() == [0.0, 0.0, 2.0]
    assert table["owes_usd_bn"].tolist() == [2.0, 0.0, 0.0]
    # Two thirds of what a pays goes to b: b = (1 - d) / 3 + d 2/3 a, c all the rest.
    ranks = network.centrality(by_hand({("a", "b"): 2.0, ("a", "c"): 1.0, ("b", "a"): 1.0, ("c", "a"): 1.0}))
    a = (0.05 + 0.85) / 1.85
    assert ranks["pagerank"].tolist() == pytest.approx([a, 0.05 + 0.85 * a * 2 / 3, 0.05 + 0.85 * a / 3], abs=1e-9)


def test_sectors_pass_money_on_but_are_not_between() -> None:
    table = network.centrality(by_hand({("a", "s"): 1.0, ("s", "b"): 1.0, ("b", "a"): 1.0}, s="sectors"))
    assert math.isnan(table.loc["s", "betweenness"])
    assert table["pagerank"].tolist() == pytest.approx([1 / 3] * 3)


# Measures of runs.


@pytest.mark.parametrize("graph", [nx.MultiDiGraph(), by_hand({}, a="labs"), by_hand({}, a="labs", s="sectors")])
def test_nothing_has_measures(graph: nx.MultiDiGraph) -> None:
    numbers = network.measures(graph)
    amounts = {name for name in numbers if name.endswith("_usd_bn")} | {"agents"}
    assert all(numbers[name] in (0.0, len(set(graph) - {"s"})) for name in amounts)
    assert all(math.isnan(numbers[name]) for name in set(numbers) - amounts - {"largest_circuit_share"})
    assert len(network.centrality(graph)) == len(graph)
    assert network.mixing(graph).to_numpy().sum() == 0.0


def test_the_opening_quarter_has_exposures_and_no_flows(run: Run) -> None:
    numbers = network.measures(network.graph(run, "2023Q4"))
    assert numbers["flow_usd_bn"] == 0.0
    assert numbers["exposure_usd_bn"] > 0.0
    assert math.isnan(numbers["circular_share"])
    assert 0.0 < numbers["exposure_hhi"] <= 1.0


def test_measures_of_a_run_fit_each_other(run: Run) -> None:
    graph = network.graph(run, last=4)
    numbers = network.measures(graph)
    moved = run.flows[run.flows["payer"] != run.flows["payee"]]
    paid = of_quarter(moved, *run.series["quarter"].tolist()[-4:])["usd_bn"].sum()
    assert numbers["flow_usd_bn"] == pytest.approx(paid)
    assert network.mixing(graph).to_numpy().sum() == pytest.approx(paid)
    table = network.centrality(graph)
    assert table["received_usd_bn"].sum() == pytest.approx(paid)
    assert table["pagerank"].sum() == pytest.approx(1.0)
    assert 0.0 < numbers["circular_share"] <= 0.5
    assert numbers["funded_sales_usd_bn"] > 0.0
    assert all(math.isfinite(number) for number in numbers.values())


def test_history_has_a_row_for_each_quarter_with_enough_before_it(run: Run) -> None:
    table = network.history(run, last=4)
    assert table.index.tolist() == ["2024Q4", "2025Q1", "2025Q2"]
    assert table.loc["2025Q1"].to_dict() == network.measures(network.graph(run, "2025Q1", last=4))


# Properties.

amount = st.floats(1e-3, 1e3)
amounts = st.lists(amount, min_size=1, max_size=12)
letters = st.sampled_from("abcde")
payments = st.dictionaries(st.tuples(letters, letters).filter(lambda pair: pair[0] != pair[1]), amount)


@given(amounts)
def test_herfindahl_is_between_equal_parts_and_one(parts: list[float]) -> None:
    assert (1 - 1e-12) / len(parts) <= network.herfindahl(parts) <= 1 + 1e-12
    assert network.herfindahl(parts) <= network.top_share(parts, 1) * (1 + 1e-12)


@given(amount, st.integers(1, 20))
def test_herfindahl_of_equal_parts_counts_them(part: float, count: int) -> None:
    assert network.herfindahl([part] * count) == pytest.approx(1 / count)
    assert network.top_share([part] * count, 4) == pytest.approx(min(4 / count, 1.0))


@given(payments, st.integers(-20, 20))
def test_the_unit_of_money_changes_no_ratio(paid: Amounts, power: int) -> None:
    unit = 2.0**power
    populations = {"a": "labs", "b": "labs", "c": "providers", "d": "providers", "e": "sectors"}
    graph = by_hand(paid, "lab_round", paid, **populations)
    scaled = {pair: unit * usd_bn for pair, usd_bn in paid.items()}
    other = by_hand(scaled, "lab_round", scaled, **populations)
    before, after = network.measures(graph), network.measures(other)
    for name, number in before.items():
        factor = unit if name.endswith("_usd_bn") else 1.0
        assert after[name] == pytest.approx(factor * number, nan_ok=True)
    shares = ["betweenness", "pagerank"]
    tables = network.centrality(graph)[shares], network.centrality(other)[shares]
    pd.testing.assert_frame_equal(*tables)


@given(payments)
def test_what_goes_round_is_part_of_what_flows(paid: Amounts) -> None:
    graph = pairs(paid)
    twos, threes = network.circular(graph)
    total = math.fsum(paid.values())
    assert min(twos, threes) >= 0.0
    assert 2 * twos + 3 * threes <= total * (1 + 1e-12)
    if paid:
        assert network.reciprocity(graph) == pytest.approx(2 * twos / total)


@given(payments)
def test_what_goes_only_forward_does_not_go_round(paid: Amounts) -> None:
    forward = {pair: usd_bn for pair, usd_bn in paid.items() if pair[0] < pair[1]}
    assert network.circular(pairs(forward)) == (0.0, 0.0)


@given(payments)
def test_mixing_adds_up_and_assortativity_is_at_most_one(paid: Amounts) -> None:
    matrix = network.mixing(by_hand(paid, a="labs", b="labs", c="providers", d="providers"))
    assert matrix.to_numpy().sum() == pytest.approx(math.fsum(paid.values()))
    within = network.assortativity(matrix)
    assert math.isnan(within) or -1 - 1e-9 <= within <= 1 + 1e-9
