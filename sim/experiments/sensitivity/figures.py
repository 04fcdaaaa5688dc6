"""Figures of a sensitivity analysis: tornado, index bars, interactions, and the plane of a screening."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.engine.outcomes import BY_NAME
from sim.experiments.sensitivity.ends import ends_in_words
from sim.experiments.sensitivity.phase import spelled
from sim.report.figures.style import NOTE, PANEL, SIZE, TEXT, new_figure, spread
from sim.report.numbers import plain
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


def draw_tornado(found: Findings, outcome: str) -> Figure:
    """Draw the outcome's mean at both ends of each lever, the widest swing on top."""
    finding, about = found.findings[outcome], BY_NAME[outcome]
    levers = sorted(finding.ends, key=lambda name: -_swing(finding, name))[:MOST]
    figure = new_figure(
        f"{about.label}: what moves it most",
        f"Mean at the high end (blue) and at the low end (amber) of each lever; {ends_in_words(found.sample)}",
        _note(found, "Thin lines: 90 percent intervals of the means. Black line: the mean of all runs"),
    )
    axes = _bars_axes(figure, levers, about.unit)
    seen = [finding.mean]
    for row, name in enumerate(levers):
        ends = finding.ends[name]
        for end, at, colour, shift in ((ends.high, ends.high_at, HIGH, -0.17), (ends.low, ends.low_at, LOW, 0.17)):
            if not np.isfinite(end.value):
                continue
            place = row + shift
            axes.barh(place, end.value - finding.mean, left=finding.mean, height=0.34, color=colour)
            axes.plot([end.low, end.high], [place, place], color=INK, linewidth=1.3)
            seen += [number for number in (end.value, end.low, end.high) if np.isfinite(number)]
            _at_end(axes, place, end.value, finding.mean, at, (end.low, end.high))
    air = 0.13 * (max(seen) - min(seen) or 1.0)
    axes.set_xlim(min(seen) - air, max(seen) + air)
    axes.axvline(finding.mean, color=INK, linewidth=1.4)
    return figure


def _swing(finding: Finding, name: str) -> float:
    ends = finding.ends[name]
    sizes = [abs(end.value - finding.mean) for end in (ends.low, ends.high) if np.isfinite(end.value)]
    return max([*sizes, abs(ends.swing) if np.isfinite(ends.swing) else 0.0])


def _at_end(axes: Axes, row: float, value: float, mean: float, text: str, interval: tuple[float, float]) -> None:
    """Say beside a bar which values of the lever it stands for."""
    right = value >= mean
    edges = [value, *(edge for edge in interval if np.isfinite(edge))]
    axes.annotate(
        text,
        (max(edges) if right else min(edges), row),
        (6 if right else -6, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=NOTE,
        color=MUTED,
    )


def draw_indices(found: Findings, outcome: str) -> Figure:
    """Draw first and total-order Sobol indices with their intervals, the largest total on top."""
    finding, about = found.findings[outcome], BY_NAME[outcome]
    first, total = finding.indices["first_order"], finding.indices["total_order"]
    levers = list(finding.ranked[:MOST])
    figure = new_figure(
        f"{about.label}: what its variance comes from",
        "Part of the variance between points that a lever explains alone (dark) and with its interactions (light)",
        _note(found, "Lines: 90 percent bootstrap intervals"),
    )
    axes = _bars_axes(figure, levers, "part of the variance")
    for row, name in enumerate(levers):
        for estimate, colour, shift in ((first[name], ALONE, -0.19), (total[name], WITH_OTHERS, 0.19)):
            axes.barh(row + shift, max(estimate.value, 0.0), height=0.36, color=colour)
            axes.plot([estimate.low, estimate.high], [row + shift] * 2, color=INK, linewidth=1.4)
    low = min(0.0, *(first[name].low for name in levers))
    high = max(total[name].high for name in levers)
    axes.set_xlim(1.05 * low, max(1.05 * high, 0.1))
    axes.axvline(0.0, color=INK, linewidth=1.2)
    return figure


def draw_interactions(found: Findings, outcome: str) -> Figure:
    """Draw second-order Sobol indices as a heat map: what two levers explain together beyond each alone."""
    finding, about = found.findings[outcome], BY_NAME[outcome]
    levers = list(finding.ranked[:MOST])
    figure = new_figure(
        f"{about.label}: which levers act together",
        "Part of the variance that two levers explain together, beyond what each explains alone",
        _note(found, "Below: half-width of the 90 percent interval. Pale: cannot be distinguished from zero"),
    )
    axes = figure.add_axes((0.20, 0.20, 0.66, 0.62))
    shown = np.full((len(levers), len(levers)), np.nan)
    row = {lever: place for place, lever in enumerate(levers)}
    pairs = {
        (max(row[a], row[b]), min(row[a], row[b])): (index, (a, b) in finding.clear_interactions)
        for (a, b), index in finding.interactions.items()
        if a in row and b in row
    }
    for place, (index, told) in pairs.items():
        shown[place] = index.value if told else 0.0
    top = max(float(np.nanmax(shown)), LEAST_SHADE)
    shades = LinearSegmentedColormap.from_list("part", ["#F4F6F8", POPULATION["providers"]])
    masked = np.ma.masked_invalid(shown)
    mesh = axes.pcolormesh(masked, cmap=shades, vmin=0.0, vmax=top, edgecolor=PAPER, linewidth=2.0)
    for (i, j), (index, told) in pairs.items():
        colour = (PAPER if index.value > 0.6 * top else INK) if told else MUTED
        text = f"{index.value:.2f}\n\N{PLUS-MINUS SIGN}{index.half_width:.2f}".replace("-", "\N{MINUS SIGN}")
        if len(levers) > 8:
            text = text.partition("\n")[0]
        axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=NOTE + 0.5, color=colour)
    names = [spelled(name) for name in levers]
    count = len(levers)
    axes.set_xlim(0.0, count - 1)
    axes.set_ylim(count, 1.0)
    axes.set_xticks(np.arange(count - 1) + 0.5, names[:-1], fontsize=TEXT, rotation=20 if count > 5 else 0)
    axes.set_yticks(np.arange(1, count) + 0.5, names[1:], fontsize=TEXT)
    axes.tick_params(colors=INK, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    bar = figure.colorbar(mesh, cax=figure.add_axes((0.89, 0.20, 0.018, 0.62)))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=TEXT - 0.5, colors=MUTED, length=0)
    bar.ax.set_title("part of the\nvariance", fontsize=TEXT - 0.5, color=MUTED, loc="left", pad=10)
    return figure


def draw_screening(found: Findings, outcome: str) -> Figure:
    """Draw the plane of a Morris screening: how much a lever moves the outcome, and how unevenly."""
    finding, about = found.findings[outcome], BY_NAME[outcome]
    star, sigma = finding.indices["mu_star"], finding.indices["sigma"]
    figure = new_figure(
        f"{about.label}: which levers matter at all",
        "Right: moves it more. Up: unevenly, or together with other levers",
        _note(found, "Lines: 90 percent bootstrap intervals. Effects are those of a lever's whole range"),
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
        at = min(right, top / slope)
        axes.text(at, slope * at, f"{words} ", fontsize=NOTE, color=MUTED, ha="right", va="bottom")
    _name_points(axes, finding, right, top)
    numbers_axes(axes)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_xlabel(f"mean size of the effect ({MU}*), {about.unit}", fontsize=TEXT, color=MUTED)
    axes.set_title(
        f"\N{UPWARDS ARROW} spread of the effect ({SIGMA}), {about.unit}", fontsize=TEXT, color=MUTED, loc="left"
    )
    _verdict_key(figure, finding)
    return figure


def _name_points(axes: Axes, finding: Finding, right: float, top: float) -> None:
    """Name the levers that are not negligible, right of their points, moved apart where they would touch."""
    star, sigma = finding.indices["mu_star"], finding.indices["sigma"]
    shown = [name for name in finding.ranked if finding.verdicts[name] != "negligible"]
    wanted = [sigma[name].value + 0.022 * top for name in shown]
    gap = 1.2 * TEXT / 72.0 / (axes.get_position().height * SIZE[1]) * top
    groups: list[list[int]] = []
    for place in sorted(range(len(shown)), key=lambda p: star[shown[p]].value):
        near = groups and star[shown[place]].value - star[shown[groups[-1][-1]]].value < 0.16 * right
        groups[-1].append(place) if near else groups.append([place])
    for group in groups:
        heights = spread([wanted[place] for place in group], gap, 0.0, top)
        for place, height in zip(group, heights, strict=True):
            x = star[shown[place]].value
            left = x > 0.8 * right
            shift = -0.008 * right if left else 0.008 * right
            axes.text(
                x + shift,
                height,
                spelled(shown[place]),
                fontsize=TEXT,
                color=INK,
                ha="right" if left else "left",
                va="bottom",
                zorder=5,
            )


def _verdict_key(figure: Figure, finding: Finding) -> None:
    """Say what the colours mean, with the levers that are negligible by name."""
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


def _bars_axes(figure: Figure, levers: list[str], unit: str) -> Axes:
    """Axes with a row for each lever, the first on top."""
    height = min(0.66, 0.06 + 0.12 * len(levers))
    axes = figure.add_axes((0.20, 0.82 - height, 0.75, height))
    axes.set_ylim(len(levers) - 0.45, -0.55)
    axes.set_yticks(range(len(levers)), [spelled(name) for name in levers], fontsize=PANEL - 1.0, color=INK)
    numbers_axes(axes)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda place, _: spelled(levers[round(place)])))
    axes.tick_params(axis="y", labelsize=PANEL - 1.0, labelcolor=INK)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_xlabel(unit, fontsize=TEXT, color=MUTED, labelpad=6)
    return axes


def numbers_axes(axes: Axes) -> None:
    """Axes with plain numbers on both sides and a line below."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=TEXT - 0.5, colors=MUTED, length=0)
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda number, _: plain(number)))


def _note(found: Findings, text: str) -> str:
    told = found.sample.source
    return f"{text}.  {told[:1].upper()}{told[1:]}."
