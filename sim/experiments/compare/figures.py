"""Figures of a comparison: differences pair by pair, and accounting beside cause."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from sim.engine.outcomes import BY_NAME, Outcome
from sim.experiments.compare.cause import Cause, shares
from sim.experiments.compare.paired import ROUNDING, Effect
from sim.experiments.compare.results import PairedOutcomes
from sim.report.figures.style import NOTE, PANEL, SIZE, TEXT, darker, new_figure, panel
from sim.report.numbers import money, percent, plain
from sim.report.numbers import number as number_words
from sim.report.palette import GRID, INK, INTEREST, MUTED, ORIGIN, ORIGIN_LABEL, PAPER, POPULATION

LARGEST_DOT = 0.22
"""Inches: diameter of the dot of one pair where there is room."""
LABEL_ROOM = 0.29
"""Part of a panel that the longest label of an interval takes."""


def draw_outcome(comparison: PairedOutcomes, name: str) -> Figure:
    """Draw one outcome: the difference of every pair, its mean with its interval, and the levels of the twins.

    Args:
        comparison: the comparison.
        name: the outcome, in which the twins must differ.
    """
    outcome, effect = BY_NAME[name], comparison.effects[name]
    a, b = comparison.names
    verdict = (
        f"{amount(abs(effect.mean), outcome)} {_more(effect.mean, outcome)} in {a}"
        if effect.decided
        else "no difference that can be distinguished from zero"
    )
    figure = new_figure(
        f"{outcome.label}: {verdict}",
        f"One dot for each pair of histories: {a} less {b}, filled where {a} has more",
        _note(comparison, "Twins of a pair share their random numbers"),
    )
    grid = figure.add_gridspec(
        2,
        2,
        left=0.055,
        right=0.965,
        top=0.80,
        bottom=0.125,
        wspace=0.16,
        hspace=0.0,
        width_ratios=(2.7, 1.0),
        height_ratios=(3.0, 1.0),
    )
    colour = colour_of(outcome)
    dots = figure.add_subplot(grid[0, 0])
    _differences(dots, figure.add_subplot(grid[1, 0], sharex=dots), outcome, effect, colour)
    _levels(figure.add_subplot(grid[:, 1]), outcome, effect, comparison.names, colour)
    return figure


def draw_cause(comparison: PairedOutcomes) -> Figure:
    """Draw what interest paid for, what other money makes up for, and what is left: a waterfall by origin."""
    cause = comparison.cause
    replaced = cause.replaced
    made_up = (
        f". Other money makes up for {percent(replaced[0])} of the interest"
        if replaced is not None and replaced[1] > 0.0
        else ""
    )
    figure = new_figure(
        _cause_title(cause),
        f"GPU purchases in {cause.more} less those in {cause.less}, by the origin of the money{made_up}",
        _note(
            comparison,
            "Lines: 90 percent intervals of the means; grey where they span zero. The origins sum to the effect",
        ),
    )
    axes = figure.add_axes((0.055, 0.17, 0.92, 0.65))
    panel(axes, "", "USD bn over all quarters")
    _waterfall(axes, cause)
    return figure


def colour_of(outcome: Outcome) -> str:
    """Return the colour of the population that an outcome is about."""
    return INTEREST if outcome.about == "interest" else POPULATION[outcome.about]


def amount(number: float, outcome: Outcome) -> str:
    """Write a number of an outcome for a title: money and shares with their unit, counts as they are."""
    return money(number) if outcome.unit == "USD bn" else number_words(number, outcome.unit)


def _more(number: float, outcome: Outcome) -> str:
    few = "fewer" if outcome.unit in ("GPUs", "companies", "coins") else "less"
    return "more" if number > 0.0 else few


def _note(comparison: PairedOutcomes, text: str) -> str:
    first, last = comparison.seeds[0], comparison.seeds[-1]
    return (
        f"{text}.  {len(comparison.seeds)} pairs, seeds {first} to {last}, {comparison.a.run.quarters} quarters."
    )


def _differences(dots: Axes, strip: Axes, outcome: Outcome, effect: Effect, colour: str) -> None:
    """Draw a dot for each pair, stacked; below them the mean with its interval, and the spread."""
    panel(dots, "Difference of each pair", "")
    dots.set_yticks([])
    dots.spines["bottom"].set_visible(False)
    dots.tick_params(axis="x", labelbottom=False)
    differences = effect.differences
    low = min(differences.min(), effect.low, 0.0)
    high = max(differences.max(), effect.high, 0.0)
    air = 0.06 * (high - low)
    low, high = low - air, high + air
    dots.set_xlim(low, high)
    place = dots.get_position()
    width, height = place.width * SIZE[0], place.height * SIZE[1]
    size, middle, level = _stacked(differences, (low, high), width, 0.9 * height)
    more = differences > ROUNDING * np.maximum(np.abs(effect.a), 1.0)
    for chosen, face in ((more, colour), (~more, PAPER)):
        dots.scatter(
            middle[chosen],
            level[chosen] + 0.5,
            s=(0.9 * size * 72.0) ** 2,
            color=face,
            edgecolor=colour,
            linewidth=1.2,
            zorder=3,
        )
    dots.set_ylim(0.0, height / size)
    _strip(strip, outcome, effect, colour)
    for axes in (dots, strip):
        axes.axvline(0.0, color=INK, linewidth=1.4, zorder=2)
    on_left = -low > 0.7 * (high - low)
    dots.text(
        0.0,
        1.0,
        "no difference " if on_left else " no difference",
        transform=dots.get_xaxis_transform(),
        fontsize=NOTE,
        color=MUTED,
        va="top",
        ha="right" if on_left else "left",
    )


def _stacked(
    values: NDArray[np.float64], limits: tuple[float, float], width: float, height: float
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Stack dots in columns: their size in inches, as large as fits, and for each its place and its level."""
    best, chosen = 0.0, 1.0
    for columns in range(8, 121):
        step = (limits[1] - limits[0]) / columns
        highest = np.unique(np.round(values / step), return_counts=True)[1].max()
        size = min(width / columns, height / highest, LARGEST_DOT)
        if size >= best:
            best, chosen = size, step
    # Columns are counted from zero, so that a pair without a difference stands on the line.
    column = np.round(values / chosen)
    level, filled = np.empty(len(values)), dict.fromkeys(column, 0)
    for index in np.argsort(values, kind="stable"):
        level[index] = filled[column[index]]
        filled[column[index]] += 1
    return best, column * chosen, level


def _strip(axes: Axes, outcome: Outcome, effect: Effect, colour: str) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.set_yticks([])
    axes.set_ylim(0.0, 4.0)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", labelsize=TEXT - 0.5, colors=MUTED, length=0)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: plain(number)))
    axes.set_xlabel(_unit(outcome), fontsize=TEXT, color=MUTED, labelpad=6)
    axes.plot([effect.spread_low, effect.spread_high], [0.5, 0.5], color=colour, linewidth=1.6)
    axes.plot([effect.low, effect.high], [2.4, 2.4], color=darker(colour), linewidth=7.0, solid_capstyle="butt")
    axes.plot(effect.mean, 2.4, marker="D", markersize=9.0, color=PAPER, markeredgecolor=INK, markeredgewidth=1.6)
    left, right = axes.get_xlim()
    for height, start, words in (
        (3.35, effect.low, "mean, and its 90 percent interval"),
        (1.25, effect.spread_low, "5 to 95 percent of pairs"),
    ):
        axes.text(
            min(start, right - LABEL_ROOM * (right - left)),
            height,
            words,
            fontsize=NOTE,
            color=MUTED,
            va="center",
            zorder=4,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.0},
        )


def _levels(axes: Axes, outcome: Outcome, effect: Effect, names: tuple[str, str], colour: str) -> None:
    """Draw each pair as a line from twin to twin, and the means."""
    panel(axes, "The twins", _unit(outcome))
    for a, b in zip(effect.a, effect.b, strict=True):
        axes.plot([0.0, 1.0], [a, b], color=colour, alpha=max(0.08, min(0.5, 8.0 / len(effect.a))), linewidth=1.1)
    axes.plot(
        [0.0, 1.0],
        [effect.mean_a, effect.mean_b],
        color=INK,
        linewidth=2.2,
        marker="D",
        markersize=8.0,
        markerfacecolor=PAPER,
        markeredgewidth=1.6,
        zorder=5,
    )
    axes.set_xlim(-0.35, 1.35)
    shown = [name.replace("-", "-\n") if len(name) > 14 else name for name in names]
    axes.set_xticks([0.0, 1.0], shown, fontsize=TEXT, color=INK)
    above, below = (1.0, 0.0) if effect.mean_a >= effect.mean_b else (0.0, 1.0)
    for x, mean, up in ((0.0, effect.mean_a, above), (1.0, effect.mean_b, below)):
        axes.annotate(
            _level(mean, outcome),
            (x, mean),
            (0, 9 if up else -9),
            textcoords="offset points",
            ha="center",
            va="bottom" if up else "top",
            fontsize=TEXT,
            fontweight="bold",
            color=INK,
            zorder=6,
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
        )


def _level(number: float, outcome: Outcome) -> str:
    if outcome.unit == "GPUs":
        return f"{number / 1e6:,.2f}M" if abs(number) >= 1e6 else f"{number:,.0f}"
    return f"{number:,.4g}" if abs(number) < 1000.0 else f"{number:,.1f}"


def _unit(outcome: Outcome) -> str:
    return {"share": "as a share of 1", "index": "index"}.get(outcome.unit, outcome.unit)


def _cause_title(cause: Cause) -> str:
    effect, interest = cause.purchases, cause.interest
    if not cause.redeployment:
        if not effect.decided:
            return "GPU purchases: no difference that can be distinguished from zero"
        return f"GPU purchases: {money(abs(effect.mean))} {'more' if effect.mean > 0 else 'less'} in {cause.more}"
    paid = f"Interest paid for {money(interest.mean)} {'more ' if interest.mean_b > 0.0 else ''}of GPUs"
    if not effect.decided:
        return f"{paid}; what purchases would be without it is not decided"
    if effect.mean > 0.0:
        return f"{paid}; without it, purchases would be {money(effect.mean)} lower"
    return f"{paid}; without it, purchases would be {money(-effect.mean)} higher"


def _waterfall(axes: Axes, cause: Cause) -> None:
    parts = shares(cause)
    labels, foot = [], 0.0
    tops = [0.0]
    for place, (origin, part) in enumerate(parts.items()):
        effect = cause.by_origin[origin]
        colour = ORIGIN[origin]
        axes.bar(place, part, bottom=foot, width=0.62, color=colour, zorder=3)
        _interval(axes, place, foot + effect.low, foot + effect.high)
        _label(axes, place, foot, part, foot + effect.high, effect.decided)
        foot += part
        axes.plot([place + 0.31, place + 0.69], [foot, foot], color=MUTED, linewidth=1.0, zorder=2)
        tops += [foot, foot - part + effect.low, foot - part + effect.high]
        labels.append(_origin_label(origin))
    last, whole = len(parts), cause.purchases
    axes.bar(last, whole.mean, width=0.62, color=POPULATION["providers"], zorder=3)
    _interval(axes, last, whole.low, whole.high)
    _label(axes, last, 0.0, whole.mean, whole.high, whole.decided)
    labels.append("Cause:\neffect on all\nGPU purchases")
    tops += [whole.low, whole.high]
    axes.axhline(0.0, color=INK, linewidth=1.4, zorder=4)
    low, high = min(tops), max(tops)
    air = 0.12 * max(high - low, 1e-9)
    axes.set_ylim(low - air if low < 0.0 else 0.0, high + air)
    axes.set_xlim(-0.6, last + 0.6)
    axes.set_xticks(range(last + 1), labels, fontsize=TEXT + 0.5, color=INK)
    axes.spines["bottom"].set_visible(False)
    decided = [*(cause.by_origin[origin].decided for origin in parts), whole.decided]
    for place, (label, clear) in enumerate(zip(axes.get_xticklabels(), decided, strict=True)):
        label.set_fontweight("bold" if place in (0, last) else "normal")
        label.set_color(INK if clear else MUTED)


def _origin_label(origin: str) -> str:
    if origin == "bill_interest":
        return "Accounting:\npaid with\ninterest"
    return ORIGIN_LABEL[origin].replace(" ", "\n")


def _interval(axes: Axes, place: float, low: float, high: float) -> None:
    axes.plot([place, place], [low, high], color=INK, linewidth=1.6, zorder=5)
    for end in (low, high):
        axes.plot([place - 0.06, place + 0.06], [end, end], color=INK, linewidth=1.6, zorder=5)


def _label(axes: Axes, place: float, foot: float, part: float, high: float, decided: bool) -> None:
    """Write the amount above the bar and its line."""
    sign = "+" if part >= 0.0 else "\N{MINUS SIGN}"
    axes.annotate(
        f"{sign}{abs(part):.2f}",
        (place, max(foot, foot + part, high)),
        (0, 6),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=PANEL + 1.0,
        fontweight="bold",
        color=INK if decided else MUTED,
        zorder=6,
    )
