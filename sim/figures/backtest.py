"""Figures of a backtest: fans from past origins with what came, and errors beside those of benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.figures.style import NOTE, TEXT, empty, new_figure, number_of, panel, panels, shades, time_axis
from sim.palette import INK, MUTED, ORIGIN, PAPER, POPULATION

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiments.backtest.results import Backtest

HUE = {
    "supply": POPULATION["issuers"],
    "income": POPULATION["ventures"],
    "labs": POPULATION["labs"],
    "gpus": POPULATION["providers"],
}
"""Colour of the forecasts of a group of series."""
OTHERS = {"random walk": INK, "AR(1)": ORIGIN["token_float"], "trend": POPULATION["ventures"]}
MARKS = {"random walk": "o", "AR(1)": "s", "trend": "^"}
"""Marker of a benchmark, so that no one depends on colours."""
SHOWN_FROM = "2023Q1"


def draw_fans(found: Backtest) -> Figure:
    """Draw the model's forecasts of the headline series from every origin, with the actuals.

    Args:
        found: a backtest.
    """
    origins = ", ".join(found.origins)
    figure = new_figure(
        "Would the model have forecast it?",
        f"Forecasts from {origins}, with parameters estimated on what was known then; dots are actuals",
        "Light: 90 percent of draws. Dark: 50 percent. Line: the median. The fan is over parameters, seeds and the "
        f"error of the figures; {found.draws:,} draws from each origin. A bar is a figure of half a year or a year, by "
        "the quarter.",
    )
    names = found.settings.headlines
    for axes, name in zip(panels(figure, 2, 4, gap=(0.30, 0.52)), names, strict=False):
        _fan(axes, found, name)
    for axes in figure.axes[len(names) :]:
        axes.remove()
    return figure


def _fan(axes: Axes, found: Backtest, name: str) -> None:
    from sim.experiments.backtest.summary import MODEL

    series = found.series[name]
    flow = series.total == "sum" and not series.over
    panel(axes, _short(series.label), f"{series.unit}{' a quarter' if flow else ''}")
    table = found.forecasts
    mine = table[(table["series"] == name) & (table["method"] == MODEL)]
    mine = mine[mine["period"].str.contains("Q")]
    tones = shades(HUE.get(series.group, MUTED), len(found.origins))
    for tone, origin in zip(tones, found.origins, strict=True):
        part = mine[mine["origin"] == origin].sort_values("period")
        places = np.array([number_of(period) for period in part["period"]], dtype=float)
        start = _start(found, name, origin)
        lines = {column: part[column].to_numpy() for column in ("p5", "p25", "p50", "p75", "p95")}
        if start is not None:
            places = np.concatenate([[start[0]], places])
            lines = {column: np.concatenate([[start[1]], line]) for column, line in lines.items()}
        axes.fill_between(places, lines["p5"], lines["p95"], color=tone, alpha=0.13, linewidth=0.0)
        axes.fill_between(places, lines["p25"], lines["p75"], color=tone, alpha=0.30, linewidth=0.0)
        axes.plot(places, lines["p50"], color=tone, linewidth=1.8)
    _actuals(axes, found, name)
    time_axis(axes, (SHOWN_FROM, found.settings.last))
    if series.change == "log":
        axes.set_ylim(bottom=0.0)


def _start(found: Backtest, name: str, origin: str) -> tuple[float, float] | None:
    """Where a fan starts: the last actual, if it is of a quarter."""
    from sim.experiments.backtest.known import known

    last = known(found.series[name], origin, found.settings.benchmarks.first).last
    if last is None or "Q" not in last.period:
        return None
    return float(number_of(last.period)), last.value


def _actuals(axes: Axes, found: Backtest, name: str) -> None:
    from sim.experiments.backtest.known import size
    from sim.experiments.calibrate.history import span

    series = found.series[name]
    observed = series.observed
    quarters = {number_of(period) for period in observed if "Q" in period}
    for period, value in observed.items():
        first, last = (number_of(quarter) for quarter in span(period))
        if first < number_of(SHOWN_FROM) or last > number_of(found.settings.last):
            continue
        if first == last:
            axes.plot(first, value, "o", markersize=5.0, color=INK, markeredgecolor=PAPER, zorder=6)
        elif not set(range(first, last + 1)) & quarters:
            axes.plot(
                [first - 0.4, last + 0.4], [value / size(series, period)] * 2, color=INK, linewidth=2.2, zorder=6
            )


def _short(label: str) -> str:
    """A label that fits over a narrow panel."""
    head, _, tail = label.partition(", ")
    return head if tail else label


def draw_errors(found: Backtest) -> Figure:
    """Draw the errors of model and benchmarks by horizon, a panel for each group.

    Args:
        found: a backtest.
    """
    from sim.experiments.backtest.summary import ALL, VARIANTS
    from sim.experiments.backtest.words import GROUPS

    figure = new_figure(
        "How far off the model and its benchmarks were",
        f"Root mean square of the errors by quarters ahead; forecasts from {', '.join(found.origins)}",
        "1 is what the random walk (nothing changes) misses by on average over all its forecasts of a series. Small "
        "numbers: how many forecasts a point is made of. Lower is better.",
    )
    groups = (ALL, *found.settings.groups)
    scores = found.scores
    for axes, group in zip(panels(figure, 1, len(groups), gap=(0.25, 0.5)), groups, strict=True):
        name = "All together" if group == ALL else GROUPS[group][:1].upper() + GROUPS[group][1:]
        panel(axes, name.replace(" and reserves", ""), "of the random walk's")
        part = scores[(scores["group"] == group) & (scores["horizon"] != ALL) & (scores["origin"] == ALL)]
        if not len(part):
            empty(axes, "no figure to\nscore by")
            continue
        _errors(axes, part, VARIANTS[0])
    figure.axes[0].legend(fontsize=TEXT - 1.0, loc="upper left", framealpha=0.85, edgecolor="none", labelcolor=INK)
    return figure


def _errors(axes: Axes, part: pd.DataFrame, model: str) -> None:
    for method in (*OTHERS, model):
        line = part[part["method"] == method].sort_values("horizon")
        mine = method == model
        axes.plot(
            line["horizon"].to_numpy(dtype=float),
            line["rmse"].to_numpy(),
            color=POPULATION["providers"] if mine else OTHERS[method],
            marker="D" if mine else MARKS[method],
            linewidth=3.0 if mine else 1.4,
            markersize=7.0 if mine else 5.5,
            zorder=5 if mine else 3,
            label=method,
        )
    axes.set_ylim(0.0, 1.12 * axes.get_ylim()[1])
    axes.set_xlim(0.5, 5.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("quarters ahead", fontsize=TEXT, color=MUTED)
    counts = part[part["method"] == model]
    for horizon, count in zip(counts["horizon"], counts["forecasts"], strict=True):
        axes.text(horizon, 0.0, f"{count}\n", ha="center", va="bottom", fontsize=NOTE - 1.0, color=MUTED)
