"""The mean of an outcome at the low and at the high end of each lever, as shown by a tornado chart."""

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
    """Return the mean of an outcome at both ends of each lever, over all values of the others.

    In a grid and in trajectories, an end is the lowest or the highest value; elsewhere the outer fifth of the
    range (of its logarithm for a logarithmic lever). For words the ends are those with the lowest and the highest
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
    if lever.words:
        means = {word: float(values[place == word].mean()) for word in np.unique(place)}
        least, most = min(means, key=lambda word: means[word]), max(means, key=lambda word: means[word])
        low, high = place == least, place == most
        labels = (lever.words[int(least)], lever.words[int(most)])
    elif method in LEVELS:
        low, high = place <= place.min() + ROUNDING, place >= place.max() - ROUNDING
        labels = (_value(lever, float(place.min())), _value(lever, float(place.max())))
    else:
        low, high = place <= OUTER, place >= 1.0 - OUTER
        labels = (f"up to {_value(lever, OUTER)}", f"from {_value(lever, 1.0 - OUTER)}")
    # A whole grid is judged over seeds, other designs over points.
    axis = 0 if method == "grid" else 1
    return Ends(_mean(values[low], axis), _mean(values[high], axis), *labels)


def _value(lever: Axis, place: float) -> str:
    """Return the value of a lever at a place from 0 to 1 of its range, to three digits."""
    if lever.log:
        value = math.exp(math.log(lever.low) + place * (math.log(lever.high) - math.log(lever.low)))
    else:
        value = lever.low + place * (lever.high - lever.low)
    return plain(float(f"{value:.3g}"))


def _mean(values: NDArray[np.float64], axis: int) -> Estimate:
    """Return the mean, with its interval where there are several numbers once `axis` is averaged out."""
    if not len(values):
        return Estimate(math.nan)
    numbers, mean = values.mean(axis=axis), float(values.mean())
    half = half_width(numbers) if len(numbers) > 1 else math.nan
    return Estimate(mean, mean - half, mean + half)
