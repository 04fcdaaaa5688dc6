"""The figure of systemic risk: what each agent's failure would cost the others, at the end and through time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.analysis.systemic_risk import history, losses, systemic_risk
from sim.report.figures import style
from sim.report.numbers import amount, money, percent
from sim.report.palette import GRID, INK, MUTED, PAPER, POPULATION
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

MOST = 8
"""How many failures and how many holders are shown."""
MARGIN = 6.0
"""Pixels by which a part of a bar must be wider than the name in it."""
ROOM = 1.23
"""Length of the axis divided by that of the longest bar, to leave room for the numbers after the bar."""
LONGEST_NAME = 20
NOBODY = "No agent has claims on another."


def draw(run: Run) -> Figure:
    """Draw the systemic risk of a run: for the balance sheets at its end, and as an index through time."""
    table, lost, past = systemic_risk(run), losses(run), history(run)
    table = table[table["loss_usd_bn"] > 0.0]
    quarter = run.series["quarter"].iloc[-1]
    figure = style.new_figure(_title(table), _subtitle(table, quarter), style.source(run, _note(run, quarter)))
    grid = figure.add_gridspec(
        2, 2, left=0.132, right=0.885, top=0.80, bottom=0.105, wspace=0.42, hspace=0.52, width_ratios=(1.6, 1.0)
    )
    _failures(figure.add_subplot(grid[:, 0]), table, lost)
    hue = POPULATION[table["population"].iloc[0]] if len(table) else MUTED
    _through_time(figure.add_subplot(grid[0, 1]), past, hue)
    _hardest_hit(figure.add_subplot(grid[1, 1]), lost)
    return figure


def _title(table: pd.DataFrame) -> str:
    if not len(table):
        return "No agent's failure would cost another one anything"
    worst = table.iloc[0]
    return (
        f"The failure of {_short(worst['agent'])} would cost other agents {money(worst['loss_usd_bn'])}, "
        f"{percent(worst['loss_share'])} of their net worth"
    )


def _subtitle(table: pd.DataFrame, quarter: str) -> str:
    question = f"If it failed at the end of {quarter} and nothing were recovered (DebtRank)"
    total = float(table["loss_usd_bn"].sum())
    beyond = total - float(table["direct_usd_bn"].sum())
    if not beyond > 1e-6 * total:
        return f"{question}. All of it falls on direct holders: no agent has claims on them in turn"
    return f"{question}. {percent(beyond / total)} of all losses shown falls on others than direct holders"


def _note(run: Run, quarter: str) -> str:
    tokens = run.exposures[(run.exposures["quarter"] == quarter) & (run.exposures["instrument"] == "tokens")]
    return (
        f"Each failure alone. Net worth: what agents have in this economy. Claims of everyone else, such as "
        f"{money(float(tokens['usd_bn'].sum()))} of tokens, are outside"
    )


def _failures(axes: Axes, table: pd.DataFrame, lost: pd.DataFrame) -> None:
    """Draw a bar for each failure, with a part for each agent that would lose."""
    style.panel(axes, "Net worth that others would lose, by whose failure", "USD bn")
    if not len(table):
        style.empty(axes, NOBODY)
        return
    shown = table.head(MOST)
    _across(axes, [_short(name) for name in shown["agent"]], MOST)
    longest = float(shown["loss_usd_bn"].iloc[0])
    axes.set_xlim(0.0, ROOM * longest)
    hues = _hues(lost)
    for row, (failed, total, share) in enumerate(shown[["agent", "loss_usd_bn", "loss_share"]].to_numpy()):
        start = 0.0
        parts = lost[lost["failed"] == failed].sort_values("usd_bn", ascending=False, kind="stable")
        for holder, usd_bn in parts[["agent", "usd_bn"]].to_numpy():
            gid = f"loss:{failed}:{holder}"
            axes.barh(row, usd_bn, left=start, height=0.74, color=hues[holder], edgecolor=PAPER, gid=gid)
            _write_name(axes, start, usd_bn, row, holder, hues[holder])
            start += usd_bn
        words = f" {amount(total)}  ({percent(share)})"
        axes.text(total, row, words, va="center", fontsize=style.TEXT, color=INK, gid="total")


def _write_name(axes: Axes, start: float, usd_bn: float, row: int, holder: str, hue: str) -> None:
    """Write the holder's name into its part of a bar, on one line or a line for each word, if there is room."""
    colour = PAPER if style.darker(hue) == hue else INK
    look: dict[str, Any] = {"ha": "center", "va": "center", "linespacing": 1.0, "fontsize": style.TEXT - 2.0}
    left, right = axes.transData.transform([(start, row), (start + usd_bn, row)])[:, 0]
    for lines in dict.fromkeys((_short(holder), _short(holder).replace(" ", "\n"))):
        text = axes.text(start + usd_bn / 2.0, row, lines, gid="holder", color=colour, **look)
        if text.get_window_extent().width < right - left - MARGIN:
            return
        text.remove()


def _hues(lost: pd.DataFrame) -> dict[str, str]:
    """Return the colour of each holder: a shade of its population's hue, the darker, the more the holder loses."""
    hues: dict[str, str] = {}
    for population, members in lost.groupby("population", sort=False):
        ranked = members.groupby("agent", sort=False)["usd_bn"].sum().sort_values(ascending=False, kind="stable")
        hues |= dict(zip(ranked.index, style.shades(POPULATION[str(population)], len(ranked)), strict=True))
    return hues


def _through_time(axes: Axes, past: pd.DataFrame, hue: str) -> None:
    """Draw through time the loss by the costliest failure, and the sum over all failures, as parts of net worth."""
    style.panel(axes, "Cost of failures through time", "% of net worth", past.index.tolist())
    axes.tick_params(axis="x", which="both", labelsize=style.TEXT - 2.5)
    if not past["sum_usd_bn"].max() > 0.0:
        style.empty(axes, NOBODY)
        return
    x = [style.number_of(quarter) for quarter in past.index]
    marker = "" if len(x) > 2 else "s"
    name = _short(str(past["largest_agent"].iloc[-1]))
    ends = []
    for column, title, words, colour in (
        ("sum_share", "All, one by one", money(float(past["sum_usd_bn"].iloc[-1])), MUTED),
        ("largest_share", "Costliest", name, hue),
    ):
        axes.plot(x, 100.0 * past[column], color=colour, linewidth=2.6, marker=marker, gid=column)
        last = float(past[column].iloc[-1])
        ends.append((100.0 * last, f"{title}\n{percent(last)}: {words}", colour))
    style.from_zero(axes)
    style.label_ends(axes, ends, size=style.TEXT - 1.5)


def _hardest_hit(axes: Axes, lost: pd.DataFrame) -> None:
    """Draw, for the holders and the issuer with most to lose, how much they would lose and by which failure."""
    style.panel(axes, "What one failure could take from each", "% of own net worth")
    if not len(lost):
        style.empty(axes, NOBODY)
        return
    ranked = lost.sort_values("share", ascending=False, kind="stable").drop_duplicates("agent")
    first = ranked["population"].eq("issuers").cumsum().eq(1) & ranked["population"].eq("issuers")
    rest = MOST - int(first.any())
    worst = ranked[first | ((~first).cumsum() <= rest)]
    _across(axes, [_short(name) for name in worst["agent"]], MOST)
    axes.set_xlim(0.0, 100.0)
    for row, (population, share, failed) in enumerate(worst[["population", "share", "failed"]].to_numpy()):
        axes.barh(row, 100.0 * share, height=0.7, color=POPULATION[population], gid=f"worst:{failed}")
        words = f" {percent(share)}: {_short(failed)}"
        axes.text(100.0 * share, row, words, va="center", fontsize=style.TEXT - 1.5, color=INK, gid="worst")


def _across(axes: Axes, names: list[str], rows: int) -> None:
    """Label the rows of a bar chart from the top; its numbers are on the horizontal axis."""
    axes.set_ylim(max(len(names), min(rows, 4)) - 0.4, -0.6)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", labelsize=style.TEXT, labelcolor=INK)
    axes.grid(False, axis="y")
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}\N{HORIZONTAL ELLIPSIS}"
