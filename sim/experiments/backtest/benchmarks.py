"""Benchmark forecasts, which need no model: the last figure, its growth, its trend.

All start from the last actual (observed figure), like the model's own forecast, and are normal distributions of the
rate y, the figure per quarter on the scale of comparison (see `known`):

    random walk      y(T) = y(t),                          variance s2 h,  s2 = mean of (dy)2 / dt
    trend            y(T) = y(t) + b h,                    variance s2 h + var(b) h2
    autoregression   g(T) = c + p g(T-1), y the sum of g,  variance s2 times the sum of squared weights of shocks

with h = T - t, the quarters from the last actual at t to the period T. b is the slope of a least-squares line through
all figures; s2 of the trend is the sum of (dy - b dt)2 / dt, divided by the number of growths less one. c and p come
from least squares on growth from quarter to quarter (s2 with two degrees of freedom less); growth across a quarter
without a figure is split evenly over the quarters that it spans. Bands ignore the uncertainty of c and p.
"""

from dataclasses import dataclass

import numpy as np

from sim.experiments.backtest.known import Known, middle
from sim.experiments.backtest.settings import Benchmarks
from sim.experiments.calibrate.history import quarters_of
from sim.scenario.quarters import between

RANDOM_WALK, AUTOREGRESSION, TREND = "random walk", "AR(1)", "trend"
BENCHMARKS = (RANDOM_WALK, AUTOREGRESSION, TREND)


@dataclass(frozen=True)
class Normal:
    """A forecast of the rate of a period: a normal distribution, and the rule that made it.

    The deviation is None if too few figures are known for a band. The rule is the name of the method that was used;
    if another method was asked for, the rule says why it was not used.
    """

    mean: float
    deviation: float | None
    rule: str


def forecast(method: str, known: Known, period: str, settings: Benchmarks) -> Normal | None:
    """Forecast a period with one of the `BENCHMARKS` from the known figures; return None if no figure is known."""
    if known.last is None:
        return None
    growths, needed = 0, 0
    if method == AUTOREGRESSION:
        # Regressing growth on the growth before it needs figures of quarters; the last figure must be one of them.
        growths = sum("Q" in figure for figure in known.figures) - 1 if "Q" in known.last else 0
        needed = settings.autoregression_growths
    elif method == TREND:
        growths, needed = len(known.figures) - 1, settings.trend_growths
    if growths < needed:
        rule = f"random walk: {max(growths, 0)} growth rates are known, {method} needs {needed}"
        return _walk(known, period, settings, rule)
    if method == AUTOREGRESSION:
        return _autoregression(known, period, settings.most_persistence)
    return _trend(known, period) if method == TREND else _walk(known, period, settings, RANDOM_WALK)


def _walk(known: Known, period: str, settings: Benchmarks, rule: str) -> Normal:
    times, rates = known.times, known.rates
    ahead = middle(period) - times[-1]
    if len(rates) - 1 < settings.band_growths:
        return Normal(float(rates[-1]), None, f"{rule}; no band")
    variance = np.mean(np.diff(rates) ** 2 / np.diff(times))
    return Normal(float(rates[-1]), float(np.sqrt(variance * ahead)), rule)


def _trend(known: Known, period: str) -> Normal:
    times, rates = known.times, known.rates
    ahead = middle(period) - times[-1]
    around = times - times.mean()
    slope = float(around @ rates / (around @ around))
    left = np.diff(rates) - slope * np.diff(times)
    variance = float((left**2 / np.diff(times)).sum() / (len(left) - 1))
    # The slope of a random walk with drift has this variance, as only its first and last figures count.
    of_slope = variance / float(times[-1] - times[0])
    deviation = np.sqrt(variance * ahead + of_slope * ahead**2)
    return Normal(float(rates[-1] + slope * ahead), float(deviation), TREND)


def _autoregression(known: Known, period: str, most: float) -> Normal:
    rates = {quarter: rate for quarter, rate in zip(known.figures, known.rates, strict=True) if "Q" in quarter}
    first, last = min(rates), max(rates)
    places = [between(first, quarter) for quarter in rates]
    path = np.interp(np.arange(places[-1] + 1), places, list(rates.values()))
    growth = np.diff(path)
    before, after = growth[:-1], growth[1:]
    around = before - before.mean()
    spread = float(around @ around)
    persistence = float(np.clip(around @ after / spread, -most, most)) if spread > 0.0 else 0.0
    constant = float(after.mean() - persistence * before.mean())
    left = after - constant - persistence * before
    variance = float(left @ left) / (len(left) - 2)
    # Forecast quarter by quarter; the rate of a longer period is the mean of the rates of its quarters.
    steps = [between(last, quarter) for quarter in quarters_of(period)]
    means, variances, level, step_growth = [], [], path[-1], growth[-1]
    weights = np.cumsum(persistence ** np.arange(max(steps)))
    for step in range(max(steps)):
        step_growth = constant + persistence * step_growth
        level = level + step_growth
        means.append(level)
        variances.append(variance * float((weights[: step + 1] ** 2).sum()))
    mean, variance = (float(np.mean([numbers[step - 1] for step in steps])) for numbers in (means, variances))
    return Normal(mean, float(np.sqrt(variance)), AUTOREGRESSION)
