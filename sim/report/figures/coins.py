"""The figure of the safety of the coins: lowest prices, outflows, and what the reserves are worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.analysis.sums import quarters_of
from sim.report.figures.style import label_ends, lines, new_figure, panel, panels, shades, source, span
from sim.report.figures.tables import measure
from sim.report.numbers import percent
from sim.report.palette import MUTED, POPULATION
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

MOST = 4
CALM = 0.99
"""USD: a coin has broken the buck if its price was ever below this."""
GONE = 1e-9
"""USD bn of tokens: a coin with fewer tokens than this has ended."""
GREEN = shades(POPULATION["issuers"], 3)[1]


def draw(run: Run) -> Figure:
    """Draw the safety of the coins of a run."""
    note = "Hollow dots: quarters in which the window was closed for a while"
    figure = new_figure(_title(run), f"{_subtitle(run)}; {span(run)}", source(run, note))
    top_left, top_right, low_left, low_right = panels(figure, 2, 2, right=0.865, gap=(0.62, 0.52))
    _history(top_left, run, "lowest_price", "Lowest price in the quarter", "USD")
    top_left.set_ylim(min(top_left.get_ylim()[0], 0.98), top_left.get_ylim()[1])
    _mark_closed(top_left, run)
    _history(top_right, run, "largest_outflow", "Largest outflow in a week", "percent of tokens")
    _history(low_left, run, "quality", "What the reserve would fetch in a hurry", "percent of tokens")
    _backing(low_right, run)
    return figure


def _title(run: Run) -> str:
    lowest, left = measure(run, "issuers", "lowest_price"), measure(run, "issuers", "tokens")
    dead = [name for name in left.columns if left[name].iloc[0] > GONE and not left[name].iloc[-1] > GONE]
    coin = dead[0] if dead else _worst(run)
    if coin is None:
        return f"No coin fell below {CALM} USD"
    price, last = float(lowest[coin].min()), float(measure(run, "issuers", "token_price")[coin].iloc[-1])
    end = "was wound up" if dead else "came back" if last >= CALM else f"ended at {last:.2f}"
    return f"{coin}'s coin fell to {price:.2f} USD and {end}"


def _subtitle(run: Run) -> str:
    outflow = measure(run, "issuers", "largest_outflow")
    worst = str(outflow.max().idxmax())
    closed = float(measure(run, "issuers", "weeks_shut").to_numpy().sum())
    shut = f"windows were closed for {closed:.1f} weeks in all" if closed > 0.0 else "no window ever closed"
    return f"In its worst week {percent(float(outflow[worst].max()))} of {worst}'s coin left; {shut}"


def _worst(run: Run) -> str | None:
    """Return the coin whose price fell furthest, or None if no coin broke the buck."""
    lowest = measure(run, "issuers", "lowest_price").min()
    return str(lowest.idxmin()) if float(lowest.min()) < CALM else None


def _shown(run: Run) -> list[str]:
    """Return the largest coins, and the coin whose price fell furthest."""
    ranked = measure(run, "issuers", "tokens").max().sort_values(ascending=False, kind="stable").index
    coins, worst = [str(name) for name in ranked[:MOST]], _worst(run)
    return coins if worst is None or worst in coins else [*coins[:-1], worst]


def _history(axes: Axes, run: Run, name: str, title: str, unit: str) -> None:
    panel(axes, title, unit, quarters_of(run))
    coins = _shown(run)
    table = measure(run, "issuers", name)[coins] * (1.0 if unit == "USD" else 100.0)
    alive = measure(run, "issuers", "tokens")[coins] > GONE
    # The quarter in which a coin ends has a price and an outflow; later quarters have neither.
    died = name in ("lowest_price", "largest_outflow")
    table = table.where(alive | alive.shift(1, fill_value=True) if died else alive)
    _named_lines(axes, table, shades(POPULATION["issuers"], len(coins)))


def _named_lines(axes: Axes, table: pd.DataFrame, hues: Sequence[str]) -> None:
    lines(axes, table, hues)
    label_ends(axes, zip(table.ffill().iloc[-1], table.columns, hues, strict=True))


def _mark_closed(axes: Axes, run: Run) -> None:
    prices, shut = measure(run, "issuers", "lowest_price"), measure(run, "issuers", "weeks_shut")
    for coin in shut.columns:
        closed = shut.index[shut[coin] > 0.0]
        axes.plot(closed, prices.loc[closed, coin], "o", mfc="white", mec=MUTED, markersize=8, mew=1.8, zorder=5)


def _backing(axes: Axes, run: Run) -> None:
    coin = _worst(run) or str(measure(run, "issuers", "tokens").max().idxmax())
    title = f"Excess reserves of {coin}, and what it lent to itself"
    panel(axes, title, "percent of tokens", quarters_of(run))
    tokens = measure(run, "issuers", "tokens")[[coin]]
    percents = {
        label: 100.0 * measure(run, "issuers", name)[coin] / tokens[coin].where(tokens[coin] > GONE)
        for label, name in {"excess": "excess_reserves", "lent to itself": "advances"}.items()
    }
    _named_lines(axes, tokens.assign(**percents)[list(percents)], (GREEN, POPULATION["vendor"]))
    axes.lines[-1].set_linestyle("--")
    axes.axhline(0.0, color=MUTED, linewidth=1.0)
