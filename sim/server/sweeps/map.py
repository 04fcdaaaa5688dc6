"""The map of a sweep: the mean of an outcome for each pair of values of two levers, whatever the other levers are.

A lever that takes a few values has a cell for each. The range of a lever that was sampled is cut into even bins (even
in the logarithm, if its points are spread evenly in the logarithm).
"""

import itertools
import math
from typing import Any

from sim.experiments.sensitivity.phase import BINS, POINTS_IN_BIN
from sim.experiments.sweep import Sweep
from sim.runs.run import quoted
from sim.server.responses import Rows
from sim.server.sweeps.axes import LeverAxis, axes_of
from sim.server.sweeps.choice import Choice, outcome_display

NUMBERS = ("runs", "problems", "endless", "mean", "p05", "p95")


def document(sweep: Sweep, choice: Choice) -> dict[str, Any]:
    """Return the map of the chosen outcome by the chosen levers.

    Returns:
        `x`, `y` (null where only one lever varies), `outcome`, and `cells`, one for each combination that has
        runs: its indices `i` along x and `j` along y, its `runs`, how many of them have no numbers (`problems`) or
        an infinite outcome (`endless`), the `mean` and the quantiles `p05` and `p95`. The mean is null where an
        outcome is infinite. Numbers are in the outcome's own unit.
    """
    axes = {axis.name: axis for axis in axes_of(sweep.design)}
    across, i = _side(axes[choice.x], int(sweep.design["points"]))
    up, j = _side(axes[choice.y], int(sweep.design["points"])) if choice.y else (None, "0")
    name = quoted(choice.outcome)
    fine = f"FILTER (problem IS NULL AND NOT isnan({name}))"
    finite = f"FILTER (problem IS NULL AND isfinite({name}))"
    rows = sweep.query(
        f"SELECT {i} AS i, {j} AS j, count(*) AS runs, count(problem) AS problems, "
        f"count(*) FILTER (problem IS NULL AND isinf({name})) AS endless, "
        f"CASE WHEN endless = 0 THEN avg({name}) {finite} END AS mean, "
        f"quantile_cont({name}, 0.05) {fine} AS p05, quantile_cont({name}, 0.95) {fine} AS p95 "
        "FROM runs GROUP BY 1, 2 ORDER BY 2, 1"
    )
    return {
        "x": across,
        "y": up,
        "outcome": outcome_display(choice.about),
        "others": len(axes) - (2 if up else 1),
        "cells": rows.to_dict("records"),
    }


def table(document: dict[str, Any]) -> Rows:
    """Return the map as rows of a table."""
    sides = [(place, document[key]) for place, key in (("i", "x"), ("j", "y")) if document[key]]
    columns = [f"{side['name']} ({side['unit']})" if side["unit"] else side["name"] for _, side in sides]
    return [
        {
            **{column: side["cells"][cell[place]] for column, (place, side) in zip(columns, sides, strict=True)},
            **{number: cell[number] for number in NUMBERS},
        }
        for cell in document["cells"]
    ]


def _side(axis: LeverAxis, points: int) -> tuple[dict[str, Any], str]:
    """Return an axis of the map, and an SQL expression for the index of a point's cell along it."""
    column = quoted(axis.name)
    if axis.values:
        labels = [axis.text(value) for value in axis.values]
        return {**axis.to_dict(), "labels": labels, "binned": False, "cells": labels}, _nearest(axis, column)
    bins = int(min(max(math.sqrt(points / POINTS_IN_BIN), 2), BINS))
    labels = [axis.text(axis.at(edge / bins)) for edge in range(bins + 1)]
    cells = [f"{low} to {high}" for low, high in itertools.pairwise(labels)]
    place = f"greatest(0, least({bins - 1}, floor({_place(axis, column)} * {bins})))::INTEGER"
    return {**axis.to_dict(), "labels": labels, "binned": True, "cells": cells}, place


def _nearest(axis: LeverAxis, column: str) -> str:
    """Return an SQL expression for the index of the value that is nearest to the point's."""
    if axis.lever.words:
        listed = ", ".join("'" + str(word).replace("'", "''") + "'" for word in axis.values)
        return f"list_position([{listed}], {column}) - 1"
    numbers = [float(value) for value in axis.values]
    order = sorted(range(len(numbers)), key=lambda place: numbers[place])
    whens = " ".join(
        f"WHEN {column} < {(numbers[place] + numbers[then]) / 2.0!r} THEN {place}"
        for place, then in itertools.pairwise(order)
    )
    return f"CASE {whens} ELSE {order[-1]} END" if whens else "0"


def _place(axis: LeverAxis, column: str) -> str:
    """Return an SQL expression for a point's position in the range, from 0 at the low end to 1 at the high end."""
    low, high = axis.lever.low, axis.lever.high
    if axis.lever.log:
        return f"(ln({column}) - {math.log(low)!r}) / {math.log(high) - math.log(low)!r}"
    return f"({column} - {low!r}) / {high - low!r}"
