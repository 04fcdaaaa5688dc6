"""The figures of the Compare page: differences, accounting and cause, and a fan for each series."""

import itertools
import math
from typing import Any

from sim.report.numbers import MINUS, amount, plain
from sim.report.palette import GRID, INK, MUTED, POPULATION, TWINS
from sim.server.figures.style import LINE, Json, axis, blank, fan, figure, quarter_axis, unit_note, whiskers, wrapped

NARROW = 700
"""Width of a window in pixels below which labels are short."""
LINEAR = 0.001
"""Part of the larger mean around which the axis of differences turns from linear to logarithmic."""
UNDECIDED = "#7B8794"
FAN_HEIGHT = 260
SIDES = ("a", "b")


def figures(document: Json, width: int) -> dict[str, Json]:
    """Return the figures of a comparison: `accounting`, `differences`, and `fan-` with the name of each series.

    Args:
        document: the document of the comparison (`sim.server.views.comparison.document`).
        width: the width of the window in pixels.
    """
    narrow = width < NARROW
    fans = {f"fan-{series['name']}": _fan(document, series) for series in document["fans"]}
    return {"accounting": _accounting(document["cause"], narrow), "differences": _differences(document, narrow), **fans}


def _height(rows: int, narrow: bool) -> int:
    """Return the height in pixels for some rows, whose labels take three lines on a narrow page."""
    return 90 + max(rows, 3) * (50 if narrow else 34)


def _row_axis(labels: list[str], size: int = 13) -> Json:
    """Return a vertical axis with a label for each row, from the top down."""
    places = list(range(len(labels)))
    ends = [len(labels) - 0.4, -0.6]
    return axis(tickfont={"size": size}, tickvals=places, ticktext=labels, range=ends, showgrid=False)


def _zero_axis(**more: Any) -> Json:
    return axis(**{"zeroline": True, "zerolinecolor": INK, "zerolinewidth": 1.5, "gridcolor": GRID, **more})


def _bent(part: float) -> float:
    """Return the place of a difference on an axis that is logarithmic on both sides of zero."""
    return math.asinh(part / LINEAR)


def _percent(part: float) -> str:
    return f"{plain(float(f'{100.0 * part:.3g}'))}%"


def _differences(document: Json, narrow: bool) -> Json:
    rows = [row for row in document["outcomes"] if row["relative"]]
    if not rows:
        return blank("A and B do not differ in any of these outcomes.")
    colours = [TWINS[row["mean"] < 0.0] if row["decided"] else UNDECIDED for row in rows]
    middle, low, high = ([_bent(row["relative"][at]) for row in rows] for at in range(3))
    intervals = [
        {
            **LINE,
            "x": [low[at], high[at]],
            "y": [at, at],
            "line": {"color": colours[at], "width": 5 if row["decided"] else 3},
            "hoverinfo": "skip",
        }
        for at, row in enumerate(rows)
    ]
    means = {
        "type": "scatter",
        "mode": "markers",
        "x": middle,
        "y": list(range(len(rows))),
        "marker": {
            "size": 12,
            "symbol": ["diamond" if row["decided"] else "diamond-open" for row in rows],
            "color": colours,
            "line": {"color": colours, "width": 2},
        },
        "text": [_difference_words(row) for row in rows],
        "hovertemplate": "%{text}<extra></extra>",
    }
    above = {"y": 1, "xref": "paper", "yref": "paper", "yanchor": "bottom", "showarrow": False}
    return figure(
        [*intervals, means],
        {"l": 132 if narrow else 310, "r": 14, "t": 30, "b": 44},
        height=_height(len(rows), narrow),
        xaxis=_difference_axis(1.08 * max(map(abs, (*low, *high))), narrow),
        yaxis=_row_axis([wrapped(row["label"], 17 if narrow else 44) for row in rows], 12 if narrow else 13),
        annotations=[
            {**above, "text": "\u25c4 less in A", "x": 0, "xanchor": "left", "font": {"color": TWINS[1]}},
            {**above, "text": "more in A \u25ba", "x": 1, "xanchor": "right", "font": {"color": TWINS[0]}},
        ],
        hovermode="closest",
    )


def _difference_words(row: Json) -> str:
    mean, low, high = map(_percent, row["relative"])
    return f"{row['label']}: {mean} ({low} to {high})" + ("" if row["decided"] else ", spans zero")


def _difference_axis(reach: float, narrow: bool) -> Json:
    marks = [part for part in (0.001, 0.01, 0.1, 1.0) if _bent(part) <= reach]
    if narrow:
        marks = [part for at, part in enumerate(marks) if len(marks) - at in (1, 3)]
    values = [*(-part for part in reversed(marks)), 0.0, *marks]
    return _zero_axis(
        range=[-reach, reach],
        tickvals=[_bent(part) for part in values],
        ticktext=[("+" if part > 0.0 else "") + _percent(part) for part in values],
        title="A less B, percent of the larger mean",
        small=True,
        tickangle=0,
    )


def _accounting(cause: Json, narrow: bool) -> Json:
    """Draw the steps from what interest paid for, over what other money did, to the effect on all purchases."""
    origins = [row for row in cause["origins"] if row["drawn"]]
    if not origins:
        return blank("GPU purchases are the same in A and B, whatever paid for them.")
    bars, foot = [], 0.0
    for row in origins:
        label = "Accounting: paid with interest" if row["origin"] == "bill_interest" else row["label"]
        bars.append({**row, "label": label, "foot": foot})
        foot += row["mean"]
    effect = {"label": "Cause: effect on all GPU purchases", "colour": POPULATION["providers"], "foot": 0.0}
    bars.append({**cause["purchases"], **effect})
    texts = [_bar_words(bar, narrow) for bar in bars]
    return figure(
        [_waterfall(bars, texts)],
        {"l": 124 if narrow else 250, "r": 14, "t": 8, "b": 48},
        height=_height(len(bars), narrow),
        xaxis=_money_axis(bars, f"USD bn over all quarters: {cause['more']} less {cause['less']}", narrow),
        yaxis=_row_axis(_bar_labels(bars, narrow)),
        shapes=[_step(bar, at) for at, bar in enumerate(bars[:-1])],
        annotations=[_bar_note(bar, at, text) for at, (bar, text) in enumerate(zip(bars, texts, strict=True))],
    )


def _bar_words(bar: Json, narrow: bool) -> str:
    sign = "+" if bar["mean"] > 0.0 else ""
    return f"{sign}{amount(bar['mean'])}".replace("-", MINUS) + ("" if bar["decided"] or narrow else " (spans zero)")


def _bar_labels(bars: list[Json], narrow: bool) -> list[str]:
    strong = (0, len(bars) - 1)
    return [
        f"<b>{wrapped(bar['label'], 14 if narrow else 30)}</b>"
        if at in strong
        else wrapped(bar["label"], 12 if narrow else 30)
        for at, bar in enumerate(bars)
    ]


def _waterfall(bars: list[Json], texts: list[str]) -> Json:
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(bars))),
        "x": [bar["mean"] for bar in bars],
        "base": [bar["foot"] for bar in bars],
        "width": 0.62,
        "marker": {
            "color": [bar["colour"] for bar in bars],
            "opacity": [1.0 if bar["decided"] else 0.45 for bar in bars],
        },
        "error_x": whiskers(
            [bar["high"] - bar["mean"] for bar in bars], [bar["mean"] - bar["low"] for bar in bars], 1.6, 5
        ),
        "text": texts,
        "hovertemplate": "%{text} USD bn<extra></extra>",
        "textposition": "none",
    }


def _money_axis(bars: list[Json], title: str, narrow: bool) -> Json:
    ends = [0.0, *(bar["foot"] + part for bar in bars for part in (0.0, bar["low"], bar["high"]))]
    least, most = min(ends), max(ends)
    span = most - least
    low = least - (0.04 * span if least < 0.0 else 0.0)
    return _zero_axis(
        range=[low, most + 0.16 * span * (2 if narrow else 1)], title=wrapped(title, 30 if narrow else 200), small=True
    )


def _step(bar: Json, at: int) -> Json:
    """Return the line from the end of a bar to the foot of the next one."""
    end = bar["foot"] + bar["mean"]
    return {
        **{"type": "line", "x0": end, "x1": end, "y0": at + 0.31, "y1": at + 0.69},
        "line": {"color": MUTED, "width": 1},
    }


def _bar_note(bar: Json, at: int, text: str) -> Json:
    return {
        "x": max(bar["foot"] + part for part in (0.0, bar["mean"], bar["high"])),
        "y": at,
        "text": f"<b>{text}</b>",
        "showarrow": False,
        "xanchor": "left",
        "xshift": 8,
        "bgcolor": "rgba(255,255,255,0.85)",
        "font": {"size": 13, "color": INK if bar["decided"] else MUTED},
    }


def _fan(document: Json, series: Json) -> Json:
    """Draw both scenarios in one fan: the first in solid lines, the second in dashed ones."""
    first = 1 if series["flow"] else 0
    quarters = document["quarters"]
    x = list(range(first, len(quarters)))
    fans = []
    for side, label, colour, dash in zip(SIDES, document["labels"], TWINS, ("solid", "dash"), strict=True):
        levels = list(zip(*series[side][first:], strict=True))
        median = {
            "name": f"{side.upper()}: {label}",
            "line": {"color": colour, "width": 2.4, "dash": dash},
            "customdata": [list(row) for row in zip(quarters[first:], levels[0], levels[4], strict=True)],
            "hovertemplate": f"%{{customdata[0]}}, {side.upper()}: %{{y:.4g}} "
            "(%{customdata[1]:.4g} to %{customdata[2]:.4g})<extra></extra>",
        }
        fans.append(fan(x, levels, colour, (0.13, 0.26), **median))
    last = len(quarters) - 1
    return figure(
        # The bands of both lie under both lines.
        list(itertools.chain(*zip(*fans, strict=True))),
        {"l": 48, "r": 10, "t": 26, "b": 28},
        height=FAN_HEIGHT,
        xaxis=quarter_axis(quarters, most=4, ticks="outside", ticklen=4, tickcolor=MUTED, range=[-0.3, last + 0.3]),
        yaxis=axis(zeroline=True, zerolinecolor=GRID, rangemode="tozero", nticks=5),
        annotations=[unit_note(series["unit"])],
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top", "font": {"size": 12}},
        hovermode="closest",
    )
