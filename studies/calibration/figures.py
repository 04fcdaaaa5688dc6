"""What an estimate knows: parameters beside their priors, and the model beside every figure.

Drawn from the record of `capflow calibrate`, not from a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from sim.report.figures.style import TEXT, new_figure, panel
from sim.report.palette import INK, MUTED, POPULATION

GROUP = {
    "supply": ("Token supply", POPULATION["issuers"]),
    "income": ("Issuers' income and reserves", "#8A6D00"),
    "labs": ("AI labs", POPULATION["labs"]),
    "gpus": ("GPUs", POPULATION["providers"]),
    "funding": ("Funding", POPULATION["investors"]),
}
USES = {"fitted": "o", "judged": "D", "held out": "^"}
MOST = 6.0
"""Errors at which the axis of gaps ends; what is further off is drawn at the end, and the note says so."""
BOTTOM, TOP = 0.09, 0.80
"""Ends of the panels, as shares of the figure's height."""


def draw(record: Mapping[str, Any]) -> Figure:
    """Draw an estimate.

    Args:
        record: as `configs/estimates/*.json` have it.
    """
    window, parameters = record["window"], record["parameters"]
    known = sum(bool(parameter["identified"]) for parameter in parameters.values())
    tried = any(parameter["identified"] is not None for parameter in parameters.values())
    title = (
        f"{known} of {len(parameters)} parameters can be identified from {window['first']} to {window['last']}"
        if tried
        else f"What the history of {window['first']} to {window['last']} says of {len(parameters)} parameters"
    )
    gaps = record["root_mean_square_gap"]
    outside = any(abs(target["gap_in_errors"]) > MOST for target in record["targets"])
    further = f"Marks at the ends: {MOST:.0f} errors or more. " if outside else ""
    figure = new_figure(
        title,
        f"Typical gap of fitted figures: {gaps['fitted']:.1f} of their errors; the rest keep their priors"
        if tried
        else f"Typical gap of fitted figures: {gaps['fitted']:.1f} of their errors",
        f"Grey: 90 percent of the priors, and two errors. {further}capflow calibrate, docs/calibration.md",
    )
    figure.set_figheight(max(figure.get_figheight(), 0.24 * len(parameters) + 2.0))
    left, right = (figure.add_axes((0.0, BOTTOM, 0.5, TOP - BOTTOM)) for _ in range(2))
    _parameters(left, parameters)
    _gaps(right, record["targets"])
    _make_room(figure, left, right)
    return figure


def _make_room(figure: Figure, *columns: Axes) -> None:
    """Set panels side by side, each as wide as the others and with room for its own labels on its left."""
    start, end, air = 0.02, 0.975, 0.012
    room = [
        max(label.get_window_extent().width for label in axes.get_yticklabels()) / figure.bbox.width + air
        for axes in columns
    ]
    width = (end - start - sum(room) - air * (len(columns) - 1)) / len(columns)
    for axes, labels in zip(columns, room, strict=True):
        axes.set_position((start + labels, BOTTOM, width, TOP - BOTTOM))
        start += labels + width + air


def _parameters(axes: Axes, parameters: Mapping[str, Any]) -> None:
    """Estimates in standard deviations of the priors, which are the same band for all."""
    panel(axes, "Parameters", "standard deviations of the prior, from its middle")
    axes.axvspan(-1.645, 1.645, color="#E5E7EB", zorder=0)
    for row, parameter in enumerate(parameters.values()):
        as_prior = parameter["identified"] is False
        colour = MUTED if as_prior else INK
        half = 1.645 * parameter["deviation"]
        place = parameter["place"]
        axes.plot([place - half, place + half], [row, row], color=colour, lw=1.6, alpha=0.6)
        axes.plot(place, row, "o", color=colour, ms=5, mfc="white" if as_prior else colour)
    axes.set_yticks(range(len(parameters)), list(parameters), fontsize=TEXT - 2)
    axes.set_ylim(len(parameters) - 0.4, -0.6)
    axes.set_xlim(-3.2, 3.2)
    axes.xaxis.set_major_locator(MultipleLocator(1.0))


def _gaps(axes: Axes, targets: list[Mapping[str, Any]]) -> None:
    """Gaps between model and data in errors, one row for each series."""
    panel(axes, "Model less data", "errors of the figures")
    rows: dict[str, int] = {}
    for target in targets:
        row = rows.setdefault(target["label"], len(rows))
        gap = max(-MOST, min(MOST, target["gap_in_errors"]))
        colour = GROUP[target["group"]][1]
        filled = target["use"] == "fitted"
        axes.plot(gap, row, USES[target["use"]], color=colour, ms=5, mfc=colour if filled else "white")
    axes.axvline(0.0, color=MUTED, lw=0.8)
    axes.axvspan(-2.0, 2.0, color="#E5E7EB", zorder=0)
    axes.set_yticks(range(len(rows)), list(rows), fontsize=TEXT - 2)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(-MOST - 0.3, MOST + 0.3)
    axes.xaxis.set_major_locator(MultipleLocator(2.0))
    there = {target["use"] for target in targets}
    marks = [
        axes.plot([], [], mark, color=INK, mfc=INK if use == "fitted" else "white", ls="", label=use)[0]
        for use, mark in USES.items()
        if use in there
    ]
    # At the foot of the figure, where it hides no mark.
    foot = {"loc": "center right", "bbox_to_anchor": (0.98, 0.024), "bbox_transform": axes.figure.transFigure}
    axes.legend(handles=marks, fontsize=TEXT - 2, frameon=False, ncols=len(marks), **foot)
