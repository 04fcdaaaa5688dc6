"""The figure of the issuers: tokens, interest, profit, and what backs the largest one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.analysis.facts.evidence import LAST
from sim.analysis.sums import quarters_of
from sim.report.figures import data, style
from sim.report.figures.tables import after_opening, largest, measure, series
from sim.report.numbers import amount, money
from sim.report.palette import INTEREST, MUTED, POPULATION
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

MOST = 6
RESERVE = {
    "bills": ("Treasury bills", "#00684C"),
    "repo": ("Repo, money funds", "#4DBB9D"),
    "secured_loans": ("Secured loans", "#0072B2"),
    "gold": ("Gold", "#F0E442"),
    "bitcoin": ("Bitcoin", "#E69F00"),
    "other_ventures": ("Other ventures", "#CC79A7"),
    "ai": ("AI loans and stakes", INTEREST),
    "cash": ("Cash", "#C3CAD2"),
}
"""What an issuer owns: measure -> label, colour; bills lie at the bottom, where their data can be read."""


def draw(run: Run) -> Figure:
    """Draw the issuers of a run."""
    tokens = measure(run, "issuers", "tokens")
    biggest = str(tokens.iloc[-1].idxmax())
    interest = float(after_opening(measure(run, "issuers", "interest")).to_numpy().sum())
    figure = style.new_figure(
        f"Tokens go from {money(float(tokens.iloc[0].sum()))} to {money(float(tokens.iloc[-1].sum()))}; "
        f"interest of {money(interest)} is earned",
        f"Stablecoin issuers, {style.span(run)}; dots are data, hollow where estimated",
        style.source(run, f"Data: attestations and company reports to {LAST}"),
    )
    top_left, top_right, low_left, low_right = style.panels(figure, 2, 2, right=0.825, gap=(0.62, 0.52))
    _tokens(top_left, run)
    _interest(top_right, run)
    _profit(low_left, run)
    _balance_sheet(low_right, run, biggest)
    return figure


def _data(axes: Axes, issuer: str, metric: str, quarters: Sequence[int]) -> None:
    style.dots(axes, data.within(data.points("issuers", issuer, metric), quarters))


def _tokens(axes: Axes, run: Run) -> None:
    style.panel(axes, "Tokens outstanding", "USD bn", quarters_of(run))
    table = largest(measure(run, "issuers", "tokens"), MOST, "issuers")
    hues = style.shades(POPULATION["issuers"], table.shape[1])
    style.lines(axes, table, hues)
    style.from_zero(axes)
    for name, metric in data.TOKENS.items():
        if name in table.columns:
            _data(axes, name, metric, table.index)
    style.label_ends(axes, zip(table.iloc[-1], table.columns, hues, strict=True))


def _interest(axes: Axes, run: Run) -> None:
    style.panel(axes, "Interest on bills, repo and money funds", "USD bn a quarter", style.flow_quarters(run))
    sizes = measure(run, "issuers", "tokens").iloc[-1]
    table = after_opening(largest(measure(run, "issuers", "interest"), MOST, "issuers", by=sizes))
    if not table.to_numpy().sum() > 0.0:
        style.empty(axes, "No interest was earned.")
        return
    hues = style.shades(POPULATION["issuers"], table.shape[1])
    style.stack(axes, table, hues)
    style.from_zero(axes)
    style.label_ends(axes, zip(style.middles(table), table.columns, hues, strict=True))
    if table.columns[0] == "Tether":
        _data(axes, "Tether", "tbill_carry_model", table.index)


def _profit(axes: Axes, run: Run) -> None:
    style.panel(axes, "Profit of all issuers", "USD bn a quarter", style.flow_quarters(run))
    table = after_opening(series(run))
    realised, paper = table["realised_profit_usd_bn"], table["paper_gain_usd_bn"]
    axes.bar(table.index, paper, width=0.75, color="#D7C27A")
    axes.plot(table.index, realised, color=POPULATION["issuers"], linewidth=2.6, marker="o", markersize=4)
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    middle = paper.iloc[-1] / 2.0
    ends = (realised.iloc[-1], "Realised", POPULATION["issuers"]), (middle, "On paper (coins, gold)", "#A8912F")
    style.label_ends(axes, ends)


def _balance_sheet(axes: Axes, run: Run, name: str) -> None:
    style.panel(axes, f"What {name} owns", "USD bn", quarters_of(run))
    owned = {m: measure(run, "issuers", m)[[name]] for m in (*RESERVE, "compute_loans", "stakes") if m != "ai"}
    owned["ai"] = owned.pop("compute_loans") + owned.pop("stakes")
    parts = [m for m in RESERVE if float(owned[m].abs().to_numpy().sum()) > 0.0]
    if not parts:
        style.empty(axes, f"{name} owns nothing.")
        return
    table: pd.DataFrame = owned["cash"].assign(**{m: owned[m].clip(lower=0.0) for m in parts})[parts]
    labels, hues = zip(*(RESERVE[m] for m in parts), strict=True)
    axes.set_ylim(0.0, 1.05 * float(table.sum(axis=1).max()))
    style.stack(axes, table, hues)
    texts = [f"{label}  {amount(last)}" for label, last in zip(labels, table.iloc[-1], strict=True)]
    style.label_ends(axes, zip(style.middles(table), texts, hues, strict=True), size=style.TEXT - 1.5)
    for metric in ("tbills_direct", "total_assets") if name == "Tether" else ():
        _data(axes, name, metric, table.index)
