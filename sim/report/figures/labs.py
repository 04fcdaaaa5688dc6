"""The figure of the labs: revenue, spending, cash, runway and valuation, one shade for each lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from sim.analysis.facts.evidence import LAST
from sim.analysis.sums import quarters_of
from sim.report.figures import data, style
from sim.report.figures.tables import after_opening, measure, series
from sim.report.numbers import amount, money
from sim.report.palette import INK, POPULATION
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

MOST = 6
RUNWAYS = ((4.0, "under 4", "#8C2D6B"), (8.0, "4 to 8", "#CC79A7"), (16.0, "8 to 16", "#E8C0D8"))
"""Classes of runway: upper limit in quarters, words, colour. Longer runways, and labs that earn money, have none."""
PANELS = {
    "revenue": ("Revenue", {"OpenAI": "revenue", "Anthropic": "revenue"}),
    "spending": ("Spending", {}),
    "cash": ("Cash", {"OpenAI": "cash_and_securities", "xAI": "cash"}),
    "equity_value": ("Valuation", dict.fromkeys(("OpenAI", "Anthropic", "xAI"), "post_money_valuation")),
}
"""Measure of the labs -> title of its panel, and lab -> metric of the data."""
FLOWS = ("revenue", "spending")


def draw(run: Run) -> Figure:
    """Draw the labs of a run."""
    whole = after_opening(series(run))
    year = whole.tail(4)
    revenue, spending = float(year["lab_revenue_usd_bn"].sum()), float(year["lab_spending_usd_bn"].sum())
    figure = style.new_figure(
        f"Labs: revenue of {money(revenue)}, spending of {money(spending)} in the last "
        + ("year" if len(year) == 4 else f"{len(year)} quarters" if len(year) > 1 else "quarter"),
        f"AI labs, {style.span(run)}; logarithmic scales; dots are data, in bars over the time they cover",
        style.source(run, f"Data: company reports and press to {LAST}; years and half-years as averages per quarter"),
    )
    names = _shown(run)
    hues = dict(zip(names, style.shades(POPULATION["labs"], len(names)), strict=True))
    grid = style.panels(figure, 2, 3, left=0.08, right=0.985, gap=(0.26, 0.52))
    for axes, name in zip((*grid[:3], grid[4]), PANELS, strict=True):
        _history(axes, run, name, hues)
    _runway(grid[3], run, hues)
    _key(grid[5], run, hues)
    return figure


def _shown(run: Run) -> list[str]:
    """Return the labs with the highest valuation at any time, so that labs that failed later are among them."""
    peak = measure(run, "labs", "equity_value").max().sort_values(ascending=False, kind="stable")
    return [str(name) for name in peak.index[:MOST]]


def _history(axes: Axes, run: Run, name: str, hues: dict[str, str]) -> None:
    """Draw a line for each lab, up to the quarter in which it fails."""
    title, metrics = PANELS[name]
    flow, table = name in FLOWS, measure(run, "labs", name)[list(hues)]
    table = after_opening(table) if flow else table
    style.panel(
        axes, title, "USD bn a quarter" if flow else "USD bn", (style.flow_quarters if flow else quarters_of)(run)
    )
    table = table.where(table > 0.0)
    if not np.isfinite(table.to_numpy(dtype=float)).any():
        style.empty(axes, "None.")
        return
    axes.set_yscale("log")
    style.lines(axes, table, list(hues.values()))
    axes.tick_params(axis="y", which="minor", length=0)
    axes.yaxis.set_minor_formatter(NullFormatter())
    _tidy_log(axes, table)
    for lab, metric in metrics.items():
        if lab in hues:
            style.dots(axes, data.within(data.points("labs", lab, metric, flow=flow), table.index), hues[lab])


def _tidy_log(axes: Axes, table: pd.DataFrame) -> None:
    """Label at most five powers of ten on the logarithmic axis, and no ticks between them."""
    low, high = float(np.nanmin(table.to_numpy())), float(np.nanmax(table.to_numpy()))
    decades = np.arange(np.floor(np.log10(max(low, high * 1e-5))), np.ceil(np.log10(high)) + 1)
    step = 2 if len(decades) > 5 else 1
    axes.set_yticks([10.0**d for d in decades[::step]], [f"{10.0**d:,.12g}" for d in decades[::step]])
    axes.set_ylim(10.0 ** decades[0], 2.0 * high)


def _runway(axes: Axes, run: Run, hues: dict[str, str]) -> None:
    """Draw a strip for each lab, the darker, the fewer quarters its cash will last."""
    style.panel(axes, "Runway", "cash over burn, in quarters", style.flow_quarters(run))
    table = after_opening(measure(run, "labs", "runway"))[list(hues)]
    axes.set_ylim(len(hues) - 0.45, -1.35)
    axes.set_yticks(range(len(hues)), list(hues))
    axes.grid(False)
    for row, lab in enumerate(hues):
        for low, (high, _, colour) in zip((0.0, 4.0, 8.0), RUNWAYS, strict=True):
            quarters = table.index[(table[lab] >= low) & (table[lab] < high)]
            axes.broken_barh([(q - 0.5, 1.0) for q in quarters], (row - 0.36, 0.72), color=colour, linewidth=0.0)
    for place, (_, words, colour) in zip((0.0, 0.33, 0.63), RUNWAYS, strict=True):
        axes.plot(place + 0.02, 0.95, marker="s", markersize=8, color=colour, transform=axes.transAxes)
        style.write(axes, (place + 0.05, 0.95), words, fontsize=style.TEXT - 2.0, color=INK)


def _key(axes: Axes, run: Run, hues: dict[str, str]) -> None:
    """Write the names of the labs beside their colours, each with its valuation at the end, or that it failed."""
    axes.set_axis_off()
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)
    alive, value, income = (measure(run, "labs", name).iloc[-1] for name in ("alive", "equity_value", "net_income"))
    style.write(axes, (0.42, 1.09), "Valuation at the end", fontsize=style.TEXT - 1.0)
    for rank, (lab, hue) in enumerate(hues.items()):
        y = 0.95 - 0.155 * rank
        axes.plot([0.0, 0.09], [y, y], color=hue, linewidth=4.0, solid_capstyle="butt")
        style.write(axes, (0.12, y), lab, fontsize=style.TEXT + 0.5, fontweight="bold", color=INK)
        fate = f"USD {amount(float(value[lab]))} bn, " + ("earning" if income[lab] > 0 else "burning cash")
        style.write(axes, (0.42, y), fate if alive[lab] > 0 else "failed", fontsize=style.TEXT - 1.0)
    others = len(alive) - len(hues)
    if others:
        style.write(axes, (0.0, 0.0), f"and {others} smaller labs", fontsize=style.TEXT - 1.0, va="baseline")
