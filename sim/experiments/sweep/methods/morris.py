"""The method "morris": screening for the levers that matter, and whether they act alone and evenly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import needs
from sim.experiments.sweep.methods.estimates import (
    NEGLIGIBLE,
    SEED,
    SHOWN,
    Dependence,
    Estimate,
    amount,
    estimates,
    judge,
    listed,
    resamples,
)
from sim.experiments.sweep.methods.interface import Sampled

if TYPE_CHECKING:
    from sim.engine.outcomes import Outcome
    from sim.experiments.sweep.axes import Axis
    from sim.experiments.sweep.sample import Sample
    from sim.experiments.sweep.settings import Design

LINEAR, MONOTONE = 0.1, 0.5
"""Bounds of sigma over mu*: an effect that is about the same everywhere, and one that has the same sign (Garcia
Sanchez et al., Energy and Buildings 68, 2014)."""


class Morris(Sampled):
    """Trajectories that move one lever at a time, analysed by their elementary effects."""

    name = "morris"
    points = "Morris' trajectories for screening"
    analysis = "Morris screening"
    figures = ("screening", "tornado")

    def count(self, design: Design, axes: Sequence[Axis]) -> int:
        """Return the number of points of a design."""
        return (design.samples or 0) * (len(axes) + 1)

    def draw(self, problem: dict[str, Any], design: Design) -> NDArray[np.float64]:
        """Draw trajectories."""
        needs("SALib", extra="sensitivity")
        from SALib.sample import morris

        levels, seed = design.levels, design.design_seed
        return np.asarray(morris.sample(problem, design.samples or 0, num_levels=levels, seed=seed))

    def analyse(self, sample: Sample, means: NDArray[np.float64]) -> Dependence:
        """Return mean size, mean and spread of elementary effects, by SALib, with bootstrap intervals.

        An elementary effect is the change of the outcome for a lever's whole range, measured over one step of it,
        so that effects have the unit of the outcome. Trajectories are resampled whole.
        """
        needs("SALib", extra="sensitivity")
        from SALib.analyze import morris

        names, cube = sample.names, sample.cube()
        problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
        levels = int(sample.design["levels"])
        measures = morris.analyze(problem, cube, means, num_resamples=2, num_levels=levels, seed=SEED)
        effects = elementary_effects(cube, means)
        size = len(effects)
        drawn = effects[np.random.default_rng(SEED).integers(size, size=(resamples(size), size))]
        sizes = np.abs(drawn).mean(axis=1)
        spreads = drawn.std(axis=1, ddof=1) if size > 1 else np.full_like(sizes, math.nan)
        star = estimates(names, measures["mu_star"], sizes)
        sigma = estimates(names, measures["sigma"], spreads)
        largest = max(estimate.value for estimate in star.values())
        runs = (len(names) + 1) * sample.replicates
        ranked, convergence = judge(
            "mu*", star, measures["mu_star"], sizes, size, lambda count: math.ceil(count) * runs, largest
        )
        return Dependence(
            indices={"mu_star": star, "mu": estimates(names, measures["mu"], drawn.mean(axis=1)), "sigma": sigma},
            ranked=ranked,
            verdicts={name: _verdict(star[name], sigma[name], largest) for name in names},
            convergence=convergence,
        )

    def words(self, dependence: Dependence, outcome: Outcome) -> str:
        """Describe in sentences how an outcome depends on the levers."""
        star, verdicts = dependence.indices["mu_star"], dependence.verdicts
        parts = [
            f"{name} moves it by {amount(star[name].value, outcome)} ({amount(star[name].low, outcome)} to "
            f"{amount(star[name].high, outcome)}; {verdicts[name]})"
            for name in dependence.ranked[:SHOWN]
            if verdicts[name].startswith("matters")
        ]
        text = f"Over its whole range, {listed(parts)}." if parts else "No lever stands out from the others."
        for verdict, lead in (("negligible", "Negligible, and safe to fix"), ("undecided", "Not decided")):
            names = [name for name in dependence.ranked if verdicts[name] == verdict]
            if names:
                text += f" {lead}: {', '.join(names)}."
        return text


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
    limit = NEGLIGIBLE * largest
    if not star.high > limit:
        return "negligible"
    if not star.low > limit:
        return "undecided"
    evenness = sigma.value / star.value
    if evenness < LINEAR:
        return "matters, about linear"
    return "matters, monotone" if evenness < MONOTONE else "matters, uneven or with others"
