"""Measures of networks: against sums done by hand, on a run, and for any payments."""

import math

import networkx as nx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.networks import Amounts, by_hand, first_quarters, of_quarter, pairs

from sim.analysis import network
from sim.runs.run import Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return first_quarters(tmp_path_factory.mktemp("runs") / "run")


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
    with pytest.raises(ValueError, match="layer = 'flows': expected one of flow, exposure"):
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
        {("i", "l"): 6.0, ("s", "p"): 2.0, ("i", "p"): 1.0, ("i", "i"): 9.0}, "lab_round", i="investors", s="sectors"
    )
    for payer, payee, flow, usd_bn in [("l", "i", "compute", 2.5), ("p", "i", "investor_loan_principal", 1.0)]:
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
    table = network.centrality(by_hand({("a", "b"): 10.0, ("b", "c"): 10.0, ("a", "c"): 1.0}, held={("c", "a"): 2.0}))
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


@pytest.mark.slow
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
