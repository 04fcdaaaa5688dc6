"""What resamples say: intervals, whether a ranking is settled, and what more runs would do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.experiments.compare.paired import CONFIDENCE
from sim.experiments.sensitivity.results import Convergence, Estimate

SEED = 1
"""Of the resamples, so that the same sweep gives the same intervals."""
MOST, FEWEST = 1000, 100
MOST_NUMBERS = 4_000_000
"""Numbers that the resamples of one index may hold: memory stays small however large the sweep is."""
NEGLIGIBLE = 0.05
"""Levers whose index stays below this (for Morris: this part of the largest) do not matter for the ranking."""
TARGET = 0.05
"""Half-width that is called narrow."""
AGREEMENT = 0.90
"""Part of the resamples that must rank two levers alike for their order to be settled."""


def resamples(size: int) -> int:
    """How many resamples to draw of a sample of this size."""
    return int(min(MOST, max(FEWEST, MOST_NUMBERS // max(size, 1))))


def interval(drawn: NDArray[np.float64]) -> tuple[float, float]:
    """The 90 percent percentile interval of resampled numbers, `(resample,)`."""
    low, high = np.quantile(drawn, [(1.0 - CONFIDENCE) / 2.0, (1.0 + CONFIDENCE) / 2.0])
    return float(low), float(high)


def unsettled(
    ranked: Sequence[str], names: Sequence[str], drawn: NDArray[np.float64], most: float
) -> tuple[tuple[str, str], ...]:
    """Neighbours in a ranking whose order the resamples do not agree on.

    Args:
        ranked: levers, the largest first.
        names: levers in the order of the columns of `drawn`.
        drawn: sizes of the index, `(resample, lever)`; all levers from the same resamples.
        most: scale of the index; levers whose resamples stay below `NEGLIGIBLE` of it do not count.
    """
    column = {name: drawn[:, place] for place, name in enumerate(names)}
    told = []
    for first, second in zip(ranked, ranked[1:], strict=False):
        if interval(column[first])[1] < NEGLIGIBLE * most:
            break
        if float((column[first] > column[second]).mean()) < AGREEMENT:
            told.append((first, second))
    return tuple(told)


def convergence(
    measure: str,
    estimates: Mapping[str, Estimate],
    ties: tuple[tuple[str, str], ...],
    size: int,
    runs_for: Callable[[float], int],
    scale: float = 1.0,
) -> Convergence:
    """Judge the intervals of an index.

    A half-width falls with the square root of the sample's size, so that half of it takes four times the sample.

    Args:
        measure: the index.
        estimates: lever -> its estimate.
        ties: neighbours in the ranking that are not settled.
        size: of the sample: base points, trajectories or points.
        runs_for: size of a sample -> runs that it takes.
        scale: what a half-width of one is.
    """
    widest = max(estimates, key=lambda name: estimates[name].half_width)
    half = estimates[widest].half_width / scale if scale > 0.0 else 0.0
    now = runs_for(size)
    target = runs_for(size * (half / TARGET) ** 2) if half > TARGET else now
    return Convergence(measure, widest, half, scale, ties, now, runs_for(4.0 * size) - now, max(target - now, 0))


def next_power(size: float) -> int:
    """The least power of two that is not below a size."""
    return 2 ** max(0, math.ceil(math.log2(max(size, 1.0)) - 1e-9))
