"""Phase maps: an outcome over two levers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from sim.engine.outcomes import BY_NAME
from sim.report.figures.style import NOTE, PANEL, TEXT, new_figure
from sim.report.numbers import plain
from sim.report.palette import INK, MUTED, PAPER, POPULATION

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiments.sweep.axes import Axis
    from sim.experiments.sweep.sample import Sample

BINS = 8
"""Bins of a sampled lever at most."""
POINTS_IN_BIN = 8
"""Points that a bin should have on average: fewer bins where there are few points."""
UNSAID = ("", "1", "switch")
"""Units that say nothing on an axis."""
MOST_LABELLED = 100
"""Cells up to which each shows its number."""


@dataclass(frozen=True)
class Side:
    """An axis of a phase map.

    Attributes:
        lever: what it shows.
        edges: of the cells: of a grid 0, 1, 2, ..., of bins in the lever's unit.
        labels: of the cells of a grid; none for bins.
    """

    lever: Axis
    edges: NDArray[np.float64]
    labels: tuple[str, ...] = ()

    @property
    def log(self) -> bool:
        """Whether it is drawn by its logarithm."""
        return self.lever.log and not self.labels

    @property
    def words(self) -> str:
        """What it says."""
        unit = f", {self.lever.unit}" if self.lever.unit not in UNSAID else ""
        return f"{spelled(self.lever.name)}{unit}"

    def middle(self, place: int) -> float:
        """Return the middle of a cell as it is drawn."""
        low, high = self.edges[place : place + 2]
        return float(np.sqrt(low * high)) if self.log else float(low + high) / 2.0


@dataclass(frozen=True)
class PhaseMap:
    """Means of an outcome over two levers.

    Attributes:
        outcome: its name.
        across: the horizontal axis.
        up: the vertical axis.
        means: `(up, across)`, NaN where there is no run.
        runs: runs in each cell, `(up, across)`.
        more: how many other levers vary.
        source: which sweep it is.
    """

    outcome: str
    across: Side
    up: Side
    means: NDArray[np.float64]
    runs: NDArray[np.int64]
    more: int
    source: str

    @property
    def crosses(self) -> bool:
        """Whether the outcome has both signs."""
        seen = self.means[np.isfinite(self.means)]
        return bool((seen > 0.0).any() and (seen < 0.0).any())


def of_sample(sample: Sample, outcome: str, across: str, up: str) -> PhaseMap:
    """Means over a grid, or binned means of a sampled design, whatever the other levers are.

    Args:
        sample: of a sweep; points with problems are left out.
        outcome: its name.
        across: name of the lever on the horizontal axis.
        up: name of the lever on the vertical axis.
    """
    levers, fine = {lever.name: lever for lever in sample.levers}, sample.fine
    numbers = sample.values[outcome][fine].mean(axis=1)
    sides, places = [], []
    for name in (up, across):
        side, place = _side(levers[name], sample.points[name][fine], sample.method == "grid")
        sides.append(side)
        places.append(place)
    shape = (len(sides[0].edges) - 1, len(sides[1].edges) - 1)
    cell = places[0] * shape[1] + places[1]
    count = np.bincount(cell, minlength=shape[0] * shape[1])
    total = np.bincount(cell, weights=numbers, minlength=shape[0] * shape[1])
    means = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return PhaseMap(
        outcome,
        sides[1],
        sides[0],
        means.reshape(shape),
        count.reshape(shape) * sample.replicates,
        len(levers) - 2,
        sample.source,
    )


def _side(lever: Axis, column: pd.Series, gridded: bool) -> tuple[Side, NDArray[np.int64]]:
    """Return an axis, and the cell of each point on it."""
    at = lever.as_numbers(column) if lever.words else np.asarray(column, dtype=float)
    if gridded:
        values, place = np.unique(at, return_inverse=True)
        labels = [lever.words[int(v)] if lever.words else plain(float(f"{v:.4g}")) for v in values]
        return Side(lever, np.arange(len(values) + 1.0), tuple(labels)), place
    bins = int(np.clip(np.sqrt(len(at) / POINTS_IN_BIN), 2, BINS))
    edges = np.asarray((np.geomspace if lever.log else np.linspace)(lever.low, lever.high, bins + 1))
    return Side(lever, edges), np.clip(np.searchsorted(edges, at, side="right") - 1, 0, bins - 1)


def draw(found: PhaseMap) -> Figure:
    """Draw the means as colours, their numbers where there is room, and a line where the sign changes."""
    outcome, gridded = BY_NAME[found.outcome], bool(found.across.labels)
    filled = found.runs[found.runs > 0]
    runs = f"{filled.min():,}" if filled.min() == filled.max() else f"{filled.min():,} to {filled.max():,}"
    others = ", whatever the other levers are" if found.more else ""
    line = "The black line is where the sign changes.  " if found.crosses else ""
    figure = new_figure(
        f"{outcome.label} over {spelled(found.across.lever.name)} and {spelled(found.up.lever.name)}",
        f"Means of {runs} histories in each {'cell of the grid' if gridded else 'bin'}{others}",
        f"{line}{found.source[:1].upper()}{found.source[1:]}.",
    )
    axes = figure.add_axes((0.085, 0.155, 0.78, 0.64))
    mesh = axes.pcolormesh(
        found.across.edges,
        found.up.edges,
        np.ma.masked_invalid(found.means),
        edgecolor=PAPER,
        linewidth=1.5,
        **_shades(found),
    )
    _axes(axes, found)
    if found.crosses:
        _sign_change(axes, found)
    if found.means.size <= MOST_LABELLED:
        _numbers(axes, found, mesh)
    bar = figure.colorbar(mesh, cax=figure.add_axes((0.89, 0.155, 0.018, 0.64)))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=TEXT - 0.5, colors=MUTED, length=0)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda number, _: plain(number)))
    bar.ax.set_title(outcome.unit, fontsize=TEXT - 0.5, color=MUTED, loc="left", pad=10)
    return figure


def spelled(lever: str) -> str:
    """Return the name of a lever as words."""
    return lever.rpartition(".")[2].replace("_", " ")


def _shades(found: PhaseMap) -> dict[str, Any]:
    """White to blue; where there are both signs, amber below zero."""
    low, high = float(np.nanmin(found.means)), float(np.nanmax(found.means))
    blue, amber = POPULATION["providers"], POPULATION["ventures"]
    if found.crosses:
        colours = LinearSegmentedColormap.from_list("signs", [amber, "#FBEBCC", "#F7F9FA", "#D6E6F2", blue])
        return {"cmap": colours, "norm": TwoSlopeNorm(0.0, low, high)}
    high = high if high > low else low + 1.0
    return {"cmap": LinearSegmentedColormap.from_list("one", ["#EDF3F8", blue]), "norm": Normalize(low, high)}


def _axes(axes: Axes, found: PhaseMap) -> None:
    axes.set_xlabel(found.across.words, fontsize=PANEL, color=INK, labelpad=8)
    axes.set_title(f"\N{UPWARDS ARROW} {found.up.words}", fontsize=PANEL, color=INK, loc="left", pad=10)
    for side, axis, scaled in (
        (found.across, axes.xaxis, axes.set_xscale),
        (found.up, axes.yaxis, axes.set_yscale),
    ):
        if side.labels:
            axis.set_ticks([side.middle(place) for place in range(len(side.labels))], side.labels)
            continue
        if side.log:
            scaled("log")
        axis.set_major_formatter(FuncFormatter(lambda number, _: plain(number)))
    axes.tick_params(labelsize=TEXT, colors=MUTED, length=0, which="both")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _sign_change(axes: Axes, found: PhaseMap) -> None:
    """Return a line along the sides of cells below zero whose neighbours are not."""
    x, y = found.across.edges, found.up.edges
    below = np.where(np.isfinite(found.means), found.means < 0.0, np.nan)
    for row, column in np.argwhere(np.abs(np.diff(below, axis=1)) == 1.0):
        axes.plot([x[column + 1]] * 2, [y[row], y[row + 1]], color=INK, linewidth=2.4)
    for row, column in np.argwhere(np.abs(np.diff(below, axis=0)) == 1.0):
        axes.plot([x[column], x[column + 1]], [y[row + 1]] * 2, color=INK, linewidth=2.4)


def _numbers(axes: Axes, found: PhaseMap, mesh: Any) -> None:
    for row, column in np.argwhere(np.isfinite(found.means)):
        value = float(found.means[row, column])
        dark = float(np.array(mesh.cmap(mesh.norm(value))[:3]) @ (0.299, 0.587, 0.114)) < 0.55
        axes.text(
            found.across.middle(column),
            found.up.middle(row),
            plain(float(f"{value:.3g}")),
            ha="center",
            va="center",
            fontsize=TEXT if found.means.size <= 49 else NOTE,
            color=PAPER if dark else INK,
        )
