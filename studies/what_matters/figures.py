"""Figures of what the answer hangs on, from the numbers that are kept in the repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from sim.experiments.sensitivity.figures import ALONE, MU, SHADES, SIGMA, WITH_OTHERS, numbers_axes
from sim.report.figures.style import NOTE, PANEL, SIZE, TEXT, new_figure, panel, panels, spread
from sim.report.numbers import plain
from sim.report.palette import GRID, INK, INTEREST, MUTED, PAPER

NAMED = 14
"""Assumptions that are named in the plane of the screening at most."""
LEAST = 0.05
"""Part of the variance from which a cell of the table is told."""
NONE = "negligible"


def draw_screening(effects: Mapping[str, Sequence[Any]], title: str, unit: str, source: str) -> Figure:
    """Draw the plane of the screening: how much an assumption moves the outcome, and how unevenly.

    Args:
        effects: label of the assumption -> mu*, its interval, mu, sigma, its interval, verdict; the largest first.
        title: of the figure.
        unit: of the outcome.
        source: which sweep it is.
    """
    figure = new_figure(
        title,
        "Each dot is an assumption. Right: moves the answer more. Up: unevenly, or together with others",
        f"Lines: 90 percent bootstrap intervals. Effects are those of an assumption's whole range.  {source}",
    )
    axes = figure.add_axes((0.075, 0.16, 0.66, 0.64))
    right = 1.06 * max(row[2] for row in effects.values())
    top = 1.08 * max(row[6] for row in effects.values())
    axes.set_xlim(0.0, right)
    axes.set_ylim(0.0, top)
    for x, low, high, _, y, down, up, verdict in effects.values():
        colour = SHADES[verdict]
        if verdict != NONE:
            axes.plot([low, high], [y, y], color=colour, linewidth=1.3, alpha=0.7, zorder=3)
            axes.plot([x, x], [down, up], color=colour, linewidth=1.3, alpha=0.7, zorder=3)
        size = 4.5 if verdict == NONE else 9.0
        axes.plot(x, y, marker="o", markersize=size, color=colour, markeredgecolor=PAPER, zorder=4)
    for slope, words in ((1.0, f"{SIGMA} = {MU}*"), (0.5, "half"), (0.1, "a tenth")):
        axes.plot([0.0, right], [0.0, slope * right], color=GRID, linewidth=1.4, zorder=1)
        at = min(right, top / slope)
        axes.text(at, slope * at, f"{words} ", fontsize=NOTE, color=MUTED, ha="right", va="bottom")
    _name_dots(axes, effects, right, top)
    numbers_axes(axes)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_xlabel(f"mean size of the effect ({MU}*), {unit}", fontsize=TEXT, color=MUTED)
    axes.set_title(f"\N{UPWARDS ARROW} spread of the effect ({SIGMA}), {unit}", fontsize=TEXT, color=MUTED, loc="left")
    _verdicts(figure, effects)
    return figure


def _name_dots(axes: Axes, effects: Mapping[str, Sequence[Any]], right: float, top: float) -> None:
    """Name the first dots beside them, moved apart where names would touch."""
    shown = [name for name, row in effects.items() if row[-1] != NONE][:NAMED]
    gap = 1.25 * TEXT / 72.0 / (axes.get_position().height * SIZE[1]) * top
    groups: list[list[str]] = []
    for name in sorted(shown, key=lambda one: effects[one][0]):
        near = groups and effects[name][0] - effects[groups[-1][0]][0] < 0.30 * right
        groups[-1].append(name) if near else groups.append([name])
    for group in groups:
        heights = spread([effects[name][4] for name in group], gap, 0.0, 0.97 * top)
        for name, height in zip(group, heights, strict=True):
            x, y = effects[name][0], effects[name][4]
            left = x > 0.72 * right
            place = (x - 0.02 * right if left else x + 0.02 * right, height)
            axes.annotate(
                name,
                (x, y),
                place,
                fontsize=TEXT - 0.5,
                color=INK,
                ha="right" if left else "left",
                va="center",
                zorder=5,
                bbox={"boxstyle": "square,pad=0.08", "facecolor": PAPER, "edgecolor": "none", "alpha": 0.8},
                arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3},
            )


def _verdicts(figure: Figure, effects: Mapping[str, Sequence[Any]]) -> None:
    """Return what the colours mean, and how many assumptions have each."""
    height = 0.79
    for verdict, colour in SHADES.items():
        count = sum(row[-1] == verdict for row in effects.values())
        if count:
            figure.text(0.758, height, "\N{BLACK CIRCLE} ", fontsize=TEXT + 3.0, color=colour, va="center")
            figure.text(0.775, height, f"{verdict} ({count})", fontsize=TEXT, color=INK, va="center")
            height -= 0.045


def draw_indices(indices: Mapping[str, Sequence[float]], title: str, source: str) -> Figure:
    """Draw first and total-order indices with their intervals, the largest total on top.

    Args:
        indices: label of the assumption -> first order and its interval, total order and its interval.
        title: of the figure.
        source: which sweep it is.
    """
    figure = new_figure(
        title,
        "Part of the variance that an assumption explains alone (dark) and with its interactions (light)",
        f"Lines: 90 percent bootstrap intervals.  {source}",
    )
    axes = figure.add_axes((0.27, 0.13, 0.69, 0.70))
    names = list(indices)
    for row, (first, low, high, total, bottom, top) in enumerate(indices.values()):
        for value, ends, colour, shift in (
            (first, (low, high), ALONE, -0.19),
            (total, (bottom, top), WITH_OTHERS, 0.19),
        ):
            axes.barh(row + shift, max(value, 0.0), height=0.36, color=colour)
            axes.plot(ends, [row + shift] * 2, color=INK, linewidth=1.4)
    axes.set_ylim(len(names) - 0.45, -0.55)
    rows = indices.values()
    axes.set_xlim(1.05 * min(0.0, *(row[1] for row in rows)), 1.05 * max(row[5] for row in rows))
    numbers_axes(axes)
    axes.set_yticks(range(len(names)), names, fontsize=PANEL - 1.5, color=INK)
    axes.axvline(0.0, color=INK, linewidth=1.2)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_xlabel("part of the variance between points", fontsize=TEXT, color=MUTED, labelpad=6)
    return figure


def draw_table(totals: Mapping[str, Mapping[str, float]], title: str, source: str) -> Figure:
    """Draw total-order indices of several outcomes as a table of colours.

    Args:
        totals: label of the outcome -> label of the assumption -> total order.
        title: of the figure.
        source: which sweep it is.
    """
    figure = new_figure(
        title,
        "Part of the variance of each outcome that an assumption explains with its interactions (total order)",
        f"Cells below {LEAST:g} are left empty.  {source}",
    )
    outcomes = list(totals)
    names = list(totals[outcomes[0]])
    numbers = np.array([[totals[outcome][name] for outcome in outcomes] for name in names])
    axes = figure.add_axes((0.27, 0.09, 0.70, 0.62))
    shades = LinearSegmentedColormap.from_list("part", ["#F4F6F8", ALONE])
    axes.pcolormesh(numbers, cmap=shades, vmin=0.0, vmax=1.0, edgecolor=PAPER, linewidth=2.0)
    for row, column in np.argwhere(numbers >= LEAST):
        number = numbers[row, column]
        axes.text(
            column + 0.5,
            row + 0.5,
            f"{number:.2f}",
            ha="center",
            va="center",
            fontsize=TEXT,
            color=PAPER if number > 0.55 else INK,
        )
    axes.set_ylim(len(names), 0.0)
    axes.set_yticks(np.arange(len(names)) + 0.5, names, fontsize=PANEL - 1.5, color=INK)
    axes.xaxis.tick_top()
    axes.set_xticks(np.arange(len(outcomes)) + 0.5, [_wrapped(one) for one in outcomes], fontsize=TEXT - 0.5)
    axes.tick_params(colors=INK, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def draw_curves(curves: Sequence[Mapping[str, Any]], title: str, unit: str, source: str) -> Figure:
    """Draw an outcome over the ranges of a few assumptions, side by side on one scale.

    Args:
        curves: of each assumption `label`, `unit`, `log`, `baseline` and lists `at`, `mean`, `low`, `high`.
        title: of the figure.
        unit: of the outcome.
        source: which sweep it is.
    """
    figure = new_figure(
        title,
        "Line: mean of all points where the assumption is there, the others anywhere in their ranges. "
        "Band: 90 percent of these points",
        f"Dashed: what the baseline assumes.  {source}",
    )
    found = panels(figure, 1, len(curves))
    top = 1.05 * max(number for curve in curves for number in curve["high"] if number is not None)
    for axes, curve in zip(found, curves, strict=True):
        at, mean, low, high = (np.array(curve[name], dtype=float) for name in ("at", "mean", "low", "high"))
        panel(axes, curve["label"], unit)
        axes.fill_between(at, low, high, color=INTEREST, alpha=0.18, linewidth=0.0)
        axes.plot(at, mean, color=INTEREST, linewidth=2.4)
        axes.axvline(curve["baseline"], color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.set_ylim(0.0, top)
        if curve["log"]:
            axes.set_xscale("log")
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_xticks([float(f"{tick:.2g}") for tick in np.geomspace(at[0], at[-1], 4)])
            axes.minorticks_off()
        axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: plain(float(f"{number:.3g}"))))
        axes.set_xlabel(curve["unit"], fontsize=TEXT, color=MUTED, labelpad=6)
    return figure


def _wrapped(text: str) -> str:
    from textwrap import fill

    return fill(text, 17)
