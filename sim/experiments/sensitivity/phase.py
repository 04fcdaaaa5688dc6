"""Phase maps: the mean of an outcome over two levers as a map of colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.engine.outcomes import BY_NAME
from sim.report.figures.style import NOTE, PANEL, TEXT, new_figure
from sim.report.numbers import plain
from sim.report.palette import INK, MUTED, PAPER, POPULATION

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiments.sensitivity.results import Findings
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
class MapAxis:
    """A lever on an axis: edges (0, 1, ... for a grid), middles and labels (none for bins) of its cells."""

    lever: Axis
    edges: NDArray[np.float64]
    middles: NDArray[np.float64]
    labels: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The lever and its unit."""
        unit = f", {self.lever.unit}" if self.lever.unit not in UNSAID else ""
        return f"{spelled(self.lever.name)}{unit}"


@dataclass(frozen=True)
class PhaseMap:
    """Means of an outcome over two levers.

    Attributes:
        outcome: the name of the outcome.
        across: the horizontal axis.
        up: the vertical axis.
        means: the mean in each cell, `(up, across)`; NaN where there is no run.
        runs: the number of runs in each cell, `(up, across)`.
        sample: the sample whose means these are.
    """

    outcome: str
    across: MapAxis
    up: MapAxis
    means: NDArray[np.float64]
    runs: NDArray[np.int64]
    sample: Sample

    @property
    def changes_sign(self) -> bool:
        """Whether the outcome has both signs."""
        return bool((self.means > 0.0).any() and (self.means < 0.0).any())


def of_sample(sample: Sample, outcome: str, across: str, up: str) -> PhaseMap:
    """Average an outcome over the points of each cell, whatever the other levers are.

    The cells are those of a grid, or bins of a sampled design.

    Args:
        sample: the sample of a sweep; points with problems are left out.
        outcome: the name of the outcome.
        across: the name of the lever on the horizontal axis.
        up: the name of the lever on the vertical axis.
    """
    levers, fine = {lever.name: lever for lever in sample.levers}, sample.fine
    (up_axis, row), (across_axis, column) = (
        _axis(levers[name], sample.points[name][fine], sample.method == "grid") for name in (up, across)
    )
    shape = (len(up_axis.edges) - 1, len(across_axis.edges) - 1)
    cell, size = row * shape[1] + column, shape[0] * shape[1]
    count = np.bincount(cell, minlength=size)
    total = np.bincount(cell, weights=sample.values[outcome][fine].mean(axis=1), minlength=size)
    means = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
    runs = count.reshape(shape) * sample.replicates
    return PhaseMap(outcome, across_axis, up_axis, means.reshape(shape), runs, sample)


def _axis(lever: Axis, column: pd.Series, gridded: bool) -> tuple[MapAxis, NDArray[np.int64]]:
    """Return an axis, and the place of each point's cell on it."""
    numbers = lever.as_numbers(column) if lever.words else np.asarray(column, dtype=float)
    if gridded:
        values, place = np.unique(numbers, return_inverse=True)
        labels = [lever.words[int(v)] if lever.words else plain(float(f"{v:.4g}")) for v in values]
        edges = np.arange(len(values) + 1.0)
        return MapAxis(lever, edges, edges[:-1] + 0.5, tuple(labels)), place
    bins = int(np.clip(np.sqrt(len(numbers) / POINTS_IN_BIN), 2, BINS))
    edges = np.asarray((np.geomspace if lever.log else np.linspace)(lever.low, lever.high, bins + 1))
    middles = np.sqrt(edges[:-1] * edges[1:]) if lever.log else (edges[:-1] + edges[1:]) / 2.0
    return MapAxis(lever, edges, middles), np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, bins - 1)


def draw_leading_levers(findings: Findings, outcome: str) -> Figure:
    """Draw the phase map of an outcome over the two levers that matter most to it."""
    across, up = findings.findings[outcome].ranked[:2]
    return draw(of_sample(findings.sample, outcome, across, up))


def draw(phase_map: PhaseMap) -> Figure:
    """Draw the means as colours, their numbers where there is room, and a line where the sign changes."""
    outcome, across, up, means = BY_NAME[phase_map.outcome], phase_map.across, phase_map.up, phase_map.means
    filled = phase_map.runs[phase_map.runs > 0]
    runs = f"{filled.min():,}" if filled.min() == filled.max() else f"{filled.min():,} to {filled.max():,}"
    others = ", whatever the other levers are" if len(phase_map.sample.levers) > 2 else ""
    line = "The black line is where the sign changes" if phase_map.changes_sign else ""
    figure = new_figure(
        f"{outcome.label} over {spelled(across.lever.name)} and {spelled(up.lever.name)}",
        f"Means of {runs} histories in each {'cell of the grid' if across.labels else 'bin'}{others}",
        source_note(phase_map.sample, line),
    )
    axes = figure.add_axes((0.085, 0.155, 0.78, 0.64))
    masked = np.ma.masked_invalid(means)
    mesh = axes.pcolormesh(across.edges, up.edges, masked, edgecolor=PAPER, linewidth=1.5, **_shades(phase_map))
    _label_axes(axes, phase_map)
    if phase_map.changes_sign:
        _draw_sign_change(axes, phase_map)
    if means.size <= MOST_LABELLED:
        _write_numbers(axes, phase_map, mesh)
    bar = colour_bar(figure, mesh, 0.155, 0.64, outcome.unit)
    bar.yaxis.set_major_formatter(tick_label)
    return figure


def spelled(lever: str) -> str:
    """Return the name of a lever as words."""
    return lever.rpartition(".")[2].replace("_", " ")


def tick_label(number: float, _: float) -> str:
    """Return a number on an axis."""
    return plain(number)


def source_note(sample: Sample, text: str) -> str:
    """Return the note at the foot of a figure: a text, if there is one, and the name of the sweep."""
    source = f"{sample.source[:1].upper()}{sample.source[1:]}."
    return f"{text}.  {source}" if text else source


def colour_bar(figure: Figure, mesh: Any, bottom: float, height: float, unit: str) -> Axes:
    """Draw the scale of the colours at the right of a figure, and return its axes."""
    bar = figure.colorbar(mesh, cax=figure.add_axes((0.89, bottom, 0.018, height)))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=TEXT - 0.5, colors=MUTED, length=0)
    bar.ax.set_title(unit, fontsize=TEXT - 0.5, color=MUTED, loc="left", pad=10)
    return bar.ax


def _shades(phase_map: PhaseMap) -> dict[str, Any]:
    """Return white to blue; where there are both signs, amber below zero."""
    low, high = float(np.nanmin(phase_map.means)), float(np.nanmax(phase_map.means))
    blue, amber = POPULATION["providers"], POPULATION["ventures"]
    if phase_map.changes_sign:
        colours = LinearSegmentedColormap.from_list("signs", [amber, "#FBEBCC", "#F7F9FA", "#D6E6F2", blue])
        return {"cmap": colours, "norm": TwoSlopeNorm(0.0, low, high)}
    high = high if high > low else low + 1.0
    return {"cmap": LinearSegmentedColormap.from_list("means", ["#EDF3F8", blue]), "norm": Normalize(low, high)}


def _label_axes(axes: Axes, phase_map: PhaseMap) -> None:
    across, up = phase_map.across, phase_map.up
    axes.set_xlabel(across.title, fontsize=PANEL, color=INK, labelpad=8)
    axes.set_title(f"\N{UPWARDS ARROW} {up.title}", fontsize=PANEL, color=INK, loc="left", pad=10)
    for side, axis, set_scale in ((across, axes.xaxis, axes.set_xscale), (up, axes.yaxis, axes.set_yscale)):
        if side.labels:
            axis.set_ticks(side.middles, side.labels)
            continue
        if side.lever.log:
            set_scale("log")
        axis.set_major_formatter(tick_label)
    axes.tick_params(labelsize=TEXT, colors=MUTED, length=0, which="both")
    axes.spines[:].set_visible(False)


def _draw_sign_change(axes: Axes, phase_map: PhaseMap) -> None:
    """Draw a line along the sides of cells below zero whose neighbours are not."""
    x, y, means = phase_map.across.edges, phase_map.up.edges, phase_map.means
    below = np.where(np.isfinite(means), means < 0.0, np.nan)
    for row, column in np.argwhere(np.abs(np.diff(below, axis=1)) == 1.0):
        axes.plot([x[column + 1]] * 2, [y[row], y[row + 1]], color=INK, linewidth=2.4)
    for row, column in np.argwhere(np.abs(np.diff(below, axis=0)) == 1.0):
        axes.plot([x[column], x[column + 1]], [y[row + 1]] * 2, color=INK, linewidth=2.4)


def _write_numbers(axes: Axes, phase_map: PhaseMap, mesh: Any) -> None:
    x, y, size = phase_map.across.middles, phase_map.up.middles, TEXT if phase_map.means.size <= 49 else NOTE
    for row, column in np.argwhere(np.isfinite(phase_map.means)):
        value = float(phase_map.means[row, column])
        dark = float(np.array(mesh.cmap(mesh.norm(value))[:3]) @ (0.299, 0.587, 0.114)) < 0.55
        look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": size, "color": PAPER if dark else INK}
        axes.text(x[column], y[row], plain(float(f"{value:.3g}")), **look)
