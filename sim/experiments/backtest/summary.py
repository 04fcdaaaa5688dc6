"""Scores of single forecasts, their tables by method, group, horizon, origin and series, and tests of differences.

To compare series of all kinds, errors and CRPS of a series are divided by its scale: the root mean square of the
random walk's errors over all of its forecasts, and no less than the error that the series declares. A score of 1
is as wrong as "nothing changes" is on average, and each series counts alike for each forecast. Only forecasts that
have an actual to start from are pooled, the same ones for every method; means of CRPS and of coverage are over
those with a band in every method. `forecasts` has the columns of `Row` throughout.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from sim.experiments.backtest.benchmarks import BENCHMARKS, RANDOM_WALK
from sim.experiments.backtest.model_forecasts import MODEL, VARIANTS
from sim.experiments.backtest.settings import DieboldMariano
from sim.experiments.calibrate.history import Series
from sim.experiments.calibrate.settings import Numbers

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels of a forecast: the median, and the ends of the bands of 50 and 90 percent."""
METHODS = (*VARIANTS, *BENCHMARKS)
"""The methods in the order of tables."""
ALL = "all"
CUTS = ((), ("group",), ("horizon",), ("origin",), ("group", "horizon"), ("group", "origin"))
"""The columns that scores are broken down by."""
FORECAST = ["series", "origin", "period"]
"""The columns that tell forecasts apart, whatever the method."""
BANDED = ["crps", "inside_50", "inside_90"]
"""Scores that need a band."""


def score(quantiles: Numbers, crps: float | None, actual: float) -> tuple[float, float, float, float]:
    """Return error, CRPS, and 1 where the actual lies in the 50 and the 90 percent band, else 0.

    All on the scale of comparison. Quantiles are at `QUANTILES`; without a band CRPS is None and scores are NaN.
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
        other: the errors of the second method, `(forecast,)`.
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


def scores(forecasts: pd.DataFrame, series: Mapping[str, Series]) -> pd.DataFrame:
    """Score every method, overall and for every cut, in units of the series' scales.

    Columns: group, horizon, origin ("all" where pooled over them), method, forecasts, rmse, bias, bands (forecasts
    with a band in every method), crps, coverage_50, coverage_90.
    """
    import pandas as pd

    scored = forecasts[forecasts["actual"].notna()]
    walk = scored[scored["method"] == RANDOM_WALK]
    sizes = walk.groupby("series")["error"].apply(lambda errors: float(np.sqrt((errors**2).mean())))
    scale = {name: max(size, series[name].error) for name, size in sizes.items()}
    pooled = _banded(scored.merge(walk[FORECAST], on=FORECAST))
    for column in ("error", "crps"):
        pooled[column] = pooled[column] / pooled["series"].map(scale)
    rows = []
    for columns in CUTS:
        for value, part in pooled.groupby(list(columns)) if columns else [((), pooled)]:
            at = {"group": ALL, "horizon": ALL, "origin": ALL, **dict(zip(columns, value, strict=True))}
            rows += [{**at, "method": method, **_scores_of(part[part["method"] == method])} for method in METHODS]
    return pd.DataFrame(rows)


def cut(scores: pd.DataFrame, group: str = ALL, horizon: int | str = ALL, origin: str = ALL) -> pd.DataFrame:
    """Select the scores of one cut, by method; those of all forecasts if left out."""
    at = (scores["group"] == group) & (scores["horizon"] == horizon) & (scores["origin"] == origin)
    return scores[at].set_index("method")


def by_series(forecasts: pd.DataFrame, series: Mapping[str, Series]) -> pd.DataFrame:
    """Score every method by series, not scaled: log points (a hundredth is about a percent), or the series' unit.

    Columns: series, label, unit, comparable (whether there are benchmarks), method, forecasts, rmse, bias, crps,
    coverage_50, coverage_90. Where benchmarks exist, the forecasts are those that they have too, and CRPS and
    coverage are over those with a band in every method; where no benchmark ever has one, over the model's own.
    """
    import pandas as pd

    scored = forecasts[forecasts["actual"].notna()]
    common = scored.merge(scored[scored["method"] == RANDOM_WALK][FORECAST], on=FORECAST)
    rows = []
    for name, figures in series.items():
        mine = common[common["series"] == name]
        comparable = len(mine) > 0
        if not comparable:
            mine = scored[scored["series"] == name]
        banded = _banded(mine)
        mine = banded if banded["crps"].notna().any() else mine
        unit = "log" if figures.change == "log" else figures.unit
        at = {"series": name, "label": figures.label, "unit": unit, "comparable": comparable}
        for method in METHODS if comparable else VARIANTS:
            of_method = mine[mine["method"] == method]
            if len(of_method):
                rows.append({**at, "method": method, **_scores_of(of_method)})
    return pd.DataFrame(rows)


def _banded(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Leave out the scores that need a band, where some method has none for the forecast."""
    banded = forecasts.groupby(FORECAST)["crps"].transform(lambda scores: scores.notna().all()).astype(bool)
    return forecasts.assign(**{column: forecasts[column].where(banded) for column in BANDED})


def _scores_of(part: pd.DataFrame) -> dict[str, Any]:
    banded = part[part["crps"].notna()]
    return {
        "forecasts": len(part),
        "rmse": float(np.sqrt((part["error"] ** 2).mean())),
        "bias": float(part["error"].mean()),
        "bands": len(banded),
        "crps": float(banded["crps"].mean()),
        "coverage_50": float(banded["inside_50"].mean()),
        "coverage_90": float(banded["inside_90"].mean()),
    }


def tests(forecasts: pd.DataFrame, settings: DieboldMariano) -> dict[tuple[str, int], DieboldMarianoTest]:
    """Test the model against the random walk: series and quarters ahead -> the test (Diebold and Mariano)."""
    results = {}
    for name in settings.series:
        mine = forecasts[(forecasts["series"] == name) & forecasts["actual"].notna()]
        both = mine[mine["method"] == MODEL].merge(mine[mine["method"] == RANDOM_WALK], on=FORECAST)
        for horizon in range(1, settings.most_quarters + 1):
            at = both[both["horizon_x"] == horizon].sort_values("origin")
            errors = at["error_x"].to_numpy(), at["error_y"].to_numpy()
            results[name, horizon] = diebold_mariano(*errors, horizon, settings.least)
    return results
