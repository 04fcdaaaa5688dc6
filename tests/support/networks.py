"""Networks for tests: of the first quarters of a run, and made by hand."""

from pathlib import Path

import networkx as nx
import pandas as pd
from support.tiny import FROZEN

from sim.analysis import network
from sim.economy.quarter import quarter as next_quarter
from sim.engine.happenings import happened
from sim.opening import open_economy
from sim.opening.draws import draws_of_quarter
from sim.runs.recorder import Recorder
from sim.runs.run import Run
from sim.runs.writer import RunWriter
from sim.scenario import load
from sim.scenario.quarters import later

QUARTERS = 6
Amounts = dict[tuple[str, str], float]


def first_quarters(folder: Path) -> Run:
    """The first quarters of the baseline."""
    start = open_economy.open_economy(load.load(FROZEN))
    draws = open_economy.draws_for(load.load(FROZEN), start.names, 1, QUARTERS)
    recorder, economy = Recorder(start.names), start.economy
    with RunWriter(folder) as writer:
        writer.quarter(recorder.tables(start.quarter, economy.books, economy, []))
        for number in range(QUARTERS):
            before, label = economy, later(start.quarter, number + 1)
            economy, _ = next_quarter(economy, start.parameters, draws_of_quarter(draws, number))
            events = happened(label, before, economy, start.names)
            writer.quarter(recorder.tables(label, before.books, economy, events))
        return writer.commit({"scenario": "baseline", "seed": 1, "quarters": QUARTERS})


def by_hand(paid: Amounts, flow: str = "compute", held: Amounts | None = None, **populations: str) -> nx.MultiDiGraph:
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
