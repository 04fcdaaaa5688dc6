"""How the points of a sweep are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import ScenarioError, needs
from sim.experiments.sweep.design import MOST_POINTS, SAMPLED, Design

if TYPE_CHECKING:
    from sim.experiments.sweep.space import Axis

Column = NDArray[Any]
"""Of a key with numbers its values, double precision; of a key with words their places in `Axis.words`."""


def count(design: Design, axes: Sequence[Axis]) -> int:
    """How many points a design has."""
    if design.method not in SAMPLED:
        product = 1
        for axis in axes:
            product *= len(axis.values or ())
        return product
    samples, keys = design.samples or 0, len(axes)
    if design.method == "sobol":
        return samples * (2 * keys + 2 if design.second_order else keys + 2)
    return samples * (keys + 1) if design.method == "morris" else samples


def problem(design: Design, axes: Sequence[Axis]) -> dict[str, Any] | None:
    """What SALib calls the problem: names, and bounds in the space that is sampled (natural logs where log)."""
    if design.method not in SAMPLED:
        return None
    return {
        "num_vars": len(axes),
        "names": [axis.name for axis in axes],
        "bounds": [[float(bound) for bound in _bounds(axis)] for axis in axes],
    }


def points(design: Design, axes: Sequence[Axis], where: str) -> list[Column]:
    """One column for each key, one row for each point.

    Raises:
        ScenarioError: if there are too many points to plan.
    """
    rows = count(design, axes)
    if rows > MOST_POINTS:
        raise ScenarioError(f"{where}: {rows} points are too many to plan; at most {MOST_POINTS}")
    if design.method not in SAMPLED:
        return _grid(axes)
    sampled = _sampled(design, problem(design, axes) or {})
    columns = []
    for place, axis in enumerate(axes):
        column = np.exp(sampled[:, place]) if axis.scale == "log" else sampled[:, place]
        # The exponential of a logarithm may miss its bound by a rounding; zero has one sign.
        columns.append(np.clip(column, axis.low, axis.high) + 0.0)
    return columns


def _bounds(axis: Axis) -> tuple[float, float]:
    low, high = float(axis.low or 0.0), float(axis.high or 0.0)
    return (float(np.log(low)), float(np.log(high))) if axis.scale == "log" else (low, high)


def _grid(axes: Sequence[Axis]) -> list[Column]:
    """Every combination; the last key varies fastest."""
    columns: list[Column] = []
    sizes = [len(axis.values or ()) for axis in axes]
    for place, axis in enumerate(axes):
        taken = np.arange(sizes[place], dtype=np.int32) if axis.words else np.array(axis.values, dtype=float) + 0.0
        after, before = int(np.prod(sizes[place + 1 :])), int(np.prod(sizes[:place]))
        columns.append(np.tile(np.repeat(taken, after), before))
    return columns


def _sampled(design: Design, given: dict[str, Any]) -> NDArray[np.float64]:
    samples, seed = design.samples or 0, design.design_seed
    if design.method == "random":
        bounds = np.array(given["bounds"])
        uniform = np.random.default_rng(seed).random((samples, len(bounds)))
        return np.asarray(bounds[:, 0] + uniform * (bounds[:, 1] - bounds[:, 0]))
    needs("SALib", extra="sensitivity")
    if design.method == "latin_hypercube":
        from SALib.sample import latin

        return np.asarray(latin.sample(given, samples, seed=seed))
    if design.method == "sobol":
        from SALib.sample import sobol

        return np.asarray(sobol.sample(given, samples, calc_second_order=design.second_order, seed=seed))
    from SALib.sample import morris

    return np.asarray(morris.sample(given, samples, num_levels=design.levels, seed=seed))
