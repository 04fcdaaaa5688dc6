"""The model against data, quarter by quarter, saying what was input, what was fitted and what came out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.figures import data
from sim.report.figures.data import Point
from sim.report.figures.style import TEXT, dots, empty, new_figure, number_of, panel, panels, source, time_axis
from sim.report.figures.tables import measure, series
from sim.report.palette import INK, POPULATION
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

FIRST = "2024Q1"
INPUT, FITTED, EMERGENT, SIMULATED = "input", "calibrated", "emergent", "simulated"
MARK = {INPUT: "#6B7280", FITTED: "#B07A00", EMERGENT: "#00684C", SIMULATED: "#6B7280"}


@dataclass(frozen=True)
class Comparison:
    """One panel.

    Attributes:
        title: what is compared.
        unit: its unit.
        kind: input (data are fed in), calibrated (parameters were chosen with these data) or emergent.
        colour: of the model's line.
        model: a run -> values by numbered quarter, or None where the run has no such agent.
        observed: the data.
    """

    title: str
    unit: str
    kind: str
    colour: str
    model: Callable[[Run], pd.Series | None]
    observed: Callable[[], list[Point]]


def _of(population: str, name: str, agent: str) -> Callable[[Run], pd.Series | None]:
    def read(run: Run) -> pd.Series | None:
        table = measure(run, population, name)
        return table[agent] if agent in table.columns else None

    return read


def _whole(name: str, scale: float = 1.0) -> Callable[[Run], pd.Series | None]:
    return lambda run: series(run)[name] * scale


def _grown(run: Run) -> pd.Series:
    tokens = series(run)["tokens_usd_bn"]
    base = tokens.get(number_of(data.BASE))
    return 100.0 * tokens / (base if base else tokens.iloc[0])


COMPARISONS = (
    Comparison(
        "Tether: tokens",
        "USD bn",
        FITTED,
        POPULATION["issuers"],
        _of("issuers", "tokens", "Tether"),
        lambda: data.points("issuers", "Tether", "tokens_outstanding"),
    ),
    Comparison(
        "Circle: tokens",
        "USD bn",
        FITTED,
        POPULATION["issuers"],
        _of("issuers", "tokens", "Circle"),
        lambda: data.points("issuers", "Circle", "usdc_supply"),
    ),
    Comparison(
        "All stablecoins",
        "2023Q4 = 100",
        FITTED,
        POPULATION["issuers"],
        _grown,
        lambda: data.indexed("issuers", "All stablecoins", "total_supply"),
    ),
    Comparison(
        "Tether: interest",
        "USD bn a quarter",
        EMERGENT,
        POPULATION["issuers"],
        _of("issuers", "interest", "Tether"),
        lambda: data.points("issuers", "Tether", "tbill_carry_model"),
    ),
    Comparison(
        "OpenAI: revenue",
        "USD bn a quarter",
        FITTED,
        POPULATION["labs"],
        _of("labs", "revenue", "OpenAI"),
        lambda: data.points("labs", "OpenAI", "revenue", flow=True),
    ),
    Comparison(
        "CoreWeave: revenue",
        "USD bn a quarter",
        FITTED,
        POPULATION["providers"],
        _of("providers", "revenue", "CoreWeave"),
        lambda: data.points("gpu", "CoreWeave", "revenue"),
    ),
    Comparison(
        "H100: rent",
        "USD an hour",
        FITTED,
        POPULATION["providers"],
        _whole("gpu_rent_usd_hour"),
        lambda: data.points("gpu", "H100", "rental_price_per_hour"),
    ),
    Comparison(
        "GPU vendor: sales",
        "USD bn a quarter",
        FITTED,
        POPULATION["vendor"],
        _whole("vendor_sales_usd_bn"),
        lambda: data.points("gpu", "NVIDIA", "data_center_revenue"),
    ),
    Comparison(
        "Treasury bill rate",
        "percent a year",
        INPUT,
        POPULATION["government"],
        _whole("bill_rate", 100.0),
        lambda: data.wide("rates", "tbill_3m_avg_pct"),
    ),
    Comparison(
        "Bitcoin",
        "thousand USD",
        INPUT,
        POPULATION["government"],
        _whole("bitcoin_usd", 1e-3),
        lambda: data.wide("assets", "btc_usd_eoq", scale=1e-3),
    ),
)


def draw(run: Run) -> Figure:
    """Draw a run against the data."""
    figure = new_figure(
        f"The model against the data, {FIRST} to {data.LAST}",
        "Lines: model. Dots: data, hollow where estimated, bars over the time they cover. "
        "Input: fed in. Calibrated: fitted",
        source(run, "Number in the corner: model over data, where both end"),
    )
    for axes, comparison in zip(panels(figure, 2, 5, gap=(0.36, 0.60)), COMPARISONS, strict=True):
        _compare(axes, run, comparison)
    return figure


def _compare(axes: Axes, run: Run, comparison: Comparison) -> None:
    panel(axes, comparison.title, comparison.unit)
    first, last = number_of(FIRST), number_of(data.LAST)
    model = comparison.model(run)
    observed = data.within(comparison.observed(), first, last)
    if model is not None:
        model = model[(model.index >= first) & (model.index <= last)]
    _mark(axes, _kind(comparison.kind, model, observed))
    if model is None or not len(model) or not observed:
        empty(axes, "not in this run" if model is None else "no quarter\nin common")
        return
    axes.plot(model.index, model, color=comparison.colour, linewidth=2.6, marker="o", markersize=3.5)
    dots(axes, observed)
    time_axis(axes, [FIRST, data.LAST])
    axes.set_xticks(list(range(first, last + 1)), ["", "2024", "", "", "2025", ""][: last - first + 1])
    top = max(float(model.max()), max(point.value for point in observed))
    axes.set_ylim(0.0, 1.28 * top)
    both = [p for p in observed if set(range(p.first, p.last + 1)) <= set(model.index)]
    if both:
        point = both[-1]
        ratio = float(model.loc[point.first : point.last].mean()) / point.value
        axes.text(
            0.03,
            0.97,
            f"{ratio:.2f}\N{MULTIPLICATION SIGN}",
            transform=axes.transAxes,
            va="top",
            fontsize=TEXT,
            fontweight="bold",
            color=INK,
        )


def _kind(kind: str, model: pd.Series | None, observed: list[Point]) -> str:
    """Return the kind of a series; one that differs from the data was not fed in, whatever it usually is."""
    if kind != INPUT or model is None:
        return kind
    pairs = [(float(model.loc[p.first]), p.value) for p in observed if p.first in model.index]
    fed_in = all(abs(ours - theirs) <= 1e-6 * abs(theirs) for ours, theirs in pairs)
    return INPUT if fed_in else SIMULATED


def _mark(axes: Axes, kind: str) -> None:
    axes.text(
        0.98,
        0.97,
        kind,
        transform=axes.transAxes,
        ha="right",
        va="top",
        fontsize=TEXT - 1.5,
        color="white",
        bbox={"boxstyle": "round,pad=0.3", "facecolor": MARK[kind], "linewidth": 0.0},
        zorder=9,
    )
