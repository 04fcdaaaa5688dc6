"""The figure of whose money bought the GPUs: providers' purchases by origin, with the interest magnified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.analysis.attribution import headline
from sim.report.figures import style
from sim.report.figures.tables import after_opening, series
from sim.report.numbers import money, percent
from sim.report.palette import INTEREST, ORIGIN, ORIGIN_LABEL
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd


def spending(run: Run) -> pd.DataFrame:
    """Return GPU purchases in USD bn: a row for each numbered quarter, a column for each origin of the money.

    Origins that paid nothing are left out. The largest origin is first; bill interest, on top of the stack, is last.
    """
    table = after_opening(series(run)).rename(columns={f"gpu_capex_from_{name}_usd_bn": name for name in ORIGIN})
    sums = table[[name for name in ORIGIN if name != "bill_interest"]].sum()
    least = 1e-9 * (sums.sum() + table["bill_interest"].sum())
    return table[[*sums[sums > least].sort_values(ascending=False, kind="stable").index, "bill_interest"]]


def draw(run: Run) -> Figure:
    """Draw the origins of the money that bought GPUs in a run."""
    numbers = headline(run)
    paid, share = numbers["interest_funded_gpu_usd_bn"], numbers["interest_share_of_gpu_capex"]
    figure = style.new_figure(
        f"Interest paid for {percent(share)} of the GPUs that providers bought: {money(paid)}",
        f"GPU purchases by the origin of the money that paid for them, at any remove, {style.span(run)}",
        style.source(run, "A payment takes origins in proportion to the payer's balance"),
    )
    grid = figure.add_gridspec(2, 2, left=0.055, right=0.80, top=0.80, bottom=0.105, wspace=0.62, hspace=0.52)
    table = spending(run)
    share_axes, all_axes, zoom_axes = (figure.add_subplot(place) for place in (grid[:, 0], grid[0, 1], grid[1, 1]))
    share = (table["bill_interest"] / table.sum(axis=1)).max()
    most = f"; at most {percent(float(share))} of all" if share > 0.0 else ""
    for axes, title, unit in (
        (share_axes, "Share of each origin", "percent of purchases; labels: whole run"),
        (all_axes, "Amounts", "USD bn a quarter; labels: whole run"),
        (zoom_axes, "Bill interest alone, on a scale of its own", f"USD million a quarter{most}"),
    ):
        style.panel(axes, title, unit, style.flow_quarters(run))
        if not float(table.to_numpy().sum()) > 0.0:
            style.empty(axes, "No GPUs were bought.")
    totals = table.sum()
    if totals.sum() > 0.0:
        shares = 100.0 * table.div(table.sum(axis=1).where(lambda total: total > 0.0), axis=0)
        _stack(share_axes, shares, (totals / totals.sum()).map(percent), top=100.0)
        _stack(all_axes, table, totals.map(money))
        _interest(zoom_axes, table)
    return figure


def _stack(axes: Axes, table: pd.DataFrame, sums: pd.Series, top: float | None = None) -> None:
    """Draw the amounts as stacked areas, one for each origin, with name and sum at the right end."""
    hues = [ORIGIN[origin] for origin in table.columns]
    style.stack(axes, table, hues, edge=0.0)
    style.from_zero(axes, top)
    texts = [f"{ORIGIN_LABEL[origin]}  {text}" for origin, text in sums.items()]
    style.label_ends(axes, zip(style.middles(table), texts, hues, strict=True))


def _interest(axes: Axes, table: pd.DataFrame) -> None:
    millions = 1e3 * table["bill_interest"]
    if not float(millions.sum()) > 0.0:
        style.empty(axes, "No interest reached a GPU purchase.")
        return
    axes.bar(table.index, millions, width=0.75, color=INTEREST)
    style.from_zero(axes)
