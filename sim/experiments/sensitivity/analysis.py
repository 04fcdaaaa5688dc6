"""The analysis of a sweep: by the method of its design, outcome by outcome."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.errors import RunError
from sim.experiments.compare.paired import ROUNDING
from sim.experiments.sensitivity.ends import ends
from sim.experiments.sensitivity.results import Finding, Findings
from sim.experiments.sensitivity.variance import parts
from sim.experiments.sweep.methods import METHODS
from sim.experiments.sweep.sample import NOT_RUN, Sample

GRID = (
    "The points are a grid: intervals of the regression treat them as drawn at random, and a finer grid narrows "
    "them as more points would."
)


def findings(whole: Sample) -> Findings:
    """Analyse what the outcomes of a sample depend on.

    Args:
        whole: the sample, with its problems.

    Raises:
        RunError: if its points cannot be analysed.
    """
    sample, notes = usable(whole)
    if sample.method == "grid":
        notes.append(GRID)
    analysed, skipped = {}, {}
    for name, values in sample.values.items():
        reason = _unusable(values)
        if reason is None:
            analysed[name] = _finding(sample, name, values)
        else:
            skipped[name] = reason
    return Findings(sample, analysed, skipped, tuple(notes))


def usable(sample: Sample) -> tuple[Sample, list[str]]:
    """Return the part of a sample that its method can use, and what was left out.

    Raises:
        RunError: if too little is left, or the method needs every point.
    """
    count, whole = len(sample.problems), len(sample.points)
    if not count:
        return sample, []
    point, reason = next(iter(sample.problems.items()))
    told = f"{count:,} of {whole:,} points cannot be used (the first is point {point}: {reason})"
    if sample.method == "sobol":
        cure = "finish the sweep" if reason == NOT_RUN else "choose ranges in which every point runs"
        raise RunError(f"{sample.folder}: {told}; Sobol indices need every point: {cure}")
    left_out = ~sample.fine
    if sample.method == "morris":
        size = len(sample.levers) + 1
        broken: NDArray[np.bool_] = np.asarray(left_out.reshape(-1, size).any(axis=1))
        left_out = np.repeat(broken, size)
        told = f"{told}; {broken.sum():,} of {len(broken):,} trajectories are left out whole"
    else:
        told = f"{told}; they are left out"
    if (~left_out).sum() < 2 * (len(sample.levers) + 1):
        raise RunError(f"{sample.folder}: {told}; too few are left")
    return sample.without(left_out), [f"{told}: what is said holds where the model runs."]


def _unusable(values: NDArray[np.float64]) -> str | None:
    """Why nothing can be said of an outcome."""
    if not np.isfinite(values).all():
        return f"not a finite number in {(~np.isfinite(values)).sum():,} of {values.size:,} runs"
    means = values.mean(axis=1)
    if np.ptp(means) <= ROUNDING * max(float(np.abs(means).max()), 1.0):
        return "the same at every point"
    return None


def _finding(sample: Sample, name: str, values: NDArray[np.float64]) -> Finding:
    dependence = METHODS[sample.method].analyse(sample, values.mean(axis=1))
    return Finding(
        **vars(dependence),
        outcome=name,
        mean=float(values.mean()),
        deviation=float(values.std(ddof=1)),
        ends=ends(sample, values),
        parts=parts(values),
    )
