"""Estimates of indices with intervals from resamples, rankings of levers, and how far they have converged."""

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
"""The number of levers that a sentence names."""
SEED = 1
"""Seed of the resamples, so that the same sweep gives the same intervals."""
MOST, FEWEST = 1000, 100
MOST_NUMBERS = 4_000_000
"""Most numbers that the resamples of one index hold: memory stays small however large the sweep is."""
NEGLIGIBLE = 0.05
"""Levers whose index stays below this (for Morris: this part of the largest) do not count in the ranking."""
TARGET = 0.05
"""Half-width of a narrow interval."""
AGREEMENT = 0.90
"""Share of the resamples that must rank two levers alike for their order to be settled."""


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
    """The width of the intervals, whether the ranking is settled, and the effect of more runs.

    Attributes:
        measure: the index with the widest intervals.
        widest: the lever with the widest interval.
        half_width: half of the width of that interval, in units of `scale`.
        scale: the unit of half-widths: 1 for indices, the largest mu* for Morris' effects.
        unsettled: neighbours in the ranking that change places in more than one resample of ten.
        runs: the runs of the sample.
        more_to_halve: additional runs that would halve the intervals.
        more_to_target: additional runs that would bring every half-width to `TARGET`; zero if none are needed.
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
        ranked: the levers, the one that matters most first.
        convergence: how far the indices and the ranking have converged.
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
        """The interactions that can be distinguished from zero.

        Their interval excludes zero, and they do not exceed the upper end of either lever's total index, of which
        they are a part: the estimator of pairs is the noisiest, and breaks that bound where there are few points.
        """
        total = self.indices.get("total_order", {})
        return {
            pair: index
            for pair, index in self.interactions.items()
            if index.low > 0.0 and index.value <= min(total[lever].high for lever in pair)
        }


def resamples(size: int) -> int:
    """Return the number of resamples to draw from a sample of this size."""
    return min(MOST, max(FEWEST, MOST_NUMBERS // max(size, 1)))


def interval(drawn: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 90 percent percentile interval of resampled numbers, `(resample,)`."""
    low, high = np.quantile(drawn, [(1.0 - CONFIDENCE) / 2.0, (1.0 + CONFIDENCE) / 2.0])
    return float(low), float(high)


def judge(
    measure: str,
    estimates: Mapping[str, Estimate],
    sizes: NDArray[np.float64],
    drawn: NDArray[np.float64],
    size: int,
    runs_for: Callable[[float], int],
    scale: float = 1.0,
) -> tuple[tuple[str, ...], Convergence]:
    """Rank the levers by an index, and judge the ranking and the intervals.

    A half-width falls with the square root of the sample's size, so that half of it takes four times the sample.

    Args:
        measure: the name of the index whose intervals are judged.
        estimates: lever -> the estimate of that index.
        sizes: the size of the index that ranks the levers, `(lever,)`.
        drawn: the same in resamples, `(resample, lever)`; all levers from the same resamples.
        size: the size of the sample: base points, trajectories or points.
        runs_for: returns the runs that a sample of some size takes.
        scale: the unit of half-widths; levers whose resamples stay below `NEGLIGIBLE` of it need no order.
    """
    names, places = list(estimates), sorted(range(len(sizes)), key=lambda place: -sizes[place])
    ties = []
    for first, second in pairwise(places):
        if interval(drawn[:, first])[1] < NEGLIGIBLE * scale:
            break
        if float((drawn[:, first] > drawn[:, second]).mean()) < AGREEMENT:
            ties.append((names[first], names[second]))
    widest = max(estimates, key=lambda name: estimates[name].half_width)
    half = estimates[widest].half_width / scale if scale > 0.0 else 0.0
    now, halved = runs_for(size), runs_for(4.0 * size)
    target = runs_for(size * (half / TARGET) ** 2) if half > TARGET else now
    convergence = Convergence(measure, widest, half, scale, tuple(ties), now, halved - now, max(target - now, 0))
    return tuple(names[place] for place in places), convergence


def next_power(size: float) -> int:
    """Return the smallest power of two that is at least this size."""
    return 2 ** max(0, math.ceil(math.log2(max(size, 1.0)) - 1e-9))


def estimates(names: Sequence[str], values: NDArray[np.float64], drawn: NDArray[np.float64]) -> dict[str, Estimate]:
    """Return lever -> its estimate, from values `(lever,)` and values in resamples `(resample, lever)`."""
    return {name: Estimate(float(values[place]), *interval(drawn[:, place])) for place, name in enumerate(names)}


def percent_words(estimate: Estimate) -> str:
    """Return an index as a percentage with its interval."""
    low, value, high = (f"{100.0 * part:.0f}" for part in (estimate.low, estimate.value, estimate.high))
    return f"{value}% ({low} to {high})".replace("-", MINUS)


def amount(value: float, outcome: Outcome) -> str:
    """Return a number of an outcome for a sentence: money and shares with their unit, counts without."""
    return money(value) if outcome.unit == "USD bn" else number(value, outcome.unit)


def listed(parts: list[str]) -> str:
    """Return parts of a sentence as a list in words."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{'; '.join(parts[:-1])}; and {parts[-1]}" if len(parts) > 2 else f"{parts[0]}, and {parts[1]}"
