"""The capital-flow network: who is where, how large, and who paid whom in each quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.figures.payments import ASSETS, payments_by_quarter
from sim.palette import POPULATION
from sim.server.views.numbers import short

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs import Run

COLUMNS = (("issuers", "investors"), ("labs", "ventures"), ("providers",))
"""Populations from left to right: who funds, who develops, who owns the machines; sectors stand outside."""
ENDS = {
    "payer/Government": ("Government", "pays interest on bills", 0, 0.12),
    "payer/Economy": ("Economy", "customers, token holders, backers", 0, 0.62),
    "payer/Vendor": ("GPU vendor", "as a payer", 0, 0.95),
    "payee/Economy": ("Economy", "workers, power, owners", 4, 0.12),
    "payee/Government": ("Government", "tax", 4, 0.55),
    "payee/Vendor": ("GPU vendor", "sells GPUs", 4, 0.85),
}
"""Sectors on the side on which they pay and on which they are paid: name, what for, column, height from above."""
LEAST = 1e-6
"""USD bn: a pair that never pays a thousand dollars in a quarter is not drawn."""


def network(run: Run) -> dict[str, Any]:
    """Nodes with place, colour and balances by quarter, and edges with payments by quarter, USD bn."""
    quarters = run.series["quarter"].tolist()
    paid = payments_by_quarter(run)
    edges = _edges(paid, quarters)
    seen = {end for edge in edges for end in (edge["source"], edge["target"])}
    return {"nodes": [*_agents(run, quarters), *_sectors(seen)], "edges": edges}


def _edges(paid: pd.DataFrame, quarters: list[str]) -> list[dict[str, Any]]:
    wide = paid.pivot(index=["source", "target"], columns="quarter", values=["usd_bn", "interest"]).fillna(0.0)
    usd_bn = wide["usd_bn"].reindex(columns=quarters, fill_value=0.0).to_numpy()
    interest = wide["interest"].reindex(columns=quarters, fill_value=0.0).to_numpy()
    return [
        {"source": source, "target": target, "usd_bn": short(all_money), "interest": short(part)}
        for (source, target), all_money, part in zip(wide.index, usd_bn, interest, strict=True)
        if all_money.max(initial=0.0) > LEAST
    ]


def _agents(run: Run, quarters: list[str]) -> list[dict[str, Any]]:
    table = run.agents
    wanted = {"cash", "net_worth", "alive", "cash_from_bill_interest", *(m for ms in ASSETS.values() for m in ms)}
    rows = table[table["measure"].isin(wanted) & (table["population"] != "sectors")]
    wide = rows.pivot(index=["population", "agent", "measure"], columns="quarter", values="value")
    wide = wide.reindex(columns=quarters).fillna(0.0)
    by_agent = {key: part.droplevel([0, 1]) for key, part in wide.groupby(level=[0, 1])}
    nodes = []
    for column, populations in enumerate(COLUMNS, start=1):
        members = [
            (population, agent, by_agent[population, agent])
            for population in populations
            for agent in dict.fromkeys(table.loc[table["population"] == population, "agent"])
        ]
        slots = len(members) + len(populations) - 1
        for rank, (population, agent, balances) in enumerate(members):
            height = (rank + populations.index(population) + 0.5) / slots
            nodes.append(_agent(population, agent, balances, column, height))
    return nodes


def _agent(population: str, agent: str, balances: pd.DataFrame, column: int, height: float) -> dict[str, Any]:
    assets = balances.reindex(list(ASSETS[population])).fillna(0.0).sum()
    alive = balances.loc["alive"] if "alive" in balances.index else assets * 0.0 + 1.0
    return {
        "id": f"{population}/{agent}",
        "label": agent,
        "population": population,
        "colour": POPULATION[population],
        "column": column,
        "height": round(height, 4),
        "assets": short(assets),
        "cash": short(balances.loc["cash"]),
        "interest": short(balances.loc["cash_from_bill_interest"]),
        "net_worth": short(balances.loc["net_worth"]),
        "alive": short(alive),
    }


def _sectors(seen: set[str]) -> list[dict[str, Any]]:
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
        if key in seen
    ]
