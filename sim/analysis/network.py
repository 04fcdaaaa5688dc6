"""The capital-flow network of a run as a networkx graph, its measures, and its GraphML and JSON files.

Nodes are agents and sectors, by name. Edges lie in two layers: "flow", a payment during the period from payer
to payee, and "exposure", a claim at its end from holder to issuer. Amounts are USD bn.

    network = graph(run, "2026Q4", last=4)
    measures(network)["circular_share"]
    write_graphml(network, "network.graphml")

Measures are of one edge per pair (`collapsed`), without transfers from a node to itself. Sectors stand for
everyone else and close every circuit, so measures of links and circuits leave them out. What does not exist, such
as a share of no money, is NaN.
"""

import json
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import networkx as nx
import pandas as pd

from sim.analysis.sums import known_quarter, quarters_of
from sim.economy.books.flows import FLOWS, ISSUED_BY
from sim.runs.run import ORIGIN_PREFIX, Run

Layer = Literal["flow", "exposure"]
Pairs = dict[tuple[str, str], float]

SECTORS = "sectors"
"""Population of the nodes that are sectors."""

BALANCES = (
    "cash", "net_worth", "tokens", "bills", "repo", "secured_loans", "bitcoin", "gold", "other_ventures",
    "compute_loans", "stakes", "debt", "gpu_book_value", "equity_value",
)  # fmt: skip
"""Measures of agents that become attributes of nodes."""

FUNDING = tuple(name for name, kind in FLOWS.items() if ISSUED_BY.get(kind.payee_gives or "") == kind.payee)
"""Payments for new loans or shares of the payee."""

SALES = ("compute", "issuer_gpu_services", "gpu_purchase", "first_gpu_purchase", "revenue_share")
"""Payments for what the payee sells, or for its share in what the payer earns."""

FAINT = 1e-12
"""An amount below this part of all amounts is rounding and no link."""


def graph(
    run: Run, quarter: str | None = None, last: int = 1, owners: Mapping[str, str] | None = None
) -> nx.MultiDiGraph:
    """Return the network of a run at the end of a quarter.

    Nodes have `population` and those of `BALANCES` that they have. Flow edges have the kind of flow as key,
    and `layer`, `flow`, `meaning`, `usd_bn`, `from_<origin>` and `interest_share`, the part that was interest
    on bills. Exposure edges have the instrument as key, and `layer`, `instrument` and `usd_bn` at market
    value. The graph has `quarter`, `quarters` (how many the flows cover), `units` and, where the manifest
    has them, `scenario` and `seed`.

    Args:
        run: the run.
        quarter: the label of the quarter; the last one if None. The opening quarter has no flows.
        last: the number of quarters, the last of which is `quarter`, over which flows are added up.
        owners: the name of an agent -> the name of its owner, such as `{"Microsoft Azure": "Microsoft"}`, so that
            what a lab pays to its investor's cloud comes back to the investor. The two become one node, of the
            owner's population; balances and edges are added up, not consolidated.

    Returns:
        The network, with nodes in the order of the run's agents and edges in alphabetical order.

    Raises:
        ValueError: if the run has no such quarter, not so many before it, or no such agent.
    """
    quarter, quarters, owners = known_quarter(run, quarter), quarters_of(run), owners or {}
    end = quarters.index(quarter)
    if not 1 <= last <= max(end, 1):
        raise ValueError(f"last = {last!r}: up to {quarter} the run can add up 1 to {max(end, 1)} quarters")
    period = quarters[end + 1 - last : end + 1]
    metadata = {name: run.manifest[name] for name in ("scenario", "seed") if name in run.manifest}
    network = nx.MultiDiGraph(quarter=period[-1], quarters=len(period), units="USD bn", **metadata)
    _add_agents(network, run.agents[run.agents["quarter"] == period[-1]], owners)
    flows = run.flows[run.flows["quarter"].isin(period)]
    _add_flows(network, _owned(flows, owners, "payer", "payee"))
    exposures = run.exposures[(run.exposures["quarter"] == period[-1]) & (run.exposures["issuer"] != "")]
    _add_exposures(network, _owned(exposures, owners, "holder", "issuer"))
    return network


def _owned(table: pd.DataFrame, owners: Mapping[str, str], *columns: str) -> pd.DataFrame:
    return table.assign(**{name: [owners.get(agent, agent) for agent in table[name]] for name in columns})


def _add_agents(network: nx.MultiDiGraph, agents: pd.DataFrame, owners: Mapping[str, str]) -> None:
    known = dict(zip(agents["agent"], agents["population"], strict=True))
    for name, owner in owners.items():
        if name not in known or owner not in known or owner in owners:
            raise ValueError(f"owners: {name!r} of {owner!r}: not two agents, or the owner has an owner")
    network.add_nodes_from((name, {"population": of}) for name, of in known.items() if name not in owners)
    balances = agents[agents["measure"].isin(BALANCES) & agents["value"].map(math.isfinite)]
    totals = _owned(balances, owners, "agent").groupby(["agent", "measure"], sort=False)["value"].sum()
    for (name, measure), total in totals.to_dict().items():
        network.nodes[name][measure] = total


def _add_flows(network: nx.MultiDiGraph, flows: pd.DataFrame) -> None:
    columns = ["usd_bn", *(name for name in flows.columns if name.startswith(ORIGIN_PREFIX))]
    paid = flows.groupby(["payer", "payee", "flow"])[columns].sum()
    for (payer, payee, flow), amounts in paid.to_dict("index").items():
        interest, usd_bn = amounts.get(f"{ORIGIN_PREFIX}bill_interest", 0.0), amounts["usd_bn"]
        share = min(interest / usd_bn, 1.0) if usd_bn > 0.0 else 0.0
        meaning = FLOWS[flow].meaning if flow in FLOWS else flow
        data = {"layer": "flow", "flow": flow, "meaning": meaning, **amounts, "interest_share": share}
        network.add_edge(payer, payee, flow, **data)


def _add_exposures(network: nx.MultiDiGraph, exposures: pd.DataFrame) -> None:
    claims = exposures.groupby(["holder", "issuer", "instrument"])["usd_bn"].sum()
    for (holder, issuer, instrument), worth in claims.to_dict().items():
        network.add_edge(holder, issuer, instrument, layer="exposure", instrument=instrument, usd_bn=worth)


def collapsed(network: nx.MultiDiGraph, layer: Layer = "flow", sectors: bool = True) -> nx.DiGraph:
    """Return one layer with one edge per pair of different nodes, with or without sectors.

    Edges have `weight`, the USD bn of all kinds together, and `distance` = 1 / weight, since those who pay
    each other much are near (Newman 2001, Physical Review E 64:016132). Faint edges are left out.
    """
    if layer not in get_args(Layer):
        raise ValueError(f"layer = {layer!r}: it is one of {', '.join(get_args(Layer))}")
    pairs, nodes = nx.DiGraph(), network.nodes(data="population")
    pairs.add_nodes_from((name, {"population": of}) for name, of in nodes if sectors or of != SECTORS)
    amounts: Pairs = defaultdict(float)
    for source, target, data in network.edges(data=True):
        if data["layer"] == layer and source != target and source in pairs and target in pairs:
            amounts[source, target] += data["usd_bn"]
    least = FAINT * math.fsum(amounts.values())
    for (source, target), amount in amounts.items():
        if amount > least:
            pairs.add_edge(source, target, weight=amount, distance=1.0 / amount)
    return pairs


def herfindahl(amounts: Iterable[float]) -> float:
    """Return the concentration `H = sum_i (x_i / X)^2`: 1 / n for n equal amounts, 1 if one has all.

    Source: Hirschman 1964, American Economic Review 54:761.
    """
    amounts = list(amounts)
    total = math.fsum(amounts)
    return math.fsum((amount / total) ** 2 for amount in amounts) if total > 0.0 else math.nan


def top_share(amounts: Iterable[float], count: int) -> float:
    """Return the concentration ratio `CR_k = sum of the k largest x_i / X`.

    Source: Bain 1951, Quarterly Journal of Economics 65:293.
    """
    ranked = sorted(amounts, reverse=True)
    return _share(math.fsum(ranked[:count]), math.fsum(ranked))


def reciprocity(pairs: nx.DiGraph) -> float:
    """Return the part of money that is met by money coming back, `sum_ij min(w_ij, w_ji) / sum_ij w_ij`, i != j.

    Source: Squartini, Picciolo, Ruzzenenti & Garlaschelli 2013, Scientific Reports 3:2729.
    """
    return _share(math.fsum(_returned(pairs).values()), pairs.size("weight"))


def circular(pairs: nx.DiGraph) -> tuple[float, float]:
    """Return the USD bn that go round between two, and between three.

    Between two, `C_2 = sum_{i < j} min(w_ij, w_ji)`: a dollar that goes and comes back counts once. What
    remains of each pair, `r_ij = w_ij - min(w_ij, w_ji)`, may go round a circle of three. Circles are taken
    out one by one, the largest first, and C_3 adds up `min(r_ij, r_jk, r_ki)` as each is taken out: no dollar
    counts twice, and C_3 is a lower bound.

    Source: to take out circles is to compress conservatively, D'Errico & Roukny 2017, arXiv:1705.07155.
    """
    returned, rest = _returned(pairs), nx.DiGraph()
    left = ((a, b, usd_bn - returned.get((a, b), 0.0)) for a, b, usd_bn in pairs.edges(data="weight"))
    rest.add_weighted_edges_from(edge for edge in left if edge[2] > 0.0)

    def least(circle: list[str]) -> float:
        return min(rest[a][b]["weight"] for a, b in nx.utils.pairwise(circle, cyclic=True))

    in_threes = []
    for circle in sorted(nx.simple_cycles(rest, 3), key=lambda circle: (-least(circle), sorted(circle))):
        in_threes.append(least(circle))
        for source, target in nx.utils.pairwise(circle, cyclic=True):
            rest[source][target]["weight"] -= in_threes[-1]
    return math.fsum(returned.values()) / 2.0, math.fsum(in_threes)


def _returned(pairs: nx.DiGraph) -> Pairs:
    """Return the part of each payment that meets money coming back."""
    return {
        (source, target): min(amount, pairs[target][source]["weight"])
        for source, target, amount in pairs.edges(data="weight")
        if pairs.has_edge(target, source)
    }


def funded_sales(network: nx.MultiDiGraph) -> tuple[float, float]:
    """Return the USD bn of funding that its giver gets back as sales, and all funding that agents give.

    `sum_ij min(F_ij, S_ji)`, with F what agent i pays for new loans and shares of j (`FUNDING`) and S what j
    pays i as `SALES`: vendor finance, whereas what is `circular` may be loans that are repaid and renewed.

    Source: our own measure, after Brennan, Maksimovic & Zechner 1988, Journal of Finance 43:1127.
    """
    populations, sold = network.nodes(data="population"), _paid(network, SALES)
    funding = {pair: usd for pair, usd in _paid(network, FUNDING).items() if populations[pair[0]] != SECTORS}
    back = (min(usd, sold.get((funded, giver), 0.0)) for (giver, funded), usd in funding.items())
    return math.fsum(back), math.fsum(funding.values())


def _paid(network: nx.MultiDiGraph, flows: Collection[str]) -> Pairs:
    paid: Pairs = defaultdict(float)
    for payer, payee, data in network.edges(data=True):
        if data["layer"] == "flow" and data["flow"] in flows and payer != payee:
            paid[payer, payee] += data["usd_bn"]
    return paid


def mixing(network: nx.MultiDiGraph, layer: Layer = "flow", sectors: bool = True) -> pd.DataFrame:
    """Return the USD bn from each population (rows) to each population (columns) in a layer.

    Source: Newman 2003, Physical Review E 67:026126.
    """
    pairs = collapsed(network, layer, sectors)
    populations = dict(pairs.nodes(data="population"))
    names = list(dict.fromkeys(populations.values()))
    matrix = pd.DataFrame(0.0, index=names, columns=names).rename_axis(index="from", columns="to")
    for source, target, amount in pairs.edges(data="weight"):
        matrix.loc[populations[source], populations[target]] += amount
    return matrix


def assortativity(matrix: pd.DataFrame) -> float:
    """Measure whether money stays within populations: 1 if all does, 0 if as much as by chance.

    `r = (sum_i e_ii - sum_i a_i b_i) / (1 - sum_i a_i b_i)`, with e the matrix as shares of its sum, a the
    sums of its rows and b of its columns.

    Source: Newman 2003, Physical Review E 67:026126, equation 2.
    """
    amounts = matrix.to_numpy()
    if not amounts.sum() > 0.0:
        return math.nan
    shares = amounts / amounts.sum()
    by_chance = float(shares.sum(axis=1) @ shares.sum(axis=0))
    return _share(float(shares.trace()) - by_chance, 1.0 - by_chance)


def centrality(network: nx.MultiDiGraph) -> pd.DataFrame:
    """Return measures of how central each node is.

    Returns:
        A row per node, with `population` and

        - `received_usd_bn`, `paid_usd_bn`: strength in the flows, `s_i = sum_j w_ji` and `sum_j w_ij`.
        - `holds_usd_bn`, `owes_usd_bn`: the same in the exposures, as holder and as issuer.
        - `betweenness`: part of the shortest paths between other agents that lead through the agent, where
          the distance of a payment is 1 / amount: `sum_st (sigma_st(i) / sigma_st) / ((n - 1) (n - 2))`
          (Brandes 2001, Journal of Mathematical Sociology 25:163). Sectors are left out: they have NaN.
        - `pagerank`: where a dollar is in the long run, if it is paid on as its holder pays, and now and then
          starts anew anywhere: `x_i = d sum_j x_j w_ji / s_j + (1 - d) / n`, d = 0.85 and s_j what j pays
          (Brin & Page 1998, Computer Networks 30:107). Sectors are in it: they pay money on like others.
    """
    flow, exposure = collapsed(network), collapsed(network, "exposure")
    between = nx.betweenness_centrality(collapsed(network, sectors=False), weight="distance")
    numbers = {
        "received_usd_bn": dict(flow.in_degree(weight="weight")),
        "paid_usd_bn": dict(flow.out_degree(weight="weight")),
        "holds_usd_bn": dict(exposure.out_degree(weight="weight")),
        "owes_usd_bn": dict(exposure.in_degree(weight="weight")),
        "betweenness": between,
        "pagerank": nx.pagerank(flow, alpha=0.85, tol=1e-12, max_iter=1000),
    }
    table = pd.DataFrame(numbers, index=list(flow), dtype=float).rename_axis("agent")
    table.insert(0, "population", [population for _, population in flow.nodes(data="population")])
    return table


def measures(network: nx.MultiDiGraph) -> dict[str, float]:
    """Return the network in numbers.

    Returns:
        Numbers by name.

        - `agents`; `flow_usd_bn`, `agent_flow_usd_bn`: what all pay each other, and what agents do;
          `exposure_usd_bn`: what agents hold of each other's loans and shares.
        - `<what>_hhi`, `<what>_top1`, `<what>_top4`: `herfindahl` and `top_share` of `lab_funding` and
          `provider_funding` by who receives it, and of `exposure` by holder, without sectors.
        - `density`: the part of possible links between agents that exist, `m / (n (n - 1))`.
        - `reciprocity` of all payments, with sectors.
        - `circular_usd_bn`, `circular_share`: `circular` between two agents, and its part of all that agents
          pay each other, at most 1/2; `circular_three_share`, the same of three, at most 1/3.
        - `funded_sales_usd_bn`, `funded_sales_share`: `funded_sales`, and its part of the funding.
        - `largest_circuit_share`: part of the agents in the largest strongly connected component, where
          money can get from each to each (Tarjan 1972, SIAM Journal on Computing 1:146).
        - `assortativity` by population of what agents pay each other.
    """
    flow, agents = collapsed(network), collapsed(network, sectors=False)
    exposure = collapsed(network, "exposure", sectors=False)
    among, (twos, threes), (sold, funding) = agents.size("weight"), circular(agents), funded_sales(network)
    circuits = map(len, nx.strongly_connected_components(agents))
    numbers = {
        "agents": len(agents),
        "flow_usd_bn": flow.size("weight"),
        "agent_flow_usd_bn": among,
        "exposure_usd_bn": exposure.size("weight"),
        **_concentration("lab_funding", _funding_of(network, "labs")),
        **_concentration("provider_funding", _funding_of(network, "providers")),
        **_concentration("exposure", [usd_bn for _, usd_bn in exposure.out_degree(weight="weight")]),
        "density": _share(len(agents.edges), len(agents) * (len(agents) - 1)),
        "reciprocity": reciprocity(flow),
        "circular_usd_bn": twos,
        "circular_share": _share(twos, among),
        "circular_three_share": _share(threes, among),
        "funded_sales_usd_bn": sold,
        "funded_sales_share": _share(sold, funding),
        "largest_circuit_share": _share(max(circuits, default=0), len(agents)),
        "assortativity": assortativity(mixing(network, sectors=False)),
    }
    return {name: float(number) for name, number in numbers.items()}


def history(run: Run, last: int = 1) -> pd.DataFrame:
    """Return the `measures` of each quarter that has `last` quarters of flows up to it, one row for each."""
    rows = {quarter: measures(graph(run, quarter, last)) for quarter in run.series["quarter"][last:]}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("quarter")


def _funding_of(network: nx.MultiDiGraph, population: str) -> list[float]:
    received: dict[str, float] = defaultdict(float)
    for (_, payee), usd_bn in _paid(network, FUNDING).items():
        received[payee] += usd_bn
    return [received[name] for name, of in network.nodes(data="population") if of == population]


def _concentration(what: str, amounts: Collection[float]) -> dict[str, float]:
    top = {f"{what}_top{count}": top_share(amounts, count) for count in (1, 4)}
    return {f"{what}_hhi": herfindahl(amounts), **top}


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else math.nan


def write_graphml(network: nx.MultiDiGraph, path: Path | str) -> None:
    """Write GraphML, for Gephi, Cytoscape or `networkx.read_graphml`; the same network gives the same bytes.

    Edges have unique ids, e0, e1 and so on, as GraphML requires; the key of an edge is its `flow` or `instrument`.
    """
    numbered = nx.create_empty_copy(network)
    edges = enumerate(network.edges(data=True))
    numbered.add_edges_from((source, target, f"e{i}", data) for i, (source, target, data) in edges)
    # Not write_graphml, whose bytes depend on whether lxml is installed.
    nx.write_graphml_xml(numbered, path)


def to_json(network: nx.MultiDiGraph) -> dict[str, Any]:
    """Return the network as nodes and edges, of JSON's types, in the order of the network."""
    return {**nx.node_link_data(network, edges="edges"), "graph": dict(network.graph)}


def write_json(network: nx.MultiDiGraph, path: Path | str) -> None:
    """Write what `to_json` gives; the same network gives the same bytes."""
    text = json.dumps(to_json(network), allow_nan=False, ensure_ascii=False, indent=1)
    Path(path).write_text(text + "\n", encoding="utf-8")


def read_json(path: Path | str) -> nx.MultiDiGraph:
    """Read a network that `write_json` wrote."""
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    return nx.node_link_graph(data, directed=True, multigraph=True, edges="edges")
