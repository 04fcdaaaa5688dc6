"""What follows from the tables of a backtest, in sentences; where the model loses comes first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.experiments.backtest.benchmarks import AUTOREGRESSION, BENCHMARKS, RANDOM_WALK
from sim.experiments.backtest.model_forecasts import MODEL
from sim.experiments.backtest.results import ScoredForecasts
from sim.experiments.backtest.settings import GROUPS
from sim.experiments.backtest.summary import ALL

if TYPE_CHECKING:
    import pandas as pd

FEW = 5
"""Forecasts: with fewer, a comparison says next to nothing."""


def words(backtest: ScoredForecasts) -> list[str]:
    """Write what must be known before the numbers are used, in sentences."""
    sentences = [
        *_losses(backtest),
        *_groups(backtest),
        _bands(backtest),
        _in_sample(backtest),
        *_tests(backtest),
        _by_hand(backtest),
        *_fallbacks(backtest),
        *_unscored(backtest),
    ]
    left_out = {origin: count for origin, count in backtest.unusable.items() if count}
    if left_out:
        each = ", ".join(f"{origin} {count}" for origin, count in left_out.items())
        sentences.append(
            f"Draws left out because their histories cannot be used: {each}, of {backtest.draws} each."
        )
    return sentences


def relative(errors: pd.Series, other: str) -> float:
    """Return the model's root mean square error as a part of another method's."""
    return float(errors[MODEL] / errors[other])


def best(errors: pd.Series) -> str:
    """Return the benchmark with the smallest root mean square error."""
    return str(min(BENCHMARKS, key=lambda method: errors[method]))


def _losses(backtest: ScoredForecasts) -> list[str]:
    """Name the series and horizons in which some benchmark is better."""
    table = backtest.by_series[backtest.by_series["comparable"]]
    wins, lost = 0, []
    for label, part in table.groupby("label", sort=False):
        errors = part.set_index("method")["rmse"]
        rival = best(errors)
        if errors[MODEL] > errors[rival]:
            count = int(part["forecasts"].iloc[0])
            often = f"{relative(errors, rival):.2f} times the error of the {_name(rival)}, {_forecasts(count)}"
            lost.append((relative(errors, rival), f"{label} ({often})"))
        else:
            wins += 1
    sentences = []
    if lost:
        each = "; ".join(text for _, text in sorted(lost, reverse=True))
        sentences.append(
            f"The model loses to its best benchmark in {len(lost)} of {len(lost) + wins} series that can be "
            f"compared: {each}."
        )
    else:
        sentences.append(f"In all {wins} series that can be compared the model is closer than every benchmark.")
    scores = backtest.scores
    pairs = scores[(scores["group"] != ALL) & (scores["horizon"] != ALL)]
    where = []
    for (group, horizon), part in pairs.groupby(["group", "horizon"], sort=False):
        errors = part.set_index("method")["rmse"]
        rival = best(errors)
        if errors[MODEL] > errors[rival]:
            where.append(f"{GROUPS[str(group)]} {horizon} {_quarters(int(horizon))} ahead ({_name(rival)})")
    if where:
        sentences.append(f"By group and horizon it loses in: {', '.join(where)}.")
    return sentences


def _groups(backtest: ScoredForecasts) -> list[str]:
    scores = backtest.scores
    whole = scores[(scores["horizon"] == ALL) & (scores["origin"] == ALL)]
    sentences = []
    for group, part in whole.groupby("group", sort=False):
        table = part.set_index("method")
        errors, count = table["rmse"], int(table["forecasts"].iloc[0])
        rival = best(errors)
        name = "All together" if group == ALL else GROUPS[str(group)][:1].upper() + GROUPS[str(group)][1:]
        comparison = "smaller than" if errors[MODEL] < errors[rival] else "larger than"
        bias = float(table["bias"][MODEL])
        side = "high" if bias > 0.0 else "low"
        text = (
            f"{name}: errors of the model are {relative(errors, RANDOM_WALK):.2f} of the random walk's, and "
            f"{comparison} those of the best benchmark, the {_name(rival)} ({errors[rival]:.2f} against "
            f"{errors[MODEL]:.2f}); on the whole its forecasts are too {side}, by {abs(bias):.2f} "
            f"({_forecasts(count)})."
        )
        sentences.append(text + (" So few forecasts say next to nothing." if count < FEW else ""))
    return sentences


def _bands(backtest: ScoredForecasts) -> str:
    scores = backtest.scores
    table = scores[(scores["group"] == ALL) & (scores["horizon"] == ALL) & (scores["origin"] == ALL)]
    at = table.set_index("method").loc[MODEL]
    if not at["bands"]:
        return "No scored forecast has a band in every method."
    inside = 100.0 * at["coverage_90"]
    verdict = "too narrow" if inside < 80.0 else "too wide" if inside > 97.0 else "about right"
    return (
        f"Of {int(at['bands'])} actuals {inside:.0f} percent lay in the model's 90 percent bands and "
        f"{100.0 * at['coverage_50']:.0f} percent in those of 50: {verdict} as far as so few overlapping "
        "forecasts can tell."
    )


def _in_sample(backtest: ScoredForecasts) -> str:
    fit, asked = backtest.in_sample, backtest.settings.in_sample
    share = 100.0 * fit.share
    low, high = 100.0 * asked.least, 100.0 * asked.most
    verdict = "as it should be" if low <= share <= high else "not"
    groups = ", ".join(f"{GROUPS[group]} {fit.inside[group]} of {count}" for group, count in fit.figures.items())
    return (
        f"Within the quarters fitted, to {fit.last}, {share:.0f} percent of {sum(fit.figures.values())} figures "
        f"lie in the 90 percent band ({groups}), {verdict} between {low:.0f} and {high:.0f}."
    )


def _tests(backtest: ScoredForecasts) -> list[str]:
    done = {case: test for case, test in backtest.tests.items() if test.p_value is not None}
    each = "; ".join(
        f"{backtest.series[name].label}, {horizon} {_quarters(horizon)} ahead: "
        f"{_signed(test.statistic)} (p = {test.p_value:.2f}, {_forecasts(test.forecasts)})"
        for (name, horizon), test in done.items()
    )
    cases = f"{len(done)} of {len(backtest.tests)} cases"
    can = f"A Diebold-Mariano test against the random walk can be computed in {cases}"
    warning = (
        "With so few forecasts of a horizon the test has next to no power, and its small-sample factor is a "
        "correction, not a cure: a difference that is not detected may still be there."
    )
    return [f"{can}{f': {each}' if each else ''}. {warning}"] if backtest.tests else []


def _by_hand(backtest: ScoredForecasts) -> str:
    return (
        f"The forecasts know a little of what came. {len(backtest.set_by_hand)} values of the scenario were "
        "chosen with figures that came later and are not estimated anew at an origin, and figures are as "
        "published by now. The benchmarks know nothing but figures."
    )


def _fallbacks(backtest: ScoredForecasts) -> list[str]:
    table = backtest.forecasts[backtest.forecasts["actual"].notna()]
    sentences = []
    for method in BENCHMARKS[1:]:
        mine = table[table["method"] == method]
        without = int((mine["rule"] != method).sum())
        if without:
            sentences.append(
                f"Of {len(mine)} scored forecasts by {_name(method)}, {without} are the random walk's, because "
                "too few growth rates were known."
            )
    return sentences


def _unscored(backtest: ScoredForecasts) -> list[str]:
    table = backtest.by_series
    alone = table[~table["comparable"] & (table["method"] == MODEL)]
    sentences = []
    if len(alone):
        rows = zip(alone["label"], alone["unit"], alone["rmse"], alone["forecasts"], strict=True)
        each = "; ".join(f"{label} ({_off(unit, rmse)}, {_forecasts(n)})" for label, unit, rmse, n in rows)
        sentences.append(f"No figure was known before, so that only the model has forecasts: {each}.")
    never = [series.label for name, series in backtest.series.items() if name not in set(table["series"])]
    if never:
        sentences.append(f"No figure came after an origin, so that nothing is scored: {', '.join(never)}.")
    return sentences


def _off(unit: str, error: float) -> str:
    return f"off by a factor of {math.exp(error):.2f}" if unit == "log" else f"off by {error:.2f} {unit}"


def _name(method: str) -> str:
    return "autoregression" if method == AUTOREGRESSION else method


def _signed(number: float | None) -> str:
    return f"{number:.2f}".replace("-", "\N{MINUS SIGN}")


def _forecasts(count: int) -> str:
    return "1 forecast" if count == 1 else f"{count} forecasts"


def _quarters(count: int) -> str:
    return "quarter" if count == 1 else "quarters"
