"""The mean of an outcome at the low and at the high end of each lever: what a tornado shows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.experiments.compare.paired import ROUNDING, half_width
from sim.experiments.sensitivity.results import Ends
from sim.experiments.sweep.axes import Axis
from sim.experiments.sweep.methods.estimates import Estimate
from sim.experiments.sweep.sample import Sample
from sim.report.numbers import plain

LEVELS = ("grid", "morris")
"""Methods in which a lever takes a few values only."""
OUTER = 0.2
"""Part of a lever's range at each end that counts as the end, where points are sampled."""


def ends(sample: Sample, values: NDArray[np.float64]) -> dict[str, Ends]:
    """Mean of an outcome at both ends of each lever, the others wherever the design puts them.

    In a grid and in trajectories, an end is the lowest or the highest value; elsewhere the outer fifth of the
    range (of its logarithm where it is spread so). For words the ends are those with the lowest and the highest
    mean. Intervals are Student's: over seeds in a whole grid, whose means have no other uncertainty, and over
    points elsewhere.

    Args:
        sample: the points that can be used.
        values: the outcome, `(point, replicate)`.
    """
    return {
        lever.name: _ends(lever, place, values, sample.method)
        for lever, place in zip(sample.levers, sample.cube().T, strict=True)
    }


def ends_in_words(sample: Sample) -> str:
    """Say what counts as an end, for captions."""
    if sample.method in LEVELS:
        return "ends are the lowest and the highest value of the design"
    return "ends are the outer fifths of a lever's range"


def _ends(lever: Axis, place: NDArray[np.float64], values: NDArray[np.float64], method: str) -> Ends:
    grid = method == "grid"
    if lever.words:
        means = {number: float(values[place == number].mean()) for number in np.unique(place)}
        least, most = min(means, key=lambda n: means[n]), max(means, key=lambda n: means[n])
        low, high = place == least, place == most
        told = (lever.words[int(least)], lever.words[int(most)])
    elif method in LEVELS:
        low, high = place <= place.min() + ROUNDING, place >= place.max() - ROUNDING
        told = (_told(lever, float(place.min())), _told(lever, float(place.max())))
    else:
        low, high = place <= OUTER, place >= 1.0 - OUTER
        told = (f"up to {_told(lever, OUTER)}", f"from {_told(lever, 1.0 - OUTER)}")
    return Ends(_mean(values[low], grid), _mean(values[high], grid), *told)


def _told(lever: Axis, place: float) -> str:
    if lever.log:
        return _short(math.exp(math.log(lever.low) + place * (math.log(lever.high) - math.log(lever.low))))
    return _short(lever.low + place * (lever.high - lever.low))


def _mean(values: NDArray[np.float64], grid: bool) -> Estimate:
    """Return the mean of some points with its interval, where there is more than one number to judge it by."""
    if not len(values):
        return Estimate(math.nan)
    numbers = values.mean(axis=0) if grid else values.mean(axis=1)
    mean = float(values.mean())
    half = half_width(numbers) if len(numbers) > 1 else math.nan
    return Estimate(mean, mean - half, mean + half)


def _short(number: float) -> str:
    """Three digits that matter."""
    return plain(float(f"{number:.3g}"))
