"""Sentences on the scores of a backtest; those on the forecasts in which the model loses come first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.experiments.backtest.benchmarks import AUTOREGRESSION, BENCHMARKS, RANDOM_WALK
from sim.experiments.backtest.model_forecasts import MODEL
from sim.experiments.backtest.results import ScoredForecasts
from sim.experiments.backtest.settings import GROUPS
from sim.experiments.backtest.summary import ALL, cut
from sim.report.numbers import MINUS

if TYPE_CHECKING:
    import pandas as pd

FEW = 5
"""A comparison of fewer forecasts than this is hardly evidence."""


def words(backtest: ScoredForecasts) -> list[str]:
    """Write, in sentences, what a reader must know before using the numbers."""
    return [
        *_losses(backtest),
        *_groups(backtest),
        _bands(backtest),
        _in_sample(backtest),
        *_tests(backtest),
        f"The forecasts know a little of what came later. {len(backtest.set_by_hand)} values of the scenario were "
        "chosen with later figures and are not estimated anew at an origin, and all figures are as "
        "published by now. The benchmarks know nothing but figures.",
        *_fallbacks(backtest),
        *_unscored(backtest),
    ]


def group_name(group: str) -> str:
    """Return the name of a group of series, or of all groups, at the beginning of a sentence."""
    return "All together" if group == ALL else GROUPS[group][:1].upper() + GROUPS[group][1:]


def _rival(errors: pd.Series) -> tuple[str, float]:
    """Return the benchmark with the smallest root mean square error, and the model's error divided by that error."""
    rival = min(BENCHMARKS, key=lambda method: errors[method])
    return rival, float(errors[MODEL] / errors[rival])


def _losses(backtest: ScoredForecasts) -> list[str]:
    """Name the series, and the groups and horizons, for which some benchmark has a smaller error than the model."""
    table = backtest.by_series[backtest.by_series["comparable"]].set_index("method")
    wins, lost = 0, []
    for label, part in table.groupby("label", sort=False):
        rival, relative = _rival(part["rmse"])
        if part["rmse"][MODEL] > part["rmse"][rival]:
            count = _counted(part["forecasts"].iloc[0], "forecast")
            lost.append((relative, f"{label} ({relative:.2f} times the error of the {_name(rival)}, {count})"))
        else:
            wins += 1
    sentence = f"In all {wins} series that can be compared the model is closer than every benchmark."
    if lost:
        each = "; ".join(text for _, text in sorted(lost, reverse=True))
        sentence = (
            f"The model loses to its best benchmark in {len(lost)} of {len(lost) + wins} series that can be "
            f"compared: {each}."
        )
    where = []
    scores = backtest.scores.set_index("method")
    pairs = scores[(scores["group"] != ALL) & (scores["horizon"] != ALL)]
    for (group, horizon), part in pairs.groupby(["group", "horizon"], sort=False):
        rival, _ = _rival(part["rmse"])
        if part["rmse"][MODEL] > part["rmse"][rival]:
            where.append(f"{GROUPS[str(group)]} {_counted(horizon, 'quarter')} ahead ({_name(rival)})")
    return [sentence, *([f"By group and horizon it loses in: {', '.join(where)}."] if where else [])]


def _groups(backtest: ScoredForecasts) -> list[str]:
    sentences = []
    for group in dict.fromkeys(backtest.scores["group"]):
        table = cut(backtest.scores, group=group)
        errors, count, bias = table["rmse"], int(table["forecasts"].iloc[0]), float(table["bias"][MODEL])
        rival, _ = _rival(errors)
        comparison = "smaller than" if errors[MODEL] < errors[rival] else "larger than"
        sentences.append(
            f"{group_name(group)}: errors of the model are {errors[MODEL] / errors[RANDOM_WALK]:.2f} of the "
            f"random walk's, and {comparison} those of the best benchmark, the {_name(rival)} "
            f"({errors[rival]:.2f} against {errors[MODEL]:.2f}); on the whole its forecasts are too "
            f"{'high' if bias > 0.0 else 'low'}, by {abs(bias):.2f} ({_counted(count, 'forecast')})."
            + (" So few forecasts are hardly evidence." if count < FEW else "")
        )
    return sentences


def _bands(backtest: ScoredForecasts) -> str:
    scores = cut(backtest.scores).loc[MODEL]
    if not scores["bands"]:
        return "No scored forecast has a band in every method."
    inside = 100.0 * scores["coverage_90"]
    verdict = "too narrow" if inside < 80.0 else "too wide" if inside > 97.0 else "about right"
    return (
        f"Of {int(scores['bands'])} actuals {inside:.0f} percent lay in the model's 90 percent bands and "
        f"{100.0 * scores['coverage_50']:.0f} percent in those of 50: {verdict} as far as so few overlapping "
        "forecasts can tell."
    )


def _in_sample(backtest: ScoredForecasts) -> str:
    fit, bounds = backtest.in_sample, backtest.settings.in_sample
    share, low, high = (100.0 * number for number in (fit.share, bounds.least, bounds.most))
    verdict = "as it should be" if low <= share <= high else "not"
    groups = ", ".join(f"{GROUPS[group]} {fit.inside[group]} of {count}" for group, count in fit.figures.items())
    return (
        f"Within the quarters fitted, to {fit.last}, {share:.0f} percent of {sum(fit.figures.values())} figures "
        f"lie in the 90 percent band ({groups}), {verdict} between {low:.0f} and {high:.0f}."
    )


def _tests(backtest: ScoredForecasts) -> list[str]:
    if not backtest.tests:
        return []
    done = [
        f"{backtest.series[name].label}, {_counted(horizon, 'quarter')} ahead: "
        f"{f'{test.statistic:.2f}'.replace('-', MINUS)} (p = {test.p_value:.2f}, "
        f"{_counted(test.forecasts, 'forecast')})"
        for (name, horizon), test in backtest.tests.items()
        if test.p_value is not None
    ]
    each = f": {'; '.join(done)}" if done else ""
    return [
        "A Diebold-Mariano test against the random walk can be computed in "
        f"{len(done)} of {len(backtest.tests)} cases{each}. "
        "With so few forecasts of a horizon the test has next to no power, and its small-sample factor is a "
        "correction, not a cure: a difference that is not detected may still be there."
    ]


def _fallbacks(backtest: ScoredForecasts) -> list[str]:
    scored = backtest.forecasts[backtest.forecasts["actual"].notna()]
    rules = {method: scored["rule"][scored["method"] == method] for method in BENCHMARKS[1:]}
    return [
        f"Of {len(rule)} scored forecasts by {_name(method)}, {(rule != method).sum()} are the random walk's, "
        "because too few growth rates were known."
        for method, rule in rules.items()
        if (rule != method).any()
    ]


def _unscored(backtest: ScoredForecasts) -> list[str]:
    """Name the series without a benchmark, those without a score, and the draws that were left out."""
    table = backtest.by_series
    alone = table[~table["comparable"] & (table["method"] == MODEL)]
    unusable = {origin: count for origin, count in backtest.unusable.items() if count}
    rows = zip(alone["label"], alone["unit"], alone["rmse"], alone["forecasts"], strict=True)
    parts = {
        "No figure was known before, so that only the model has forecasts": "; ".join(
            f"{label} ({_off(unit, rmse)}, {_counted(count, 'forecast')})" for label, unit, rmse, count in rows
        ),
        "No figure came after an origin, so that nothing is scored": ", ".join(
            series.label for name, series in backtest.series.items() if name not in set(table["series"])
        ),
        "Draws left out because their histories cannot be used": ", ".join(
            [*(f"{origin} {count}" for origin, count in unusable.items()), f"of {backtest.draws} each"]
            if unusable
            else []
        ),
    }
    return [f"{start}: {each}." for start, each in parts.items() if each]


def _off(unit: str, error: float) -> str:
    return f"off by a factor of {math.exp(error):.2f}" if unit == "log" else f"off by {error:.2f} {unit}"


def _name(method: str) -> str:
    return "autoregression" if method == AUTOREGRESSION else method


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
