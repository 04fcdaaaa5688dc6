"""The check of every point of a sweep before the first run starts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.errors import ScenarioError
from sim.experiments.sweep.axes import Axis
from sim.experiments.sweep.variants import Variants


def refuse_wrong_points(variants: Variants, where: str) -> None:
    """Judge all points: first their ranges, all at once, then the openings of those that are not just copied.

    Args:
        variants: what opens the points.
        where: the name of the design file.

    Raises:
        ScenarioError: if any point is wrong: the first one with its number, the key, the value and what is
            allowed, and how many others there are.
    """
    _refuse_out_of_range(variants, where)
    _refuse_unopenable(variants, where)


def _refuse_out_of_range(variants: Variants, where: str) -> None:
    if not variants.axes:
        return
    wrong = np.zeros(len(variants.columns[0]), dtype=bool)
    first: tuple[int, Axis] | None = None
    for axis, column in zip(variants.axes, variants.columns, strict=True):
        low, high = axis.range
        if not axis.quantity or axis.words:
            continue
        outside = ~((column >= (-np.inf if low is None else low)) & (column <= (np.inf if high is None else high)))
        if outside.any() and (first is None or int(outside.argmax()) < first[0]):
            first = int(outside.argmax()), axis
        wrong |= outside
    if first is not None:
        point, axis = first
        low, high = axis.range
        allowed = f"{low:g} to {high:g}" if high is not None else f"from {low:g} up"
        value = float(variants.columns[variants.axes.index(axis)][point])
        place = f"{where}: point {point}"
        if axis.name != axis.key:
            place = f"{place}: vary.{axis.name}"
        raise ScenarioError(
            f"out of range{_others(wrong)}", axis.key, value, f"{allowed} {axis.unit}".strip(), place
        )


def _refuse_unopenable(variants: Variants, where: str) -> None:
    """Open the scenario itself, and every combination of values that are not just put in their places."""
    try:
        slow = [axis for axis in range(len(variants.axes)) if axis not in variants.shortcuts.places]
    except ScenarioError as error:
        raise error.inside(f"{where}: scenario") from None
    if not slow:
        return
    table = np.stack([variants.columns[axis].astype(float) for axis in slow], axis=1)
    _, first, which = np.unique(table, axis=0, return_index=True, return_inverse=True)
    reasons: dict[int, ScenarioError] = {}
    for combination, point in enumerate(first):
        try:
            variants.open(variants.point(int(point)))
        except ScenarioError as error:
            reasons[combination] = error
    if reasons:
        which = np.ravel(which)
        wrong = np.isin(which, list(reasons))
        earliest = int(wrong.argmax())
        values = variants.point(earliest)
        shown = ", ".join(f"{variants.axes[axis].key} = {values[axis]!r}" for axis in slow)
        mistake = reasons[int(which[earliest])].inside(f"{where}: point {earliest}: ({shown})")
        raise ScenarioError(
            f"{mistake.problem}{_others(wrong)}", mistake.key, mistake.value, mistake.allowed, mistake.where
        )


def _others(wrong: NDArray[np.bool_]) -> str:
    """Return how many other points are wrong, in brackets; nothing if there is none."""
    others = int(wrong.sum()) - 1
    return f" (and {others} other point{'s' if others > 1 else ''} of {len(wrong)})" if others else ""
