"""Scores of single forecasts, among them the continuous ranked probability score, and the Diebold-Mariano test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Numbers = NDArray[np.float64]
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels of a forecast: the median, and the ends of the bands of 50 and 90 percent."""


def score(quantiles: Numbers, crps: float | None, actual: float) -> tuple[float, float, float, float]:
    """Score a forecast on the scale of comparison.

    Args:
        quantiles: its quantiles at `QUANTILES`; NaN but for the median where there is no band.
        crps: its continuous ranked probability score; None without a band.
        actual: the figure that came.

    Returns:
        The error, the score, and whether the actual lies in the 50 and the 90 percent band (1 or 0); what needs a
        band is NaN without one.
    """
    lowest, low, median, high, highest = quantiles
    if crps is None:
        return median - actual, np.nan, np.nan, np.nan
    return median - actual, crps, float(low <= actual <= high), float(lowest <= actual <= highest)


def crps_of_draws(draws: Numbers, actual: float) -> float:
    """Return the score of draws, CRPS = E|X - y| - E|X - X'| / 2 (Gneiting and Raftery 2007)."""
    import scoringrules

    return float(scoringrules.crps_ensemble(actual, draws, backend="numpy"))


def crps_of_normal(mean: float, deviation: float, actual: float) -> float:
    """Return the continuous ranked probability score of a normal distribution, in closed form."""
    import scoringrules

    return float(scoringrules.crps_normal(actual, mean, deviation, backend="numpy"))


@dataclass(frozen=True)
class DieboldMarianoTest:
    """A Diebold-Mariano test of squared errors, the model's less the benchmark's.

    Attributes:
        forecasts: the number of pairs of forecasts.
        statistic: the statistic with the factor of Harvey, Leybourne and Newbold; None where there is none.
        p_value: two-sided, by Student's t with one degree of freedom less than pairs.
        why: why there is no statistic.
    """

    forecasts: int
    statistic: float | None
    p_value: float | None
    why: str = ""


def diebold_mariano(mine: Numbers, other: Numbers, horizon: int, least: int) -> DieboldMarianoTest:
    """Test whether two forecasts differ in their squared errors (Diebold and Mariano 1995).

    The statistic is the mean difference over its standard error with autocovariances up to horizon - 1, times the
    factor for few forecasts of Harvey, Leybourne and Newbold (1997), sqrt((n + 1 - 2h + h(h-1)/n) / n).

    Args:
        mine: the errors of the first method, in order of time, `(forecast,)`.
        other: the errors of the second method.
        horizon: the number of quarters ahead.
        least: the fewest forecasts for which the test is computed.
    """
    count = len(mine)
    if count < least:
        return DieboldMarianoTest(count, None, None, f"{count} forecasts; {least} are needed")
    factor = (count + 1 - 2 * horizon + horizon * (horizon - 1) / count) / count
    if factor <= 0.0:
        return DieboldMarianoTest(count, None, None, f"{count} forecasts are too few for this horizon")
    differences = mine**2 - other**2
    around = differences - differences.mean()
    lags = range(1, min(horizon, count))
    variance = float(around @ around + 2.0 * sum(around[lag:] @ around[:-lag] for lag in lags)) / count
    if variance <= 0.0:
        return DieboldMarianoTest(count, None, None, "the variance of the difference comes out at zero or below")
    statistic = float(differences.mean()) / math.sqrt(variance / count) * math.sqrt(factor)
    return DieboldMarianoTest(count, statistic, float(2.0 * stats.t.sf(abs(statistic), count - 1)))
