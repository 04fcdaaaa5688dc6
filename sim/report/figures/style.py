"""What all figures are drawn with: slides, panels, axes of time, lines, stacked areas, labels, dots for data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator
from scipy.optimize import isotonic_regression

from sim.analysis.sums import quarters_of
from sim.report.numbers import plain
from sim.report.palette import GRID, INK, MUTED, PAPER
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

SIZE = (13.333, 7.5)
"""Inches: a slide of 16 to 9."""
DPI = 150
TITLE, SUBTITLE, PANEL, TEXT, NOTE = 21.0, 13.0, 13.5, 11.5, 10.0
"""Font sizes in points, on a slide."""


def new_figure(title: str, subtitle: str, note: str = "") -> Figure:
    """Draw an empty slide with its title, a subtitle and a source note."""
    figure = Figure(figsize=SIZE, dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    fitted(figure, 0.952, title, fontsize=TITLE, fontweight="bold", color=INK)
    fitted(figure, 0.902, subtitle, fontsize=SUBTITLE, color=MUTED)
    if note:
        fitted(figure, 0.024, note, fontsize=NOTE, color=MUTED)
    return figure


def fitted(figure: Figure, height: float, words: str, **look: Any) -> None:
    """Write a line of text across a slide, in smaller type if it would be too long."""
    text = figure.text(0.03, height, words, va="center", **look)
    width = text.get_window_extent().width / figure.bbox.width
    if width > 0.94:
        text.set_fontsize(float(text.get_fontsize()) * 0.94 / width)


def save_figures(folder: Path, figures: Iterable[tuple[str, Figure]]) -> dict[str, Path]:
    """Write figures as PNG files into a folder, made where it does not exist; return name -> `<name>.png`.

    Figures are pairs of name and figure; an iterator may draw each one only after the one before it is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return {name: save(figure, folder / f"{name}.png") for name, figure in figures}


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as a PNG file, without version or date in it, and return the file."""
    # The file is a little larger than with the usual compression, but written faster.
    figure.savefig(path, dpi=DPI, metadata={"Software": "capflow"}, pil_kwargs={"compress_level": 3})
    return path


def panels(
    figure: Figure,
    rows: int,
    columns: int,
    *,
    left: float = 0.055,
    right: float = 0.975,
    gap: tuple[float, float] = (0.22, 0.52),
) -> list[Axes]:
    """Draw a grid of panels below the titles and above the note; `gap` is the width and the height between panels."""
    grid = figure.add_gridspec(
        rows, columns, left=left, right=right, top=0.80, bottom=0.105, wspace=gap[0], hspace=gap[1]
    )
    return [figure.add_subplot(grid[row, column]) for row in range(rows) for column in range(columns)]


def panel(axes: Axes, title: str, unit: str, quarters: Sequence[str] = ()) -> Axes:
    """Give a panel its title, its unit at the top of the vertical axis, and an axis of time if there are quarters."""
    axes.set_title(title, loc="left", fontsize=PANEL, fontweight="bold", color=INK, pad=24)
    axes.set_ylabel(unit, rotation=0, ha="left", va="bottom", fontsize=TEXT - 0.5, color=MUTED)
    axes.yaxis.set_label_coords(0.0, 1.0 + 5.0 / 72.0 / (axes.get_position().height * SIZE[1]))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.tick_params(axis="both", labelsize=TEXT - 0.5, colors=MUTED, length=0)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10], min_n_ticks=3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: plain(number)))
    if quarters:
        time_axis(axes, quarters)
    return axes


def number_of(quarter: str) -> int:
    """Return the number of a quarter on the axis of time; numbers are consecutive also from one year to the next."""
    return int(quarter[:4]) * 4 + int(quarter[5]) - 1


def time_axis(axes: Axes, quarters: Sequence[str]) -> None:
    """Label the horizontal axis with years, or with quarters where there are few."""
    first, last = number_of(quarters[0]), number_of(quarters[-1])
    axes.set_xlim(first - 0.6, last + 0.6)
    if last - first < 8:
        places = list(range(first, last + 1))
        years_below = {place: f"\n{place // 4}" for place in places if place % 4 == 0 or place == first}
        axes.set_xticks(places, [f"Q{place % 4 + 1}{years_below.get(place, '')}" for place in places])
        return
    years = list(range(first // 4 + (first % 4 > 2), last // 4 + 1))
    step = next(step for step in (1, 2, 5, 10, 20, 50) if len(years) / step <= 8)
    axes.set_xticks([year * 4 - 0.5 for year in years if year * 4 > first], [], minor=False)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    shown = [year for year in years if year % step == 0 and first <= year * 4 + 1.5 <= last + 0.6]
    axes.set_xticks([year * 4 + 1.5 for year in shown], [str(year) for year in shown], minor=True)
    axes.tick_params(axis="x", which="minor", labelsize=TEXT - 0.5, colors=MUTED, length=0)


def from_zero(axes: Axes, top: float | None = None) -> None:
    """Let the vertical axis start at zero, and end at `top`, or else a little above what is drawn so far."""
    axes.set_ylim(0.0, 1.05 * max(axes.get_ylim()[1], 1e-12) if top is None else top)


def shades(colour: str, count: int) -> list[str]:
    """Return shades of a hue from dark to light, one for each member of a population."""
    base = np.array(to_rgb(colour))
    mixes = np.linspace(-0.55, 0.55, count) if count > 1 else [0.0]
    return [to_hex(base * (1.0 + mix) if mix < 0.0 else base + (1.0 - base) * mix) for mix in mixes]


def lines(axes: Axes, table: pd.DataFrame, hues: Sequence[str]) -> None:
    """Draw a line for each column of a table of numbered quarters; if there is only one quarter, draw a square."""
    for name, hue in zip(table.columns, hues, strict=True):
        axes.plot(table.index, table[name], color=hue, linewidth=2.4, marker="" if len(table) > 1 else "s")


def stack(axes: Axes, table: pd.DataFrame, hues: Sequence[str], edge: float = 0.4) -> None:
    """Draw the columns of a table of numbered quarters as stacked areas, first at the bottom; `edge` is in points."""
    places, heights = list(table.index), table.fillna(0.0).to_numpy().T
    if len(places) == 1:
        places, heights = [places[0] - 0.3, places[0] + 0.3], heights.repeat(2, axis=1)
    axes.stackplot(places, heights, colors=hues, linewidth=edge, edgecolor=PAPER)


def middles(table: pd.DataFrame) -> pd.Series:
    """Return, for each area of a stack, the height of its middle at the right end."""
    last = table.iloc[-1].fillna(0.0)
    return last.cumsum() - last / 2.0


def write(axes: Axes, place: tuple[float, float], words: str, **look: Any) -> None:
    """Write small grey words into a panel; `place` gives parts of its width and height, from 0 to 1."""
    look = {"fontsize": TEXT, "color": MUTED, "va": "center", **look}
    axes.text(*place, words, transform=axes.transAxes, **look)


def empty(axes: Axes, message: str) -> None:
    """Say in a panel why it shows nothing."""
    write(axes, (0.5, 0.5), message, ha="center", wrap=True)
    axes.set_yticks([])
    axes.grid(False)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move places as little as needed until neighbours are `gap` apart, all between `low` and `high`."""
    if not len(wanted):
        return []
    order = np.argsort(wanted, kind="stable")
    steps = min(gap, (high - low) / max(len(wanted) - 1, 1)) * np.arange(len(wanted))
    # Labels that touch become a block around the mean of the places that they want.
    moved = isotonic_regression(np.asarray(wanted)[order] - steps).x
    placed = np.empty(len(wanted))
    placed[order] = np.clip(moved, low, max(high - steps[-1], low)) + steps
    return placed.tolist()


def label_ends(axes: Axes, ends: Iterable[tuple[float, str, str]], size: float = TEXT - 1.0) -> None:
    """Write names at the right ends of lines or areas, and move names apart where they would touch.

    Args:
        axes: the panel; the limits of its axes must be final.
        ends: for each name the height in data units, the text and the colour of the line or area.
        size: the size of the font, in points.
    """
    shown = [(height, text, colour) for height, text, colour in ends if np.isfinite(height)]
    to_axes = axes.transData + axes.transAxes.inverted()
    right = axes.get_xlim()[1]
    heights = [float(to_axes.transform((right, height))[1]) for height, _, _ in shown]
    gap = 1.25 * size / 72.0 / (axes.get_position().height * SIZE[1])
    for height, (_, text, colour) in zip(spread(heights, gap, 0.0, 1.0), shown, strict=True):
        write(axes, (1.012, height), text, fontsize=size, color=darker(colour))


def darker(colour: str) -> str:
    """Return a darker form of a colour, which can be read as text on white."""
    rgb = np.array(to_rgb(colour))
    luminance = float(rgb @ (0.299, 0.587, 0.114))
    return to_hex(rgb * min(1.0, 0.50 / max(luminance, 1e-6)))


def key(axes: Axes, names: Sequence[str], colours: Sequence[str]) -> None:
    """Name the layers of a stack in the upper left corner, the top one first."""
    legend = axes.legend(
        [Rectangle((0.0, 0.0), 1.0, 1.0, color=colour) for colour in reversed(colours)],
        list(reversed(names)),
        loc="upper left",
        fontsize=TEXT - 2.0,
        labelcolor=INK,
        framealpha=0.85,
        edgecolor="none",
        handlelength=1.0,
        handleheight=0.9,
        labelspacing=0.25,
        borderaxespad=0.1,
    )
    legend.set_zorder(8)


def dots(axes: Axes, points: Iterable[Any], colour: str = INK) -> None:
    """Draw observations over the model: dots, filled if reported, hollow if estimated; bars for longer periods."""
    look: dict[str, Any] = {"markersize": 5.5, "markeredgecolor": INK, "markeredgewidth": 1.3, "zorder": 7}
    for point in points:
        if point.last > point.first:
            period = [point.first - 0.45, point.last + 0.45]
            axes.plot(period, [point.value] * 2, color=INK, linewidth=1.6, zorder=6)
        middle, fill = (point.first + point.last) / 2.0, colour if point.reported else PAPER
        gid = f"data:{point.entity}:{point.metric}"
        axes.plot(middle, point.value, "o", markerfacecolor=fill, gid=gid, **look)


def source(run: Run, text: str = "") -> str:
    """Return the note at the foot of a figure: what the figure shows, and of which run."""
    title = str(run.manifest.get("title") or run.manifest.get("scenario") or "")
    seed = f"seed {run.manifest['seed']}" if "seed" in run.manifest else ""
    which = ", ".join(filter(None, (title, seed)))
    return ".  ".join(filter(None, (text.rstrip("."), which))) + "."


def flow_quarters(run: Run) -> list[str]:
    """Return the labels of the quarters in which payments were made: all but the opening."""
    quarters = quarters_of(run)
    return quarters[1:] or quarters


def span(run: Run) -> str:
    """Return the quarters that a run covers as text, such as "2024Q1 to 2030Q4"."""
    return " to ".join(dict.fromkeys((flow_quarters(run)[0], flow_quarters(run)[-1])))
