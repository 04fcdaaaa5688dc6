"""Figures of a sensitivity analysis: tornado, index bars, interactions, and the plane of a screening."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.engine.outcomes import BY_NAME
from sim.experiments.sensitivity.analysis import LEVELS
from sim.experiments.sensitivity.phase import colour_bar, source_note, spelled, tick_label
from sim.experiments.sweep.methods.estimates import Estimate
from sim.report.figures.style import NOTE, PANEL, SIZE, TEXT, new_figure, spread
from sim.report.palette import GRID, INK, MUTED, PAPER, POPULATION

if TYPE_CHECKING:
    from sim.experiments.sensitivity.results import Finding, Findings

HIGH, LOW = POPULATION["providers"], POPULATION["ventures"]
ALONE, WITH_OTHERS = POPULATION["providers"], POPULATION["investors"]
MU, SIGMA = "\N{GREEK SMALL LETTER MU}", "\N{GREEK SMALL LETTER SIGMA}"
MOST = 14
"""Levers that a chart of bars shows at most, the ones that matter most."""
LEAST_SHADE = 0.2
"""Part of the variance at which the colours of a heat map end at least, so that little looks like little."""
SHADES = {
    "negligible": "#C3CAD2",
    "undecided": POPULATION["ventures"],
    "matters, about linear": POPULATION["issuers"],
    "matters, monotone": POPULATION["providers"],
    "matters, uneven or with others": POPULATION["labs"],
}
"""Colours of the verdicts of a screening."""


def draw_tornado(findings: Findings, outcome: str) -> Figure:
    """Draw the outcome's mean at both ends of each lever, the widest swing on top."""
    finding, about = findings.findings[outcome], BY_NAME[outcome]
    levers = sorted(finding.ends, key=lambda name: -_swing(finding, name))[:MOST]
    sampled = "outer fifths of a lever's range"
    ends = "lowest and the highest value of the design" if findings.method in LEVELS else sampled
    figure = new_figure(
        f"{about.label}: what moves it most",
        f"Mean at the high end (blue) and at the low end (amber) of each lever; ends are the {ends}",
        source_note(findings.sample, "Thin lines: 90 percent intervals. Black line: the mean of all runs"),
    )
    axes = _bars_axes(figure, levers, about.unit)
    numbers = [finding.mean]
    for row, name in enumerate(levers):
        sides = finding.ends[name]
        for end, text, colour, shift in (
            (sides.high, sides.high_at, HIGH, -0.17),
            (sides.low, sides.low_at, LOW, 0.17),
        ):
            if np.isfinite(end.value):
                _bar(axes, row + shift, end, colour, finding.mean)
                extent = [number for number in (end.value, end.low, end.high) if np.isfinite(number)]
                numbers += extent
                right = end.value >= finding.mean
                place = (max(extent) if right else min(extent), row + shift)
                look: dict[str, Any] = {"va": "center", "fontsize": NOTE, "color": MUTED}
                look |= {"ha": "left", "xytext": (6, 0)} if right else {"ha": "right", "xytext": (-6, 0)}
                axes.annotate(text, place, textcoords="offset points", **look)
    air = 0.13 * (max(numbers) - min(numbers) or 1.0)
    axes.set_xlim(min(numbers) - air, max(numbers) + air)
    axes.axvline(finding.mean, color=INK, linewidth=1.4)
    return figure


def _swing(finding: Finding, name: str) -> float:
    ends = finding.ends[name]
    sizes = (ends.low.value - finding.mean, ends.high.value - finding.mean, ends.swing)
    return max((abs(size) for size in sizes if np.isfinite(size)), default=0.0)


def draw_indices(findings: Findings, outcome: str) -> Figure:
    """Draw first and total-order Sobol indices with their intervals, the largest total on top."""
    finding = findings.findings[outcome]
    first, total = finding.indices["first_order"], finding.indices["total_order"]
    levers = list(finding.ranked[:MOST])
    figure = new_figure(
        f"{BY_NAME[outcome].label}: what its variance comes from",
        "Part of the variance between points that a lever explains alone (dark) and with its interactions (light)",
        source_note(findings.sample, "Lines: 90 percent bootstrap intervals"),
    )
    axes = _bars_axes(figure, levers, "part of the variance")
    for row, name in enumerate(levers):
        for index, colour, shift in ((first[name], ALONE, -0.17), (total[name], WITH_OTHERS, 0.17)):
            _bar(axes, row + shift, replace(index, value=max(index.value, 0.0)), colour)
    low = min(0.0, *(first[name].low for name in levers))
    high = max(total[name].high for name in levers)
    axes.set_xlim(1.05 * low, max(1.05 * high, 0.1))
    axes.axvline(0.0, color=INK, linewidth=1.2)
    return figure


def draw_interactions(findings: Findings, outcome: str) -> Figure:
    """Draw second-order Sobol indices as a heat map: what two levers explain together beyond each alone."""
    finding = findings.findings[outcome]
    levers = list(finding.ranked[:MOST])
    count = len(levers)
    figure = new_figure(
        f"{BY_NAME[outcome].label}: which levers act together",
        "Part of the variance that two levers explain together, beyond what each explains alone",
        source_note(
            findings.sample, "Below: half-width of the 90 percent interval. Pale: cannot be distinguished from zero"
        ),
    )
    axes = figure.add_axes((0.20, 0.20, 0.66, 0.62))
    cells = {
        tuple(sorted(map(levers.index, pair), reverse=True)): (index, pair in finding.clear_interactions)
        for pair, index in finding.interactions.items()
        if set(pair) <= set(levers)
    }
    shown = np.full((count, count), np.nan)
    for cell, (index, clear) in cells.items():
        shown[cell] = index.value if clear else 0.0
    top = max(float(np.nanmax(shown)), LEAST_SHADE)
    shades = LinearSegmentedColormap.from_list("part", ["#F4F6F8", POPULATION["providers"]])
    masked = np.ma.masked_invalid(shown)
    mesh = axes.pcolormesh(masked, cmap=shades, vmin=0.0, vmax=top, edgecolor=PAPER, linewidth=2.0)
    for (row, column), (index, clear) in cells.items():
        colour = (PAPER if index.value > 0.6 * top else INK) if clear else MUTED
        text = f"{index.value:.2f}"
        if count <= 8:
            text += f"\n\N{PLUS-MINUS SIGN}{index.half_width:.2f}"
        text = text.replace("-", "\N{MINUS SIGN}")
        axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=NOTE + 0.5, color=colour)
    names = [spelled(name) for name in levers]
    axes.set_xlim(0.0, count - 1)
    axes.set_ylim(count, 1.0)
    axes.set_xticks(np.arange(count - 1) + 0.5, names[:-1], fontsize=TEXT, rotation=20 if count > 5 else 0)
    axes.set_yticks(np.arange(1, count) + 0.5, names[1:], fontsize=TEXT)
    axes.tick_params(colors=INK, length=0)
    axes.spines[:].set_visible(False)
    colour_bar(figure, mesh, 0.20, 0.62, "part of the\nvariance")
    return figure


def draw_screening(findings: Findings, outcome: str) -> Figure:
    """Draw the plane of a Morris screening: how much a lever moves the outcome, and how unevenly."""
    finding, about = findings.findings[outcome], BY_NAME[outcome]
    star, sigma = finding.indices["mu_star"], finding.indices["sigma"]
    figure = new_figure(
        f"{about.label}: which levers matter at all",
        "Right: moves it more. Up: unevenly, or together with other levers",
        source_note(
            findings.sample, "Lines: 90 percent bootstrap intervals. Effects are those of a lever's whole range"
        ),
    )
    axes = figure.add_axes((0.075, 0.16, 0.66, 0.64))
    for name in finding.ranked:
        colour = SHADES[finding.verdicts[name]]
        x, y = star[name], sigma[name]
        axes.plot([x.low, x.high], [y.value] * 2, color=colour, linewidth=1.6, alpha=0.8)
        axes.plot([x.value] * 2, [y.low, y.high], color=colour, linewidth=1.6, alpha=0.8)
        axes.plot(x.value, y.value, marker="o", markersize=9.0, color=colour, markeredgecolor=PAPER, zorder=4)
    right = 1.06 * max(estimate.high for estimate in star.values())
    top = 1.08 * max([estimate.high for estimate in sigma.values()] + [1e-12])
    axes.set_xlim(0.0, right)
    axes.set_ylim(0.0, top)
    for slope, words in ((1.0, f"{SIGMA} = {MU}*"), (0.5, "half"), (0.1, "a tenth")):
        axes.plot([0.0, right], [0.0, slope * right], color=GRID, linewidth=1.4, zorder=1)
        end = min(right, top / slope)
        axes.text(end, slope * end, f"{words} ", fontsize=NOTE, color=MUTED, ha="right", va="bottom")
    _name_points(axes, finding, right, top)
    numbers_axes(axes)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_xlabel(f"mean size of the effect ({MU}*), {about.unit}", fontsize=TEXT, color=MUTED)
    title = f"\N{UPWARDS ARROW} spread of the effect ({SIGMA}), {about.unit}"
    axes.set_title(title, fontsize=TEXT, color=MUTED, loc="left")
    _explain_colours(figure, finding)
    return figure


def _name_points(axes: Axes, finding: Finding, right: float, top: float) -> None:
    """Name the levers that are not negligible, right of their points, moved apart where they would touch."""
    star, sigma = finding.indices["mu_star"], finding.indices["sigma"]
    named = [name for name in finding.ranked if finding.verdicts[name] != "negligible"]
    gap = 1.2 * TEXT / 72.0 / (axes.get_position().height * SIZE[1]) * top
    groups: list[list[str]] = []
    for name in sorted(named, key=lambda name: star[name].value):
        near = groups and star[name].value - star[groups[-1][-1]].value < 0.16 * right
        groups[-1].append(name) if near else groups.append([name])
    for group in groups:
        heights = spread([sigma[name].value + 0.022 * top for name in group], gap, 0.0, top)
        for name, height in zip(group, heights, strict=True):
            x = star[name].value
            side, shift = ("right", -0.008 * right) if x > 0.8 * right else ("left", 0.008 * right)
            font: dict[str, Any] = {"fontsize": TEXT, "color": INK, "ha": side, "va": "bottom", "zorder": 5}
            axes.text(x + shift, height, spelled(name), **font)


def _explain_colours(figure: Figure, finding: Finding) -> None:
    """Write what the colours mean, with the levers that are negligible by name."""
    height = 0.79
    for verdict, colour in SHADES.items():
        names = [spelled(name) for name in finding.ranked if finding.verdicts[name] == verdict]
        if not names:
            continue
        figure.text(0.758, height, "\N{BLACK CIRCLE} ", fontsize=TEXT + 3.0, color=colour, va="center")
        figure.text(0.775, height, f"{verdict} ({len(names)})", fontsize=TEXT, color=INK, va="center")
        height -= 0.045
        if verdict == "negligible":
            for name in names[:12]:
                figure.text(0.775, height, name, fontsize=NOTE, color=MUTED, va="center")
                height -= 0.03


def _bar(axes: Axes, row: float, estimate: Estimate, colour: str, start: float = 0.0) -> None:
    """Draw a bar from `start` to an estimate, with its interval."""
    axes.barh(row, estimate.value - start, left=start, height=0.34, color=colour)
    axes.plot([estimate.low, estimate.high], [row, row], color=INK, linewidth=1.4)


def _bars_axes(figure: Figure, levers: list[str], unit: str) -> Axes:
    """Draw axes with a row for each lever, the first on top."""
    height = min(0.66, 0.06 + 0.12 * len(levers))
    axes = figure.add_axes((0.20, 0.82 - height, 0.75, height))
    axes.set_ylim(len(levers) - 0.45, -0.55)
    axes.set_yticks(range(len(levers)), [spelled(name) for name in levers], fontsize=PANEL - 1.0, color=INK)
    numbers_axes(axes)
    axes.yaxis.set_major_formatter(lambda place, _: spelled(levers[round(place)]))
    axes.tick_params(axis="y", labelsize=PANEL - 1.0, labelcolor=INK)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_xlabel(unit, fontsize=TEXT, color=MUTED, labelpad=6)
    return axes


def numbers_axes(axes: Axes) -> None:
    """Give axes plain numbers on both sides and a line below."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=TEXT - 0.5, colors=MUTED, length=0)
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(tick_label)
