"""Numbers of many histories as they are written down: means, intervals, effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.experiments.compare.paired import Effect, half_width

Numbers = NDArray[np.float64]
LEVELS = (0.05, 0.5, 0.95)
DIGITS = 6
"""Significant digits: far beyond what is known, and the same on every machine."""


def spread(values: Numbers) -> dict[str, float]:
    """Return the mean and the median, and the ends between which nine histories in ten lie."""
    low, median, high = np.quantile(values, LEVELS)
    return {"mean": float(values.mean()), "low": float(low), "median": float(median), "high": float(high)}


def mean_of(values: Numbers) -> dict[str, Any]:
    """Return the mean with its own 90 percent interval, by Student's t; none for a single value."""
    mean = float(values.mean())
    half = half_width(values) if len(values) > 1 else None
    ends = {"low": None, "high": None} if half is None else {"low": mean - half, "high": mean + half}
    return {"mean": mean, **ends}


def effect_of(effect: Effect) -> dict[str, Any]:
    """Return a paired difference: its mean with its interval, the spread of single pairs, and both levels."""
    return {
        "mean": effect.mean,
        "low": effect.low,
        "high": effect.high,
        "spread_low": effect.spread_low,
        "spread_high": effect.spread_high,
        "decided": bool(effect.decided),
        "none": bool(effect.none),
        "with": effect.mean_a,
        "without": effect.mean_b,
    }


def rounded(part: Any) -> Any:
    """Plain data with numbers of `DIGITS` digits.

    Raises:
        ValueError: if a number is none.
    """
    if isinstance(part, Mapping):
        return {str(key): rounded(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [rounded(value) for value in part]
    if isinstance(part, bool | np.bool_):
        return bool(part)
    if isinstance(part, float | np.floating):
        if not np.isfinite(part):
            raise ValueError(f"{part} among the findings")
        return float(f"{float(part):.{DIGITS}g}")
    return int(part) if isinstance(part, np.integer) else part
