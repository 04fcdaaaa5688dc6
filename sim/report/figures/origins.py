"""Whose money bought the GPUs: origins of the providers' purchases over time, with the interest magnified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.analysis.attribution import headline
from sim.report.figures.style import (
    empty,
    flow_quarters,
    from_zero,
    label_ends,
    new_figure,
    panel,
    source,
    span,
    time_axis,
)
from sim.report.figures.tables import after_opening, series
from sim.report.numbers import money, percent
from sim.report.palette import INTEREST, ORIGIN, ORIGIN_LABEL
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd


def spending(run: Run) -> pd.DataFrame:
    """GPU purchases by quarter (numbered) and origin of the money, USD bn; origins that paid are kept."""
    table = after_opening(series(run))
    columns = {origin: table[f"gpu_capex_from_{origin}_usd_bn"] for origin in ORIGIN}
    whole = sum(float(column.sum()) for column in columns.values())
    kept = {origin: c for origin, c in columns.items() if origin == "bill_interest" or c.sum() > 1e-9 * whole}
    return table.assign(**kept)[list(kept)]


def draw(run: Run) -> Figure:
    """Draw the origins of GPU spending of a run."""
    numbers = headline(run)
    paid, share = numbers["interest_funded_gpu_usd_bn"], numbers["interest_share_of_gpu_capex"]
    figure = new_figure(
        f"Interest paid for {percent(share)} of the GPUs that providers bought: {money(paid)}",
        f"GPU purchases by the origin of the money that paid for them, at any remove, {span(run)}",
        source(run, "A payment takes origins in proportion to the payer's balance"),
    )
    grid = figure.add_gridspec(2, 2, left=0.055, right=0.80, top=0.80, bottom=0.105, wspace=0.62, hspace=0.52)
    table = spending(run)
    share_axes, all_axes, zoom_axes = (figure.add_subplot(place) for place in (grid[:, 0], grid[0, 1], grid[1, 1]))
    panel(share_axes, "Share of each origin", "percent of purchases; labels: whole run")
    panel(all_axes, "Amounts", "USD bn a quarter; labels: whole run")
    share = (table["bill_interest"] / table.sum(axis=1)).max()
    most = f"; at most {percent(float(share))} of all" if share > 0.0 else ""
    panel(zoom_axes, "Bill interest alone, on a scale of its own", f"USD million a quarter{most}")
    for axes in (share_axes, all_axes, zoom_axes):
        time_axis(axes, flow_quarters(run))
    if not float(table.to_numpy().sum()) > 0.0:
        for axes in (share_axes, all_axes, zoom_axes):
            empty(axes, "No GPUs were bought.")
        return figure
    _shares(share_axes, table)
    _amounts(all_axes, table)
    _interest(zoom_axes, table)
    return figure


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Largest at the bottom, interest on top, where it is seen."""
    rest = table.drop(columns="bill_interest").sum().sort_values(ascending=False, kind="stable").index
    return table[[*rest, "bill_interest"]]


def _stack(axes: Axes, table: pd.DataFrame) -> None:
    x, values = list(table.index), table.fillna(0.0).to_numpy().T
    if len(x) == 1:
        x, values = [x[0] - 0.3, x[0] + 0.3], values.repeat(2, axis=1)
    axes.stackplot(x, values, colors=[ORIGIN[o] for o in table.columns], linewidth=0.0)


def _shares(axes: Axes, table: pd.DataFrame) -> None:
    shares = _ordered(table)
    shares = 100.0 * shares.div(shares.sum(axis=1).where(lambda total: total > 0.0), axis=0)
    _stack(axes, shares)
    axes.set_ylim(0.0, 100.0)
    last, whole = shares.iloc[-1].fillna(0.0), table.sum() / float(table.to_numpy().sum())
    heights = last.cumsum() - last / 2.0
    label_ends(
        axes,
        [(float(heights[o]), f"{ORIGIN_LABEL[o]}  {percent(float(whole[o]))}", ORIGIN[o]) for o in shares.columns],
    )


def _amounts(axes: Axes, table: pd.DataFrame) -> None:
    ordered = _ordered(table)
    _stack(axes, ordered)
    from_zero(axes)
    totals = ordered.sum()
    heights = ordered.iloc[-1].cumsum() - ordered.iloc[-1] / 2.0
    label_ends(
        axes,
        [(float(heights[o]), f"{ORIGIN_LABEL[o]}  {money(float(totals[o]))}", ORIGIN[o]) for o in ordered.columns],
    )


def _interest(axes: Axes, table: pd.DataFrame) -> None:
    millions = 1e3 * table["bill_interest"]
    if not float(millions.sum()) > 0.0:
        empty(axes, "No interest reached a GPU purchase.")
        return
    axes.bar(table.index, millions, width=0.75, color=INTEREST)
    from_zero(axes)
