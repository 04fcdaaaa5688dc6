"""Morris screening: which levers matter at all, and whether they act alone and evenly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import needs
from sim.experiments.sensitivity.resampling import NEGLIGIBLE, SEED, convergence, interval, resamples, unsettled
from sim.experiments.sensitivity.results import Estimate
from sim.experiments.sensitivity.sample import Sample

LINEAR, MONOTONE = 0.1, 0.5
"""Bounds of sigma over mu*: an effect that is about the same everywhere, and one that has the same sign (Garcia
Sanchez et al., Energy and Buildings 68, 2014)."""


def indices(sample: Sample, means: NDArray[np.float64]) -> dict[str, Any]:
    """Mean size, mean and spread of elementary effects, by SALib, with bootstrap intervals over trajectories.

    An elementary effect is the change of the outcome for a lever's whole range, measured over one step of it, so
    that effects have the unit of the outcome.

    Args:
        sample: whole trajectories.
        means: the outcome at each point, `(point,)`, in the order of the design.

    Returns:
        Fields of a `Finding`.
    """
    needs("SALib", extra="sensitivity")
    from SALib.analyze import morris

    names, cube = sample.names, sample.cube()
    problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    levels = int(sample.design["levels"])
    found = morris.analyze(problem, cube, means, num_resamples=2, num_levels=levels, seed=SEED)
    effects = elementary_effects(cube, means)
    size = len(effects)
    drawn = effects[np.random.default_rng(SEED).integers(size, size=(resamples(size), size))]
    sizes = np.abs(drawn).mean(axis=1)
    spreads = drawn.std(axis=1, ddof=1) if size > 1 else np.full_like(sizes, math.nan)
    estimates = {
        "mu_star": _estimates(names, found["mu_star"], sizes),
        "mu": _estimates(names, found["mu"], drawn.mean(axis=1)),
        "sigma": _estimates(names, found["sigma"], spreads),
    }
    star = estimates["mu_star"]
    ranked = tuple(sorted(names, key=lambda name: -star[name].value))
    largest = star[ranked[0]].value
    ties = unsettled(ranked, names, sizes, largest)
    runs = (len(names) + 1) * sample.replicates
    return {
        "indices": estimates,
        "ranked": ranked,
        "verdicts": {name: _verdict(star[name], estimates["sigma"][name], largest) for name in names},
        "convergence": convergence("mu*", star, ties, size, lambda count: math.ceil(count) * runs, largest),
    }


def elementary_effects(cube: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Change of the outcome over each step of the trajectories, for a lever's whole range.

    Args:
        cube: levers from 0 to 1, `(point, lever)`; each trajectory moves every lever once.
        means: the outcome, `(point,)`.

    Returns:
        The effects, `(trajectory, lever)`.
    """
    levers = cube.shape[1]
    moves = np.diff(cube.reshape(-1, levers + 1, levers), axis=1)
    changes = np.diff(means.reshape(-1, levers + 1), axis=1)
    moved = np.abs(moves).argmax(axis=2)
    by = np.take_along_axis(moves, moved[:, :, None], axis=2)[:, :, 0]
    effects = np.empty_like(changes)
    np.put_along_axis(effects, moved, changes / by, axis=1)
    return effects


def _verdict(star: Estimate, sigma: Estimate, largest: float) -> str:
    """What a screening says of one lever."""
    limit = NEGLIGIBLE * largest
    if not star.high > limit:
        return "negligible"
    if not star.low > limit:
        return "undecided"
    evenness = sigma.value / star.value
    if evenness < LINEAR:
        return "matters, about linear"
    return "matters, monotone" if evenness < MONOTONE else "matters, uneven or with others"


def _estimates(
    names: tuple[str, ...], values: NDArray[np.float64], drawn: NDArray[np.float64]
) -> dict[str, Estimate]:
    return {name: Estimate(float(values[place]), *interval(drawn[:, place])) for place, name in enumerate(names)}
