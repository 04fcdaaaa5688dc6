"""Fans of one outcome by source of uncertainty: a panel for each source, on the same axes.

Drawn from `studies.uncertainty.study`, not from a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.figures.fans import LEVELS, draw_fan
from sim.report.figures.style import TEXT, darker, label_ends, new_figure, number_of, panel, panels, time_axis
from sim.report.numbers import short
from sim.report.palette import INK

if TYPE_CHECKING:
    from studies.uncertainty.results import Kind, Measure, Source, Uncertainty

COLOUR: dict[Kind, str] = {"seed": "#0072B2", "parameters": "#009E73", "scenario": "#E69F00"}
PRIORS = "priors"


def draw(uncertainty: Uncertainty, measures: Sequence[Measure]) -> Figure:
    """Draw the fans of one or more measures: a row for each measure, a column for each source.

    Args:
        uncertainty: the sources.
        measures: what to show.
    """
    first = measures[0]
    if len(measures) == 1:
        title = f"{first.title}: the widest source is {_called(uncertainty.widest(first.name)[0])}"
    else:
        title = "By source: " + ", ".join(measure.title[0].lower() + measure.title[1:] for measure in measures)
    parameters = "the priors" if uncertainty.drawn_from == PRIORS else f"the estimate to {uncertainty.drawn_from}"
    figure = new_figure(
        title,
        f"Each column varies one source alone.  Parameters: draws of {parameters}, all with seed "
        f"{uncertainty.seed}; dashed: {uncertainty.baseline} with that seed",
        "Seed and parameters: light 90 percent, dark 50 percent, line the median.  Scenario: one line for each, "
        "strong the baseline, the band from the lowest to the highest.  Numbers: where they end.",
    )
    right = 0.83 if len(measures) == 1 else 0.945
    places = panels(figure, len(measures), 3, right=right, gap=(0.20, 0.50))
    for row, measure in enumerate(measures):
        row_axes = places[3 * row : 3 * row + 3]
        for axes, source in zip(row_axes, uncertainty.sources.values(), strict=True):
            unit = f"{measure.title}, {measure.unit}" if axes is row_axes[0] else measure.unit
            panel(axes, _heading(source) if row == 0 else "", unit)
            _fan(axes, source, measure, uncertainty.quarters)
        first_quarter = 1 if _of_quarters(measure) else 0
        same_seed = uncertainty.sources["seed"].lines[measure.name][0, first_quarter:]
        numbers = [number_of(label) for label in uncertainty.quarters[first_quarter:]]
        row_axes[1].plot(numbers, same_seed, color=INK, linewidth=1.4, linestyle="--")
        _share_axis(row_axes)
        for axes, source in zip(row_axes, uncertainty.sources.values(), strict=True):
            _name_ends(axes, source, measure, len(measures) == 1)
    return figure


def words(uncertainty: Uncertainty, measure: Measure) -> str:
    """Which source is widest at the end, in a sentence."""
    texts = []
    for kind in uncertainty.widest(measure.name):
        low, _, high = uncertainty.sources[kind].ends(measure.name)
        texts.append(f"{_called(kind)} {short(low)} to {short(high)}")
    order = ", then ".join(texts)
    return f"{measure.title} in {uncertainty.quarters[-1]} ({measure.unit}), widest source first: {order}."


def _called(kind: Kind) -> str:
    return {"seed": "luck (the seed)", "parameters": "the parameters", "scenario": "the scenario"}[kind]


def _heading(source: Source) -> str:
    if source.kind == "seed":
        return f"Seed: {source.histories:,} histories"
    if source.kind == "parameters":
        return f"Parameters: {source.histories:,} histories"
    return f"Scenario: {len(source.labels)}, of {source.histories // len(source.labels):,} histories each"


def _of_quarters(measure: Measure) -> bool:
    """Whether it is an amount of the quarter, of which the opening has none."""
    return measure.unit.endswith("a quarter")


def _fan(axes: Axes, source: Source, measure: Measure, quarters: Sequence[str]) -> None:
    first = 1 if _of_quarters(measure) else 0
    places = [number_of(label) for label in quarters[first:]]
    lines, colour = source.lines[measure.name][:, first:], COLOUR[source.kind]
    if source.kind == "scenario":
        axes.fill_between(places, lines.min(axis=0), lines.max(axis=0), color=colour, alpha=0.20, linewidth=0.0)
        for line in lines[1:]:
            axes.plot(places, line, color=colour, linewidth=1.0, alpha=0.8)
        axes.plot(places, lines[0], color=darker(colour), linewidth=2.4)
    else:
        draw_fan(axes, places, np.quantile(lines, LEVELS, axis=0), colour)
    time_axis(axes, quarters)
    # Three panels side by side leave no room for every year.
    for label in axes.get_xticklabels(minor=True):
        label.set_visible(not label.get_text() or int(label.get_text()) % 2 == 0)


def _share_axis(row: Sequence[Axes]) -> None:
    """One vertical axis for all sources: else a narrow fan would look as wide as a wide one."""
    low = min(min(axes.get_ylim()[0] for axes in row), 0.0)
    lowest = min(float(axes.dataLim.y0) for axes in row)
    top = max(float(axes.dataLim.y1) for axes in row)
    for axes in row:
        axes.set_ylim(0.0 if lowest >= 0.0 else low, 1.06 * max(top, 1e-12))
    for axes in row[1:]:
        axes.tick_params(axis="y", labelleft=False)


def _name_ends(axes: Axes, source: Source, measure: Measure, named: bool) -> None:
    colour = COLOUR[source.kind]
    if source.kind == "scenario" and named:
        ends = source.lines[measure.name][:, -1]
        order = np.argsort(ends)
        # The baseline, and two at either end.
        shown = dict.fromkeys((0, *order[:2].tolist(), *order[-2:].tolist()))
        heights_of = {line: float(ends[line]) for line in shown}
        labels = [(end, f"{short(end)} {source.labels[line]}", colour) for line, end in heights_of.items()]
        label_ends(axes, labels, TEXT - 1.0)
        return
    heights = dict.fromkeys(source.ends(measure.name))
    label_ends(axes, [(height, short(height), colour) for height in heights], TEXT - 1.0)
