"""Scores of single forecasts, their tables by method, group, horizon, origin and series, and tests of differences.

To make all series comparable, the errors and the CRPS (continuous ranked probability score) of a series are divided
by its scale: the root mean square of the random walk's errors in all its forecasts of the series, but at least the
error that the series declares. A score of 1 is as wrong as "nothing changes" is on average, and a forecast counts
the same whatever its series. Only forecasts that start from an observed figure are pooled, the same ones for every
method; means of CRPS and of coverage use only forecasts with a band in every method. The argument `forecasts` is
always a table with the columns of `Row`.
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
"""The levels of a forecast's quantiles: the median, and the ends of the bands of 50 and 90 percent."""
METHODS = (*VARIANTS, *BENCHMARKS)
"""The methods in the order of tables."""
ALL = "all"
CUTS = ((), ("group",), ("horizon",), ("origin",), ("group", "horizon"), ("group", "origin"))
"""The columns by which scores are broken down."""
FORECAST = ["series", "origin", "period"]
"""The columns that identify what is forecast, whatever the method."""
BANDED = ["crps", "inside_50", "inside_90"]
"""Scores that need a band."""


def score(quantiles: Numbers, crps: float | None, actual: float) -> tuple[float, float, float, float]:
    """Return error, CRPS, and for the 50 and the 90 percent band 1 if the actual lies in it, else 0.

    All are on the scale of comparison. `quantiles` are those at the levels `QUANTILES`. A forecast without a band is
    given with `crps` None; then all but the error are NaN.
    """
    lowest, low, median, high, highest = quantiles
    if crps is None:
        return median - actual, np.nan, np.nan, np.nan
    return median - actual, crps, float(low <= actual <= high), float(lowest <= actual <= highest)


def crps_of_draws(draws: Numbers, actual: float) -> float:
    """Return the CRPS of a forecast given as draws, E|X - y| - E|X - X'| / 2 (Gneiting and Raftery 2007)."""
    import scoringrules

    return float(scoringrules.crps_ensemble(actual, draws, backend="numpy"))


def crps_of_normal(mean: float, deviation: float, actual: float) -> float:
    """Return the continuous ranked probability score of a normal distribution, in closed form."""
    import scoringrules

    return float(scoringrules.crps_normal(actual, mean, deviation, backend="numpy"))


@dataclass(frozen=True)
class DieboldMarianoTest:
    """A Diebold-Mariano test of the model's squared errors minus those of a benchmark.

    Attributes:
        forecasts: the number of pairs of forecasts.
        statistic: the statistic with the factor of Harvey, Leybourne and Newbold; None if it cannot be computed.
        p_value: the two-sided p-value, from Student's t with one degree of freedom fewer than there are pairs.
        why: why the statistic cannot be computed; empty if it can.
    """

    forecasts: int
    statistic: float | None
    p_value: float | None
    why: str = ""


def diebold_mariano(mine: Numbers, other: Numbers, horizon: int, least: int) -> DieboldMarianoTest:
    """Test whether two forecasts differ in their squared errors (Diebold and Mariano 1995).

    The statistic is the mean difference divided by its standard error, which includes autocovariances up to lag
    h - 1, times the small-sample factor sqrt((n + 1 - 2h + h(h-1)/n) / n) of Harvey, Leybourne and Newbold (1997),
    for n forecasts at horizon h.

    Args:
        mine: the errors of the first method, oldest first, `(forecast,)`.
        other: the errors of the second method for the same forecasts, `(forecast,)`.
        horizon: the number of quarters ahead.
        least: the fewest forecasts for which the test is computed.
    """
    count = len(mine)
    if count < least:
        return DieboldMarianoTest(count, None, None, f"{count} forecasts; at least {least} are needed")
    factor = (count + 1 - 2 * horizon + horizon * (horizon - 1) / count) / count
    if factor <= 0.0:
        return DieboldMarianoTest(count, None, None, f"{count} forecasts are too few for this horizon")
    differences = mine**2 - other**2
    around = differences - differences.mean()
    lags = range(1, min(horizon, count))
    variance = float(around @ around + 2.0 * sum(around[lag:] @ around[:-lag] for lag in lags)) / count
    if variance <= 0.0:
        return DieboldMarianoTest(count, None, None, "the estimated variance of the mean difference is not above zero")
    statistic = float(differences.mean()) / math.sqrt(variance / count) * math.sqrt(factor)
    return DieboldMarianoTest(count, statistic, float(2.0 * stats.t.sf(abs(statistic), count - 1)))


def scores(forecasts: pd.DataFrame, series: Mapping[str, Series]) -> pd.DataFrame:
    """Score every method, overall and by group, horizon and origin; a score is a multiple of the series' scale.

    Columns: group, horizon, origin (each "all" in a row that pools over it), method, forecasts, rmse, bias, bands
    (forecasts with a band in every method), crps, coverage_50, coverage_90.
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
    """Select the scores of each method for a group, a horizon and an origin; what is left out means all of them."""
    at = (scores["group"] == group) & (scores["horizon"] == horizon) & (scores["origin"] == origin)
    return scores[at].set_index("method")


def by_series(forecasts: pd.DataFrame, series: Mapping[str, Series]) -> pd.DataFrame:
    """Score every method by series, not scaled, in log points (0.01 is about one percent) or the series' unit.

    Columns: series, label, unit, comparable (whether there are benchmarks), method, forecasts, rmse, bias, crps,
    coverage_50, coverage_90. If there are benchmarks, only forecasts that every method makes are counted; CRPS and
    coverage then count only those with a band in every method, or, if no benchmark has any band, the model's bands.
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
    """Blank the scores that need a band for every forecast for which some method has no band."""
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
    """Test the model against the random walk (Diebold and Mariano): (series, quarters ahead) -> the test."""
    results = {}
    for name in settings.series:
        mine = forecasts[(forecasts["series"] == name) & forecasts["actual"].notna()]
        both = mine[mine["method"] == MODEL].merge(mine[mine["method"] == RANDOM_WALK], on=FORECAST)
        for horizon in range(1, settings.most_quarters + 1):
            at = both[both["horizon_x"] == horizon].sort_values("origin")
            errors = at["error_x"].to_numpy(), at["error_y"].to_numpy()
            results[name, horizon] = diebold_mariano(*errors, horizon, settings.least)
    return results
