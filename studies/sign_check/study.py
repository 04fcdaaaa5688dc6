"""Do falling bill rates raise or lower what issuers put into AI, and through which channel?

The rate falls from its opening level to a lower one within about a year and stays there. What comes out as AI
funding F is taken apart into what goes in:

    F = k C,    C = c (Y + K + R) + A

with Y the fresh money that issuers have to divide (interest less costs, buffer and dividends), K own bills sold to
be divided too, R money that came back from talks, c the share of all this that is committed to AI, A what the
reserve lends for AI, and k the part of what is committed that becomes deals. Against a rate that does not fall the
change of F is, exactly, with means of both ends for what stays,

    income k c dY,   share k D dc,   stocks k (c dK + dA),   deals C dk + k c dR.

Deals are lumps of at least a ticket, so small pools make fewer of them. `python -m studies.sign_check`
prints the table and draws the figure of the docs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from sim.economy.books.ledger import flow_total
from sim.economy.parameters import AI_CHANNELS, COLUMN
from sim.economy.state import Economy
from sim.engine.mesa_model import CapitalFlowModel
from sim.scenario.load import load

RATES = (0.0, 0.01, 0.02, 0.03, 0.04)
SEEDS = 4
QUARTERS = 28
REACH = 0.10
"""Share of tokens that the reserve lends to the own book where issuers reach into it."""
AI = [COLUMN[channel] for channel in AI_CHANNELS]
FALLING = {"history.until": "none", "environment.cut_speed": 3.0, "environment.rate_volatility": 0.0}
"""From the opening rate to the terminal one within about a year, and no other movement."""
EFFECTS = ("income_effect", "share_effect", "stock_effect", "deal_effect")


def variants() -> dict[str, dict[str, float]]:
    """Return what issuers do about a fall: name -> changes to the baseline."""
    baseline = load("baseline").redeployment
    weight, draw = baseline["anxiety_weight"].value, baseline["anxiety_draw"].value
    strong, all_of_it = 6.0 * weight, 5.0 * draw

    def anxious(of_share: float, of_savings: float, **more: float) -> dict[str, float]:
        changes = {"anxiety_weight": of_share, "anxiety_draw": of_savings, **more}
        return {f"redeployment.{name}": value for name, value in changes.items()}

    return {
        "not anxious": anxious(0.0, 0.0),
        "as in the baseline": anxious(weight, draw),
        "very anxious": anxious(strong, 0.0),
        "very anxious, with own savings": anxious(strong, all_of_it),
        "very anxious, with a tenth of the reserve": anxious(strong, all_of_it, reach_into_reserve=REACH),
    }


def sign_check(
    rates: Sequence[float] = RATES,
    seeds: Iterable[int] = range(SEEDS),
    quarters: int = QUARTERS,
    behaviours: Mapping[str, Mapping[str, float]] | None = None,
) -> pd.DataFrame:
    """Run every rate with every behaviour, and take the change of AI funding apart.

    All are compared with issuers that are not anxious at a rate that stays where it was: the first behaviour's
    first row.

    Args:
        rates: bill rates that the fall ends at, per year; the opening rate is added to them.
        seeds: seeds of the histories, the same for all.
        quarters: length of each.
        behaviours: name -> changes to the baseline; those of `variants` if left out. The first is the reference.

    Returns:
        One row per behaviour and rate, rates falling. USD bn a year, means of the seeds: `ai_funding`,
        `fresh_money`, `own_bills_sold`, `from_talks`, `from_reserve`, `committed`, and against the reference the
        four `EFFECTS`, which sum to the change of `ai_funding`.

    Raises:
        ScenarioError: if a change is wrong.
    """
    chosen, seeds = behaviours if behaviours is not None else variants(), tuple(seeds)
    steady = load("baseline").market.bill_rate.value
    rows: list[dict[str, Any]] = []
    for behaviour, changes in chosen.items():
        for rate in sorted({*rates, steady}, reverse=True):
            keys = {**FALLING, **changes, "environment.terminal_rate": rate, "run.quarters": quarters}
            runs = pd.DataFrame([_history(keys, seed) for seed in seeds])
            outcomes = {name: float(number) for name, number in (runs.mean() * 4.0 / quarters).items()}
            effects = _effects((rows or [outcomes])[0], outcomes)
            rows.append({"behaviour": behaviour, "rate": rate, **outcomes, **effects})
    return pd.DataFrame(rows)


def _history(changes: Mapping[str, Any], seed: int) -> dict[str, float]:
    """Return what was divided, committed and funded over one history, USD bn."""
    model = CapitalFlowModel(dict(changes), rng=seed)
    names = ("ai_funding", "fresh_money", "own_bills_sold", "from_talks", "from_reserve", "committed")
    total, released = dict.fromkeys(names, 0.0), 0.0
    while model.running:
        before = model.economy
        model.step()
        after = model.economy
        funding = float(after.redeployment.deployed[:, AI].sum()) - _signed_earlier(before, after)
        sold = _paid(after, "own_bill_sale")
        total["ai_funding"] += funding
        total["own_bills_sold"] += sold
        borrowed, lent = float(after.redeployment.borrowed.sum()), _paid(after, "reserve_advance")
        # What came back from talks and is the reserve's goes into AI again, or back to it.
        free = released - (borrowed - lent) - _paid(after, "advance_return")
        total["from_talks"] += free
        total["fresh_money"] += float(after.redeployment.deployable.sum()) - sold - free
        total["from_reserve"] += borrowed
        total["committed"] += _paid(after, "own_repo_purchase")
        released = _paid(after, "own_repo_sale") - funding
    return total


def _signed_earlier(before: Economy, after: Economy) -> float:
    """Loans drawn under facilities signed before the history begins: no choice of the quarter."""
    alive = after.gpus.alive > 0.0
    return float((before.credit.facility - after.credit.facility)[:, alive].sum())


def _paid(economy: Economy, kind: str) -> float:
    return float(flow_total(economy.books, kind, 0).sum())


def _effects(at: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, float]:
    """Income, share, stocks and deals: midpoints, so that what products leave over is divided evenly."""
    ends = [_parts(at), _parts(row)]
    (c0, d0, k0), (c1, d1, k1) = ends
    share, divided, closing = (c0 + c1) / 2.0, (d0 + d1) / 2.0, (k0 + k1) / 2.0
    committed = (at["committed"] + row["committed"]) / 2.0

    def change(name: str) -> float:
        return float(row[name] - at[name])

    effects = (
        closing * share * change("fresh_money"),
        closing * divided * (c1 - c0),
        closing * (share * change("own_bills_sold") + change("from_reserve")),
        committed * (k1 - k0) + closing * share * change("from_talks"),
    )
    return dict(zip(EFFECTS, effects, strict=True))


def _parts(row: Mapping[str, Any]) -> tuple[float, float, float]:
    """Share committed, money divided, and part of what is committed that becomes deals."""
    divided = row["fresh_money"] + row["own_bills_sold"] + row["from_talks"]
    share = (row["committed"] - row["from_reserve"]) / divided if divided > 0.0 else 0.0
    return share, divided, row["ai_funding"] / row["committed"] if row["committed"] > 0.0 else 0.0
