"""The figure of the GPU markets: rent, price, fleets, use, the vendor's sales, and GPUs bought with interest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.analysis.facts.evidence import LAST
from sim.analysis.sums import quarters_of
from sim.report.figures import data, style
from sim.report.figures.tables import after_opening, largest, measure, series
from sim.report.numbers import plain
from sim.report.palette import INTEREST, POPULATION
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

MOST = 7
HUE, OTHER = POPULATION["providers"], "#C3CAD2"


def draw(run: Run) -> Figure:
    """Draw the GPU markets of a run."""
    table = series(run)
    fleet, rent = table["gpus"], table["gpu_rent_usd_hour"]
    figure = style.new_figure(
        f"Fleets go from {plain(float(fleet.iloc[0]))} to {plain(float(fleet.iloc[-1]))} GPUs, "
        f"rent from {rent.iloc[0]:.2f} to {rent.iloc[-1]:.2f} USD an hour",
        f"Rental market, fleets and vendor, {style.span(run)}; dots are data",
        style.source(run, f"Data: H100 rents and NVIDIA data-centre revenue to {LAST}"),
    )
    grid = style.panels(figure, 2, 3, right=0.985, gap=(0.26, 0.52))
    for axes, name, title, unit in (
        (grid[0], "gpu_rent_usd_hour", "Rent of a GPU", "USD an hour"),
        (grid[1], "gpu_price_usd", "Price of a GPU, installed", "USD"),
    ):
        style.panel(axes, title, unit, quarters_of(run))
        _curve(axes, table[name])
    style.dots(grid[0], data.within(data.points("gpu", "H100", "rental_price_per_hour"), table.index))
    for axes in grid[:2]:
        style.from_zero(axes)
    _use(grid[2], run)
    _fleets(grid[3], run)
    _sales(grid[4], run)
    _bought(grid[5], run)
    return figure


def _curve(axes: Axes, curve: pd.Series) -> None:
    axes.plot(curve.index, curve, color=HUE, linewidth=2.6, marker="" if len(curve) > 2 else "o")


def _use(axes: Axes, run: Run) -> None:
    """Draw the use of GPUs: a line for the market, and a band for the range of the providers that have GPUs."""
    style.panel(axes, "Utilisation", "percent of the hours offered", quarters_of(run))
    by_provider = measure(run, "providers", "utilisation")
    by_provider = 100.0 * by_provider.where(measure(run, "providers", "gpus") > 0.0)
    low, high = by_provider.min(axis=1), by_provider.max(axis=1)
    axes.fill_between(by_provider.index, low, high, color=HUE, alpha=0.16, linewidth=0.0)
    market = 100.0 * series(run)["gpu_utilisation"]
    _curve(axes, market)
    axes.set_ylim(0.0, 1.05 * max(100.0, float(market.max()), float(np.nanmax(by_provider.to_numpy()))))
    style.write(
        axes, (0.02, 0.05), "line: asked for; band: rented, by provider", fontsize=style.TEXT - 2.0, va="baseline"
    )


def _fleets(axes: Axes, run: Run) -> None:
    style.panel(axes, "GPUs by provider", "GPUs installed", quarters_of(run))
    table = largest(measure(run, "providers", "gpus"), MOST, "providers")
    hues = style.shades(HUE, table.shape[1])
    style.stack(axes, table, hues)
    axes.set_ylim(0.0, 1.02 * max(float(table.sum(axis=1).max()), 1.0))
    style.key(axes, [str(name) for name in table.columns], hues)


def _sales(axes: Axes, run: Run) -> None:
    style.panel(axes, "Sales of the GPU vendor", "USD bn a quarter", style.flow_quarters(run))
    table = after_opening(series(run))
    axes.bar(table.index, table["vendor_sales_usd_bn"], width=0.75, color=OTHER)
    axes.bar(table.index, table["gpu_capex_usd_bn"], width=0.75, color=HUE)
    style.dots(axes, data.within(data.points("gpu", "NVIDIA", "data_center_revenue"), table.index))
    style.from_zero(axes)
    style.key(axes, ["to the providers here", "to others"], [HUE, OTHER])


def _bought(axes: Axes, run: Run) -> None:
    bought = after_opening(series(run))["gpus_funded_by_interest"]
    title = f"Bought with bill interest: {bought.sum():,.0f}"
    style.panel(axes, title, "GPUs a quarter", style.flow_quarters(run))
    if not float(bought.sum()) > 0.0:
        style.empty(axes, "None: no interest reached a GPU purchase.")
        return
    axes.bar(bought.index, bought, width=0.75, color=INTEREST)
    style.from_zero(axes)
