"""Luck and levers taken apart: where the variance of single histories comes from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.experiments.sensitivity.results import Parts


def parts(values: NDArray[np.float64]) -> Parts | None:
    """Take the variance of an outcome apart into points, seeds and both.

    Replicates share their seeds over all points (common random numbers), so seeds are crossed with points and not
    nested in them: what a seed does everywhere and what it does at one point are separated. Components are those
    of a two-way random-effects analysis of variance with one run in each cell (Searle, Casella and McCulloch,
    Variance Components, chapter 4); negative ones count as zero. The seed's whole share, alone and with the
    levers, is that of a nested analysis: the mean variance within points.

    Args:
        values: `(point, replicate)`, no holes.

    Returns:
        The shares, or None where there are fewer than two points or seeds, or nothing varies.
    """
    points, seeds = values.shape
    if points < 2 or seeds < 2:
        return None
    mean = values.mean()
    by_point, by_seed = values.mean(axis=1), values.mean(axis=0)
    left = values - by_point[:, None] - by_seed[None, :] + mean
    both = float((left**2).sum() / ((points - 1) * (seeds - 1)))
    of_points, of_seeds = float(by_point.var(ddof=1)), float(by_seed.var(ddof=1))
    levers = max(of_points - both / seeds, 0.0)
    seed = max(of_seeds - both / points, 0.0)
    whole = levers + seed + both
    if not whole > 0.0:
        return None
    in_means = min(both / seeds / of_points, 1.0) if of_points > 0.0 else 0.0
    return Parts(levers / whole, seed / whole, both / whole, in_means, seeds)
