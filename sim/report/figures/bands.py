"""Flow diagrams: columns of nodes, and curved bands between them as wide as their amounts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

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
    """A node of a flow diagram: key, column (counted from the left), label, colour; `strong` makes the label bold."""

    key: str
    column: int
    label: str
    colour: str
    strong: bool = False


@dataclass(frozen=True)
class Link:
    """A band from one node to another, as wide as its USD bn."""

    source: str
    target: str
    usd_bn: float
    colour: str
    alpha: float = 0.45


@dataclass
class Diagram:
    """A flow diagram in columns: each node is as high as the amount that passes through it; bands join the nodes.

    Attributes:
        nodes: the nodes, from top to bottom within each column.
        links: bands between nodes of neighbouring columns, stacked in the order of the nodes.
        columns: the left edge of each column, from 0 to 1.
        gap: the blank between the nodes of a column, as a part of the height of the diagram.
    """

    nodes: Sequence[Node]
    links: Sequence[Link]
    columns: Sequence[float]
    gap: float = 0.02
    tops: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    height: float = 1.0

    def draw(self, axes: Axes, name: str, label_sides: Sequence[str]) -> None:
        """Draw the diagram into axes, remove their frame, and let their vertical unit be USD bn.

        Bands have ids `band:<name>:<source>:<target>`. `label_sides` says for each column whether its labels are
        at its "left" or "right".
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
            self._label(axes, column, side, TEXT)

    def _place(self) -> None:
        """Stack the nodes of each column and centre the stack; all columns have the same scale."""
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
            start = (column[link.source] + NODE, starts[link.source, link.target])
            end = (column[link.target], right[link.target])
            right[link.target] += link.usd_bn
            patch = _band(start, end, link.usd_bn, facecolor=link.colour, alpha=link.alpha, linewidth=0.0)
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
        outward, align = (-1.0, "right") if side == "left" else (1.0, "left")
        edge = self.columns[column] + (0.0 if side == "left" else NODE)
        places = spread(middles, line, 0.4 * line, self.height - 0.4 * line)
        size *= min((_room(axes, node.label, size, node.strong, edge, side) for node in shown), default=1.0)
        for node, middle, place in zip(shown, middles, places, strict=True):
            if abs(place - middle) > 0.15 * line:
                ends = ([edge, edge + 0.011 * outward], [middle, place])
                axes.plot(*ends, color=MUTED, linewidth=0.7, clip_on=False)
            _write(axes, node, (edge + 0.014 * outward, place), size, align)

    def _label_between(self, axes: Axes, node: Node, line: float, size: float) -> None:
        """Write the label of a node on the bands that leave it, or above the node if it is too small for that."""
        x, top, height = self.columns[node.column] + NODE + 0.012, self.tops[node.key], self.sizes[node.key]
        if height > 2.2 * line:
            _write(axes, node, (x, top + height / 2.0), size, "left")
        else:
            one_line = replace(node, label=node.label.replace("\n", "  "))
            _write(axes, one_line, (x - NODE, top - 0.55 * line), size, "left")


def _write(axes: Axes, node: Node, at: tuple[float, float], size: float, align: str) -> None:
    weight, halo = "bold" if node.strong else "normal", [withStroke(linewidth=2.5, foreground=PAPER, alpha=0.7)]
    text = axes.text(*at, node.label, ha=align, va="center", fontsize=size, fontweight=weight, color=INK)
    text.set(linespacing=1.2, path_effects=halo, gid=f"node:{node.key}")


def _room(axes: Axes, label: str, size: float, strong: bool, edge: float, side: str) -> float:
    """Return the factor by which a label must shrink to stay within the slide; 1 where it fits."""
    text = axes.text(0.0, 0.0, label, fontsize=size, fontweight="bold" if strong else "normal")
    width = text.get_window_extent().width
    text.remove()
    whole = axes.figure.bbox.width
    start = float(axes.transData.transform((edge, 0.0))[0]) / whole
    free = (start - 0.04 if side == "left" else 0.965 - start) * whole
    return min(1.0, (free - 0.014 * axes.get_window_extent().width) / width)


def _band(start: tuple[float, float], end: tuple[float, float], width: float, **look: Any) -> PathPatch:
    """Return a curved band of constant height, horizontal at both ends; `start` and `end` are its upper corners."""
    (x0, y0), (x1, y1) = start, end
    middle = (x0 + x1) / 2.0
    upper = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    lower = [(x, y + width) for x, y in reversed(upper)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    return PathPatch(Path([*upper, *lower, upper[0]], codes), **look)
