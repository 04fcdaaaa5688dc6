"""Differences between two scenarios with the same random numbers, pair by pair, with their intervals."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

CONFIDENCE = 0.90
"""The probability that an interval holds the mean."""
ROUNDING = 1e-9
"""A difference this small, relative to what is compared (at least a dollar), is rounding and counts as none."""


@dataclass(frozen=True)
class Effect:
    """One outcome in two scenarios, seed by seed, and its difference.

    Attributes:
        a: the outcome in the first scenario, `(seed,)`.
        b: the outcome in the second scenario with the same seeds, `(seed,)`.
        mean_a, mean_b: the means of both.
        mean: the mean of the differences, `a` less `b`.
        low, high: the ends of the 90 percent interval of that mean.
        spread_low, spread_high: the fifth and the ninety-fifth percentile of the single differences.
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
        """The single differences, `(seed,)`."""
        return self.a - self.b

    @property
    def none(self) -> bool:
        """Whether the twins are the same in every pair."""
        size = np.maximum(np.maximum(np.abs(self.a), np.abs(self.b)), 1.0)
        return bool((np.abs(self.differences) <= ROUNDING * size).all())

    @property
    def decided(self) -> bool:
        """Whether the interval of the mean leaves zero out."""
        return not self.none and (self.low > 0.0 or self.high < 0.0)

    @property
    def same_sign(self) -> int:
        """The number of pairs in which the difference has the sign of the mean."""
        return int((np.sign(self.differences) == np.sign(self.mean)).sum())

    @property
    def pairs_to_decide(self) -> int:
        """The pairs whose interval would leave zero out, if mean and spread stayed the same; 0 for a mean of zero.

        Solves `t s / sqrt(n) = |mean|` with the normal quantile in place of t: a little low for few pairs.
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

    The interval of the mean difference is `mean +- t s / sqrt(n)`, `s` the standard deviation of the paired
    differences (Law, Simulation Modeling and Analysis, section 10.2.1). What the twins have in common cancels
    in each pair, so that it is narrower than an unpaired one.

    Raises:
        ValueError: if there are fewer than two pairs, or the lengths differ.
    """
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ValueError(f"at least two pairs are needed, not shapes {a.shape} and {b.shape}")
    difference = a - b
    mean, half = float(difference.mean()), half_width(difference)
    spread = (float(end) for end in np.quantile(difference, [0.05, 0.95]))
    return Effect(a, b, float(a.mean()), float(b.mean()), mean, mean - half, mean + half, *spread)


def half_width(sample: NDArray[np.float64]) -> float:
    """Return half of the 90 percent interval of a mean, by Student's t with n - 1 degrees of freedom."""
    quantile = float(stdtrit(len(sample) - 1, 0.5 + CONFIDENCE / 2.0))
    return quantile * float(sample.std(ddof=1)) / math.sqrt(len(sample))
