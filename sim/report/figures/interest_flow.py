"""The figure of where interest went: all interest in the upper half, the small AI part magnified in the lower."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Rectangle

from sim.analysis.attribution import direct_uses_by_issuer, headline, interest_earned
from sim.economy.books.uses import AI, DIRECT, KEPT, PAID, RETURNED
from sim.report.figures.bands import NODE, Diagram, Link, Node
from sim.report.figures.journeys import journeys
from sim.report.figures.style import PANEL, empty, new_figure, shades, source, span
from sim.report.numbers import amount, money, percent
from sim.report.palette import GRID, INK, INTEREST, POPULATION
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

SMALL_ISSUER, SMALL_USE, SMALL_END = 0.012, 0.012, 0.02
"""Shares of the whole below which issuers, uses and ends are merged with others; AI uses are never merged."""
MOST_ISSUERS, MOST_ENDS = 6, 8
HUES_OF_ENDS = {"gpu_purchase": POPULATION["vendor"], "open_data": POPULATION["ventures"]}
"""Ends that the figure highlights, and their colours."""
GROUPS = {PAID: ("Paid away", "#9AA5B1"), KEPT: ("Kept", POPULATION["issuers"]), AI: ("AI and frontier", INTEREST)}
OTHERS = "others"
NO_COLOUR = "#B8C0C8"


def strokes(run: Run) -> pd.DataFrame:
    """Return the bands of the upper diagram, tiny ones merged: issuer, group, use, label, usd_bn.

    The amounts sum to the interest earned. What borrowers paid back is subtracted from the AI money of the issuer
    that received it.
    """
    table = direct_uses_by_issuer(run)
    whole = interest_earned(run)
    table["group"] = table["group"].replace({RETURNED: AI})
    table.loc[table["group"] == AI, ["use", "label"]] = [AI, GROUPS[AI][0]]
    small = _small(table, "issuer", SMALL_ISSUER * whole, MOST_ISSUERS)
    table["issuer"] = table["issuer"].replace(dict.fromkeys(small, f"{len(small)} {OTHERS}"))
    for group in (PAID, KEPT):
        rows = table[table["group"] == group]
        rows = rows[rows["use"].isin(_small(rows, "use", SMALL_USE * whole))]
        table.loc[rows.index, ["use", "label"]] = [f"{OTHERS}:{group}", "other"]
    sums = table.groupby(["issuer", "group", "use", "label"], sort=False, as_index=False)["usd_bn"].sum()
    return sums[sums["usd_bn"] > 1e-12 * whole]


def _small(table: pd.DataFrame, column: str, least: float, most: int | None = None) -> list[str]:
    """Return the names whose sum is below `least` or not among the `most` largest; none if it is only one name."""
    sums = table.groupby(column)["usd_bn"].sum().sort_values(ascending=False, kind="stable")
    small = [name for rank, name in enumerate(sums.index) if sums[name] < least or rank >= (most or len(sums))]
    return small if len(small) > 1 else []


def draw(run: Run) -> Figure:
    """Draw the flow diagram of a run."""
    numbers = headline(run)
    whole, into_ai = numbers["interest_usd_bn"], numbers["redeployed_from_interest_usd_bn"]
    figure = new_figure(
        "No interest was earned"
        if not whole > 0.0
        else f"Of {money(whole)} of interest, {money(into_ai)} went into AI and frontier technology",
        f"Every dollar of interest that stablecoin issuers earned on Treasury bills, repo and money funds, "
        f"{span(run)}; USD bn",
        source(
            run,
            "Bands are as wide as their dollars. Net: less what borrowers paid back. "
            "Attribution is accounting, not cause",
        ),
    )
    top = figure.add_axes((0.135, 0.425, 0.605, 0.435))
    bottom = figure.add_axes((0.26, 0.075, 0.425, 0.25))
    flows = strokes(run)
    for axes in (top, bottom):
        axes.set_axis_off()
    if not len(flows):
        empty(top, "No interest was earned.")
        return figure
    above = _draw_whole(top, flows, whole)
    ends = journeys(run)
    if len(ends):
        below = _draw_magnified(bottom, ends)
        times = (bottom.get_position().height / below.height) / (top.get_position().height / above.height)
        _join(figure, top, f"The AI part, {times:.0f} times as large: the {amount(into_ai)} that went in, ")
    else:
        empty(bottom, "No interest went into AI or frontier technology.")
    return figure


def _draw_whole(axes: Axes, flows: pd.DataFrame, whole: float) -> Diagram:
    """Draw the upper diagram, all interest: from issuer to group of uses to use."""
    totals = flows.groupby("issuer", sort=False)["usd_bn"].sum()
    issuers = sorted(totals.index, key=lambda name: (OTHERS in name, -totals[name]))
    hues = shades(POPULATION["issuers"], len(issuers))
    nodes = [
        Node(name, 0, f"{name}  {amount(totals[name])}", hue, strong=name == issuers[0])
        for name, hue in zip(issuers, hues, strict=True)
    ]
    links: list[Link] = []
    for group, (title, colour) in GROUPS.items():
        rows = flows[flows["group"] == group]
        total, alpha = float(rows["usd_bn"].sum()), 0.85 if group == AI else 0.35
        if not total > 0.0:
            continue
        label = f"{title}{' (net)' if group == AI else ''}\n{amount(total)} · {percent(total / whole)}"
        nodes.append(Node(group, 1, label, colour, strong=True))
        parts = rows.groupby("issuer")["usd_bn"].sum()
        links += [Link(name, group, parts[name], colour, alpha) for name in issuers if name in parts.index]
        uses = rows.groupby(["use", "label"], sort=False)["usd_bn"].sum()
        links += [Link(group, f"use {use}", usd_bn, colour, alpha) for (use, _), usd_bn in uses.items()]
        for use, label in sorted(uses.index, key=lambda names: (names[0].startswith(OTHERS), -uses[names])):
            words = "Enlarged below" if group == AI else _text(label, uses[use, label], whole)
            nodes.append(Node(f"use {use}", 2, words, colour))
    diagram = Diagram(nodes, [link for link in links if link.usd_bn > 0.0], (0.0, 0.47, 1.0 - NODE), gap=0.035)
    diagram.draw(axes, "whole", ("left", "right", "right"))
    return diagram


def _text(label: str, usd_bn: float, whole: float) -> str:
    return f"{label[:1].upper()}{label[1:]}  {amount(usd_bn)} · {percent(usd_bn / whole)}"


def _draw_magnified(axes: Axes, ends: pd.DataFrame) -> Diagram:
    """Draw the AI part, from channel to what it paid for in the end; each end stands opposite its main channels."""
    whole = float(ends["usd_bn"].sum())
    small = ends["use"].isin(_small(ends, "use", SMALL_END * whole, MOST_ENDS))
    table = ends.copy()
    table.loc[small, ["use", "label"]] = [OTHERS, "everything else"]
    table = table.groupby(["channel", "use", "label"], as_index=False)["usd_bn"].sum()
    channels = table.groupby("channel")["usd_bn"].sum()
    order = sorted(channels.index, key=[*DIRECT, *channels.index].index)
    nodes = [
        Node(f"from {c}", 0, _text(DIRECT.get(c, (c,))[0], float(channels[c]), whole), INTEREST, strong=True)
        for c in order
    ]
    table["pull"] = table["usd_bn"] * [order.index(channel) for channel in table["channel"]]
    sums = table.groupby(["use", "label"], as_index=False)[["usd_bn", "pull"]].sum()
    sums["height"] = (sums["pull"] / sums["usd_bn"]).round()
    for row in sums.sort_values(["height", "usd_bn"], ascending=[True, False]).itertuples():
        hue = HUES_OF_ENDS.get(row.use, NO_COLOUR)
        nodes.append(Node(row.use, 1, _text(row.label, row.usd_bn, whole), hue, strong=row.use in HUES_OF_ENDS))
    links = [
        Link(f"from {row.channel}", row.use, row.usd_bn, INTEREST, 0.5 if row.use in HUES_OF_ENDS else 0.3)
        for row in table.itertuples()
    ]
    diagram = Diagram(nodes, links, (0.0, 1.0 - NODE), gap=0.05)
    diagram.draw(axes, "ai", ("left", "right"))
    return diagram


def _join(figure: Figure, top: Axes, text: str) -> None:
    """Draw a frame around the lower diagram, and two lines, like those of a lens, to it from the AI band above."""
    left, right, low, high = 0.03, 0.97, 0.05, 0.375
    frame = Rectangle((left, low), right - left, high - low, facecolor="none", edgecolor=GRID, linewidth=1.4)
    figure.add_artist(frame)
    base = top.get_ylim()[0]
    look: dict[str, Any] = {"color": INTEREST, "linewidth": 1.0, "linestyle": (0, (4, 3))}
    for x_top, x_box in ((1.0 - NODE, left), (1.0, right)):
        ends = ((x_top, base), (x_box, high), "data", "figure fraction")
        figure.add_artist(ConnectionPatch(*ends, axesA=top, **look))
    words = f"{text}by channel and by what it paid for in the end"
    place = (left + 0.012, high - 0.025)
    figure.text(*place, words, fontsize=PANEL - 1.0, fontweight="bold", color=INK, va="center")
