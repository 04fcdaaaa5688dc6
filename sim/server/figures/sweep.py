"""The figures of the page of a sweep: the map, the effects of the levers, the distribution and the fan."""

import itertools
from typing import Any

from sim.report.palette import MUTED, POPULATION
from sim.server.figures.style import LINE, axis, blank, faded, fan, figure, quarter_axis, vertical, whiskers, wrapped
from sim.server.sweeps.words import Json, cell_words, in_words, interval_words, titled

NARROW = 520
"""Width of a panel in pixels below which labels are short."""
MOST_TEXTS, TEXT_WIDTH = 100, 62
"""Most cells that show their numbers, and the pixels that a number needs."""
MOST_BARS = 14
"""Levers that the effects show, those with the widest swing; the table has all."""
HIGH, LOW = POPULATION["providers"], POPULATION["ventures"]
"""Colours of the high and the low end of a lever, and of numbers above and below zero."""
ENDS = (("low", LOW, -0.19), ("high", HIGH, 0.19))
"""End of a lever, its colour, and the distance of its bar from the middle of the row."""


def map_figure(cells: Json, width: int) -> Json:
    """Return the mean over two levers, or over one."""
    if all(cell["mean"] is None for cell in cells["cells"]):
        return blank("No cell has a mean of this outcome.")
    return _heat(cells, width) if cells["y"] else _ribbon(cells)


def _ticks(side: Json, most: int) -> Json:
    """Return the labels of a side: values in the middle of cells, edges of bins between them."""
    shift = -0.5 if side["binned"] else 0.0
    step = -(-len(side["labels"]) // most)
    places = range(0, len(side["labels"]), step)
    return {"tickvals": [place + shift for place in places], "ticktext": [side["labels"][at] for at in places]}


def _side_axis(side: Json, letters: int, most: int) -> Json:
    title = wrapped(titled(side["label"], side["unit"]), letters)
    ends = [-0.5, len(side["cells"]) - 0.5]
    return axis(title, automargin=True, showgrid=False, range=ends, **_ticks(side, most))


def _heat(cells: Json, width: int) -> Json:
    x, y, outcome = cells["x"], cells["y"], cells["outcome"]
    means: list[list[float | None]] = [[None] * len(x["cells"]) for _ in y["cells"]]
    words, texts = ([[filling] * len(x["cells"]) for _ in y["cells"]] for filling in ("no run here", ""))
    for cell in cells["cells"]:
        i, j = cell["i"], cell["j"]
        words[j][i] = cell_words(cells, cell)
        if cell["mean"] is not None:
            means[j][i] = cell["mean"] * outcome["factor"]
            texts[j][i] = in_words(cell["mean"], outcome)
    numbers = [mean for row in means for mean in row if mean is not None]
    low, high = min(numbers), max(numbers)
    scale: list[list[Any]] = [[0.0, "#EDF3F8"], [1.0, HIGH]]
    if low < 0.0 < high:
        scale = [[0.0, LOW], [-low / (high - low), "#F7F9FA"], [1.0, HIGH]]
    labelled = len(x["cells"]) * len(y["cells"]) <= MOST_TEXTS and len(x["cells"]) <= width / TEXT_WIDTH
    trace = {
        "type": "heatmap",
        "z": means,
        "text": texts,
        "customdata": words,
        "hovertemplate": "%{customdata}<extra></extra>",
        "texttemplate": "%{text}" if labelled else None,
        "colorscale": scale,
        "zmin": low,
        "zmax": high if high > low else low + 1.0,
        "xgap": 2,
        "ygap": 2,
        "colorbar": {
            "title": {"text": outcome["unit"], "side": "right", "font": {"size": 12}},
            "thickness": 12,
            "outlinewidth": 0,
            "tickfont": {"size": 12},
        },
    }
    narrow = width < NARROW
    return figure(
        [trace],
        {"l": 40, "r": 8, "t": 14, "b": 40},
        xaxis=_side_axis(x, 30 if narrow else 60, 5 if narrow else 12),
        yaxis=_side_axis(y, 34, 12),
    )


def _ribbon(cells: Json) -> Json:
    """Draw the mean over one lever, and the band of nine in ten runs."""
    x, outcome = cells["x"], cells["outcome"]
    row = sorted(cells["cells"], key=lambda cell: cell["i"])
    at = [cell["i"] for cell in row]
    low, mean, high = (
        [None if cell[key] is None else cell[key] * outcome["factor"] for cell in row] for key in ("p05", "mean", "p95")
    )
    edge = {**LINE, "x": at, "line": {"width": 0}, "hoverinfo": "skip"}
    data = [
        {**edge, "y": high},
        {**edge, "y": low, "fill": "tonexty", "fillcolor": faded(outcome["colour"], 0.2)},
        {
            **LINE,
            "mode": "lines+markers",
            "x": at,
            "y": mean,
            "line": {"color": outcome["colour"], "width": 2.4},
            "customdata": [cell_words(cells, cell) for cell in row],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
    ]
    across = axis(wrapped(titled(x["label"], x["unit"]), 44), automargin=True, showgrid=False, **_ticks(x, 9))
    upwards = axis(wrapped(outcome["title"], 34), automargin=True, rangemode="tozero")
    return figure(data, {"l": 50, "r": 12, "t": 14, "b": 44}, xaxis=across, yaxis=upwards)


def effects_figure(effects: Json, width: int) -> Json:
    """Return the tornado: the mean at both ends of each lever, around the mean of all runs."""
    if effects["reason"]:
        return blank(effects["reason"])
    outcome, narrow = effects["outcome"], width < NARROW
    factor, mean = outcome["factor"], effects["mean"] * outcome["factor"]
    bars = effects["bars"][:MOST_BARS][::-1]
    tight = narrow and len(bars) > 5
    names = [
        wrapped(bar["label"] if tight else titled(bar["label"], bar["unit"]), 19 if narrow else 30) for bar in bars
    ]
    rows: Json = {"tickvals": list(range(len(bars))), "ticktext": names}
    edges = {end: [_edges(bar[end], factor) for bar in bars] for end, _, _ in ENDS}
    reach = [mean, *(number for rows in edges.values() for row in rows for number in row)]
    low, high = min(reach), max(reach)
    # Room for the words beside the bars, as a part of what is drawn.
    letters = max(len(bar[end]["at"]) for bar in bars for end, _, _ in ENDS)
    part = min((7.0 * letters + 14.0) / ((0.5 if narrow else 0.62) * max(width, 1)), 0.4)
    air = part / (1.0 - 2.0 * part) * ((high - low) or 1.0)
    return figure(
        [_end_bars(bars, outcome, mean, *end) for end in ENDS],
        {"l": 60, "r": 10, "t": 8, "b": 44},
        barmode="overlay",
        annotations=[
            _end_note(bar[end]["at"], edges[end][row], bar[end]["value"] >= effects["mean"], row + shift)
            for row, bar in enumerate(bars)
            for end, _, shift in ENDS
            if bar[end]["value"] is not None
        ],
        xaxis=axis(wrapped(outcome["title"], 24 if narrow else 60), automargin=True, range=[low - air, high + air]),
        yaxis=axis(automargin=True, showgrid=False, range=[-0.6, len(bars) - 0.4], **rows),
        shapes=[vertical(mean)],
    )


def _edges(end: Json, factor: float) -> list[float]:
    """Return the mean at an end of a lever and the known ends of its interval, in the unit shown."""
    return [number * factor for number in (end["value"], *end["interval"]) if number is not None]


def _end_bars(bars: list[Json], outcome: Json, mean: float, end: str, colour: str, shift: float) -> Json:
    factor = outcome["factor"]

    def whisker(bar: Json, side: int) -> float:
        edge = bar[end]["interval"][side]
        return 0.0 if edge is None else abs(edge - bar[end]["value"]) * factor

    values = [bar[end]["value"] for bar in bars]
    return {
        "type": "bar",
        "orientation": "h",
        "y": [row + shift for row in range(len(bars))],
        "width": 0.34,
        "base": mean,
        "x": [None if value is None else value * factor - mean for value in values],
        "marker": {"color": colour},
        "error_x": whiskers([whisker(bar, 1) for bar in bars], [whisker(bar, 0) for bar in bars], 1.2, 0),
        "customdata": [
            [
                titled(bar["label"], bar["unit"]),
                bar[end]["at"],
                in_words(bar[end]["value"], outcome),
                interval_words(bar[end]["interval"], outcome),
            ]
            for bar in bars
        ],
        "hovertemplate": "%{customdata[0]}: %{customdata[1]}<br>mean %{customdata[2]} "
        "(%{customdata[3]})<extra></extra>",
    }


def _end_note(text: str, edges: list[float], right: bool, y: float) -> Json:
    return {
        "x": max(edges) if right else min(edges),
        "y": y,
        "text": text,
        "showarrow": False,
        "xanchor": "left" if right else "right",
        "xshift": 4 if right else -4,
        "font": {"size": 11.5, "color": MUTED},
    }


def distribution_figure(distribution: Json, width: int) -> Json:
    """Return the histogram of an outcome, with its median as a dotted line."""
    if not distribution["runs"]:
        return blank("No run has a finite number of this outcome.")
    outcome, edges = distribution["outcome"], distribution["edges"]
    factor = outcome["factor"]
    bars = list(itertools.pairwise(edges))
    trace = {
        "type": "bar",
        "x": [0.5 * (low + high) * factor for low, high in bars],
        "y": distribution["counts"],
        "width": [0.94 * (high - low) * factor for low, high in bars],
        "marker": {"color": outcome["colour"]},
        "customdata": [
            in_words(0.5 * (low + high), outcome)
            if distribution["counted"]
            else f"{in_words(low, outcome)} to {in_words(high, outcome)}"
            for low, high in bars
        ],
        "hovertemplate": "%{customdata}<br>%{y:,} runs<extra></extra>",
    }
    whole: Json = {"dtick": 1, "tickformat": ",d"} if distribution["counted"] and len(bars) <= 12 else {}
    title = wrapped(outcome["title"], 34 if width < NARROW else 60)
    return figure(
        [trace],
        {"l": 50, "r": 12, "t": 14, "b": 44},
        bargap=0,
        xaxis=axis(title, automargin=True, showgrid=False, nticks=7, **whole),
        yaxis=axis("runs", automargin=True, nticks=5, tickformat=",d"),
        shapes=[vertical(distribution["quantiles"][2] * factor, width=1.4, dash="dot")],
    )


def fan_figure(quantiles: Json, width: int) -> Json:
    """Return the fan: the bands of nine in ten and of half of the runs in each quarter, and the median."""
    series, quarters, bands = (quantiles[key] for key in ("series", "quarters", "bands"))
    levels = [[row[level] * series["factor"] for row in bands] for level in range(len(quantiles["levels"]))]
    words = []
    for quarter, row in zip(quarters, bands, strict=True):
        p05, p25, p50, p75, p95 = (in_words(number, series) for number in row)
        words.append(f"{quarter}<br>median {p50}<br>half of the runs: {p25} to {p75}<br>nine in ten: {p05} to {p95}")
    hover = {"customdata": words, "hovertemplate": "%{customdata}<extra></extra>"}
    return figure(
        fan(list(range(len(quarters))), levels, series["colour"], (0.18, 0.33), **hover),
        {"l": 50, "r": 24, "t": 14, "b": 36},
        xaxis=quarter_axis(
            quarters,
            most=8 if width >= NARROW else 5,
            title="quarter",
            automargin=True,
            range=[-0.2, len(quarters) - 0.8],
        ),
        yaxis=axis(wrapped(titled(series["label"], series["unit"]), 34), automargin=True, rangemode="tozero", nticks=6),
        hovermode="x",
    )


FIGURES = {"map": map_figure, "effects": effects_figure, "distribution": distribution_figure, "fan": fan_figure}
"""Part of a sweep's page -> its figure, made from the part and the width of its panel in pixels."""
