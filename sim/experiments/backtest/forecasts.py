"""Forecasts as rows, one for each method, series, origin and period, with the observed figure and the scores."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sim.analysis.facts.evidence import span
from sim.experiments.backtest.benchmarks import BENCHMARKS, forecast
from sim.experiments.backtest.known import Known, compared, size, wanted
from sim.experiments.backtest.model_forecasts import MODEL, VARIANTS, Drawn
from sim.experiments.backtest.settings import Settings
from sim.experiments.backtest.summary import QUANTILES, crps_of_draws, crps_of_normal, score
from sim.experiments.calibrate.settings import Numbers
from sim.scenario.quarters import between

UNSCORED = (np.nan,) * 5


@dataclass(frozen=True)
class Row:
    """A forecast of one period, with its scores if a figure for that period has been observed.

    Attributes:
        origin: the quarter at whose end the forecast was made.
        series, group: the name of the series that is forecast, and its group.
        period: the period that is forecast.
        horizon: the quarters from the origin to the end of the period.
        method: one of the two variants of the model, or a benchmark.
        rule: the method that was actually used; if it is not `method`, also the reason.
        base: the period of the last observed figure that the forecast starts from; empty if it starts from none.
        p5, p25, p50, p75, p95: the quantiles in the unit of the series. The median p50 is the point forecast; the
            others are the ends of the bands of 50 and 90 percent, NaN if there is no band.
        actual: the figure observed later, in the unit of the series; NaN if there is none.
        error: the median minus the actual on the scale of comparison; NaN without an actual.
        crps: the continuous ranked probability score on that scale; NaN without an actual or a band.
        inside_50, inside_90: 1 if the actual lies in that band, else 0; NaN without an actual or a band.
    """

    origin: str
    series: str
    group: str
    period: str
    horizon: int
    method: str
    rule: str
    base: str
    p5: float
    p25: float
    p50: float
    p75: float
    p95: float
    actual: float
    error: float
    crps: float
    inside_50: float
    inside_90: float


def rows_of(origin: str, known: Mapping[str, Known], drawn: Drawn, settings: Settings) -> Iterator[Row]:
    """Yield the rows of one origin, ordered by series, then period, then method."""
    for name, there in known.items():
        for period in wanted(there.series, origin, settings.last):
            for method in VARIANTS:
                base = drawn.base[name] if method == MODEL else None
                yield _of_draws(there, name, period, method, base, drawn.samples[method, name, period])
            for method in BENCHMARKS:
                row = _of_benchmark(there, name, period, method, settings)
                if row is not None:
                    yield row


def _of_draws(known: Known, name: str, period: str, method: str, base: str | None, sample: Numbers) -> Row:
    actual = known.series.observed.get(period)
    crps = None if actual is None else crps_of_draws(sample, known.series.transformed(actual))
    rule = method if method != MODEL or base is not None else "its own level: no actual to start from"
    return _row(known, name, period, method, rule, base or "", np.quantile(sample, QUANTILES), crps)


def _of_benchmark(known: Known, name: str, period: str, method: str, settings: Settings) -> Row | None:
    normal = forecast(method, known, period, settings.benchmarks)
    if normal is None or known.last is None:
        return None
    mean = float(compared(known.series, period, np.array(normal.mean)))
    actual, crps = known.series.observed.get(period), None
    quantiles = np.array([np.nan, np.nan, mean, np.nan, np.nan])
    if normal.deviation is not None:
        # The spread of a sum is that of its rate times the number of quarters, unless the spread is relative.
        deviation = (size(known.series, period) if known.series.change == "level" else 1.0) * normal.deviation
        quantiles = mean + deviation * stats.norm.ppf(QUANTILES)
        if actual is not None:
            crps = crps_of_normal(mean, deviation, known.series.transformed(actual))
    return _row(known, name, period, method, normal.rule, known.last, quantiles, crps)


def _row(
    known: Known, name: str, period: str, method: str, rule: str, base: str, quantiles: Numbers, crps: float | None
) -> Row:
    series, ahead = known.series, between(known.origin, span(period)[1])
    actual = series.observed.get(period)
    scores = UNSCORED if actual is None else (actual, *score(quantiles, crps, series.transformed(actual)))
    in_units = np.exp(quantiles) if series.change == "log" else quantiles
    numbers = (float(number) for number in (*in_units, *scores))
    return Row(known.origin, name, series.group, period, ahead, method, rule, base, *numbers)
