"""The headline outcomes, and samples in which a sweep stands beside its twin without redeployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcomes import BY_NAME, USD
from sim.errors import RunError
from sim.experiments.sweep.folder import Sweep
from sim.experiments.sweep.sample import Sample

WITHOUT: Mapping[str, Any] = {"redeployment": 0.0}
"""What the twin assumes otherwise."""
MOST_BROKEN = 0.05
"""Part of the blocks of a Sobol design that may be left out."""
PURCHASES, CAUSED = "gpu_capex_usd_bn", "caused_gpu_usd_bn"


@dataclass(frozen=True)
class Headline:
    """An outcome by which the answer is given.

    Attributes:
        name: of the outcome, or of the difference between twins.
        label: what it is, in a few words.
        unit: of the number.
    """

    name: str
    label: str
    unit: str


def _known(name: str) -> Headline:
    return Headline(name, BY_NAME[name].label, BY_NAME[name].unit)


HEADLINES: tuple[Headline, ...] = (
    _known("interest_funded_gpu_usd_bn"),
    _known("redeployed_usd_bn"),
    Headline(CAUSED, "GPU purchases that would not be there without redeployment", USD),
    _known("interest_share_of_gpu_capex"),
    _known("gpu_rent_at_end_usd_hour"),
    _known("lowest_token_price"),
    _known("quarters_before_first_company_failure"),
)
"""The first one is the answer."""
BY_HEADLINE = {headline.name: headline for headline in HEADLINES}


def twins(with_it: Path | str, without: Path | str) -> Sample:
    """Read the headline outcomes of a sweep, with the effect of redeployment from its twin.

    The twin has the same points and the same seeds, so that the difference of the purchases of GPUs is what
    redeployment causes in that history.

    Args:
        with_it: folder of the sweep.
        without: folder of the same sweep without redeployment.

    Raises:
        RunError: if the two have other points or seeds, or cannot be read.
    """
    own = [headline.name for headline in HEADLINES if headline.name != CAUSED]
    sample, twin = Sweep.open(with_it).sample([*own, PURCHASES]), Sweep.open(without).sample([PURCHASES])
    same = ("method", "replicates", "seed", "quarters", "scenario")
    if any(sample.design[key] != twin.design[key] for key in same) or not sample.points.equals(twin.points):
        raise RunError(f"{without}: not a twin of {with_it}: it has other points or seeds")
    values = dict(sample.values)
    values[CAUSED] = values.pop(PURCHASES) - twin.values[PURCHASES]
    ordered = {headline.name: values[headline.name] for headline in HEADLINES}
    return replace(sample, values=ordered, problems={**twin.problems, **sample.problems})


def whole_blocks(sample: Sample) -> tuple[Sample, list[str]]:
    """Return a Sobol sample without the blocks of points in which one cannot be used, and what was left out.

    A block is a base point with all the points that go with it, so that what remains is a smaller Sobol design.

    Args:
        sample: of a Sobol design without points for pairs; others are given back as they are.

    Raises:
        RunError: if more than `MOST_BROKEN` of the blocks would be left out.
    """
    if sample.method != "sobol" or not sample.problems:
        return sample, []
    size = len(sample.levers) + 2
    broken: NDArray[np.bool_] = np.asarray((~sample.fine).reshape(-1, size).any(axis=1))
    point, reason = next(iter(sample.problems.items()))
    notes = (
        f"{len(sample.problems):,} of {len(sample.points):,} points of the Sobol design have no numbers (the "
        f"first is point {point}: {reason}); {broken.sum():,} of {len(broken):,} base points are left out with "
        "all that goes with them"
    )
    if broken.mean() > MOST_BROKEN:
        raise RunError(f"{sample.folder}: {notes}; choose ranges in which the model runs")
    return sample.without(np.repeat(broken, size)), [f"{notes}: what is said holds where the model runs."]


@dataclass(frozen=True)
class Curve:
    """An outcome over the range of one key, the others wherever they may be.

    Attributes:
        at: values of the key in the middle of each part of its range, `(part,)`.
        mean: of the points in the part.
        low: below it are 5 percent of the points.
        high: above it are 5 percent.
    """

    at: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def to_dict(self) -> dict[str, list[float]]:
        """As plain data."""
        return {name: [float(number) for number in numbers] for name, numbers in vars(self).items()}


def curve(sample: Sample, outcome: str, key: str, parts: int) -> Curve:
    """Means and percentiles of the points in equal parts of a key's range.

    Args:
        sample: without problems.
        outcome: its name.
        key: as the design names it.
        parts: how many.
    """
    (lever,) = (lever for lever in sample.levers if lever.name == key)
    means = sample.values[outcome].mean(axis=1)
    place = lever.as_numbers(sample.points[key])
    part = np.clip((place * parts).astype(int), 0, parts - 1)
    middles = (np.arange(parts) + 0.5) / parts
    at = _between(lever.low, lever.high, middles, lever.log)
    inside = [means[part == number] for number in range(parts)]
    numbers = np.array([[np.nan] * 3 if not len(i) else [i.mean(), *np.quantile(i, (0.05, 0.95))] for i in inside])
    return Curve(at, numbers[:, 0], numbers[:, 1], numbers[:, 2])


def corner(sample: Sample, outcome: str, sides: Mapping[str, bool]) -> tuple[float, int]:
    """Mean of the points in which each of some keys is in the upper, or else the lower, third of its range.

    Args:
        sample: without problems.
        outcome: its name.
        sides: key -> whether in the upper third.

    Returns:
        The mean, NaN where there is no such point, and how many there are.
    """
    here = np.ones(len(sample.points), dtype=bool)
    for lever in sample.levers:
        if lever.name in sides:
            place = lever.as_numbers(sample.points[lever.name])
            here &= place >= 2.0 / 3.0 if sides[lever.name] else place <= 1.0 / 3.0
    means = sample.values[outcome].mean(axis=1)[here]
    return (float(means.mean()) if len(means) else float("nan")), len(means)


def _between(low: float, high: float, place: NDArray[np.float64], log: bool) -> NDArray[np.float64]:
    if log:
        return np.asarray(np.exp(np.log(low) + place * np.log(high / low)))
    return low + place * (high - low)
