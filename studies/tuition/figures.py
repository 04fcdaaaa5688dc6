"""What failed bets do to the coin, by whose money they were made with.

Drawn from the table of `studies.tuition.study`, not from a run.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.figures.style import TEXT, new_figure, panel
from sim.report.numbers import amount, money, percent
from sim.report.palette import INK, MUTED

LINES = ("#009E73", "#56B4E9", "#0072B2", "#E69F00", INK)
STYLES = ("-", "--", ":", "-.", "-")
"""Worlds that lie on top of each other are told apart by their lines."""
BEFORE, AFTER = -2, 6
"""Quarters around the failures that are shown."""


def draw(table: pd.DataFrame, effects: pd.DataFrame) -> Figure:
    """Draw the coin around the day on which the bets fail.

    Args:
        table: one row per world, twin, seed and quarter, as `studies.tuition.study.paths` returns it.
        effects: one row per world, as `studies.tuition.study.effects` returns it.
    """
    worlds = list(effects["world"])
    own, worst = effects.iloc[0], effects.iloc[-1]
    tuition = money(float(own["own_book_lost"]))
    figure = new_figure(
        "A wrong bet is only tuition while it is made with one's own money, and nobody runs on the news",
        f"With its own money the coin's issuer loses {tuition} and the coin nothing; with the reserve's, in a "
        f"storm, {percent(float(worst['tokens_lost']))} of the coin is gone in a year",
        f"Means of {table['seed'].nunique()} histories; each against its twin, in which nothing fails. "
        "python -m studies.tuition",
    )
    grid = figure.add_gridspec(1, 3, left=0.055, right=0.975, top=0.80, bottom=0.25, wspace=0.28)
    tokens, price, excess = (figure.add_subplot(grid[0, place]) for place in range(3))
    _tokens(tokens, table, worlds)
    _price(price, table, worlds)
    _excess(excess, effects)
    handles, labels = tokens.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0.045, 0.065), ncols=3, frameon=False, fontsize=TEXT
    )
    return figure


def _around(table: pd.DataFrame, world: str, twin: bool, measure: str) -> pd.Series:
    """One row per seed and quarter of a world, around the failures."""
    rows = table[(table["world"] == world) & (table["twin"] == twin) & table["since"].between(BEFORE, AFTER)]
    return rows.set_index(["seed", "since"])[measure].sort_index()


def _tokens(axes: Axes, table: pd.DataFrame, worlds: list[str]) -> None:
    panel(axes, "The coin, against its twin", "percent of tokens")
    for world, colour, line in zip(worlds, LINES, STYLES, strict=True):
        ratio = _around(table, world, False, "tokens") / _around(table, world, True, "tokens")
        mean = 100.0 * ratio.groupby("since").mean()
        axes.plot(mean.index, mean, color=colour, linestyle=line, linewidth=2.8, label=world)
    axes.set_ylim(0.0, 108.0)
    _since(axes)


def _price(axes: Axes, table: pd.DataFrame, worlds: list[str]) -> None:
    panel(axes, "Lowest price of a token", "USD")
    for world, colour, line in zip(worlds, LINES, STYLES, strict=True):
        mean = _around(table, world, False, "lowest_price").groupby("since").mean()
        axes.plot(mean.index, mean, color=colour, linestyle=line, linewidth=2.8)
    axes.set_ylim(0.0, 1.08)
    _since(axes)


def _since(axes: Axes) -> None:
    axes.axvline(0.0, color=MUTED, linewidth=1.0)
    axes.set_xlim(BEFORE, AFTER)
    axes.set_xlabel("Quarters since the bets failed", fontsize=TEXT - 0.5, color=MUTED)


def _excess(axes: Axes, effects: pd.DataFrame) -> None:
    panel(axes, "Reserve lost on that day", "USD bn")
    places = range(len(effects))
    axes.bar(places, effects["excess_lost"], color=LINES, width=0.65)
    for place, lost in zip(places, effects["excess_lost"], strict=True):
        words = amount(float(lost)) if lost > 0.005 else "none"
        spot = (place, max(float(lost), 0.0))
        axes.annotate(words, spot, (0, 4), textcoords="offset points", ha="center", fontsize=TEXT, color=INK)
    axes.set_xticks([])
    axes.set_ylim(0.0, 1.15 * max(float(effects["excess_lost"].max()), 1.0))
