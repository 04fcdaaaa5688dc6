"""When failed bets are only tuition: the worlds of `studies.tuition.study`, with intervals and a verdict."""

from __future__ import annotations

from typing import Any

import pandas as pd

from studies.findings.summaries import spread
from studies.tuition.study import each

TOUCHED = 0.01
"""Share of tokens: where more are missing a year later, the coin was touched."""
SEEN = 0.005
"""USD bn: a loss of the reserve below this is none."""


def summary_of(table: pd.DataFrame) -> dict[str, Any]:
    """Summarise each world, and the quarter in which the bets fail.

    Args:
        table: as `studies.tuition.study.paths` returns it.
    """
    return {
        "touched_above": TOUCHED,
        "failed": str(table.loc[table["since"] == 0, "quarter"].iloc[0]),
        "worlds": [_world(label, each(table, label)) for label in dict.fromkeys(table["world"])],
    }


def _world(label: str, rows: pd.DataFrame) -> dict[str, Any]:
    numbers = {name: spread(rows[name].to_numpy()) for name in rows}
    touched = float((rows["tokens_lost"] > TOUCHED).mean())
    lost = numbers["excess_lost"]["mean"] > SEEN
    if numbers["tokens_lost"]["mean"] > TOUCHED or numbers["fails"]["mean"] > 0.0:
        verdict = "coin"
    else:
        verdict = "cushion" if lost or touched > 0.0 else "nothing"
    return {"label": label, "histories": len(rows), "touched": touched, "verdict": verdict, **numbers}
