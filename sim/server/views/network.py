"""The document of the capital-flow network: agents as nodes with positions and balances, and payments as edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report.figures.payments import ASSETS, payments_between
from sim.report.palette import POPULATION
from sim.server.views.arrays import Measures, measures_of, short

if TYPE_CHECKING:
    from sim.runs.run import Run

COLUMNS = (("issuers", "investors"), ("labs", "ventures"), ("providers",))
"""Populations by column: those who fund, who develop, who own the machines. Sectors stand outside the columns."""
ENDS = {
    "payer/Government": ("Government", "pays interest on bills", 0, 0.12),
    "payer/Economy": ("Economy", "customers, token holders, backers", 0, 0.62),
    "payer/Vendor": ("GPU vendor", "as a payer", 0, 0.95),
    "payee/Economy": ("Economy", "workers, power, owners", 4, 0.12),
    "payee/Government": ("Government", "tax", 4, 0.55),
    "payee/Vendor": ("GPU vendor", "sells GPUs", 4, 0.85),
}
"""Sectors, once where they pay and once where they are paid: name, purpose, column, height from the top."""
BALANCES = {"cash": "cash", "interest": "cash_from_bill_interest", "net_worth": "net_worth"}
"""Name of a balance in the document -> measure of the agent in USD bn."""
LEAST = 1e-6
"""USD bn; a pair of agents whose payments stay below this in every quarter, a thousand dollars, is not drawn."""


def network(run: Run) -> dict[str, Any]:
    """Return nodes with position, colour and balances by quarter, and edges with payments by quarter, in USD bn."""
    paid, interest = payments_between(run)
    drawn = paid.to_numpy().max(axis=1, initial=0.0) > LEAST
    rows = zip(paid.index, drawn, short(paid), short(interest), strict=True)
    edges = [
        {"source": source, "target": target, "usd_bn": all_money, "interest": part}
        for (source, target), is_drawn, all_money, part in rows
        if is_drawn
    ]
    ends = {end for edge in edges for end in (edge["source"], edge["target"])}
    return {"nodes": [*_agents(measures_of(run)), *_sectors(ends)], "edges": edges}


def _agents(measures: Measures) -> list[dict[str, Any]]:
    """Return agents with their positions; each population has a part of its column."""
    agents = list(dict.fromkeys((population, agent) for population, agent, _ in measures))
    nodes = []
    for column, populations in enumerate(COLUMNS, start=1):
        members = [pair for population in populations for pair in agents if pair[0] == population]
        slots = len(members) + len(populations) - 1
        for rank, (population, agent) in enumerate(members):
            assets = sum(np.nan_to_num(measures[population, agent, measure]) for measure in ASSETS[population])
            alive = measures.get((population, agent, "alive"), np.ones_like(assets))
            nodes.append(
                {
                    "id": f"{population}/{agent}",
                    "label": agent,
                    "population": population,
                    "colour": POPULATION[population],
                    "column": column,
                    "height": round((rank + populations.index(population) + 0.5) / slots, 4),
                    "assets": short(assets),
                    **{name: short(measures[population, agent, of]) for name, of in BALANCES.items()},
                    "alive": short(alive),
                }
            )
    return nodes


def _sectors(ends: set[str]) -> list[dict[str, Any]]:
    return [
        {
            "id": key,
            "label": name,
            "note": what,
            "population": name.lower() if name != "GPU vendor" else "vendor",
            "colour": POPULATION[key.partition("/")[2].lower()],
            "column": column,
            "height": height,
        }
        for key, (name, what, column, height) in ENDS.items()
        if key in ends
    ]
