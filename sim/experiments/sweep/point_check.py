"""The check of every point of a sweep before the first run starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import ScenarioError
from sim.experiments.sweep.axes import Axis, point_at
from sim.experiments.sweep.variants import Variants

Columns = Sequence[NDArray[Any]]


def refuse_wrong_points(variants: Variants, columns: Columns, where: str) -> None:
    """Judge all points: first their ranges, all at once, then the openings of those that are not just copied.

    Args:
        variants: what opens the points.
        columns: for each axis its numbers, or the places of its words, one for each point.
        where: the name of the design file.

    Raises:
        ScenarioError: if any point is wrong: the first one with its number, the key, the value and what is
            allowed, and how many others there are.
    """
    _refuse_out_of_range(variants.openings.axes, columns, where)
    _refuse_unopenable(variants, columns, where)


def _refuse_out_of_range(axes: Sequence[Axis], columns: Columns, where: str) -> None:
    if not axes:
        return
    wrong = np.zeros(len(columns[0]), dtype=bool)
    first: tuple[int, int] | None = None
    for number, (axis, column) in enumerate(zip(axes, columns, strict=True)):
        low, high = axis.range
        if not axis.quantity or axis.words:
            continue
        outside = ~((column >= (-np.inf if low is None else low)) & (column <= (np.inf if high is None else high)))
        if outside.any() and (first is None or int(outside.argmax()) < first[0]):
            first = int(outside.argmax()), number
        wrong |= outside
    if first is not None:
        point, number = first
        axis, value = axes[number], float(columns[number][point])
        low, high = axis.range
        allowed = f"{low:g} to {high:g}" if high is not None else f"from {low:g} up"
        place = f"{where}: point {point}"
        if axis.name != axis.key:
            place = f"{place}: vary.{axis.name}"
        raise ScenarioError(
            f"out of range{_others(wrong)}", axis.key, value, f"{allowed} {axis.unit}".strip(), place
        )


def _refuse_unopenable(variants: Variants, columns: Columns, where: str) -> None:
    """Open the scenario itself, and every combination of values that are not just put in their places."""
    axes = variants.openings.axes
    slow = [axis for axis in range(len(axes)) if axis not in variants.places]
    try:
        _ = variants.openings.base
    except ScenarioError as error:
        raise error.inside(f"{where}: scenario") from None
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
        raise ScenarioError(
            f"{mistake.problem}{_others(wrong)}", mistake.key, mistake.value, mistake.allowed, mistake.where
        )


def _others(wrong: NDArray[np.bool_]) -> str:
    """Return how many other points are wrong, in brackets; nothing if there is none."""
    others = int(wrong.sum()) - 1
    return f" (and {others} other point{'s' if others > 1 else ''} of {len(wrong)})" if others else ""
