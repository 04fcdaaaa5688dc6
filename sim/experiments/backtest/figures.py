"""Figures of a backtest: fan charts from past quarters with actual figures; errors of model and benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.analysis.facts.evidence import span
from sim.experiments.backtest.benchmarks import AUTOREGRESSION, RANDOM_WALK, TREND
from sim.experiments.backtest.known import known, size
from sim.experiments.backtest.model_forecasts import MODEL
from sim.experiments.backtest.summary import ALL
from sim.experiments.backtest.words import group_name
from sim.experiments.calibrate.settings import Numbers
from sim.report.figures.fans import LEVELS, draw_fan
from sim.report.figures.style import NOTE, TEXT, empty, new_figure, number_of, panel, panels, shades, time_axis
from sim.report.palette import INK, MUTED, ORIGIN, PAPER, POPULATION

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiments.backtest.results import ScoredForecasts

HUE = {
    "supply": POPULATION["issuers"],
    "income": POPULATION["ventures"],
    "labs": POPULATION["labs"],
    "gpus": POPULATION["providers"],
}
"""Group of series -> the colour of its forecasts."""
LOOKS = {
    RANDOM_WALK: (INK, "o"),
    AUTOREGRESSION: (ORIGIN["token_float"], "s"),
    TREND: (POPULATION["ventures"], "^"),
    MODEL: (POPULATION["providers"], "D"),
}
"""Method -> its colour and its marker; markers serve readers who cannot tell the colours apart."""
SHOWN_FROM = "2023Q1"
OVER = "Over parameters, seeds and the error of the figures."
"""The sources of uncertainty in a fan."""
BAR = "A bar is a figure of half a year or a year, by the quarter."


def draw_fans(backtest: ScoredForecasts) -> Figure:
    """Draw the model's forecasts of the headline series from every origin, and the figures that were observed."""
    figure = new_figure(
        "Would the model have forecast it?",
        f"Forecasts from {', '.join(backtest.origins)}: the darker, the earlier. Dots are actuals",
        f"Areas: 90 percent of {backtest.draws:,} draws from an origin. Lines: medians. {OVER} {BAR}",
    )
    for axes, name, hue in _headlines(figure, backtest):
        tones = shades(hue, len(backtest.origins))
        for tone, origin in zip(tones, backtest.origins, strict=True):
            places, lines = _path(backtest, name, origin, MODEL)
            axes.fill_between(places, lines["p5"], lines["p95"], color=tone, alpha=0.14, linewidth=0.0)
            axes.plot(places, lines["p50"], color=tone, linewidth=2.0)
        _actuals(axes, backtest, name)
    return figure


def draw_origin(backtest: ScoredForecasts, origin: str) -> Figure:
    """Draw how the model and the random walk forecast the headline series from one origin."""
    figure = new_figure(
        f"Forecasts from {origin}",
        "With parameters estimated on what was known then. Dots are actuals; hollow ones were not known yet",
        f"Light: 90 percent of {backtest.draws:,} draws. Dark: 50 percent. Line: the median. Dashed: the random "
        f"walk. {OVER} {BAR}",
    )
    for axes, name, hue in _headlines(figure, backtest):
        places, lines = _path(backtest, name, origin, MODEL)
        draw_fan(axes, places, [lines[f"p{100 * level:g}"] for level in LEVELS], hue)
        places, lines = _path(backtest, name, origin, RANDOM_WALK)
        axes.plot(places, lines["p50"], color=INK, linewidth=1.4, linestyle=(0, (4, 3)))
        _actuals(axes, backtest, name, origin)
    return figure


def _headlines(figure: Figure, backtest: ScoredForecasts) -> Iterator[tuple[Axes, str, str]]:
    """Yield the panel, name and colour of each headline series; once the caller has drawn, set the panel's axes."""
    names = backtest.settings.headlines
    places = panels(figure, 2, 4, gap=(0.30, 0.52))
    for axes in places[len(names) :]:
        axes.remove()
    for axes, name in zip(places, names, strict=False):
        series = backtest.series[name]
        flow = series.total == "sum" and not series.over
        # The label is shortened to fit above a narrow panel.
        panel(axes, series.label.split(", ")[0].split(" on ")[0], f"{series.unit}{' a quarter' if flow else ''}")
        yield axes, name, HUE.get(series.group, MUTED)
        time_axis(axes, (SHOWN_FROM, backtest.settings.last))
        if series.change == "log":
            axes.set_ylim(bottom=0.0)


def _path(backtest: ScoredForecasts, name: str, origin: str, method: str) -> tuple[Numbers, dict[str, Any]]:
    """Return the quarters and quantiles of a forecast, from the last actual on if that is a quarter's figure."""
    table = backtest.forecasts
    of_series = (table["series"] == name) & (table["origin"] == origin) & table["period"].str.contains("Q")
    mine = table[of_series & (table["method"] == method)].sort_values("period")
    places = np.array([number_of(period) for period in mine["period"]], dtype=float)
    lines = {column: mine[column].to_numpy() for column in ("p5", "p25", "p50", "p75", "p95")}
    there = known(backtest.series[name], origin, backtest.settings.benchmarks.first)
    if there.last is None or "Q" not in there.last or not len(mine):
        return places, lines
    actual = there.figures[there.last]
    joined = {column: np.concatenate([[actual], line]) for column, line in lines.items()}
    return np.concatenate([[float(number_of(there.last))], places]), joined


def _actuals(axes: Axes, backtest: ScoredForecasts, name: str, origin: str | None = None) -> None:
    """Draw the observed figures; if an origin is given, those that were not known then are hollow."""
    series = backtest.series[name]
    observed = series.observed
    quarters = {number_of(period) for period in observed if "Q" in period}
    for period, value in observed.items():
        first, last = (number_of(quarter) for quarter in span(period))
        if first < number_of(SHOWN_FROM) or last > number_of(backtest.settings.last):
            continue
        if first == last:
            later = origin is not None and last > number_of(origin)
            edge, fill = (INK, PAPER) if later else (PAPER, INK)
            axes.plot(first, value, "o", markersize=5.5, color=fill, markeredgecolor=edge, zorder=6)
        elif not set(range(first, last + 1)) & quarters:
            axes.plot([first - 0.4, last + 0.4], [value / size(series, period)] * 2, color=INK, linewidth=2.2, zorder=6)


def draw_errors(backtest: ScoredForecasts) -> Figure:
    """Draw the errors of the model and its benchmarks by horizon, in one panel for each group of series."""
    figure = new_figure(
        "Errors of the model and its benchmarks",
        f"Root mean square of the errors by quarters ahead; forecasts from {', '.join(backtest.origins)}",
        "1 is what the random walk (nothing changes) misses by on average over all its forecasts of a series. "
        "Small numbers: how many forecasts a point is made of. Lower is better.",
    )
    groups = (ALL, *backtest.settings.groups)
    scores = backtest.scores
    for axes, group in zip(panels(figure, 1, len(groups), gap=(0.25, 0.5)), groups, strict=True):
        panel(axes, group_name(group).replace(" and reserves", ""), "1: random walk on average")
        part = scores[(scores["group"] == group) & (scores["horizon"] != ALL) & (scores["origin"] == ALL)]
        if not len(part):
            empty(axes, "no figure to\nscore by")
            continue
        _errors(axes, part)
    figure.axes[0].legend(fontsize=TEXT - 1.0, loc="upper left", framealpha=0.85, edgecolor="none", labelcolor=INK)
    return figure


def _errors(axes: Axes, part: pd.DataFrame) -> None:
    for method, (colour, marker) in LOOKS.items():
        line = part[part["method"] == method].sort_values("horizon")
        mine = method == MODEL
        axes.plot(
            line["horizon"].to_numpy(dtype=float),
            line["rmse"].to_numpy(),
            color=colour,
            marker=marker,
            linewidth=3.0 if mine else 1.4,
            markersize=7.0 if mine else 5.5,
            zorder=5 if mine else 3,
            label=method,
        )
    axes.set_ylim(0.0, 1.12 * axes.get_ylim()[1])
    axes.set_xlim(0.5, 5.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("quarters ahead", fontsize=TEXT, color=MUTED)
    counts = part[part["method"] == MODEL]
    for horizon, count in zip(counts["horizon"], counts["forecasts"], strict=True):
        axes.text(horizon, 0.0, f"{count}\n", ha="center", va="bottom", fontsize=NOTE - 1.0, color=MUTED)
