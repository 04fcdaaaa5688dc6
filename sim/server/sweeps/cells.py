"""The map of a sweep: the mean of an outcome over two levers, whatever the others are."""

from __future__ import annotations

from typing import Any

from sim.experiments.sweep import Sweep
from sim.runs.run import quoted
from sim.server.sweeps.choice import Choice, axis, outcome_display
from sim.server.sweeps.sides import side

NUMBERS = ("runs", "problems", "endless", "mean", "p05", "p95")


def cells(sweep: Sweep, choice: Choice) -> dict[str, Any]:
    """Return the map.

    Args:
        sweep: with at least one lever that varies.
        choice: levers and outcome.

    Returns:
        `x`, `y` (null where only one lever varies), `outcome`, and `cells`, one for each combination that has
        runs: its places on the sides `i` and `j`, its runs, how many of them have no numbers (`problems`) or an
        outcome without limit (`endless`), the mean of the others, and the 5 and 95 percent quantiles. No mean is
        given where a run is without limit. Numbers are in the outcome's own unit.
    """
    points = int(sweep.design["points"])
    across = side(axis(sweep, choice.x), points)
    up = side(axis(sweep, choice.y), points) if choice.y else None
    name = quoted(choice.outcome)
    fine = f"FILTER (problem IS NULL AND NOT isnan({name}))"
    rows = sweep.query(
        f"SELECT {across.sql} AS i, {up.sql if up else '0'} AS j, count(*) AS runs, count(problem) AS problems, "
        f"count(*) FILTER (problem IS NULL AND isinf({name})) AS endless, "
        f"avg({name}) FILTER (problem IS NULL AND isfinite({name})) AS mean, "
        f"quantile_cont({name}, 0.05) {fine} AS p05, quantile_cont({name}, 0.95) {fine} AS p95 "
        "FROM runs GROUP BY 1, 2 ORDER BY 2, 1"
    )
    found = rows.to_dict("records")
    for cell in found:
        if cell["endless"]:
            cell["mean"] = None
    return {
        "x": across.to_dict(),
        "y": up.to_dict() if up else None,
        "outcome": outcome_display(choice.about),
        "others": len(sweep.design["vary"]) - (2 if up else 1),
        "cells": found,
    }


def table(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the map as rows."""
    sides = [(place, told) for place, told in (("i", found["x"]), ("j", found["y"])) if told]
    return [
        {
            **{_head(told): told["cells"][cell[place]] for place, told in sides},
            **{number: cell[number] for number in NUMBERS},
        }
        for cell in found["cells"]
    ]


def _head(told: dict[str, Any]) -> str:
    return f"{told['name']} ({told['unit']})" if told["unit"] else str(told["name"])
