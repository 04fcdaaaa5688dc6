"""One agent, quarter by quarter: its balance sheet, its payments, its measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.economy.books.flows import FLOWS
from sim.economy.books.uses import INTEREST
from sim.errors import ScenarioError, suggestion
from sim.report.palette import POPULATION
from sim.server.views.numbers import short

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs.run import Run

NO_UNIT = (
    *("alive", "capability", "trust", "transparency", "quality", "anxiety", "multiple", "weeks_shut"),
    "milestones",
)
UNITS = {
    "gpus": "GPUs",
    "utilisation": "part of hours",
    "market_share": "part of the market",
    "runway": "quarters",
    "token_price": "USD",
    "lowest_price": "USD",
    "largest_outflow": "part of tokens a week",
}
"""Units of measures of agents; the others are USD bn."""


def agent(run: Run, asked: str) -> dict[str, Any]:
    """Everything about one agent.

    Args:
        run: its history.
        asked: `population/name`.

    Returns:
        Name, population and colour; `quarters`; `assets` and `debts` (instrument, with whom, USD bn by quarter),
        with cash among the assets; `net_worth`; payments `received` and `paid` (what for, with whom, USD bn by
        quarter and the part that was bill interest); `measures` (name, unit, values).

    Raises:
        ScenarioError: if there is no such agent, naming those there are.
    """
    population, name = _known(run, asked)
    quarters = run.series["quarter"].tolist()
    measured = _measures(run, population, name, quarters)
    held, flows = run.exposures, run.flows
    cash = {"item": "cash", "with": "", "usd_bn": measured["cash"]}
    return {
        "agent": name,
        "population": population,
        "colour": POPULATION[population],
        "quarters": quarters,
        "assets": [cash, *_positions(held[held["holder"] == name], "issuer", quarters)],
        "debts": _positions(held[held["issuer"] == name], "holder", quarters),
        "net_worth": measured["net_worth"],
        "interest_held": measured.get("cash_from_bill_interest"),
        "received": _payments(flows[flows["payee"] == name], "payer", quarters),
        "paid": _payments(flows[flows["payer"] == name], "payee", quarters),
        "measures": [
            {"name": label.replace("_", " "), "unit": _unit(label), "values": values}
            for label, values in measured.items()
            if any(value for value in values)
        ],
    }


def _known(run: Run, asked: str) -> tuple[str, str]:
    table = run.agents[run.agents["population"] != "sectors"]
    pairs = table[["population", "agent"]].drop_duplicates().itertuples(index=False)
    there = [f"{population}/{name}" for population, name in pairs]
    if asked not in there:
        told = asked[:64]
        raise ScenarioError(f"agent {told!r}: unknown{suggestion(told, there)}; there are {', '.join(there)}")
    population, _, name = asked.partition("/")
    return population, name


def _measures(run: Run, population: str, name: str, quarters: list[str]) -> dict[str, list[float | None]]:
    rows = run.agents[(run.agents["population"] == population) & (run.agents["agent"] == name)]
    wide = rows.pivot(index="measure", columns="quarter", values="value").reindex(columns=quarters)
    order = list(dict.fromkeys(rows["measure"]))
    return {measure: short(wide.loc[measure]) for measure in order}


def _unit(measure: str) -> str:
    return "" if measure in NO_UNIT else UNITS.get(measure, "USD bn")


def _positions(held: pd.DataFrame, other: str, quarters: list[str]) -> list[dict[str, Any]]:
    if not len(held):
        return []
    wide = held.pivot_table(index=["instrument", other], columns="quarter", values="usd_bn", aggfunc="sum")
    wide = wide.reindex(columns=quarters).fillna(0.0)
    return [
        {"item": str(instrument).replace("_", " "), "with": str(whom), "usd_bn": short(worth)}
        for (instrument, whom), worth in zip(wide.index, wide.to_numpy(), strict=True)
    ]


def _payments(flows: pd.DataFrame, other: str, quarters: list[str]) -> list[dict[str, Any]]:
    if not len(flows):
        return []
    wide = flows.pivot_table(
        index=["flow", other], columns="quarter", values=["usd_bn", "from_bill_interest"], aggfunc="sum"
    ).fillna(0.0)
    paid = wide["usd_bn"].reindex(columns=quarters, fill_value=0.0).to_numpy()
    part = wide["from_bill_interest"].reindex(columns=quarters, fill_value=0.0).to_numpy()
    return [
        {
            "item": FLOWS[flow].meaning,
            "with": str(whom),
            "usd_bn": short(usd_bn),
            # What the government pays on bills becomes interest with the payment itself.
            "interest": short(usd_bn if flow in INTEREST else interest),
        }
        for (flow, whom), usd_bn, interest in zip(wide.index, paid, part, strict=True)
    ]
