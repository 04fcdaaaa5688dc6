"""The map of a sweep: the mean of an outcome over two levers, whatever the others are."""

from __future__ import annotations

from typing import Any

from sim.experiments.sweep import Sweep
from sim.runs.run import quoted
from sim.server.responses import Rows
from sim.server.sweeps.choice import Choice, outcome_display
from sim.server.sweeps.sides import axes_of, side

NUMBERS = ("runs", "problems", "endless", "mean", "p05", "p95")


def cells(sweep: Sweep, choice: Choice) -> dict[str, Any]:
    """Return the map.

    Args:
        sweep: a sweep with at least one lever that varies.
        choice: levers and outcome.

    Returns:
        `x`, `y` (null where only one lever varies), `outcome`, and `cells`, one for each combination that has
        runs: its places on the sides `i` and `j`, its runs, how many of them have no numbers (`problems`) or an
        outcome without limit (`endless`), the mean of the others, and the 5 and 95 percent quantiles. No mean is
        given where a run is without limit. Numbers are in the outcome's own unit.
    """
    axes = {axis.name: side(axis, int(sweep.design["points"])) for axis in axes_of(sweep.design)}
    across, up = axes[choice.x], axes.get(choice.y)
    name = quoted(choice.outcome)
    fine = f"FILTER (problem IS NULL AND NOT isnan({name}))"
    finite = f"FILTER (problem IS NULL AND isfinite({name}))"
    rows = sweep.query(
        f"SELECT {across.sql} AS i, {up.sql if up else '0'} AS j, count(*) AS runs, count(problem) AS problems, "
        f"count(*) FILTER (problem IS NULL AND isinf({name})) AS endless, "
        f"CASE WHEN endless = 0 THEN avg({name}) {finite} END AS mean, "
        f"quantile_cont({name}, 0.05) {fine} AS p05, quantile_cont({name}, 0.95) {fine} AS p95 "
        "FROM runs GROUP BY 1, 2 ORDER BY 2, 1"
    )
    return {
        "x": across.to_dict(),
        "y": up.to_dict() if up else None,
        "outcome": outcome_display(choice.about),
        "others": len(axes) - (2 if up else 1),
        "cells": rows.to_dict("records"),
    }


def table(document: dict[str, Any]) -> Rows:
    """Return the map as rows."""
    sides = [(place, document[key]) for place, key in (("i", "x"), ("j", "y")) if document[key]]
    columns = [f"{side['name']} ({side['unit']})" if side["unit"] else side["name"] for _, side in sides]
    return [
        {
            **{column: side["cells"][cell[place]] for column, (place, side) in zip(columns, sides, strict=True)},
            **{number: cell[number] for number in NUMBERS},
        }
        for cell in document["cells"]
    ]
