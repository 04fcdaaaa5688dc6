"""The analysis of a sweep: by the method of its design, outcome by outcome."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcomes import HEADLINES
from sim.errors import RunError, suggestion
from sim.experiments.compare.paired import ROUNDING
from sim.experiments.sensitivity.ends import ends
from sim.experiments.sensitivity.results import Finding, Sensitivity
from sim.experiments.sensitivity.sample import NOT_RUN, Sample, read
from sim.experiments.sensitivity.variance import parts
from sim.runs.place import runs_folder
from sim.runs.run import DESIGN

GRID = (
    "The points are a grid: intervals of the regression treat them as drawn at random, and a finer grid narrows "
    "them as more points would."
)


def sensitivity(sweep_folder: Path | str, outcomes: Sequence[str] | None = None) -> Sensitivity:
    """Say what the outcomes of a sweep depend on.

    By the method of the design: Sobol indices, Morris screening, or standardised rank regression; with the mean at
    both ends of each lever, and the seed's part of the variance. Replicates are averaged at each point.

    Args:
        sweep_folder: of a finished sweep.
        outcomes: their names; those that comparisons draw if left out.

    Raises:
        RunError: if it is not a sweep folder, or its points cannot be analysed.
        ScenarioError: if there is no such outcome.
    """
    return analyse(read(sweep_folder, list(dict.fromkeys(outcomes or HEADLINES))))


def analyse(whole: Sample) -> Sensitivity:
    """Say what the outcomes of a sample depend on: of one sweep, or of what was made of several.

    Args:
        whole: the sample, with its problems.

    Raises:
        RunError: if its points cannot be analysed.
    """
    sample, notes = usable(whole)
    if sample.method == "grid":
        notes.append(GRID)
    findings, skipped = {}, {}
    for name, values in sample.values.items():
        reason = _unusable(values)
        if reason is None:
            findings[name] = _finding(sample, name, values)
        else:
            skipped[name] = reason
    return Sensitivity(sample, findings, skipped, tuple(notes))


def find_sweep(name: str) -> Path:
    """The folder of a sweep given by path, or by name under `runs/`.

    Raises:
        RunError: if there is none.
    """
    for folder in (Path(name), runs_folder() / name):
        if (folder / DESIGN).is_file():
            return folder
    if Path(name).is_dir():
        raise RunError(f"{name}: not a sweep folder: no {DESIGN}")
    known = sorted(path.parent.name for path in runs_folder().glob(f"*/{DESIGN}"))
    there = f"there are {', '.join(known)}" if known else f"there are none under {runs_folder()}/ yet"
    raise RunError(f"{name}: no such sweep{suggestion(name, known)}; {there}")


def usable(sample: Sample) -> tuple[Sample, list[str]]:
    """The part of a sample that its method can use, and what was left out.

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
    from sim.experiments.sensitivity import morris, ranks, sobol

    means = values.mean(axis=1)
    by_method = {"sobol": sobol.indices, "morris": morris.indices}.get(sample.method, ranks.indices)
    fields: dict[str, Any] = by_method(sample, means)
    return Finding(
        outcome=name,
        mean=float(values.mean()),
        deviation=float(values.std(ddof=1)),
        ends=ends(sample, values),
        parts=parts(values),
        **fields,
    )
