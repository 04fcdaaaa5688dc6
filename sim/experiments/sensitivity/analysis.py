"""The analysis of a sweep: the points that can be used, means at the ends of levers, and sources of variance."""

import math

import numpy as np
from numpy.typing import NDArray

from sim.errors import RunError
from sim.experiments.compare.paired import ROUNDING, half_width
from sim.experiments.sensitivity.results import Ends, Finding, Findings, VarianceShares
from sim.experiments.sweep.axes import Axis
from sim.experiments.sweep.methods import METHODS
from sim.experiments.sweep.methods.estimates import Estimate
from sim.experiments.sweep.sample import NOT_RUN, Sample
from sim.report.numbers import plain

GRID = (
    "The points are a grid: intervals of the regression treat them as drawn at random, and a finer grid narrows "
    "them as more points would."
)
LEVELS = ("grid", "morris")
"""Methods in which a lever takes a few values only."""
OUTER = 0.2
"""Part of a lever's range at each end that counts as the end, where points are sampled."""


def findings(whole: Sample) -> Findings:
    """Analyse what the outcomes of a sample depend on.

    Raises:
        RunError: if too few points can be used, or the method needs every point.
    """
    sample, notes = _usable_part(whole)
    if sample.method == "grid":
        notes.append(GRID)
    reasons = {name: _reason(values) for name, values in sample.values.items()}
    return Findings(
        sample,
        {name: _finding(sample, name) for name, reason in reasons.items() if reason is None},
        {name: reason for name, reason in reasons.items() if reason is not None},
        tuple(notes),
    )


def _usable_part(sample: Sample) -> tuple[Sample, list[str]]:
    """Return the part of a sample that its method can use, and what was left out."""
    if not sample.problems:
        return sample, []
    point, reason = next(iter(sample.problems.items()))
    note = (
        f"{len(sample.problems):,} of {len(sample.points):,} points cannot be used "
        f"(the first is point {point}: {reason})"
    )
    if sample.method == "sobol":
        remedy = "finish the sweep" if reason == NOT_RUN else "choose ranges in which every point runs"
        raise RunError(f"{sample.folder}: {note}; Sobol indices need every point: {remedy}")
    left_out = ~sample.fine
    if sample.method == "morris":
        size = len(sample.levers) + 1
        broken: NDArray[np.bool_] = np.asarray(left_out.reshape(-1, size).any(axis=1))
        left_out = np.repeat(broken, size)
        note = f"{note}; {broken.sum():,} of {len(broken):,} trajectories are left out whole"
    else:
        note = f"{note}; they are left out"
    if (~left_out).sum() < 2 * (len(sample.levers) + 1):
        raise RunError(f"{sample.folder}: {note}; too few are left")
    return sample.without(left_out), [f"{note}: the results hold where the model runs."]


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


def variance_shares(values: NDArray[np.float64]) -> VarianceShares | None:
    """Split the variance of an outcome into shares of points, seeds and their interaction.

    Replicates share their seeds over all points (common random numbers), so seeds are crossed with points and not
    nested in them: what a seed does everywhere and what it does at one point are separated. Components are those
    of a two-way random-effects analysis of variance with one run in each cell (Searle, Casella and McCulloch,
    Variance Components, chapter 4); negative ones count as zero. The seed's whole share, alone and with the
    levers, is that of a nested analysis: the mean variance within points.

    Args:
        values: the outcome, `(point, replicate)`, all finite.

    Returns:
        The shares, or None where there are fewer than two points or seeds, or nothing varies.
    """
    points, seeds = values.shape
    if points < 2 or seeds < 2:
        return None
    by_point, by_seed = values.mean(axis=1), values.mean(axis=0)
    residuals = values - by_point[:, None] - by_seed[None, :] + values.mean()
    both = float((residuals**2).sum() / ((points - 1) * (seeds - 1)))
    of_points, of_seeds = float(by_point.var(ddof=1)), float(by_seed.var(ddof=1))
    levers = max(of_points - both / seeds, 0.0)
    seed = max(of_seeds - both / points, 0.0)
    whole = levers + seed + both
    if not whole > 0.0:
        return None
    in_means = min(both / seeds / of_points, 1.0) if of_points > 0.0 else 0.0
    return VarianceShares(levers / whole, seed / whole, both / whole, in_means, seeds)


def _reason(values: NDArray[np.float64]) -> str | None:
    """Return why an outcome cannot be analysed, if so."""
    if not np.isfinite(values).all():
        return f"not a finite number in {(~np.isfinite(values)).sum():,} of {values.size:,} runs"
    means = values.mean(axis=1)
    if np.ptp(means) <= ROUNDING * max(float(np.abs(means).max()), 1.0):
        return "the same at every point"
    return None


def _finding(sample: Sample, outcome: str) -> Finding:
    values = sample.values[outcome]
    return Finding(
        **vars(METHODS[sample.method].analyse(sample, values.mean(axis=1))),
        outcome=outcome,
        mean=float(values.mean()),
        deviation=float(values.std(ddof=1)),
        ends=ends(sample, values),
        variance=variance_shares(values),
    )
