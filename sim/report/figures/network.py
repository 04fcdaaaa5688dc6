"""The figure of the capital-flow network in the last year of a run, in layers, with bill interest highlighted."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from sim.report.figures.payments import ASSETS, payments_by_quarter
from sim.report.figures.style import PANEL, SIZE, TEXT, empty, new_figure, source
from sim.report.numbers import amount
from sim.report.palette import INK, INTEREST, MUTED, PAPER, POPULATION
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

LAYERS = (
    ("Payers", ("payers",)),
    ("Issuers and investors", ("issuers", "investors")),
    ("Labs and ventures", ("labs", "ventures")),
    ("GPU providers", ("providers",)),
    ("Payees", ("payees",)),
)
COLUMNS = (0.045, 0.24, 0.475, 0.71, 0.955)
MOST_IN_LAYER = {"issuers": 6, "investors": 9, "labs": 6, "ventures": 4, "providers": 10}
MOST_EDGES = 130
WIDEST = 30.0
"""Points: width of the largest payment; width grows with the root of the amount."""
LEAST_INTEREST = 5e-3
"""USD bn of interest below which a payment is not highlighted."""
LAST_QUARTERS = 4
ON_TOP = ("issuers", "labs")
"""Populations that are in the upper part of their layers."""
BAR = 0.026
"""Width of a sector's bar, as a part of the figure."""
OUTSIDE = {
    ("Government", "payer"): ("payers", "Government", 0.63, 0.93),
    ("Vendor", "payer"): ("payers", "Vendor", 0.50, 0.60),
    ("Economy", "payer"): ("payers", "Economy: customers, backers", 0.02, 0.60),
    ("Economy", "payee"): ("payees", "Economy: workers, owners", 0.43, 0.93),
    ("Government", "payee"): ("payees", "Tax", 0.32, 0.40),
    ("Vendor", "payee"): ("payees", "GPU vendor", 0.02, 0.29),
}
"""Sectors as payers and as payees: layer, label, and the lower and the upper end of their bar."""


@dataclass
class NetworkNode:
    """A node of the picture: an agent, the smaller agents of a population together, or a sector as payer or payee."""

    key: str
    population: str
    label: str
    assets: float
    x: float = 0.0
    y: float = 0.0
    radius: float = 0.0
    reach: tuple[float, float] | None = None

    def meets(self, height: float) -> float:
        """Return the height at which a line from or to a node at `height` touches this node."""
        if self.reach is None:
            return self.y
        low, high = self.reach
        margin = 0.12 * (high - low)
        return low + margin + (high - low - 2.0 * margin) * height


def draw(run: Run) -> Figure:
    """Draw the network of the last year of a run."""
    quarters = run.series["quarter"].tolist()[1:][-LAST_QUARTERS:]
    period = f"{quarters[0]} to {quarters[-1]}" if len(quarters) > 1 else "".join(quarters)
    edges = payments(run, quarters)
    widest = f"USD {amount(float(edges['usd_bn'].max()))} bn" if len(edges) else "nothing"
    figure = new_figure(
        f"Who paid whom, {period}",
        "Orange: paid with bill interest. Other lines: colour of the payer. Circles: assets of the agent",
        source(
            run,
            f"Line width grows with the root of the amount; the widest is {widest}. Left out: minting, "
            "redemption, trades of bills and coins, the smallest payments",
        ),
    )
    axes = figure.add_axes((0.0, 0.05, 1.0, 0.82))
    axes.set_axis_off()
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)
    if not len(edges):
        empty(axes, "Nothing was paid.")
        return figure
    places = _places(run, edges)
    _draw_edges(axes, edges, places)
    _draw_nodes(axes, places)
    return figure


def payments(run: Run, quarters: Sequence[str]) -> pd.DataFrame:
    """Return the payments between nodes of the picture in given quarters: source, target, usd_bn, interest.

    The agents of a population that are not among its largest are one node.
    """
    table, names = payments_by_quarter(run), _assets(run)["node"]
    table = table[table["quarter"].isin(quarters)]
    nodes = {side: table[side].map(lambda key: names.get(key, key)) for side in ("source", "target")}
    return table.assign(**nodes).groupby(["source", "target"], as_index=False)[["usd_bn", "interest"]].sum()


def _assets(run: Run) -> pd.DataFrame:
    """Return a row for each agent (`population/name`): population, name, assets at the end in USD bn, and node."""
    rows = run.agents[run.agents["quarter"] == run.series["quarter"].iloc[-1]]
    asset = [
        measure in ASSETS.get(group, ()) for group, measure in zip(rows["population"], rows["measure"], strict=True)
    ]
    table = rows[asset].groupby(["population", "agent"], sort=False, as_index=False)["value"].sum()
    table.index = table["population"] + "/" + table["agent"]
    by_population = table.groupby("population")["value"]
    rank, size = by_population.rank(method="first", ascending=False), by_population.transform("size")
    most = table["population"].map(MOST_IN_LAYER)
    alone = (size <= most) | (rank < most)
    return table.assign(node=table.index.to_series().where(alone, table["population"] + "/*"))


def _places(run: Run, edges: pd.DataFrame) -> dict[str, NetworkNode]:
    """Return the nodes with their places, layer by layer."""
    places: dict[str, NetworkNode] = {}
    for key, agents in _assets(run).groupby("node", sort=False):
        population, name = agents[["population", "agent"]].iloc[0]
        label = name if not key.endswith("/*") else f"{len(agents)} smaller {population}"
        places[key] = NetworkNode(key, population, label, float(agents["value"].sum()))
    seen = {*edges["source"], *edges["target"]}
    for (name, side), (column, label, low, high) in OUTSIDE.items():
        key = f"{side}/{name}"
        if key in seen:
            places[key] = NetworkNode(key, column, label, 0.0, y=(low + high) / 2.0, reach=(low, high))
    largest = max(place.assets for place in places.values()) or 1.0
    for place in places.values():
        place.radius = 3.5 + 8.5 * float(np.sqrt(max(place.assets, 0.0) / largest))
    for x, (_, populations) in zip(COLUMNS, LAYERS, strict=True):
        _stack([p for pop in populations for p in places.values() if p.population == pop], x)
    return places


def _stack(members: list[NetworkNode], x: float) -> None:
    """Spread the nodes of a layer over its height, with a blank between populations."""
    if not members:
        return
    if members[0].reach is not None:
        for place in members:
            place.x = x
        return
    members.sort(key=lambda p: (p.population not in ON_TOP, p.key.endswith("*"), -p.assets))
    breaks = sum(a.population != b.population for a, b in itertools.pairwise(members))
    slots = len(members) + 0.8 * breaks
    step = min(0.91 / slots, 0.11)
    y = 0.475 + step * slots / 2.0 - step / 2.0
    before = members[0]
    for place in members:
        if place.population != before.population:
            y -= 0.8 * step
        place.x, place.y = x, y
        y, before = y - step, place


def _colour(place: NetworkNode) -> str:
    return POPULATION.get(place.population) or POPULATION[place.key.partition("/")[2].lower()]


def _draw_edges(axes: Axes, edges: pd.DataFrame, places: dict[str, NetworkNode]) -> None:
    scale = WIDEST / float(np.sqrt(edges["usd_bn"].max()))
    for row in edges.nlargest(MOST_EDGES, "usd_bn").itertuples():
        source, target = places[row.source], places[row.target]
        width = max(scale * float(np.sqrt(row.usd_bn)), 0.3)
        axes.add_patch(_line(source, target, width, _colour(source), 0.22))
    funded = edges[edges["interest"] >= LEAST_INTEREST]
    for row in funded.itertuples():
        width = max(scale * float(np.sqrt(row.interest)), 0.9)
        alpha = 0.9 if row.interest >= 10.0 * LEAST_INTEREST else 0.6
        patch = _line(places[row.source], places[row.target], width, INTEREST, alpha)
        patch.set_zorder(3)
        patch.set_gid(f"interest:{row.source}:{row.target}")
        axes.add_patch(patch)


def _line(source: NetworkNode, target: NetworkNode, width: float, colour: str, alpha: float) -> FancyArrowPatch:
    """Draw a curve that leaves a node rightwards and arrives from the left; one that leads back passes below."""
    (x0, y0), (x1, y1) = (source.x, source.meets(target.y)), (target.x, target.meets(source.y))
    if x1 > x0:
        reach = 0.5 * (x1 - x0)
        path = Path([(x0, y0), (x0 + reach, y0), (x1 - reach, y1), (x1, y1)], [1, 4, 4, 4])
    else:
        bow = 0.06 + 0.2 * (x0 - x1)
        path = Path([(x0, y0), (x0 + 0.03, y0 - bow), (x1 - 0.03, y1 - bow), (x1, y1)], [1, 4, 4, 4])
    return FancyArrowPatch(
        path=path, arrowstyle="-", linewidth=width, color=colour, alpha=alpha, capstyle="butt", zorder=1
    )


def _draw_nodes(axes: Axes, places: dict[str, NetworkNode]) -> None:
    for place in places.values():
        if place.reach is None:
            look: dict[str, Any] = {"markeredgecolor": PAPER, "markeredgewidth": 1.2, "zorder": 5}
            axes.plot(place.x, place.y, "o", markersize=2.0 * place.radius, color=_colour(place), **look)
            right = place.x + (place.radius + 3.5) / 72.0 / SIZE[0]
            halo = [withStroke(linewidth=3.0, foreground=PAPER)]
            text = axes.text(right, place.y, place.label, fontsize=TEXT - 0.5, color=INK, path_effects=halo)
        else:
            (low, high), hue = place.reach, _colour(place)
            corner = (place.x - BAR / 2.0, low)
            axes.add_patch(Rectangle(corner, BAR, high - low, color=hue, linewidth=0.0, zorder=5))
            look = {"rotation": 90, "ha": "center", "fontsize": TEXT, "fontweight": "bold", "color": PAPER}
            text = axes.text(place.x, (low + high) / 2.0, place.label, **look)
        text.set(va="center", zorder=8, gid=f"node:{place.key}")
    for x, (title, _) in zip(COLUMNS, LAYERS, strict=True):
        axes.text(x, 0.965, title, ha="center", fontsize=PANEL - 1.5, fontweight="bold", color=MUTED)
