"""The figure that compares the model with quarterly data, and says which series were fed in, fitted or emerged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.analysis.facts.evidence import LAST
from sim.report.figures import data, style
from sim.report.figures.data import Point
from sim.report.figures.tables import measure, series
from sim.report.palette import INK, POPULATION
from sim.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd

FIRST = "2024Q1"
INPUT, FITTED, EMERGENT, SIMULATED = "input", "calibrated", "emergent", "simulated"
MARK = {INPUT: "#6B7280", FITTED: "#B07A00", EMERGENT: "#00684C", SIMULATED: "#6B7280"}
BN, FLOW, INDEX = "USD bn", "USD bn a quarter", f"{data.BASE} = 100"


@dataclass(frozen=True)
class Pairing:
    """One panel of the figure: a series of the model and the data that it is compared with.

    Attributes:
        title: what is compared.
        unit: its unit.
        kind: input (the model is given the data), calibrated (parameters were fitted to them) or emergent (neither).
        population: the population that gives the line of the model its colour.
        model: a column of the series, or `population|agent|measure`.
        rows: the data, `file|entity|metric`, or `file|column` in a file with a column for each measure.
        flow: whether values for years and half-years are sums of their quarters.
        scale: the factor by which both the model and the data are multiplied.
    """

    title: str
    unit: str
    kind: str
    population: str
    model: str
    rows: str
    flow: bool = False
    scale: tuple[float, float] = (1.0, 1.0)

    def modelled(self, run: Run) -> pd.Series | None:
        """Return the values of the model, indexed by numbered quarter; None if the run lacks the agent."""
        if "|" in self.model:
            population, agent, name = self.model.split("|")
            return measure(run, population, name).get(agent)
        column = series(run)[self.model]
        base = (column.get(style.number_of(data.BASE)) or column.iloc[0]) / 100.0 if self.unit == INDEX else 1.0
        return column * self.scale[0] / base

    def observed(self) -> list[Point]:
        """Return the observations that `rows` names."""
        file, *names = self.rows.split("|")
        if len(names) == 1:
            return data.wide(file, *names, scale=self.scale[1])
        return data.indexed(file, *names) if self.unit == INDEX else data.points(file, *names, flow=self.flow)


PAIRINGS = (
    Pairing("Tether: tokens", BN, FITTED, "issuers", "issuers|Tether|tokens", "issuers|Tether|tokens_outstanding"),
    Pairing("Circle: tokens", BN, FITTED, "issuers", "issuers|Circle|tokens", "issuers|Circle|usdc_supply"),
    Pairing("All stablecoins", INDEX, FITTED, "issuers", "tokens_usd_bn", "issuers|All stablecoins|total_supply"),
    Pairing(
        "Tether: interest", FLOW, EMERGENT, "issuers", "issuers|Tether|interest", "issuers|Tether|tbill_carry_model"
    ),
    Pairing("OpenAI: revenue", FLOW, FITTED, "labs", "labs|OpenAI|revenue", "labs|OpenAI|revenue", flow=True),
    Pairing("CoreWeave: revenue", FLOW, FITTED, "providers", "providers|CoreWeave|revenue", "gpu|CoreWeave|revenue"),
    Pairing("H100: rent", "USD an hour", FITTED, "providers", "gpu_rent_usd_hour", "gpu|H100|rental_price_per_hour"),
    Pairing("GPU vendor: sales", FLOW, FITTED, "vendor", "vendor_sales_usd_bn", "gpu|NVIDIA|data_center_revenue"),
    Pairing(
        "Treasury bill rate",
        "percent a year",
        INPUT,
        "government",
        "bill_rate",
        "rates|tbill_3m_avg_pct",
        scale=(100.0, 1.0),
    ),
    Pairing("Bitcoin", "thousand USD", INPUT, "government", "bitcoin_usd", "assets|btc_usd_eoq", scale=(1e-3, 1e-3)),
)


def draw(run: Run) -> Figure:
    """Draw the figure that compares a run with the data."""
    figure = style.new_figure(
        f"The model against the data, {FIRST} to {LAST}",
        "Lines: model. Dots: data, hollow where estimated, bars over the time they cover. "
        "Input: fed in. Calibrated: fitted",
        style.source(run, "Number in the corner: model over data, where both end"),
    )
    for axes, pairing in zip(style.panels(figure, 2, 5, gap=(0.36, 0.60)), PAIRINGS, strict=True):
        _compare(axes, run, pairing)
    return figure


def _compare(axes: Axes, run: Run, pairing: Pairing) -> None:
    style.panel(axes, pairing.title, pairing.unit)
    first, last = style.number_of(FIRST), style.number_of(LAST)
    model = pairing.modelled(run)
    observed = data.within(pairing.observed(), (first, last))
    if model is not None:
        model = model[(model.index >= first) & (model.index <= last)]
    _mark(axes, _kind(pairing.kind, model, observed))
    if model is None or not len(model) or not observed:
        style.empty(axes, "not in this run" if model is None else "no quarter\nin common")
        return
    hue = POPULATION[pairing.population]
    axes.plot(model.index, model, color=hue, linewidth=2.6, marker="o", markersize=3.5)
    style.dots(axes, observed)
    style.time_axis(axes, [FIRST, LAST])
    axes.set_xticks(list(range(first, last + 1)), ["", "2024", "", "", "2025", ""][: last - first + 1])
    axes.set_ylim(0.0, 1.28 * max(float(model.max()), *(point.value for point in observed)))
    both = [p for p in observed if set(range(p.first, p.last + 1)) <= set(model.index)]
    if both:
        ratio = float(model.loc[both[-1].first : both[-1].last].mean()) / both[-1].value
        words = f"{ratio:.2f}\N{MULTIPLICATION SIGN}"
        style.write(axes, (0.03, 0.97), words, va="top", fontweight="bold", color=INK)


def _kind(kind: str, model: pd.Series | None, observed: list[Point]) -> str:
    """Return the kind of a series; an input that differs from the data was simulated in this run, not fed in."""
    if kind != INPUT or model is None:
        return kind
    pairs = [(float(model.loc[p.first]), p.value) for p in observed if p.first in model.index]
    fed_in = all(abs(ours - theirs) <= 1e-6 * abs(theirs) for ours, theirs in pairs)
    return INPUT if fed_in else SIMULATED


def _mark(axes: Axes, kind: str) -> None:
    box = {"boxstyle": "round,pad=0.3", "facecolor": MARK[kind], "linewidth": 0.0}
    look = {"ha": "right", "va": "top", "fontsize": style.TEXT - 1.5, "color": "white", "zorder": 9}
    style.write(axes, (0.98, 0.97), kind, bbox=box, **look)
