"""Estimates with intervals from resamples, whether a ranking is settled, and what more runs would do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.outcomes import Outcome
from sim.experiments.compare.paired import CONFIDENCE
from sim.report.numbers import MINUS, money, number

SHOWN = 3
"""Levers that are named in a sentence."""
SEED = 1
"""Of the resamples, so that the same sweep gives the same intervals."""
MOST, FEWEST = 1000, 100
MOST_NUMBERS = 4_000_000
"""Numbers that the resamples of one index may hold: memory stays small however large the sweep is."""
NEGLIGIBLE = 0.05
"""Levers whose index stays below this (for Morris: this part of the largest) do not matter for the ranking."""
TARGET = 0.05
"""Half-width that is called narrow."""
AGREEMENT = 0.90
"""Part of the resamples that must rank two levers alike for their order to be settled."""


@dataclass(frozen=True)
class Estimate:
    """A number with its 90 percent interval; the ends are NaN where there is none."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def half_width(self) -> float:
        """Half of the width of the interval."""
        return (self.high - self.low) / 2.0

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain data for JSON."""
        return {"value": self.value, "interval_90": [self.low, self.high]}


@dataclass(frozen=True)
class Convergence:
    """How far the numbers can be trusted, and what more runs would do.

    Attributes:
        measure: the index that is judged.
        widest: the lever with the widest interval.
        half_width: half of that interval, in units of `scale`.
        scale: what a half-width of one is: 1 for indices, the largest mu* for Morris' effects.
        unsettled: neighbours in the ranking that change places in more than one resample of ten.
        runs: of the sweep.
        more_to_halve: runs more that would halve the intervals.
        more_to_target: runs more that would bring every half-width to `TARGET`; zero if it is there.
    """

    measure: str
    widest: str
    half_width: float
    scale: float
    unsettled: tuple[tuple[str, str], ...]
    runs: int
    more_to_halve: int
    more_to_target: int

    @property
    def settled(self) -> bool:
        """Whether the ranking of the levers that matter is settled."""
        return not self.unsettled

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain data for JSON."""
        return {
            "measure": self.measure,
            "widest_interval": self.widest,
            "half_width": self.half_width,
            "ranking_settled": self.settled,
            "unsettled": [list(pair) for pair in self.unsettled],
            "runs": self.runs,
            "more_runs_to_halve": self.more_to_halve,
            "more_runs_to_reach_0.05": self.more_to_target,
        }


Indices = dict[str, dict[str, Estimate]]
"""Measure -> lever -> its estimate."""


@dataclass(frozen=True)
class Dependence:
    """How one outcome depends on the levers, by the method of the design.

    Attributes:
        indices: measure -> lever -> estimate. `first_order` and `total_order` (Sobol), `mu_star`, `mu` and `sigma`
            (Morris), `rank_regression` (others).
        ranked: levers, the one that matters most first.
        convergence: how far to trust it.
        interactions: pair of levers -> second-order index (Sobol).
        verdicts: lever -> the verdict of a screening or a regression.
        explained: share of the variance of ranks that the regression explains (others); NaN elsewhere.
    """

    indices: Indices
    ranked: tuple[str, ...]
    convergence: Convergence
    interactions: dict[tuple[str, str], Estimate] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    explained: float = math.nan

    @property
    def clear_interactions(self) -> dict[tuple[str, str], Estimate]:
        """Interactions that can be distinguished from zero.

        Their interval leaves zero out, and they are no more than the total index of either lever may be, of which
        they are a part: the estimator of pairs is the noisiest, and breaks that bound where there are few points.
        """
        total = self.indices.get("total_order", {})
        return {
            pair: index
            for pair, index in self.interactions.items()
            if index.low > 0.0 and index.value <= min(total[lever].high for lever in pair)
        }


def resamples(size: int) -> int:
    """How many resamples to draw of a sample of this size."""
    return int(min(MOST, max(FEWEST, MOST_NUMBERS // max(size, 1))))


def interval(drawn: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 90 percent percentile interval of resampled numbers, `(resample,)`."""
    low, high = np.quantile(drawn, [(1.0 - CONFIDENCE) / 2.0, (1.0 + CONFIDENCE) / 2.0])
    return float(low), float(high)


def unsettled(
    ranked: Sequence[str], names: Sequence[str], drawn: NDArray[np.float64], most: float
) -> tuple[tuple[str, str], ...]:
    """Neighbours in a ranking whose order the resamples do not agree on.

    Args:
        ranked: levers, the largest first.
        names: levers in the order of the columns of `drawn`.
        drawn: sizes of the index, `(resample, lever)`; all levers from the same resamples.
        most: scale of the index; levers whose resamples stay below `NEGLIGIBLE` of it do not count.
    """
    column = {name: drawn[:, place] for place, name in enumerate(names)}
    told = []
    for first, second in pairwise(ranked):
        if interval(column[first])[1] < NEGLIGIBLE * most:
            break
        if float((column[first] > column[second]).mean()) < AGREEMENT:
            told.append((first, second))
    return tuple(told)


def convergence(
    measure: str,
    estimates: Mapping[str, Estimate],
    ties: tuple[tuple[str, str], ...],
    size: int,
    runs_for: Callable[[float], int],
    scale: float = 1.0,
) -> Convergence:
    """Judge the intervals of an index.

    A half-width falls with the square root of the sample's size, so that half of it takes four times the sample.

    Args:
        measure: the index.
        estimates: lever -> its estimate.
        ties: neighbours in the ranking that are not settled.
        size: of the sample: base points, trajectories or points.
        runs_for: size of a sample -> runs that it takes.
        scale: what a half-width of one is.
    """
    widest = max(estimates, key=lambda name: estimates[name].half_width)
    half = estimates[widest].half_width / scale if scale > 0.0 else 0.0
    now = runs_for(size)
    target = runs_for(size * (half / TARGET) ** 2) if half > TARGET else now
    return Convergence(measure, widest, half, scale, ties, now, runs_for(4.0 * size) - now, max(target - now, 0))


def next_power(size: float) -> int:
    """Return the least power of two that is not below a size."""
    return 2 ** max(0, math.ceil(math.log2(max(size, 1.0)) - 1e-9))


def estimates(
    names: Sequence[str], values: NDArray[np.float64], drawn: NDArray[np.float64]
) -> dict[str, Estimate]:
    """Return lever -> its estimate, from the values `(lever,)` and those of the resamples `(resample, lever)`."""
    return {name: Estimate(float(values[place]), *interval(drawn[:, place])) for place, name in enumerate(names)}


def percent_words(estimate: Estimate) -> str:
    """Return an index as a percentage with its interval."""
    low, value, high = (f"{100.0 * part:.0f}" for part in (estimate.low, estimate.value, estimate.high))
    return f"{value}% ({low} to {high})".replace("-", MINUS)


def amount(value: float, outcome: Outcome) -> str:
    """Return a number of an outcome in a sentence: money and shares with their unit, counts as they are."""
    return money(value) if outcome.unit == "USD bn" else number(value, outcome.unit)


def listed(parts: list[str]) -> str:
    """Return parts of a sentence as a list in words."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{'; '.join(parts[:-1])}; and {parts[-1]}" if len(parts) > 2 else f"{parts[0]}, and {parts[1]}"
