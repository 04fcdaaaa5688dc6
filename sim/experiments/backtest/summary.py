"""Tables of scores: which method was how far off, by group, horizon and origin.

To set series of all kinds beside each other, errors and CRPS of a series are divided by its scale: the root mean
square of the random walk's errors over all of its forecasts, and no less than the error that the series declares.
A score of 1 is as wrong as "nothing changes" is on average, and each series counts alike for each forecast. Only
forecasts that have an actual to start from are pooled, the same ones for every method; means of CRPS and of
coverage are over those with a band in every method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiments.backtest.benchmarks import BENCHMARKS, RANDOM_WALK
from sim.experiments.backtest.model_forecasts import MODEL, VARIANTS
from sim.experiments.backtest.scores import DieboldMarianoTest, diebold_mariano
from sim.experiments.backtest.settings import DieboldMariano
from sim.experiments.calibrate.history import Series

if TYPE_CHECKING:
    import pandas as pd

METHODS = (*VARIANTS, *BENCHMARKS)
"""In the order of tables."""
ALL = "all"
CUTS = ((), ("group",), ("horizon",), ("origin",), ("group", "horizon"), ("group", "origin"))
"""What scores are broken down by."""
FORECAST = ["series", "origin", "period"]
"""What makes a forecast, whatever the method."""
BANDED = ["crps", "inside_50", "inside_90"]
"""Scores that need a band."""


def scaled(forecasts: pd.DataFrame, series: Mapping[str, Series]) -> pd.DataFrame:
    """Select forecasts that can be pooled, with errors and CRPS in units of their series' scale.

    Args:
        forecasts: as `Backtest.forecasts` has them.
        series: name -> the series that was forecast.
    """
    scored = forecasts[forecasts["actual"].notna()].copy()
    walk = scored[scored["method"] == RANDOM_WALK]
    sizes = walk.groupby("series")["error"].apply(lambda errors: float(np.sqrt((errors**2).mean())))
    scale = {name: max(size, series[name].error) for name, size in sizes.items()}
    pooled = scored.merge(walk[FORECAST], on=FORECAST)
    for column in ("error", "crps"):
        pooled[column] = pooled[column] / pooled["series"].map(scale)
    pooled.loc[~_banded(pooled), BANDED] = np.nan
    return pooled


def scores(forecasts: pd.DataFrame, series: Mapping[str, Series]) -> pd.DataFrame:
    """Score every method, overall and for every cut.

    Columns: group, horizon, origin ("all" where pooled over them), method, forecasts, rmse, bias, bands (forecasts
    with a band in every method), crps, coverage_50, coverage_90.

    Args:
        forecasts: as `Backtest.forecasts` has them.
        series: name -> the series that was forecast.
    """
    import pandas as pd

    pooled = scaled(forecasts, series)
    rows = []
    for cut in CUTS:
        for value, part in pooled.groupby(list(cut)) if cut else [((), pooled)]:
            at = {"group": ALL, "horizon": ALL, "origin": ALL, **dict(zip(cut, value, strict=True))}
            rows += [{**at, "method": method, **_scores_of(part[part["method"] == method])} for method in METHODS]
    return pd.DataFrame(rows)


def by_series(forecasts: pd.DataFrame, series: Mapping[str, Series]) -> pd.DataFrame:
    """Score every method by series, not scaled: log points (a hundredth is about a percent), or the series' unit.

    Columns: series, label, unit, comparable (whether there are benchmarks), method, forecasts, rmse, bias, crps,
    coverage_50, coverage_90. Where benchmarks exist, the forecasts are those that they have too, and CRPS and
    coverage are over those with a band in every method; where no benchmark ever has one, over the model's own.

    Args:
        forecasts: as `Backtest.forecasts` has them.
        series: name -> the series that was forecast.
    """
    import pandas as pd

    scored = forecasts[forecasts["actual"].notna()]
    benchmarked = scored[scored["method"] == RANDOM_WALK][FORECAST]
    common = scored.merge(benchmarked, on=FORECAST)
    rows = []
    for name in series:
        mine = common[common["series"] == name]
        comparable = len(mine) > 0
        if not comparable:
            mine = scored[scored["series"] == name]
        banded = _banded(mine)
        if banded.any():
            mine = mine.copy()
            mine.loc[~banded, BANDED] = np.nan
        unit = "log" if series[name].change == "log" else series[name].unit
        at = {"series": name, "label": series[name].label, "unit": unit, "comparable": comparable}
        for method in METHODS if comparable else VARIANTS:
            of_method = mine[mine["method"] == method]
            if len(of_method):
                rows.append({**at, "method": method, **_scores_of(of_method)})
    return pd.DataFrame(rows)


def _banded(forecasts: pd.DataFrame) -> pd.Series:
    """Say of each forecast whether it has a band in every method."""
    return forecasts.groupby(FORECAST)["crps"].transform(lambda scores: scores.notna().all()).astype(bool)


def _scores_of(part: pd.DataFrame) -> dict[str, Any]:
    banded = part[part["crps"].notna()]
    return {
        "forecasts": len(part),
        "rmse": float(np.sqrt((part["error"] ** 2).mean())),
        "bias": float(part["error"].mean()),
        "bands": len(banded),
        "crps": _mean(banded["crps"]),
        "coverage_50": _mean(banded["inside_50"]),
        "coverage_90": _mean(banded["inside_90"]),
    }


def _mean(numbers: Sequence[float]) -> float:
    """Return the mean; NaN where there is nothing."""
    return float(np.mean(numbers)) if len(numbers) else float("nan")


def tests(forecasts: pd.DataFrame, settings: DieboldMariano) -> dict[tuple[str, int], DieboldMarianoTest]:
    """Test the model against the random walk by series and horizon (Diebold and Mariano).

    Args:
        forecasts: as `Backtest.forecasts` has them.
        settings: the series, the longest horizon, and the fewest forecasts of a test.

    Returns:
        Series and quarters ahead -> the test.
    """
    results = {}
    for name in settings.series:
        mine = forecasts[(forecasts["series"] == name) & forecasts["actual"].notna()]
        both = mine[mine["method"] == MODEL].merge(mine[mine["method"] == RANDOM_WALK], on=FORECAST)
        for horizon in range(1, settings.most_quarters + 1):
            at = both[both["horizon_x"] == horizon].sort_values("origin")
            errors = at["error_x"].to_numpy(), at["error_y"].to_numpy()
            results[name, horizon] = diebold_mariano(*errors, horizon, settings.least)
    return results
