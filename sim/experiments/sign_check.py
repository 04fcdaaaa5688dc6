"""Do falling bill rates raise or lower what issuers put into AI, and through which channel?

The rate falls from its opening level to a lower one within about a year and stays there. AI funding is

    F = sigma (Y + K)

with Y the fresh money that issuers have to divide (interest less costs, buffer and dividends), K what they draw on
stocks to divide it too (own bills sold, money taken from the reserve), and sigma what goes into AI of each such
dollar. Against the highest rate of the grid the change of F is, exactly,

    dF = s dY + D d(sigma) + s dK,   D = Y + K,  s and D the means of both ends:

income, share and stocks. Run `python -m sim.experiments.sign_check` for the table and the figure of the docs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from sim.economy.flows import FLOWS, OWN, RESERVE
from sim.economy.ledger import flow_total
from sim.economy.rules import AI_CHANNELS, COLUMN
from sim.economy.state import Economy
from sim.model import CapitalFlowModel
from sim.scenario import load

RATES = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05)
SEEDS = 4
QUARTERS = 28
AI = [COLUMN[channel] for channel in AI_CHANNELS]
TO_OWN_BOOK = tuple(name for name, kind in FLOWS.items() if (kind.payer, kind.payee) == (RESERVE, OWN))
"""Flows that bring the reserve's money into the own book: the reach into the reserve."""
FALLING = {
    "history.until": "none",
    "environment.cut_speed": 3.0,
    "environment.rate_volatility": 0.0,
}
"""From the opening rate to the terminal one within about a year, and no other movement."""


def variants() -> dict[str, dict[str, float]]:
    """What issuers do about a fall: name -> changes to the baseline.

    The reach into the reserve is among them where the scenario has that lever.
    """
    baseline = load("baseline").redeployment
    weight, draw = baseline["anxiety_weight"].value, baseline["anxiety_draw"].value
    strong, all_of_it = 6.0 * weight, 5.0 * draw

    def anxious(of_share: float, of_savings: float, **more: float) -> dict[str, float]:
        changes = {"anxiety_weight": of_share, "anxiety_draw": of_savings, **more}
        return {f"redeployment.{name}": value for name, value in changes.items()}

    found = {
        "no anxiety": anxious(0.0, 0.0),
        "anxious, no draw": anxious(strong, 0.0),
        "baseline": anxious(weight, draw),
        "anxious, own savings": anxious(strong, all_of_it),
    }
    if "reach_into_reserve" in baseline:
        limits = baseline["reach_into_reserve"].range
        reach = limits[1] if limits else 1.0
        found["anxious, reserve too"] = anxious(strong, all_of_it, reach_into_reserve=reach)
    return found


def sign_check(
    rates: Sequence[float] = RATES,
    seeds: Iterable[int] = range(SEEDS),
    quarters: int = QUARTERS,
    behaviours: Mapping[str, Mapping[str, float]] | None = None,
) -> pd.DataFrame:
    """Run every rate with every behaviour, and take the change of AI funding apart.

    Args:
        rates: bill rates that the fall ends at, per year; the highest one is what others are compared with.
        seeds: seeds of the histories, the same for all.
        quarters: length of each.
        behaviours: name -> changes to the baseline; those of `variants` if left out.

    Returns:
        One row per behaviour and rate, rates falling: `ai_funding`, `fresh_money`, `drawn` (USD bn a year, mean of
        seeds), `share`, and against the highest rate `income_effect`, `share_effect`, `stock_effect`, which sum to
        the change of `ai_funding`.

    Raises:
        ScenarioError: if a change is wrong.
    """
    chosen, seeds = behaviours if behaviours is not None else variants(), tuple(seeds)
    rows: list[dict[str, Any]] = []
    for behaviour, changes in chosen.items():
        reference: dict[str, Any] | None = None
        for rate in sorted(rates, reverse=True):
            told = {**FALLING, **changes, "environment.terminal_rate": rate, "run.quarters": quarters}
            found = np.mean([_history(told, seed) for seed in seeds], axis=0) * 4.0 / quarters
            row = {"behaviour": behaviour, "rate": rate, **_named(found)}
            reference = reference or row
            rows.append({**row, **_effects(reference, row)})
    return pd.DataFrame(rows)


def _history(changes: Mapping[str, Any], seed: int) -> tuple[float, float, float]:
    """AI funding, fresh money and money drawn from stocks over one history, USD bn."""
    model = CapitalFlowModel(dict(changes), rng=seed)
    funding = fresh = drawn = released = 0.0
    while model.running:
        before = model.economy
        model.step()
        signed = _signed_earlier(before, model.economy)
        funding += float(model.economy.redeployment.deployed[:, AI].sum()) - signed
        stocks = _drawn(model.economy)
        # Money that came back from talks was counted when it was new.
        fresh += float(model.economy.redeployment.deployable.sum()) - stocks - released
        drawn += stocks
        released = _released(model.economy, signed)
    return funding, fresh, drawn


def _signed_earlier(before: Economy, after: Economy) -> float:
    """Loans drawn under facilities signed before the history begins: no choice of the quarter."""
    alive = after.gpus.alive > 0.0
    return float((before.credit.facility - after.credit.facility)[:, alive].sum())


def _drawn(economy: Economy) -> float:
    books = economy.books
    kinds = [kind for kind in ("own_bill_sale", *TO_OWN_BOOK) if kind in books.journal.flows]
    return float(sum(flow_total(books, kind, 0).sum() for kind in kinds))


def _released(economy: Economy, signed: float) -> float:
    """Money for deals that came back to the own book unspent."""
    withdrawn = float(flow_total(economy.books, "own_repo_sale", 0).sum())
    return withdrawn - (float(economy.redeployment.deployed[:, AI].sum()) - signed)


def _named(found: np.ndarray[Any, Any]) -> dict[str, float]:
    funding, fresh, drawn = (float(number) for number in found)
    divided = fresh + drawn
    share = funding / divided if divided > 0.0 else 0.0
    return {"ai_funding": funding, "fresh_money": fresh, "drawn": drawn, "share": share}


def _effects(at: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, float]:
    """Income, share and stocks: the exact midpoint decomposition of the change of a product."""
    share = (at["share"] + row["share"]) / 2.0
    divided = (at["fresh_money"] + at["drawn"] + row["fresh_money"] + row["drawn"]) / 2.0
    return {
        "income_effect": share * (row["fresh_money"] - at["fresh_money"]),
        "share_effect": divided * (row["share"] - at["share"]),
        "stock_effect": share * (row["drawn"] - at["drawn"]),
    }


def main(
    out: Annotated[Path, typer.Option(help="Where the figure goes.")] = Path("docs/images/sign_check.png"),
    seeds: Annotated[int, typer.Option(min=1, help="Histories for each rate and behaviour.")] = SEEDS,
) -> None:
    """Print the table and draw the figure."""
    from sim.figures.sign_check import draw
    from sim.figures.style import DPI

    table = sign_check(seeds=range(seeds))
    print(table.round(3).to_string(index=False))
    out.parent.mkdir(parents=True, exist_ok=True)
    draw(table).savefig(out, dpi=DPI)
    print(f"figure: {out}")


if __name__ == "__main__":
    typer.run(main)
