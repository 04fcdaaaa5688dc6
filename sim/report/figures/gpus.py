"""The GPU markets: rent, price, fleets, use, the vendor's sales, and the GPUs that interest bought."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.figures import data
from sim.report.figures.style import (
    TEXT,
    dots,
    empty,
    flow_quarters,
    from_zero,
    key,
    new_figure,
    panel,
    panels,
    shades,
    source,
    span,
    time_axis,
)
from sim.report.figures.tables import after_opening, largest, measure, series
from sim.report.numbers import plain
from sim.report.palette import INTEREST, MUTED, POPULATION
from sim.runs.run import Run

MOST = 7


def draw(run: Run) -> Figure:
    """Draw the GPU markets of a run."""
    table = series(run)
    fleet, rent = table["gpus"], table["gpu_rent_usd_hour"]
    figure = new_figure(
        f"Fleets go from {plain(float(fleet.iloc[0]))} to {plain(float(fleet.iloc[-1]))} GPUs, "
        f"rent from {rent.iloc[0]:.2f} to {rent.iloc[-1]:.2f} USD an hour",
        f"Rental market, fleets and vendor, {span(run)}; dots are data",
        source(run, f"Data: H100 rents and NVIDIA data-centre revenue to {data.LAST}"),
    )
    grid = panels(figure, 2, 3, right=0.985, gap=(0.26, 0.52))
    quarters = run.series["quarter"].tolist()
    _curve(grid[0], run, "gpu_rent_usd_hour", "Rent of a GPU", "USD an hour", ("H100", "rental_price_per_hour"))
    _curve(grid[1], run, "gpu_price_usd", "Price of a GPU, installed", "USD", None)
    _use(grid[2], run, quarters)
    _fleets(grid[3], run, quarters)
    _sales(grid[4], run)
    _bought(grid[5], run)
    return figure


def _curve(axes: Axes, run: Run, name: str, title: str, unit: str, known: tuple[str, str] | None) -> None:
    panel(axes, title, unit)
    table = series(run)
    axes.plot(
        table.index,
        table[name],
        color=POPULATION["providers"],
        linewidth=2.6,
        marker="" if len(table) > 2 else "o",
    )
    time_axis(axes, run.series["quarter"].tolist())
    if known:
        dots(axes, data.within(data.points("gpu", *known), int(table.index[0]), int(table.index[-1])))
    from_zero(axes)


def _use(axes: Axes, run: Run, quarters: list[str]) -> None:
    """Return the market and its spread over providers that have GPUs."""
    panel(axes, "Utilisation", "percent of the hours offered")
    table = series(run)
    by_provider = measure(run, "providers", "utilisation")
    by_provider = 100.0 * by_provider.where(measure(run, "providers", "gpus") > 0.0)
    time_axis(axes, quarters)
    axes.fill_between(
        by_provider.index,
        by_provider.min(axis=1),
        by_provider.max(axis=1),
        color=POPULATION["providers"],
        alpha=0.16,
        linewidth=0.0,
    )
    market = 100.0 * table["gpu_utilisation"]
    axes.plot(
        table.index, market, color=POPULATION["providers"], linewidth=2.6, marker="" if len(table) > 2 else "o"
    )
    axes.set_ylim(0.0, 1.05 * max(100.0, float(market.max()), float(np.nanmax(by_provider.to_numpy()))))
    axes.text(
        0.02,
        0.05,
        "line: asked for; band: rented, by provider",
        transform=axes.transAxes,
        fontsize=TEXT - 2.0,
        color=MUTED,
    )


def _fleets(axes: Axes, run: Run, quarters: list[str]) -> None:
    panel(axes, "GPUs by provider", "GPUs installed")
    table = largest(measure(run, "providers", "gpus"), MOST, "providers")
    hues = shades(POPULATION["providers"], table.shape[1])
    x, values = list(table.index), table.to_numpy().T
    if len(x) == 1:
        x, values = [x[0] - 0.3, x[0] + 0.3], values.repeat(2, axis=1)
    axes.stackplot(x, values, colors=hues, linewidth=0.4, edgecolor="white")
    time_axis(axes, quarters)
    axes.set_ylim(0.0, 1.02 * max(float(values.sum(axis=0).max()), 1.0))
    key(axes, [str(name) for name in table.columns], hues)


def _sales(axes: Axes, run: Run) -> None:
    panel(axes, "Sales of the GPU vendor", "USD bn a quarter")
    table = after_opening(series(run))
    time_axis(axes, flow_quarters(run))
    capex = table["gpu_capex_usd_bn"]
    axes.bar(table.index, table["vendor_sales_usd_bn"], width=0.75, color="#C3CAD2")
    axes.bar(table.index, capex, width=0.75, color=POPULATION["providers"])
    found = data.points("gpu", "NVIDIA", "data_center_revenue")
    dots(axes, data.within(found, int(table.index[0]), int(table.index[-1])))
    from_zero(axes)
    key(axes, ["to the providers here", "to others"], [POPULATION["providers"], "#C3CAD2"])


def _bought(axes: Axes, run: Run) -> None:
    bought = after_opening(series(run))["gpus_funded_by_interest"]
    panel(axes, f"Bought with bill interest: {bought.sum():,.0f}", "GPUs a quarter")
    time_axis(axes, flow_quarters(run))
    if not float(bought.sum()) > 0.0:
        empty(axes, "None: no interest reached a GPU purchase.")
        return
    axes.bar(bought.index, bought, width=0.75, color=INTEREST)
    from_zero(axes)
