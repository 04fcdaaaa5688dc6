"""Rank regression, for designs that were not made for sensitivity: random, Latin hypercube, grid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from sim.experiments.sensitivity.resampling import SEED, convergence, interval, resamples, unsettled
from sim.experiments.sensitivity.results import Estimate
from sim.experiments.sensitivity.sample import Sample

UNCLEAR = "not told from zero"
"""Verdict on a lever whose coefficient may have either sign."""


def indices(sample: Sample, means: NDArray[np.float64]) -> dict[str, Any]:
    """Standardised rank regression coefficients with bootstrap intervals over points.

    Saltelli and Sobol (1995): ranks of the outcome on ranks of the levers, all with mean zero and variance one. A
    coefficient of 1 or -1 is a monotone outcome of that lever alone. Words count by their places in the design.

    Args:
        sample: the points that can be used.
        means: the outcome at each point, `(point,)`.

    Returns:
        Fields of a `Finding`.
    """
    names, size = sample.names, len(means)
    x = rankdata(sample.cube(), axis=0)
    y = rankdata(means)
    values, explained = _regression(x, y)
    rng = np.random.default_rng(SEED)
    count = resamples(size * len(names))
    drawn = np.stack([_regression(x[rows], y[rows])[0] for rows in rng.integers(size, size=(count, size))])
    estimates = {
        name: Estimate(float(values[place]), *interval(drawn[:, place])) for place, name in enumerate(names)
    }
    ranked = tuple(sorted(names, key=lambda name: -abs(estimates[name].value)))
    ties = unsettled(ranked, names, np.abs(drawn), 1.0)
    return {
        "indices": {"rank_regression": estimates},
        "ranked": ranked,
        "explained": explained,
        "verdicts": {lever.name: _verdict(estimates[lever.name], bool(lever.words)) for lever in sample.levers},
        "convergence": convergence(
            "rank regression", estimates, ties, size, lambda points: math.ceil(points) * sample.replicates
        ),
    }


def _verdict(estimate: Estimate, words: bool) -> str:
    """What a coefficient says of one lever; words have no direction."""
    if not (estimate.low > 0.0 or estimate.high < 0.0):
        return UNCLEAR
    if words:
        return "moves it"
    return "raises it" if estimate.value > 0.0 else "lowers it"


def _regression(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Coefficients of standardised columns, and the share of the variance that they explain."""
    spread, deviation = x.std(axis=0), y.std()
    if not deviation > 0.0:
        return np.zeros(x.shape[1]), math.nan
    z = (x - x.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    target = (y - y.mean()) / deviation
    found = np.linalg.lstsq(z, target, rcond=None)[0]
    return found, float(1.0 - ((target - z @ found) ** 2).mean())
