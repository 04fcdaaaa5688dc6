"""Where each dollar of interest went: all of it above, the small part that reached AI magnified below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
"""Shares below which issuers, uses and ends are merged; AI is never merged."""
MOST_ENDS = 8
TOLD_ENDS = ("gpu_purchase", "open_data")
"""Ends that are the point of the figure."""
GROUPS = {PAID: ("Paid away", "#9AA5B1"), KEPT: ("Kept", POPULATION["issuers"]), AI: ("AI and frontier", INTEREST)}
OTHERS = "others"
NO_COLOUR = "#B8C0C8"


@dataclass(frozen=True)
class Stroke:
    """USD bn of interest from an issuer into a use, after merging what is tiny."""

    issuer: str
    group: str
    use: str
    label: str
    usd_bn: float


def strokes(run: Run) -> list[Stroke]:
    """Return what the upper diagram draws: interest by issuer and first use; it sums to the interest earned.

    What borrowers paid back is taken off the AI money of the issuer that got it.
    """
    table = direct_uses_by_issuer(run)
    whole = interest_earned(run)
    if not whole > 0.0:
        return []
    table["group"] = table["group"].replace({RETURNED: AI})
    table.loc[table["group"] == AI, ["use", "label"]] = [AI, GROUPS[AI][0]]
    _merge_small(table, "issuer", whole * SMALL_ISSUER)
    for group in (PAID, KEPT):
        uses = table[table["group"] == group].groupby("use")["usd_bn"].sum()
        small = set(uses[uses < whole * SMALL_USE].index)
        if len(small) > 1:
            chosen = (table["group"] == group) & table["use"].isin(small)
            table.loc[chosen, ["use", "label"]] = [f"{OTHERS}:{group}", "other"]
    summed = table.groupby(["issuer", "group", "use", "label"], sort=False, as_index=False)["usd_bn"].sum()
    return [
        Stroke(row.issuer, row.group, row.use, row.label, float(row.usd_bn))
        for row in summed.itertuples()
        if row.usd_bn > 1e-12 * whole
    ]


def _merge_small(table: pd.DataFrame, column: str, least: float) -> None:
    """Rename, in place, what sums to less than `least`, and all beyond the sixth."""
    totals = table.groupby(column)["usd_bn"].sum().sort_values(ascending=False)
    small = [name for rank, name in enumerate(totals.index) if totals[name] < least or rank >= 6]
    if len(small) > 1:
        table.loc[table[column].isin(small), column] = f"{len(small)} {OTHERS}"


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
    drawn = strokes(run)
    for axes in (top, bottom):
        axes.set_axis_off()
    if not drawn:
        empty(top, "No interest was earned.")
        return figure
    above = _draw_whole(top, drawn, whole)
    ends = journeys(run)
    if len(ends):
        below = _draw_magnified(bottom, ends)
        times = (bottom.get_position().height / below.height) / (top.get_position().height / above.height)
        _join(figure, top, f"The AI part, {times:.0f} times as large: the {amount(into_ai)} that went in, ")
    else:
        empty(bottom, "No interest went into AI or frontier technology.")
    return figure


def _draw_whole(axes: Axes, drawn: list[Stroke], whole: float) -> Diagram:
    """Issuer, group of uses, use."""
    issuers = list(dict.fromkeys(s.issuer for s in sorted(drawn, key=lambda s: OTHERS in s.issuer)))
    totals = {name: sum(s.usd_bn for s in drawn if s.issuer == name) for name in issuers}
    issuers.sort(key=lambda name: (OTHERS in name, -totals[name]))
    hues = dict(zip(issuers, shades(POPULATION["issuers"], len(issuers)), strict=True))
    nodes = [
        Node(name, 0, f"{name}  {amount(totals[name])}", hues[name], strong=rank == 0)
        for rank, name in enumerate(issuers)
    ]
    links: list[Link] = []
    for group, (title, colour) in GROUPS.items():
        inside = [s for s in drawn if s.group == group]
        total = sum(s.usd_bn for s in inside)
        if not total > 0.0:
            continue
        net = " (net)" if group == AI else ""
        nodes.append(
            Node(group, 1, f"{title}{net}\n{amount(total)} · {percent(total / whole)}", colour, strong=True)
        )
        for name in issuers:
            part = sum(s.usd_bn for s in inside if s.issuer == name)
            links.append(Link(name, group, part, colour, 0.85 if group == AI else 0.35))
        nodes += _use_nodes(inside, group, colour, whole)
        uses = list(dict.fromkeys(s.use for s in inside))
        links += [
            Link(
                group,
                f"use {u}",
                sum(s.usd_bn for s in inside if s.use == u),
                colour,
                0.85 if group == AI else 0.35,
            )
            for u in uses
        ]
    diagram = Diagram(nodes, [link for link in links if link.usd_bn > 0.0], (0.0, 0.47, 1.0 - NODE), gap=0.035)
    diagram.draw(axes, "whole", ("left", "right", "right"))
    return diagram


def _text(label: str, usd_bn: float, whole: float) -> str:
    return f"{label[:1].upper()}{label[1:]}  {amount(usd_bn)} · {percent(usd_bn / whole)}"


def _use_nodes(inside: list[Stroke], group: str, colour: str, whole: float) -> list[Node]:
    labels = {s.use: s.label for s in inside}
    totals = {use: sum(s.usd_bn for s in inside if s.use == use) for use in labels}
    uses = sorted(labels, key=lambda use: (use.startswith(OTHERS), -totals[use]))
    return [
        Node(f"use {use}", 2, "Enlarged below" if group == AI else _text(labels[use], totals[use], whole), colour)
        for use in uses
    ]


def merged(ends: pd.DataFrame) -> pd.DataFrame:
    """Journeys with the ends that are too small to be seen as one: channel, use, label, usd_bn."""
    totals = ends.groupby("use")["usd_bn"].sum().sort_values(ascending=False, kind="stable")
    whole = float(totals.sum())
    small = [use for rank, use in enumerate(totals.index) if totals[use] < SMALL_END * whole or rank >= MOST_ENDS]
    table = ends.copy()
    if len(small) > 1:
        table.loc[table["use"].isin(small), ["use", "label"]] = [OTHERS, "everything else"]
    return table.groupby(["channel", "use", "label"], as_index=False)["usd_bn"].sum()


def _draw_magnified(axes: Axes, ends: pd.DataFrame) -> Diagram:
    """Return the AI part: channel to final use, at any remove; ends stand across from their channels."""
    table = merged(ends)
    whole = float(table["usd_bn"].sum())
    channels = table.groupby("channel")["usd_bn"].sum()
    order = [*(c for c in DIRECT if c in channels.index), *(c for c in channels.index if c not in DIRECT)]
    nodes = [
        Node(f"from {c}", 0, _text(DIRECT.get(c, (c,))[0], float(channels[c]), whole), INTEREST, strong=True)
        for c in order
    ]
    table["pull"] = table["usd_bn"] * [order.index(channel) for channel in table["channel"]]
    fed = table.groupby(["use", "label"], as_index=False)[["usd_bn", "pull"]].sum()
    fed["height"] = (fed["pull"] / fed["usd_bn"]).round()
    nodes += [
        Node(row.use, 1, _text(row.label, row.usd_bn, whole), _end_colour(row.use), strong=row.use in TOLD_ENDS)
        for row in fed.sort_values(["height", "usd_bn"], ascending=[True, False]).itertuples()
    ]
    links = [
        Link(f"from {row.channel}", row.use, row.usd_bn, INTEREST, 0.5 if row.use in TOLD_ENDS else 0.3)
        for row in table.itertuples()
    ]
    diagram = Diagram(nodes, links, (0.0, 1.0 - NODE), gap=0.05)
    diagram.draw(axes, "ai", ("left", "right"))
    return diagram


def _end_colour(use: str) -> str:
    return {"gpu_purchase": POPULATION["vendor"], "open_data": POPULATION["ventures"]}.get(use, NO_COLOUR)


def _join(figure: Figure, top: Axes, text: str) -> None:
    """Frame the magnification below, and lead lines of a lens to it from the AI band above."""
    left, right, low, high = 0.03, 0.97, 0.05, 0.375
    frame = Rectangle((left, low), right - left, high - low, facecolor="none", edgecolor=GRID, linewidth=1.4)
    figure.add_artist(frame)
    base = top.get_ylim()[0]
    for x_top, x_box in ((1.0 - NODE, left), (1.0, right)):
        line = ConnectionPatch(
            (x_top, base),
            (x_box, high),
            "data",
            "figure fraction",
            axesA=top,
            color=INTEREST,
            linewidth=1.0,
            linestyle=(0, (4, 3)),
        )
        figure.add_artist(line)
    figure.text(
        left + 0.012,
        high - 0.025,
        text + "by channel and by what it paid for in the end",
        fontsize=PANEL - 1.0,
        fontweight="bold",
        color=INK,
        va="center",
    )
