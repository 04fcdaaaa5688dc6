"""Figures of a comparison: the differences pair by pair, and accounting compared with cause."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from sim.engine.outcomes import BY_NAME
from sim.experiments.compare.cause import Cause, shares
from sim.experiments.compare.paired import ROUNDING, Effect
from sim.experiments.compare.results import PairedOutcomes
from sim.report.figures.style import NOTE, PANEL, SIZE, TEXT, darker, new_figure, panel
from sim.report.numbers import MINUS, money, number, percent, plain
from sim.report.palette import GRID, INK, INTEREST, MUTED, ORIGIN, ORIGIN_LABEL, PAPER, POPULATION

LARGEST_DOT = 0.22
"""The diameter, in inches, of the dot that stands for one pair, if there is room for dots of this size."""
LABEL_ROOM = 0.29
"""The share of a panel's width that the longest label of an interval takes."""
PLATE = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}
"""The background of a label that lies on a grid."""
DIAMOND: dict[str, Any] = {"marker": "D", "markeredgewidth": 1.6, "markerfacecolor": PAPER, "markeredgecolor": INK}
"""The marker of a mean."""
PAID, CAUSED = "Accounting:\npaid with\ninterest", "Cause:\neffect on all\nGPU purchases"
"""The labels of the first and of the last bar of a waterfall."""


def draw_outcome(comparison: PairedOutcomes, name: str) -> Figure:
    """Draw how an outcome differs in every pair, the mean difference with its interval, and each twin's level."""
    outcome, effect = BY_NAME[name], comparison.effects[name]
    a, b = comparison.names
    verdict = "no difference that can be distinguished from zero"
    if effect.decided:
        size = abs(effect.mean)
        # In a title, money and shares are written with their unit, counts without one.
        words = money(size) if outcome.unit == "USD bn" else number(size, outcome.unit)
        fewer = "fewer" if outcome.unit in ("GPUs", "companies", "coins") else "less"
        verdict = f"{words} {'more' if effect.mean > 0.0 else fewer} in {a}"
    figure = new_figure(
        f"{outcome.label}: {verdict}",
        f"One dot for each pair of histories: {a} less {b}, filled where {a} has more",
        _note(comparison, "Twins of a pair share their random numbers"),
    )
    edges = {"left": 0.055, "right": 0.965, "top": 0.80, "bottom": 0.125}
    ratios = {"width_ratios": (2.7, 1.0), "height_ratios": (3.0, 1.0)}
    grid = figure.add_gridspec(2, 2, wspace=0.16, hspace=0.0, **edges, **ratios)
    colour = INTEREST if outcome.about == "interest" else POPULATION[outcome.about]
    unit = {"share": "as a share of 1"}.get(outcome.unit, outcome.unit)
    dots = figure.add_subplot(grid[0, 0])
    _differences(dots, figure.add_subplot(grid[1, 0], sharex=dots), unit, effect, colour)
    _levels(figure.add_subplot(grid[:, 1]), unit, effect, comparison.names, colour)
    return figure


def draw_cause(comparison: PairedOutcomes) -> Figure:
    """Draw a waterfall by origin: GPUs that interest paid for, those that other money replaces, and the effect."""
    cause = comparison.cause
    replaced = cause.replaced
    made_up = ""
    if replaced is not None and replaced[1] > 0.0:
        made_up = f". Other money makes up for {percent(replaced[0])} of the interest"
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


def _note(comparison: PairedOutcomes, text: str) -> str:
    seeds = comparison.seeds
    length = comparison.a.run.quarters
    return f"{text}.  {len(seeds)} pairs, seeds {seeds[0]} to {seeds[-1]}, {length} quarters."


def _differences(dots: Axes, strip: Axes, unit: str, effect: Effect, colour: str) -> None:
    """Draw a dot for each pair, stacked; below the dots, draw the mean with its interval, and the spread."""
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
    look: dict[str, Any] = {"s": (0.9 * size * 72.0) ** 2, "edgecolor": colour, "linewidth": 1.2, "zorder": 3}
    more = differences > ROUNDING * np.maximum(np.abs(effect.a), 1.0)
    for chosen, face in ((more, colour), (~more, PAPER)):
        dots.scatter(middle[chosen], level[chosen] + 0.5, color=face, **look)
    dots.set_ylim(0.0, height / size)
    _strip(strip, unit, effect, colour)
    for axes in (dots, strip):
        axes.axvline(0.0, color=INK, linewidth=1.4, zorder=2)
    words, side = (" no difference", "left") if -low <= 0.7 * (high - low) else ("no difference ", "right")
    where = dots.get_xaxis_transform()
    dots.text(0.0, 1.0, words, transform=where, fontsize=NOTE, color=MUTED, va="top", ha=side)


def _stacked(
    values: NDArray[np.float64], limits: tuple[float, float], width: float, height: float
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Stack dots in columns; return their size in inches, as large as fits, and the place and level of each."""
    best, chosen = 0.0, 1.0
    for columns in range(8, 121):
        step = (limits[1] - limits[0]) / columns
        highest = np.unique(np.round(values / step), return_counts=True)[1].max()
        size = min(width / columns, height / highest, LARGEST_DOT)
        if size >= best:
            best, chosen = size, step
    # Columns are counted from zero, so that the dot of a pair without a difference stands on the line at zero.
    column = np.round(values / chosen)
    level, filled = np.empty(len(values)), dict.fromkeys(column, 0)
    for index in np.argsort(values, kind="stable"):
        level[index] = filled[column[index]]
        filled[column[index]] += 1
    return best, column * chosen, level


def _strip(axes: Axes, unit: str, effect: Effect, colour: str) -> None:
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
    axes.set_xlabel(unit, fontsize=TEXT, color=MUTED, labelpad=6)
    axes.plot([effect.spread_low, effect.spread_high], [0.5, 0.5], color=colour, linewidth=1.6)
    axes.plot([effect.low, effect.high], [2.4, 2.4], color=darker(colour), linewidth=7.0, solid_capstyle="butt")
    axes.plot(effect.mean, 2.4, markersize=9.0, color=PAPER, **DIAMOND)
    left, right = axes.get_xlim()
    for height, start, words in (
        (3.35, effect.low, "mean, and its 90 percent interval"),
        (1.25, effect.spread_low, "5 to 95 percent of pairs"),
    ):
        start = min(start, right - LABEL_ROOM * (right - left))
        axes.text(start, height, words, fontsize=NOTE, color=MUTED, va="center", zorder=4, bbox=PLATE)


def _levels(axes: Axes, unit: str, effect: Effect, names: tuple[str, str], colour: str) -> None:
    """Draw each pair as a line from the level of one twin to that of the other, and draw the means."""
    panel(axes, "The twins", unit)
    for a, b in zip(effect.a, effect.b, strict=True):
        axes.plot([0.0, 1.0], [a, b], color=colour, alpha=max(0.08, min(0.5, 8.0 / len(effect.a))), linewidth=1.1)
    means = effect.mean_a, effect.mean_b
    axes.plot([0.0, 1.0], means, color=INK, linewidth=2.2, markersize=8.0, zorder=5, **DIAMOND)
    axes.set_xlim(-0.35, 1.35)
    shown = [name.replace("-", "-\n") if len(name) > 14 else name for name in names]
    axes.set_xticks([0.0, 1.0], shown, fontsize=TEXT, color=INK)
    first_above = means[0] >= means[1]
    for x, mean, above in zip((0.0, 1.0), means, (first_above, not first_above), strict=True):
        _number(axes, _level(mean, unit), (x, mean), 9 if above else -9, TEXT, bbox={**PLATE, "alpha": 0.8})


def _level(number: float, unit: str) -> str:
    if unit == "GPUs":
        return f"{number / 1e6:,.2f}M" if abs(number) >= 1e6 else f"{number:,.0f}"
    return f"{number:,.4g}" if abs(number) < 1000.0 else f"{number:,.1f}"


def _number(
    axes: Axes, text: str, at: tuple[float, float], points: int, size: float, color: str = INK, **look: Any
) -> None:
    """Write a number in bold, the given number of points above or below a place."""
    side = "bottom" if points > 0 else "top"
    look |= {"fontsize": size, "fontweight": "bold", "color": color, "zorder": 6}
    axes.annotate(text, at, (0, points), textcoords="offset points", ha="center", va=side, **look)


def _cause_title(cause: Cause) -> str:
    effect, interest = cause.purchases, cause.interest
    size = money(abs(effect.mean))
    if not cause.redeployment:
        if not effect.decided:
            return "GPU purchases: no difference that can be distinguished from zero"
        return f"GPU purchases: {size} {'more' if effect.mean > 0 else 'less'} in {cause.more}"
    paid = f"Interest paid for {money(interest.mean)} {'more ' if interest.mean_b > 0.0 else ''}of GPUs"
    if not effect.decided:
        return f"{paid}; what purchases would be without it is not decided"
    return f"{paid}; without it, purchases would be {size} {'lower' if effect.mean > 0.0 else 'higher'}"


def _waterfall(axes: Axes, cause: Cause) -> None:
    """Draw one bar per origin, each from where the bar before it ends, and a bar for the sum, with intervals."""
    bars: list[tuple[str, float, Effect, str]] = []
    foot = 0.0
    for origin, part in shares(cause).items():
        label = PAID if origin == "bill_interest" else ORIGIN_LABEL[origin].replace(" ", "\n")
        bars.append((label, foot, cause.by_origin[origin], ORIGIN[origin]))
        foot += part
    last = len(bars)
    bars.append((CAUSED, 0.0, cause.purchases, POPULATION["providers"]))
    for place, (_, foot, effect, colour) in enumerate(bars):
        top, low, high = (foot + height for height in (effect.mean, effect.low, effect.high))
        axes.bar(place, effect.mean, bottom=foot, width=0.62, color=colour, zorder=3)
        axes.plot([place, place], [low, high], color=INK, linewidth=1.6, zorder=5)
        for end in (low, high):
            axes.plot([place - 0.06, place + 0.06], [end, end], color=INK, linewidth=1.6, zorder=5)
        text = f"{'+' if effect.mean >= 0.0 else MINUS}{abs(effect.mean):.2f}"
        _number(axes, text, (place, max(foot, top, high)), 6, PANEL + 1.0, INK if effect.decided else MUTED)
        if place < last:
            axes.plot([place + 0.31, place + 0.69], [top, top], color=MUTED, linewidth=1.0, zorder=2)
    axes.axhline(0.0, color=INK, linewidth=1.4, zorder=4)
    heights = [0.0, *(foot + height for _, foot, effect, _ in bars for height in (effect.low, effect.high))]
    low, high = min(heights), max(heights)
    air = 0.12 * max(high - low, 1e-9)
    axes.set_ylim(low - air if low < 0.0 else 0.0, high + air)
    axes.set_xlim(-0.6, last + 0.6)
    axes.set_xticks(range(last + 1), [label for label, *_ in bars], fontsize=TEXT + 0.5, color=INK)
    axes.spines["bottom"].set_visible(False)
    for place, (tick, (_, _, effect, _)) in enumerate(zip(axes.get_xticklabels(), bars, strict=True)):
        tick.set_fontweight("bold" if place in (0, last) else "normal")
        tick.set_color(INK if effect.decided else MUTED)
