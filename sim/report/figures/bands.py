"""Curved bands between places: the strokes of flow diagrams and networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from sim.report.figures.style import TEXT, spread
from sim.report.palette import INK, MUTED, PAPER

NODE = 0.016
"""Width of a node, as a part of its axes."""


@dataclass(frozen=True)
class Node:
    """A place in a flow diagram.

    Attributes:
        key: its name among the nodes.
        column: which column it stands in, from the left.
        label: what is written beside it.
        colour: its colour.
        strong: whether its label is set in bold.
    """

    key: str
    column: int
    label: str
    colour: str
    strong: bool = False


@dataclass(frozen=True)
class Link:
    """A band from one node to another, as wide as it has USD bn."""

    source: str
    target: str
    usd_bn: float
    colour: str
    alpha: float = 0.45


@dataclass
class Diagram:
    """A flow diagram in columns: nodes as high as what passes through them, bands between them.

    Attributes:
        nodes: from top to bottom within each column.
        links: between nodes of neighbouring columns; sides are stacked in the order of the nodes.
        columns: left edge of each column, from 0 to 1.
        gap: blank between nodes of a column, as a part of the height.
    """

    nodes: Sequence[Node]
    links: Sequence[Link]
    columns: Sequence[float]
    gap: float = 0.02
    tops: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    height: float = 1.0

    def draw(self, axes: Axes, name: str, label_sides: Sequence[str], label_size: float = TEXT) -> None:
        """Draw into axes, whose vertical unit becomes USD bn.

        Args:
            axes: the place; its frame disappears.
            name: prefix of the bands' ids, `band:<name>:<source>:<target>`.
            label_sides: for each column "left", "right" or "" for no labels.
            label_size: of the font, in points.
        """
        self._place()
        axes.set_axis_off()
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(self.height, 0.0)
        self._draw_links(axes, name)
        for node in self.nodes:
            corner = (self.columns[node.column], self.tops[node.key])
            axes.add_patch(Rectangle(corner, NODE, self.sizes[node.key], color=node.colour, linewidth=0.0))
        for column, side in enumerate(label_sides):
            if side:
                self._label(axes, column, side, label_size)

    def _place(self) -> None:
        """Stack the nodes of each column, centred; all columns share one scale."""
        for node in self.nodes:
            into = sum(link.usd_bn for link in self.links if link.target == node.key)
            out = sum(link.usd_bn for link in self.links if link.source == node.key)
            self.sizes[node.key] = max(into, out)
        columns = [[n for n in self.nodes if n.column == c] for c in range(len(self.columns))]
        whole = max(sum(self.sizes[n.key] for n in column) for column in columns)
        longest = max(len(column) for column in columns)
        blank = self.gap * whole
        self.height = whole + blank * max(longest - 1, 1)
        for column in columns:
            used = sum(self.sizes[n.key] for n in column)
            between = (self.height - used) / max(len(column) - 1, 1) if len(column) > 1 else 0.0
            between = min(between, 3.0 * blank)
            top = (self.height - used - between * (len(column) - 1)) / 2.0
            for node in column:
                self.tops[node.key] = top
                top += self.sizes[node.key] + between

    def _draw_links(self, axes: Axes, name: str) -> None:
        rank = {node.key: index for index, node in enumerate(self.nodes)}
        column = {node.key: self.columns[node.column] for node in self.nodes}
        left, right = dict(self.tops), dict(self.tops)
        starts: dict[tuple[str, str], float] = {}
        for link in sorted(self.links, key=lambda link: rank[link.target]):
            starts[link.source, link.target] = left[link.source]
            left[link.source] += link.usd_bn
        for link in sorted(self.links, key=lambda link: rank[link.source]):
            start, end = starts[link.source, link.target], right[link.target]
            right[link.target] += link.usd_bn
            patch = band(
                (column[link.source] + NODE, start),
                (column[link.target], end),
                link.usd_bn,
                link.colour,
                link.alpha,
            )
            patch.set_gid(f"band:{name}:{link.source}:{link.target}")
            axes.add_patch(patch)

    def _label(self, axes: Axes, column: int, side: str, size: float) -> None:
        shown = [node for node in self.nodes if node.column == column]
        inches = axes.get_window_extent().height / axes.figure.dpi
        line = 1.25 * size / 72.0 / inches * self.height
        if 0 < column < len(self.columns) - 1:
            for node in shown:
                self._label_between(axes, node, line, size)
            return
        middles = [self.tops[n.key] + self.sizes[n.key] / 2.0 for n in shown]
        outward = -1.0 if side == "left" else 1.0
        edge = self.columns[column] + (0.0 if side == "left" else NODE)
        places = spread(middles, line, 0.4 * line, self.height - 0.4 * line)
        size *= min((room(axes, node.label, size, node.strong, edge, side) for node in shown), default=1.0)
        for node, middle, place in zip(shown, middles, places, strict=True):
            if abs(place - middle) > 0.15 * line:
                ends = ([edge, edge + 0.011 * outward], [middle, place])
                axes.plot(*ends, color=MUTED, linewidth=0.7, clip_on=False)
            self._write(axes, node, (edge + 0.014 * outward, place), size, "right" if side == "left" else "left")

    def _label_between(self, axes: Axes, node: Node, line: float, size: float) -> None:
        """Over the bands that leave a node, or above a node that is too small for that."""
        x, top, height = self.columns[node.column] + NODE + 0.012, self.tops[node.key], self.sizes[node.key]
        if height > 2.2 * line:
            self._write(axes, node, (x, top + height / 2.0), size, "left")
        else:
            one_line = replace(node, label=node.label.replace("\n", "  "))
            self._write(axes, one_line, (x - NODE, top - 0.55 * line), size, "left")

    def _write(self, axes: Axes, node: Node, at: tuple[float, float], size: float, align: str) -> None:
        axes.text(
            *at,
            node.label,
            ha=align,
            va="center",
            fontsize=size,
            fontweight="bold" if node.strong else "normal",
            color=INK,
            linespacing=1.2,
            path_effects=[withStroke(linewidth=2.5, foreground=PAPER, alpha=0.7)],
            gid=f"node:{node.key}",
        )


def room(axes: Axes, label: str, size: float, strong: bool, edge: float, side: str) -> float:
    """By how much a label must shrink to stay within the slide; 1 where it fits."""
    text = axes.text(0.0, 0.0, label, fontsize=size, fontweight="bold" if strong else "normal")
    width = text.get_window_extent().width
    text.remove()
    whole = axes.figure.bbox.width
    start = float(axes.transData.transform((edge, 0.0))[0]) / whole
    free = (start - 0.04 if side == "left" else 0.965 - start) * whole
    return min(1.0, (free - 0.014 * axes.get_window_extent().width) / width)


def band(
    start: tuple[float, float], end: tuple[float, float], width: float, colour: str, alpha: float
) -> PathPatch:
    """Draw a band of constant height that leaves and arrives level, from one upper left corner to another."""
    (x0, y0), (x1, y1) = start, end
    middle = (x0 + x1) / 2.0
    vertices = [
        (x0, y0),
        (middle, y0),
        (middle, y1),
        (x1, y1),
        (x1, y1 + width),
        (middle, y1 + width),
        (middle, y0 + width),
        (x0, y0 + width),
        (x0, y0),
    ]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    return PathPatch(Path(vertices, codes), facecolor=colour, alpha=alpha, linewidth=0.0)
