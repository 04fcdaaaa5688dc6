"""The check of every point of a sweep before the first run."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import ScenarioError
from sim.experiments.sweep.axes import Axis, point_at
from sim.experiments.sweep.variants import Variants

Columns = Sequence[NDArray[Any]]


def refuse_wrong_points(variants: Variants, columns: Columns, where: str) -> None:
    """Check the ranges of all points at once, then the openings of points that need an opening of their own.

    Args:
        variants: the builder of the openings.
        columns: for each axis its numbers, or the places of its words, one for each point.
        where: the name of the design file, for messages.

    Raises:
        ScenarioError: if any point is wrong; the message has the number of the first one, the key, the value, what
            is allowed, and how many other points are wrong.
    """
    _refuse_out_of_range(variants.axes, columns, where)
    try:
        _ = variants.base
    except ScenarioError as error:
        raise error.inside(f"{where}: scenario") from None
    _refuse_unopenable(variants, columns, where)


def _refuse_out_of_range(axes: Sequence[Axis], columns: Columns, where: str) -> None:
    wrong = np.zeros((len(axes), len(columns[0]) if axes else 1), dtype=bool)
    for number, (axis, column) in enumerate(zip(axes, columns, strict=True)):
        if axis.quantity and not axis.words:
            low, high = axis.range
            inside = (column >= (-np.inf if low is None else low)) & (column <= (np.inf if high is None else high))
            wrong[number] = ~inside
    points: NDArray[np.bool_] = np.logical_or.reduce(wrong)
    if points.any():
        point = int(points.argmax())
        number = int(wrong[:, point].argmax())
        axis, value = axes[number], float(columns[number][point])
        low, high = axis.range
        allowed = f"{low:g} to {high:g}" if high is not None else f"from {low:g} up"
        place = f"{where}: point {point}{f': vary.{axis.name}' if axis.name != axis.key else ''}"
        raise ScenarioError(f"out of range{_others(points)}", axis.key, value, f"{allowed} {axis.unit}".strip(), place)


def _refuse_unopenable(variants: Variants, columns: Columns, where: str) -> None:
    """Open every combination of the values without a place in the parameters."""
    axes = variants.axes
    slow = [axis for axis in range(len(axes)) if axis not in variants.places]
    if not slow:
        return
    table = np.stack([columns[axis].astype(float) for axis in slow], axis=1)
    _, first, which = np.unique(table, axis=0, return_index=True, return_inverse=True)
    reasons: dict[int, ScenarioError] = {}
    for combination, point in enumerate(first):
        try:
            variants.open(point_at(axes, columns, int(point)))
        except ScenarioError as error:
            reasons[combination] = error
    if reasons:
        which = np.ravel(which)
        wrong = np.isin(which, list(reasons))
        earliest = int(wrong.argmax())
        values = point_at(axes, columns, earliest)
        shown = ", ".join(f"{axes[axis].key} = {values[axis]!r}" for axis in slow)
        mistake = reasons[int(which[earliest])].inside(f"{where}: point {earliest}: ({shown})")
        mistake.problem += _others(wrong)
        raise mistake


def _others(wrong: NDArray[np.bool_]) -> str:
    """Return how many other points are wrong, in brackets; nothing if there is none."""
    others = int(wrong.sum()) - 1
    return f" (and {others} other point{'s' if others > 1 else ''} of {len(wrong)})" if others else ""
