"""The spread of the runs of a sweep: the distribution of an outcome, and the fan of a series."""

import math
from typing import Any

import numpy as np

from sim.experiments.sweep import Sweep
from sim.report.figures import fans
from sim.runs.run import quoted
from sim.server.responses import Rows
from sim.server.sweeps.choice import COUNTED, SERIES, Choice, outcome_display

FEWEST, BARS = 8, 30
"""Least and most bars of a histogram; between them, twice the cube root of the number of runs (Rice's rule)."""
EXACT = 100_000
"""Most runs for which the quantiles of a fan are exact; with more runs, a t-digest approximates them."""


def distribution(sweep: Sweep, choice: Choice) -> dict[str, Any]:
    """Return the distribution of an outcome over all runs.

    Returns:
        `outcome`; the number of `runs` with a finite outcome, of those with an infinite one (`endless`) and of those
        with no numbers (`problems`); `mean`, `quantiles` at `levels`, `edges` of bars and the `counts` in them, all in
        the outcome's own unit; and `counted`, whether each bar stands for one whole number.
    """
    name = quoted(choice.outcome)
    finite = f"FILTER (problem IS NULL AND isfinite({name}))"
    sums = sweep.query(
        f"SELECT count(*) {finite} AS runs, count(*) FILTER (problem IS NULL AND isinf({name})) AS endless, "
        f"count(problem) AS problems, avg({name}) {finite} AS mean, min({name}) {finite} AS low, "
        f"max({name}) {finite} AS high, quantile_cont({name}, {list(fans.LEVELS)}) {finite} AS quantiles "
        "FROM outcomes"
    ).iloc[0]
    document: dict[str, Any] = {
        "outcome": outcome_display(choice.about),
        **{key: int(sums[key]) for key in ("runs", "endless", "problems")},
        "levels": list(fans.LEVELS),
    }
    if not document["runs"]:
        return {**document, "mean": None, "quantiles": [], "edges": [], "counts": [], "counted": False}
    low, high = float(sums["low"]), float(sums["high"])
    # There is a bar for each whole number, where the whole numbers are few.
    counted = choice.about.unit in COUNTED and high - low < BARS and low.is_integer() and high.is_integer()
    edges = _edges(low, high, counted, document["runs"])
    width, bars = edges[1] - edges[0], len(edges) - 1
    rows = sweep.query(
        f"SELECT least({bars - 1}, floor(({name} - {float(edges[0])!r}) / {float(width)!r}))::INTEGER AS bar, "
        f"count(*) AS runs FROM outcomes WHERE problem IS NULL AND isfinite({name}) GROUP BY 1"
    )
    counts = rows.set_index("bar")["runs"].reindex(range(bars), fill_value=0)
    return {
        **document,
        "mean": float(sums["mean"]),
        "quantiles": [float(number) for number in sums["quantiles"]],
        "edges": edges.tolist(),
        "counts": counts.tolist(),
        "counted": counted,
    }


def distribution_table(document: dict[str, Any]) -> Rows:
    """Return the bars of the histogram as rows of a table."""
    edges, counts, name = document["edges"], document["counts"], document["outcome"]["name"]
    return [
        {f"{name} from": low, f"{name} to": high, "runs": count}
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]


def _edges(low: float, high: float, counted: bool, runs: int) -> Any:
    """Return the edges of bars: one bar for each whole number where these are few, otherwise bars of equal width."""
    if counted:
        return np.arange(low, high + 2.0) - 0.5
    if high - low <= 1e-9 * max(abs(low), abs(high), 1.0):
        half = 0.5 * max(abs(low) * 0.02, 1e-6)
        return np.array([low - half, low + half])
    bars = min(max(math.ceil(2.0 * runs ** (1.0 / 3.0)), FEWEST), BARS)
    return np.linspace(low, high, bars + 1)


def fan(sweep: Sweep, choice: Choice) -> dict[str, Any]:
    """Return quantiles of a series, quarter by quarter, over all finished runs.

    Returns:
        `series` (name, label, unit, factor, colour), `quarters`, `levels`, `bands` (`(quarter, level)`, in the
        series' own unit), `runs`, and `exact`, whether the quantiles are exact.
    """
    measure = SERIES[choice.series]
    name = quoted(measure.name)
    runs = int(sweep.query("SELECT count(*) AS runs FROM outcomes WHERE problem IS NULL").iloc[0]["runs"])
    quantile = "quantile_cont" if runs <= EXACT else "approx_quantile"
    rows = sweep.query(
        f"SELECT quarter::VARCHAR AS quarter, {quantile}({name}, {list(fans.LEVELS)}) AS band FROM series "
        f"WHERE isfinite({name}) GROUP BY 1 ORDER BY 1"
    )
    bands = [[float(number) for number in band] for band in rows["band"]]
    quarters = rows["quarter"].tolist()
    if measure.flow:
        # A series of amounts per quarter has no value at the opening.
        quarters, bands = quarters[1:], bands[1:]
    return {
        "series": {
            "label": measure.title,
            **{key: getattr(measure, key) for key in ("name", "unit", "factor", "colour")},
        },
        "quarters": quarters,
        "levels": list(fans.LEVELS),
        "bands": bands,
        "runs": runs,
        "exact": runs <= EXACT,
    }


def fan_table(document: dict[str, Any]) -> Rows:
    """Return the fan as rows of a table."""
    heads = [f"{document['series']['name']} p{round(100 * level):02d}" for level in document["levels"]]
    return [
        {"quarter": quarter, **dict(zip(heads, band, strict=True))}
        for quarter, band in zip(document["quarters"], document["bands"], strict=True)
    ]
