"""The charts of the live page: time series of a run, with observed data where there are any."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sim.report.figures.data import TOKENS, Point, points, wide, within
from sim.report.figures.style import number_of, shades
from sim.report.palette import INTEREST, MUTED, POPULATION
from sim.server.views.arrays import Measures, measures_of, short

if TYPE_CHECKING:
    from sim.runs.run import Run

MOST_LINES = 5
"""Agents with a line of their own; the others are in the tables."""
Observed = Callable[[], Sequence[Point]]


@dataclass(frozen=True)
class ChartLine:
    """A line of a chart: a series, or a measure of an agent (population, agent, measure), and observed data."""

    label: str
    colour: str
    series: str | None = None
    agent: tuple[str, str, str] | None = None
    scale: float = 1.0
    dashed: bool = False
    observed: Observed | None = None


@dataclass(frozen=True)
class Chart:
    """A picture of series over time.

    Attributes:
        name: the name in file names.
        title: what the chart shows.
        unit: the unit of the vertical axis.
        about: one sentence for the reader.
        lines: what is drawn, unless each member of a population has a line.
        population: the population and the measure of which each member has a line.
        observed: agent -> observed data, for those lines.
    """

    name: str
    title: str
    unit: str
    about: str
    lines: tuple[ChartLine, ...] = ()
    population: tuple[str, str] | None = None
    observed: Mapping[str, Observed] = field(default_factory=dict)


ISSUERS, LABS, PROVIDERS = POPULATION["issuers"], POPULATION["labs"], POPULATION["providers"]
BILL_RATE = partial(wide, "rates", "tbill_3m_avg_pct")
CHARTS = (
    Chart(
        "bill_rate",
        "Bill rate",
        "percent a year",
        "What Treasury bills pay, and what issuers expect a year ahead.",
        (
            ChartLine("bill rate", INTEREST, "bill_rate", scale=100.0, observed=BILL_RATE),
            ChartLine("expected", MUTED, "expected_bill_rate", scale=100.0, dashed=True),
        ),
    ),
    Chart(
        "tokens",
        "Tokens outstanding",
        "USD bn",
        "Dollars that holders have handed to issuers.",
        population=("issuers", "tokens"),
        observed={agent: partial(points, "issuers", agent, metric) for agent, metric in TOKENS.items()},
    ),
    Chart(
        "interest",
        "Interest earned by issuers",
        "USD bn a quarter",
        "On bills, repo and money funds; dots: Tether's reported bills times the bill rate.",
        (
            ChartLine("all issuers", INTEREST, "interest_usd_bn"),
            ChartLine(
                "Tether",
                ISSUERS,
                agent=("issuers", "Tether", "interest"),
                observed=partial(points, "issuers", "Tether", "tbill_carry_model"),
            ),
        ),
    ),
    Chart(
        "redeployed",
        "Put into AI by issuers",
        "USD bn a quarter",
        "Loans, shares and grants, from any of their money.",
        (
            ChartLine("all channels", ISSUERS, "redeployed_usd_bn"),
            ChartLine("GPUs paid with interest", INTEREST, "interest_funded_gpu_usd_bn"),
        ),
    ),
    Chart(
        "coin_price",
        "Lowest coin price",
        "USD",
        "The lowest price of any coin in the worst week of the quarter; 1 is par.",
        (ChartLine("lowest of all coins", ISSUERS, "lowest_token_price"),),
    ),
    Chart(
        "lab_revenue",
        "Revenue of the labs",
        "USD bn a quarter",
        "What customers pay them; bars: reported half-years and years.",
        population=("labs", "revenue"),
        observed={"OpenAI": partial(points, "labs", "OpenAI", "revenue", flow=True)},
    ),
    Chart(
        "lab_spending",
        "Spending of the labs",
        "USD bn a quarter",
        "Computing, staff and data, compared with what they earn and raise.",
        (
            ChartLine("spending", LABS, "lab_spending_usd_bn"),
            ChartLine("revenue", MUTED, "lab_revenue_usd_bn"),
            ChartLine("raised", POPULATION["investors"], "lab_raised_usd_bn", dashed=True),
        ),
    ),
    Chart(
        "gpu_rent",
        "Rent of a GPU",
        "USD an hour",
        "One hour of an H100 or its equivalent.",
        (
            ChartLine(
                "rent",
                PROVIDERS,
                "gpu_rent_usd_hour",
                observed=partial(points, "gpu", "H100", "rental_price_per_hour"),
            ),
        ),
    ),
    Chart(
        "gpu_spending",
        "Spending on GPUs",
        "USD bn a quarter",
        "Purchases of providers; dots: data-centre sales of the largest vendor, to everyone.",
        (
            ChartLine("providers' purchases", PROVIDERS, "gpu_capex_usd_bn"),
            ChartLine(
                "vendor's sales",
                POPULATION["vendor"],
                "vendor_sales_usd_bn",
                dashed=True,
                observed=partial(points, "gpu", "NVIDIA", "data_center_revenue"),
            ),
        ),
    ),
    Chart(
        "utilisation",
        "Use of the GPUs",
        "percent of hours",
        "Hours rented out of all hours there are.",
        (ChartLine("utilisation", PROVIDERS, "gpu_utilisation", scale=100.0),),
    ),
    Chart(
        "provider_debt",
        "Debt of the providers",
        "USD bn",
        "Loans for computing, from issuers and from others.",
        population=("providers", "debt"),
    ),
    Chart(
        "bitcoin",
        "Bitcoin",
        "thousand USD",
        "Data as long as there are some, then a random walk with jumps.",
        (
            ChartLine(
                "bitcoin",
                POPULATION["government"],
                "bitcoin_usd",
                scale=1e-3,
                observed=partial(wide, "assets", "btc_usd_eoq", scale=1e-3),
            ),
        ),
    ),
)


def charts(run: Run) -> list[dict[str, Any]]:
    """Return the charts with their lines, one number a quarter, and their data."""
    measures = measures_of(run)
    return [
        {
            "id": chart.name,
            "title": chart.title,
            "unit": chart.unit,
            "about": chart.about,
            "lines": [_drawn(line, run, measures) for line in _lines(chart, measures)],
        }
        for chart in CHARTS
    ]


def _lines(chart: Chart, measures: Measures) -> Sequence[ChartLine]:
    """Return the lines of a chart; those of a population are its largest members."""
    if chart.population is None:
        return [line for line in chart.lines if line.agent is None or line.agent in measures]
    group, name = chart.population
    sizes = {key[1]: numbers.max() for key, numbers in measures.items() if (key[0], key[2]) == (group, name)}
    shown = sorted(sizes, key=lambda agent: -sizes[agent])[:MOST_LINES]
    hues = dict(zip(shown, shades(POPULATION[group], len(shown)), strict=True))
    return [
        ChartLine(agent, hues[agent], agent=(group, agent, name), observed=chart.observed.get(agent))
        for agent in shown
    ]


def _drawn(line: ChartLine, run: Run, measures: Measures) -> dict[str, Any]:
    values = measures[line.agent] if line.agent is not None else run.series[line.series].to_numpy()
    return {
        "label": line.label,
        "colour": line.colour,
        "dashed": line.dashed,
        "values": short(values * line.scale),
        "data": _observed(line, run) if line.observed else [],
    }


def _observed(line: ChartLine, run: Run) -> list[dict[str, Any]]:
    assert line.observed is not None
    first, last = (number_of(run.series["quarter"].iloc[place]) for place in (0, -1))
    return [
        {
            "first": point.first - first,
            "last": point.last - first,
            "value": short([point.value])[0],
            "reported": point.reported,
        }
        for point in within(line.observed(), range(first, last + 1))
    ]
