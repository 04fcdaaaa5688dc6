"""The issuers: tokens, interest, profit, and what backs the largest one."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.figures import data
from sim.report.figures.style import (
    TEXT,
    dots,
    empty,
    flow_quarters,
    from_zero,
    label_ends,
    new_figure,
    panel,
    panels,
    shades,
    source,
    span,
    time_axis,
)
from sim.report.figures.tables import after_opening, largest, measure, series
from sim.report.numbers import amount, money
from sim.report.palette import INTEREST, MUTED, POPULATION
from sim.runs.run import Run

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
    figure = new_figure(
        f"Tokens go from {money(float(tokens.iloc[0].sum()))} to {money(float(tokens.iloc[-1].sum()))}; "
        f"interest of {money(interest)} is earned",
        f"Stablecoin issuers, {span(run)}; dots are data, hollow where estimated",
        source(run, f"Data: attestations and company reports to {data.LAST}"),
    )
    top_left, top_right, low_left, low_right = panels(figure, 2, 2, right=0.825, gap=(0.62, 0.52))
    _tokens(top_left, run)
    _interest(top_right, run)
    _profit(low_left, run)
    _balance_sheet(low_right, run, biggest)
    return figure


def _tokens(axes: Axes, run: Run) -> None:
    panel(axes, "Tokens outstanding", "USD bn")
    table = largest(measure(run, "issuers", "tokens"), MOST, "issuers")
    hues = shades(POPULATION["issuers"], table.shape[1])
    for name, hue in zip(table.columns, hues, strict=True):
        axes.plot(table.index, table[name], color=hue, linewidth=2.4, marker="" if len(table) > 1 else "s")
    quarters = run.series["quarter"].tolist()
    time_axis(axes, quarters)
    from_zero(axes)
    for name, metric in data.TOKENS.items():
        if name in table.columns:
            found = data.points("issuers", name, metric)
            dots(axes, data.within(found, int(table.index[0]), int(table.index[-1])))
    label_ends(axes, [(float(table[n].iloc[-1]), str(n), hue) for n, hue in zip(table.columns, hues, strict=True)])


def _interest(axes: Axes, run: Run) -> None:
    panel(axes, "Interest on bills, repo and money funds", "USD bn a quarter")
    sizes = measure(run, "issuers", "tokens").iloc[-1]
    table = after_opening(largest(measure(run, "issuers", "interest"), MOST, "issuers", by=sizes))
    hues = shades(POPULATION["issuers"], table.shape[1])
    time_axis(axes, flow_quarters(run))
    if not table.to_numpy().sum() > 0.0:
        empty(axes, "No interest was earned.")
        return
    if len(table) > 1:
        axes.stackplot(table.index, table.to_numpy().T, colors=hues, linewidth=0.5, edgecolor="white")
    else:
        base = 0.0
        for name, hue in zip(table.columns, hues, strict=True):
            axes.bar(table.index, table[name], bottom=base, color=hue, width=0.6)
            base += float(table[name].iloc[-1])
    from_zero(axes)
    heights = table.iloc[-1].cumsum() - table.iloc[-1] / 2.0
    label_ends(axes, [(float(heights[n]), str(n), hue) for n, hue in zip(table.columns, hues, strict=True)])
    if table.columns[0] == "Tether":
        found = data.points("issuers", "Tether", "tbill_carry_model")
        dots(axes, data.within(found, int(table.index[0]), int(table.index[-1])))


def _profit(axes: Axes, run: Run) -> None:
    panel(axes, "Profit of all issuers", "USD bn a quarter")
    table = after_opening(series(run))
    time_axis(axes, flow_quarters(run))
    axes.bar(table.index, table["paper_gain_usd_bn"], width=0.75, color="#D7C27A", label="On paper")
    realised = table["realised_profit_usd_bn"]
    axes.plot(table.index, realised, color=POPULATION["issuers"], linewidth=2.6, marker="o", markersize=4)
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    paper = float(table["paper_gain_usd_bn"].iloc[-1])
    label_ends(
        axes,
        [
            (float(realised.iloc[-1]), "Realised", POPULATION["issuers"]),
            (paper / 2.0, "On paper (coins, gold)", "#A8912F"),
        ],
    )


def _balance_sheet(axes: Axes, run: Run, name: str) -> None:
    panel(axes, f"What {name} owns", "USD bn")
    quarters = run.series["quarter"].tolist()
    time_axis(axes, quarters)
    parts = {m: measure(run, "issuers", m)[name] for m in (*RESERVE, "compute_loans", "stakes") if m != "ai"}
    parts["ai"] = parts.pop("compute_loans") + parts.pop("stakes")
    kept = [m for m in RESERVE if float(parts[m].abs().sum()) > 0.0]
    if not kept:
        empty(axes, f"{name} owns nothing.")
        return
    x = list(parts["ai"].index)
    columns = [parts[m].clip(lower=0.0) for m in kept]
    if len(x) == 1:
        x, columns = [x[0] - 0.3, x[0] + 0.3], [column.repeat(2) for column in columns]
    axes.set_ylim(0.0, 1.05 * max(float(total) for total in sum(columns)))
    axes.stackplot(x, *columns, colors=[RESERVE[m][1] for m in kept], linewidth=0.4, edgecolor="white")
    ends, base = [], 0.0
    for m, column in zip(kept, columns, strict=True):
        last = float(column.iloc[-1])
        ends.append((base + last / 2.0, f"{RESERVE[m][0]}  {amount(last)}", RESERVE[m][1]))
        base += last
    label_ends(axes, ends, size=TEXT - 1.5)
    for metric in ("tbills_direct", "total_assets") if name == "Tether" else ():
        dots(axes, data.within(data.points("issuers", name, metric), int(x[0]), int(x[-1])))
