"""The capital-flow network of a run as a networkx graph, its measures, and its GraphML and JSON files.

Nodes are agents and sectors, by name. Edges lie in two layers: in "flow" an edge leads from payer to payee, for
what was paid during the period; in "exposure" from holder to issuer, for a claim at its end. Amounts are USD bn.

    network = graph(run, "2026Q4", last=4)
    measures(network)["circular_share"]
    write_graphml(network, "network.graphml")

Measures are taken from the network with one edge per pair of nodes (`collapsed`) and none from a node to itself.
Sectors stand for everyone else, so almost any circuit could be closed through them: measures of links and circuits
leave them out. A measure that is not defined, such as a share of no money, is NaN.
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
"""Payments for what the payee sells, or for its share of what the payer earns."""

FAINT = 1e-12
"""An amount smaller than this part of the sum of all amounts is taken for rounding, not for a link."""


def graph(
    run: Run, quarter: str | None = None, last: int = 1, owners: Mapping[str, str] | None = None
) -> nx.MultiDiGraph:
    """Return the network of a run at the end of a quarter.

    Attributes of a node are `population` and, where the agent has them, the measures named in `BALANCES`. A flow
    edge has the kind of flow as key, and the attributes `layer`, `flow`, `meaning`, `usd_bn`, `from_<origin>` and
    `interest_share`, the part that was interest on bills. An exposure edge has the instrument as key, and `layer`,
    `instrument` and `usd_bn` at market value. The graph has `quarter`, `quarters` (how many quarters the flows
    cover), `units` and, where the manifest has them, `scenario` and `seed`.

    Args:
        run: the run.
        quarter: the label of the quarter; if None, the final one of the run. The opening quarter has no flows.
        last: how many quarters, ending with `quarter`, the flows are added up over.
        owners: the name of an agent -> the name of its owner, such as `{"Microsoft Azure": "Microsoft"}`, so that
            what a lab pays to its investor's cloud comes back to the investor. Agent and owner (who has no owner)
            become one node of the owner's population; balances are added up, and edges between the two stay.

    Returns:
        The network, with nodes in the order of the run's agents and edges in alphabetical order.

    Raises:
        ValueError: if the run has no such quarter or agent, fewer than `last` quarters up to it, or `owners` is wrong.
    """
    quarter, quarters, owners = known_quarter(run, quarter), quarters_of(run), owners or {}
    end = quarters.index(quarter)
    if not 1 <= last <= max(end, 1):
        raise ValueError(f"last = {last!r}: up to {quarter} the run can add up 1 to {max(end, 1)} quarters of flows")
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
            raise ValueError(f"owners: {name!r} of {owner!r}: both must be agents, and the owner without an owner")
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

    Edges have `weight`, the USD bn of all kinds together, and `distance` = 1 / weight: nodes that pay each other
    much are near (Newman 2001, Physical Review E 64:016132). Edges with almost no money are left out.
    """
    if layer not in get_args(Layer):
        raise ValueError(f"layer = {layer!r}: expected one of {', '.join(get_args(Layer))}")
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
    """Return the concentration `H = sum_i (x_i / X)^2`: 1 / n for n equal amounts, 1 if only one is not zero.

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
    """Return the part of money that is matched by money coming back, `sum_ij min(w_ij, w_ji) / sum_ij w_ij`, i != j.

    Source: Squartini, Picciolo, Ruzzenenti & Garlaschelli 2013, Scientific Reports 3:2729.
    """
    return _share(math.fsum(_returned(pairs).values()), pairs.size("weight"))


def circular(pairs: nx.DiGraph) -> tuple[float, float]:
    """Return the USD bn that go round between two nodes, and those that go round between three.

    Between two nodes, `C_2 = sum_{i < j} min(w_ij, w_ji)`: a dollar that goes and comes back counts once. What
    remains of each pair, `r_ij = w_ij - min(w_ij, w_ji)`, may go round a circle of three. Circles are
    subtracted one by one, the largest first, and C_3 is the sum of `min(r_ij, r_jk, r_ki)` of each at that moment:
    no dollar counts twice, and C_3 is a lower bound.

    Source: subtracting circles is the conservative compression of D'Errico & Roukny 2017, arXiv:1705.07155.
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
    """Return the part of each payment that is matched by money coming back."""
    return {
        (source, target): min(amount, pairs[target][source]["weight"])
        for source, target, amount in pairs.edges(data="weight")
        if pairs.has_edge(target, source)
    }


def funded_sales(network: nx.MultiDiGraph) -> tuple[float, float]:
    """Return the USD bn of funding that the funder gets back as sales, and of all funding that agents give.

    The first is `sum_ij min(F_ij, S_ji)`: agent i pays F_ij for new loans and shares of j (`FUNDING`), and j pays
    S_ji to i for its `SALES`. This is vendor finance, whereas `circular` money may be loans repaid and renewed.

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
    """Return the USD bn that lead from each population (rows) to each population (columns) in a layer.

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
    """Measure whether money stays within populations: 1 if all of it does, 0 if no more does than by chance.

    `r = (sum_i e_ii - sum_i a_i b_i) / (1 - sum_i a_i b_i)`, where e is the matrix divided by its
    sum, a the sums of the rows of e, and b the sums of its columns.

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
        A row for each node, with `population` and these columns:

        - `received_usd_bn`, `paid_usd_bn`: what the node received, `sum_j w_ji`, and what it paid, `sum_j w_ij`.
        - `holds_usd_bn`, `owes_usd_bn`: the same for exposures: claims of the node, and claims on it.
        - `betweenness`: part of the shortest paths between other agents that lead through the agent, where
          the distance of a payment is 1 / amount: `sum_st (sigma_st(i) / sigma_st) / ((n - 1) (n - 2))`
          (Brandes 2001, Journal of Mathematical Sociology 25:163). Sectors are left out: they have NaN.
        - `pagerank`: the chance that a dollar is at the node in the long run, if each holder passes it on in the
          proportions of its payments, and now and then the dollar jumps to any node:
          `x_i = d sum_j x_j w_ji / s_j + (1 - d) / n`, where d = 0.85 and s_j is all that j pays (Brin & Page 1998,
          Computer Networks 30:107). Sectors are in it: they too pay money on.
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
    """Return the measures of the whole network.

    Returns:
        Numbers by name.

        - `agents`: the number of agents; `flow_usd_bn`, `agent_flow_usd_bn`: what all nodes pay each other, and what
          agents pay each other; `exposure_usd_bn`: what agents hold of each other's loans and shares.
        - `<what>_hhi`, `<what>_top1`, `<what>_top4`: `herfindahl` and `top_share` of `lab_funding` and
          `provider_funding` by recipient, and of `exposure` by holder, without sectors.
        - `density`: the part of possible links between agents that exist, `m / (n (n - 1))`.
        - `reciprocity` of all payments, with sectors.
        - `circular_usd_bn`, `circular_share`: money that is `circular` between two agents, in USD bn and divided by all
          that agents pay each other (at most 1/2); `circular_three_share`: that between three (at most 1/3).
        - `funded_sales_usd_bn`, `funded_sales_share`: `funded_sales`, in USD bn and divided by all funding.
        - `largest_circuit_share`: the share of agents that are in the largest strongly connected component, in which
          money can get from every agent to every other (Tarjan 1972, SIAM Journal on Computing 1:146).
        - `assortativity`: whether what agents pay each other stays within populations.
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
    """Return the `measures` of every quarter up to which there are `last` quarters of flows, a row for each."""
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
    # Networkx's own write_graphml is avoided, because its bytes depend on whether lxml is installed.
    nx.write_graphml_xml(numbered, path)


def to_json(network: nx.MultiDiGraph) -> dict[str, Any]:
    """Return the network as lists of nodes and edges, in its order and in types that JSON has."""
    return {**nx.node_link_data(network, edges="edges"), "graph": dict(network.graph)}


def write_json(network: nx.MultiDiGraph, path: Path | str) -> None:
    """Write a network as JSON, as `to_json` gives it; the same network gives the same bytes."""
    text = json.dumps(to_json(network), allow_nan=False, ensure_ascii=False, indent=1)
    Path(path).write_text(text + "\n", encoding="utf-8")


def read_json(path: Path | str) -> nx.MultiDiGraph:
    """Read a network that `write_json` wrote."""
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    return nx.node_link_graph(data, directed=True, multigraph=True, edges="edges")
