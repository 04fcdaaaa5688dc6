"""What issuers put into AI when bill rates fall, and through which channel it changes.

Drawn from the table of `studies.sign_check.study`, not from a run.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.figures.style import TEXT, from_zero, label_ends, new_figure, panel
from sim.report.numbers import amount, percent
from sim.report.palette import INK, INTEREST, MUTED

LINES = ("#7B8794", "#0072B2", "#56B4E9", "#009E73", "#E69F00")
CHANNELS = {
    "income_effect": ("Income: less to divide", INTEREST),
    "deal_effect": ("Deals: how much of it closes", "#7B8794"),
    "share_effect": ("Share: more of it to AI", "#0072B2"),
    "stock_effect": ("Stocks: own bills, the reserve", "#009E73"),
}
SHOWN = 0.02
"""Bill rate at which the change is taken apart, or the nearest one there is."""


def draw(table: pd.DataFrame) -> Figure:
    """Draw the sign check.

    Args:
        table: one row per behaviour and rate, as `studies.sign_check.study.sign_check` returns it.
    """
    behaviours = list(dict.fromkeys(table["behaviour"]))
    steady = float(table["rate"].max())
    lower = sorted({float(rate) for rate in table["rate"]} - {steady})
    shown = min(lower, key=lambda rate: abs(rate - SHOWN))
    at = table[table["rate"] == shown].set_index("behaviour")
    before = float(table["ai_funding"].iloc[0])
    calm, most = float(at["ai_funding"].iloc[0]), at.loc[at["ai_funding"].idxmax()]
    verb = "less" if calm < before else "more"
    by = "drawing on stocks" if most["stock_effect"] > most["share_effect"] else "shifting shares"
    figure = new_figure(
        f"Lower bill rates mean {verb} money for AI: USD {amount(before)} bn a year becomes {amount(calm)} "
        f"when the rate falls to {percent(shown)}",
        f"Anxious issuers put in up to {amount(float(most['ai_funding']))}, mostly by {by}; issuers' AI funding, "
        "mean per year",
        f"The rate falls from {percent(steady)} within about a year and stays; same random numbers everywhere. "
        "python -m studies.sign_check",
    )
    grid = figure.add_gridspec(
        1, 2, left=0.055, right=0.975, top=0.80, bottom=0.13, wspace=1.15, width_ratios=(1.0, 1.25)
    )
    left, right = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
    _levels(left, table, behaviours)
    _channels(right, at, behaviours, f"What changes it at {percent(shown)}")
    return figure


def _levels(axes: Axes, table: pd.DataFrame, behaviours: Sequence[str]) -> None:
    panel(axes, "AI funding by where the rate falls to", "USD bn a year")
    ends = []
    for behaviour, colour in zip(behaviours, _colours(len(behaviours)), strict=True):
        rows = table[table["behaviour"] == behaviour].sort_values("rate")
        axes.plot(rows["rate"] * 100.0, rows["ai_funding"], color=colour, linewidth=2.6, marker="o", markersize=5)
        ends.append((float(rows["ai_funding"].iloc[-1]), behaviour, colour))
    from_zero(axes)
    axes.set_xlabel("Bill rate, percent a year", fontsize=TEXT - 0.5, color=MUTED)
    label_ends(axes, ends)


def _channels(axes: Axes, at: pd.DataFrame, behaviours: Sequence[str], title: str) -> None:
    """One bar per behaviour: what lowers funding to the left of zero, what raises it to the right."""
    panel(axes, title, "")
    places = [float(len(behaviours) - 1 - index) for index in range(len(behaviours))]
    below, above = [0.0] * len(behaviours), [0.0] * len(behaviours)
    for name, (label, colour) in CHANNELS.items():
        values = [float(at.loc[behaviour, name]) for behaviour in behaviours]
        starts = [(above if value > 0.0 else below)[index] for index, value in enumerate(values)]
        axes.barh(places, values, left=starts, color=colour, height=0.55, label=label)
        for index, value in enumerate(values):
            (above if value > 0.0 else below)[index] += value
    net = [float(at.loc[behaviour, list(CHANNELS)].sum()) for behaviour in behaviours]
    axes.plot(net, places, linestyle="none", marker="D", color=INK, markersize=7, label="All together", zorder=5)
    axes.axvline(0.0, color=INK, linewidth=1.0)
    axes.set_yticks(places, [behaviour.replace(", ", ",\n") for behaviour in behaviours])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(-0.6, len(behaviours) - 0.4)
    reach = max(max(above), -min(below), 1e-9)
    axes.set_xlim(-1.1 * reach, 1.7 * reach)  # room for the key
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color="#E4E7EB", linewidth=0.8)
    axes.set_xlabel("Change against a rate that stays, USD bn a year", fontsize=TEXT - 0.5, color=MUTED)
    axes.legend(loc="best", fontsize=TEXT - 2.0, labelcolor=INK, framealpha=0.9, edgecolor="none")


def _colours(count: int) -> list[str]:
    return [LINES[index % len(LINES)] for index in range(count)]
