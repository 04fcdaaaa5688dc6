"""Differences between two scenarios with the same random numbers, pair by pair, with their intervals."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

CONFIDENCE = 0.90
"""The probability with which an interval contains the true mean."""
ROUNDING = 1e-9
"""Smaller differences, relative to the numbers compared (at least a dollar), are rounding and count as zero."""


@dataclass(frozen=True)
class Effect:
    """One outcome in two scenarios, seed by seed, and the difference between the scenarios.

    Attributes:
        a: the outcome in the first scenario, `(seed,)`.
        b: the outcome in the second scenario with the same seeds, `(seed,)`.
        mean_a, mean_b: the means of `a` and of `b`.
        mean: the mean of the differences `a` minus `b`.
        low, high: the ends of the 90 percent interval of that mean.
        spread_low, spread_high: the 5th and the 95th percentile of the differences of single pairs.
    """

    a: NDArray[np.float64]
    b: NDArray[np.float64]
    mean_a: float
    mean_b: float
    mean: float
    low: float
    high: float
    spread_low: float
    spread_high: float

    @property
    def differences(self) -> NDArray[np.float64]:
        """The differences of the single pairs, `a` minus `b`, `(seed,)`."""
        return self.a - self.b

    @property
    def none(self) -> bool:
        """Whether the outcome is the same in both twins of every pair."""
        size = np.maximum(np.maximum(np.abs(self.a), np.abs(self.b)), 1.0)
        return bool((np.abs(self.differences) <= ROUNDING * size).all())

    @property
    def decided(self) -> bool:
        """Whether the interval of the mean difference excludes zero."""
        return not self.none and (self.low > 0.0 or self.high < 0.0)

    @property
    def same_sign(self) -> int:
        """The number of pairs in which the difference has the sign of the mean."""
        return int((np.sign(self.differences) == np.sign(self.mean)).sum())

    @property
    def pairs_to_decide(self) -> int:
        """The number of pairs from which the interval would exclude zero; 0 for a mean of zero.

        It assumes that mean and spread stay as they are, and solves `t s / sqrt(n) = |mean|` with the normal
        quantile in place of t, which gives a few pairs too few if n is small.
        """
        if self.mean == 0.0:
            return 0
        quantile = float(stdtrit(1e9, 0.5 + CONFIDENCE / 2.0))
        return math.ceil((quantile * float(self.differences.std(ddof=1)) / self.mean) ** 2)

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, for JSON."""
        return {
            "mean_a": self.mean_a,
            "mean_b": self.mean_b,
            "mean_difference": self.mean,
            "interval_90": [self.low, self.high],
            "spread_5_95": [self.spread_low, self.spread_high],
            "differs_from_zero": self.decided,
        }


def effect(a: NDArray[np.float64], b: NDArray[np.float64]) -> Effect:
    """Compare an outcome of two scenarios, `(seed,)` each, paired by seed.

    The interval of the mean difference is `mean +- t s / sqrt(n)`, where `s` is the standard deviation of the n
    paired differences (Law, Simulation Modeling and Analysis, section 10.2.1). What the twins have in common
    cancels in each pair, so that this interval is narrower than one from unpaired histories.

    Raises:
        ValueError: if there are fewer than two pairs, or the lengths differ.
    """
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ValueError(f"a and b need the same length, at least 2; their shapes are {a.shape} and {b.shape}")
    difference = a - b
    mean, half = float(difference.mean()), half_width(difference)
    spread = (float(end) for end in np.quantile(difference, [0.05, 0.95]))
    return Effect(a, b, float(a.mean()), float(b.mean()), mean, mean - half, mean + half, *spread)


def half_width(sample: NDArray[np.float64]) -> float:
    """Return half the width of a mean's 90 percent interval, from Student's t with n - 1 degrees of freedom."""
    quantile = float(stdtrit(len(sample) - 1, 0.5 + CONFIDENCE / 2.0))
    return quantile * float(sample.std(ddof=1)) / math.sqrt(len(sample))
