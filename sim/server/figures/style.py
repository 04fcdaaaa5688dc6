"""Parts of all interactive figures: fonts, axes, fans, wrapped labels, and a figure that says why it is empty."""

import textwrap
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from sim.report.palette import GRID, INK, MUTED

Json = dict[str, Any]
FONT = {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif", "size": 13, "color": INK}
SMALL = {"size": 12, "color": MUTED}
"""The font of notes."""
LINE = {"type": "scatter", "mode": "lines"}
"""A trace that is a line."""


def figure(data: Sequence[Json], margin: Json, **layout: Any) -> Json:
    """Return a figure as JSON, checked by Plotly.

    Args:
        data: the traces.
        margin: space around the plot in pixels: `l`, `r`, `t` and `b`.
        layout: further parts of the layout.
    """
    base: Json = {
        "font": FONT,
        "margin": margin,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "autosize": True,
        "hoverlabel": {"font": {"size": 13}, "align": "left"},
        "showlegend": False,
    }
    plot = go.Figure(list(data), base | layout)
    plot.layout.template = None  # The pages have a style of their own.
    return dict(plot.to_plotly_json())


def blank(reason: str) -> Json:
    """Return a figure that says why it shows nothing."""
    note = {"text": wrapped(reason, 46), "showarrow": False, "x": 0.5, "y": 0.5, "font": {"size": 15}}
    notes = [{**note, "xref": "paper", "yref": "paper"}]
    hidden = {"visible": False}
    return figure([], {"l": 10, "r": 10, "t": 10, "b": 10}, annotations=notes, xaxis=hidden, yaxis=hidden)


def axis(title: str = "", small: bool = False, **more: Any) -> Json:
    """Return an axis that cannot be zoomed, with a thin grid.

    Args:
        title: the title; none if empty.
        small: whether the title is written as a note, close to the labels.
        more: further parts of the axis.
    """
    style = {"font": SMALL, "standoff": 6} if small else {"font": {"size": 13}, "standoff": 8}
    named = {"title": {"text": title, **style}} if title else {}
    return {"fixedrange": True, "zeroline": False, "gridcolor": GRID, **named, **more}


def quarter_axis(quarters: Sequence[str], most: int, **more: Any) -> Json:
    """Return a horizontal axis of quarters, with a label for each year, or quarter where there are few.

    Args:
        quarters: the names of the quarters, such as 2027Q1.
        most: the number of labels that fit.
        more: further parts of the axis.
    """
    years = [place for place, quarter in enumerate(quarters) if quarter.endswith("Q1")]
    few = len(years) < 2
    marked = list(range(len(quarters))) if few else years
    marked = marked[:: -(-len(marked) // most) or 1]
    labels = [quarters[place] if few else quarters[place][:4] for place in marked]
    shown: Json = {"tickvals": marked, "ticktext": labels, "showgrid": False}
    return axis(**(shown | more))


def wrapped(text: str, letters: int) -> str:
    """Return a text in lines of at most so many letters, unless a word is longer."""
    return "<br>".join(textwrap.wrap(text, letters, break_long_words=False, break_on_hyphens=False))


def faded(colour: str, opacity: float) -> str:
    """Return a colour such as #0072B2 with an opacity from 0 to 1."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def fan(
    x: Sequence[float], levels: Sequence[Sequence[float]], colour: str, opacities: tuple[float, float], **median: Any
) -> tuple[Json, Json, Json]:
    """Return the bands of nine in ten and of half of the histories, and the median.

    Args:
        x: the places of the quarters.
        levels: five quantiles from the lowest to the highest, each by quarter.
        colour: the colour of the lines and bands.
        opacities: the opacity of the outer and of the inner band.
        median: further parts of the trace of the median.
    """
    lowest, low, middle, high, highest = levels
    outer, inner = opacities
    line = {**LINE, "x": x, "y": list(middle), "line": {"color": colour, "width": 2.4}, **median}
    return _band(x, lowest, highest, colour, outer), _band(x, low, high, colour, inner), line


def whiskers(up: list[float], down: list[float], thickness: float, width: float) -> Json:
    """Return the intervals of bars as their distances from the ends of the bars, up and down."""
    ends = {"type": "data", "symmetric": False, "array": up, "arrayminus": down}
    return {**ends, "color": INK, "thickness": thickness, "width": width}


def _band(x: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str, opacity: float) -> Json:
    return {
        **LINE,
        "x": [*x, *reversed(x)],
        "y": [*high, *reversed(low)],
        "fill": "toself",
        "fillcolor": faded(colour, opacity),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def vertical(x: float, width: float = 1.3, dash: str = "solid") -> Json:
    """Return a vertical line over the whole height."""
    line = {"color": INK, "width": width, "dash": dash}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def unit_note(unit: str) -> Json:
    """Return the unit above a vertical axis."""
    corner = {"x": 0, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    return {**corner, "text": unit, "xshift": -40, "yshift": 6, "showarrow": False, "font": SMALL}
