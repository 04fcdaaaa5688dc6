"""The document of one agent, quarter by quarter: its balance sheet, its payments, its measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.analysis.sums import quarters_of, summed
from sim.economy.books.flows import FLOWS
from sim.economy.books.uses import INTEREST
from sim.errors import ScenarioError, suggestion
from sim.report.palette import POPULATION
from sim.server.address import ADDRESS, LONGEST
from sim.server.views.arrays import short

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
"""Units of measures of agents; a measure that is not listed is in USD bn."""


def agent(run: Run, key: str) -> dict[str, Any]:
    """Return the document of one agent.

    Args:
        run: the history of the agent.
        key: the agent as `population/name`.

    Returns:
        Name, population and colour; `quarters`; `assets` and `debts` (instrument, counterparty, USD bn by quarter),
        with cash among the assets; `net_worth`; payments `received` and `paid` (purpose, counterparty, USD bn by
        quarter, and the part that was bill interest); `measures` (name, unit, values).

    Raises:
        ScenarioError: if the history has no such agent; the message names those that it has.
    """
    pairs = run.agents[["population", "agent"]].drop_duplicates().itertuples(index=False)
    keys = [f"{population}/{name}" for population, name in pairs if population != "sectors"]
    if key not in keys:
        short_key = key[:LONGEST]
        problem = f"unknown agent{suggestion(short_key, keys)}"
        raise ScenarioError(problem, "agent", short_key, ", ".join(keys), ADDRESS)
    population, _, name = key.partition("/")
    quarters = quarters_of(run)
    rows = run.agents[(run.agents["population"] == population) & (run.agents["agent"] == name)]
    wide = rows.pivot(index="measure", columns="quarter", values="value").reindex(columns=quarters)
    measures = {measure: short(wide.loc[measure]) for measure in dict.fromkeys(rows["measure"])}
    exposures, flows = run.exposures, run.flows
    cash = {"item": "cash", "with": "", "usd_bn": measures["cash"]}
    return {
        "agent": name,
        "population": population,
        "colour": POPULATION[population],
        "quarters": quarters,
        "assets": [cash, *_positions(exposures[exposures["holder"] == name], "issuer", quarters)],
        "debts": _positions(exposures[exposures["issuer"] == name], "holder", quarters),
        "net_worth": measures["net_worth"],
        "interest_held": measures.get("cash_from_bill_interest"),
        "received": _payments(flows[flows["payee"] == name], "payer", quarters),
        "paid": _payments(flows[flows["payer"] == name], "payee", quarters),
        "measures": [
            {
                "name": measure.replace("_", " "),
                "unit": "" if measure in NO_UNIT else UNITS.get(measure, "USD bn"),
                "values": values,
            }
            for measure, values in measures.items()
            if any(values)
        ],
    }


def _positions(exposures: pd.DataFrame, other: str, quarters: list[str]) -> list[dict[str, Any]]:
    wide = summed(exposures, ("instrument", other), quarters).sort_index()
    return [
        {"item": str(instrument).replace("_", " "), "with": str(whom), "usd_bn": worth}
        for (instrument, whom), worth in zip(wide.index, short(wide), strict=True)
    ]


def _payments(flows: pd.DataFrame, other: str, quarters: list[str]) -> list[dict[str, Any]]:
    whole, interest = (
        summed(flows.assign(usd_bn=flows[column]), ("flow", other), quarters).sort_index()
        for column in ("usd_bn", "from_bill_interest")
    )
    return [
        {
            "item": FLOWS[flow].meaning,
            "with": str(whom),
            "usd_bn": usd_bn,
            # A payment of the government on bills counts as Treasury interest from the payment itself onwards.
            "interest": usd_bn if flow in INTEREST else part,
        }
        for (flow, whom), usd_bn, part in zip(whole.index, short(whole), short(interest), strict=True)
    ]
