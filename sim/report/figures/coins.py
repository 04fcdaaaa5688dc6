"""How safe the coins were: price, outflows, and what stood behind them."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.figures.style import label_ends, new_figure, panel, panels, shades, source, span, time_axis
from sim.report.figures.tables import measure
from sim.report.numbers import percent
from sim.report.palette import MUTED, POPULATION
from sim.runs.run import Run

MOST = 4
CALM = 0.99
"""USD: a coin that never fell below it did not break the buck."""
GONE = 1e-9
"""USD bn of tokens: no coin is left below it."""


def draw(run: Run) -> Figure:
    """Draw the safety of the coins of a run."""
    note = "Hollow dots: quarters in which the window was closed for a while"
    figure = new_figure(_title(run), f"{_subtitle(run)}; {span(run)}", source(run, note))
    top_left, top_right, low_left, low_right = panels(figure, 2, 2, right=0.865, gap=(0.62, 0.52))
    _lines(top_left, run, "lowest_price", 1.0, "Lowest price in the quarter", "USD")
    top_left.set_ylim(min(top_left.get_ylim()[0], 0.98), top_left.get_ylim()[1])
    _mark_closed(top_left, run)
    _lines(top_right, run, "largest_outflow", 100.0, "Largest outflow in a week", "percent of tokens")
    _lines(low_left, run, "quality", 100.0, "What the reserve would fetch in a hurry", "percent of tokens")
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
    """Return the coin that fell furthest, if any broke the buck."""
    lowest = measure(run, "issuers", "lowest_price").min()
    return str(lowest.idxmin()) if float(lowest.min()) < CALM else None


def _shown(run: Run) -> list[str]:
    """Return the largest coins, and the one that fell furthest."""
    ranked = measure(run, "issuers", "tokens").max().sort_values(ascending=False, kind="stable").index
    kept, worst = [str(name) for name in ranked[:MOST]], _worst(run)
    return kept if worst is None or worst in kept else [*kept[:-1], worst]


def _lines(axes: Axes, run: Run, name: str, scale: float, title: str, unit: str) -> None:
    panel(axes, title, unit)
    coins = _shown(run)
    table = measure(run, "issuers", name)[coins] * scale
    alive = measure(run, "issuers", "tokens")[coins] > GONE
    # The quarter in which a coin dies has a price and an outflow; those after it say nothing.
    died = name in ("lowest_price", "largest_outflow")
    table = table.where(alive | alive.shift(1, fill_value=True) if died else alive)
    hues = shades(POPULATION["issuers"], len(coins))
    for coin, hue in zip(coins, hues, strict=True):
        axes.plot(table.index, table[coin], color=hue, linewidth=2.4, marker="" if len(table) > 1 else "s")
    time_axis(axes, run.series["quarter"].tolist())
    ends = [(float(table[coin].dropna().iloc[-1]), coin, hue) for coin, hue in zip(coins, hues, strict=True)]
    label_ends(axes, ends)


def _mark_closed(axes: Axes, run: Run) -> None:
    prices, shut = measure(run, "issuers", "lowest_price"), measure(run, "issuers", "weeks_shut")
    for coin in shut.columns:
        closed = shut.index[shut[coin] > 0.0]
        axes.plot(closed, prices.loc[closed, coin], "o", mfc="white", mec=MUTED, markersize=8, mew=1.8, zorder=5)


def _backing(axes: Axes, run: Run) -> None:
    coin = _worst(run) or str(measure(run, "issuers", "tokens").max().idxmax())
    panel(axes, f"Excess reserves of {coin}, and what it lent to itself", "percent of tokens")
    tokens = measure(run, "issuers", "tokens")[coin]
    tokens = tokens.where(tokens > GONE)
    excess = 100.0 * measure(run, "issuers", "excess_reserves")[coin] / tokens
    lent = 100.0 * measure(run, "issuers", "advances")[coin] / tokens
    green, dark = shades(POPULATION["issuers"], 3)[1], POPULATION["vendor"]
    axes.plot(excess.index, excess, color=green, linewidth=2.4, marker="" if len(excess) > 1 else "s")
    axes.plot(lent.index, lent, color=dark, linewidth=2.4, linestyle="--", marker="" if len(lent) > 1 else "s")
    axes.axhline(0.0, color=MUTED, linewidth=1.0)
    time_axis(axes, run.series["quarter"].tolist())
    ends = [(excess, "excess", green), (lent, "lent to itself", dark)]
    label_ends(axes, [(float(line.dropna().iloc[-1]), name, hue) for line, name, hue in ends])
