"""The charts of the live page: time series of a run, with observed data where these exist."""

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
"""Agents with a line of their own; the other agents are only in the tables."""
Observed = Callable[[], Sequence[Point]]


@dataclass(frozen=True)
class ChartLine:
    """A line of a chart: a series or an agent's measure (population, agent, measure), and its observed data."""

    label: str
    colour: str
    series: str | None = None
    agent: tuple[str, str, str] | None = None
    scale: float = 1.0
    dashed: bool = False
    observed: Observed | None = None


@dataclass(frozen=True)
class MemberLines:
    """Lines of a chart, one for each of the largest members of a population, with observed data for some of them."""

    population: str
    measure: str
    observed: Mapping[str, Observed] = field(default_factory=dict)


@dataclass(frozen=True)
class Chart:
    """A chart of series over time: name for file names, title, unit, a sentence on how to read it, and lines."""

    name: str
    title: str
    unit: str
    about: str
    lines: Sequence[ChartLine | MemberLines]

    @property
    def table(self) -> str:
        """The table of a run in which the numbers of the lines are."""
        return "agents" if any(isinstance(line, MemberLines) for line in self.lines) else "series"


def _chart(name: str, title: str, unit: str, about: str, *lines: ChartLine | MemberLines) -> Chart:
    return Chart(name, title, unit, about, lines)


ISSUERS, LABS, PROVIDERS = POPULATION["issuers"], POPULATION["labs"], POPULATION["providers"]
BILL_RATE = partial(wide, "rates", "tbill_3m_avg_pct")
BITCOIN = partial(wide, "assets", "btc_usd_eoq", scale=1e-3)
GPU_RENT = partial(points, "gpu", "H100", "rental_price_per_hour")
TETHER_INTEREST = partial(points, "issuers", "Tether", "tbill_carry_model")
TOKEN_SUPPLY = {agent: partial(points, "issuers", agent, metric) for agent, metric in TOKENS.items()}
VENDOR_SALES = partial(points, "gpu", "NVIDIA", "data_center_revenue")
CHARTS = (
    _chart(
        "bill_rate",
        "Bill rate",
        "percent a year",
        "What Treasury bills pay, and what issuers expect a year ahead.",
        ChartLine("bill rate", INTEREST, "bill_rate", scale=100.0, observed=BILL_RATE),
        ChartLine("expected", MUTED, "expected_bill_rate", scale=100.0, dashed=True),
    ),
    _chart(
        "tokens",
        "Tokens outstanding",
        "USD bn",
        "Dollars that holders have handed to issuers.",
        MemberLines("issuers", "tokens", TOKEN_SUPPLY),
    ),
    _chart(
        "interest",
        "Interest earned by issuers",
        "USD bn a quarter",
        "On bills, repo and money funds; dots: Tether's reported bills times the bill rate.",
        ChartLine("all issuers", INTEREST, "interest_usd_bn"),
        ChartLine("Tether", ISSUERS, agent=("issuers", "Tether", "interest"), observed=TETHER_INTEREST),
    ),
    _chart(
        "redeployed",
        "Put into AI by issuers",
        "USD bn a quarter",
        "Loans, shares and grants, from any of their money.",
        ChartLine("all channels", ISSUERS, "redeployed_usd_bn"),
        ChartLine("GPUs paid with interest", INTEREST, "interest_funded_gpu_usd_bn"),
    ),
    _chart(
        "coin_price",
        "Lowest coin price",
        "USD",
        "The lowest price of any coin in the worst week of the quarter; 1 is par.",
        ChartLine("lowest of all coins", ISSUERS, "lowest_token_price"),
    ),
    _chart(
        "lab_revenue",
        "Revenue of the labs",
        "USD bn a quarter",
        "What customers pay them; bars: reported half-years and years.",
        MemberLines("labs", "revenue", {"OpenAI": partial(points, "labs", "OpenAI", "revenue", flow=True)}),
    ),
    _chart(
        "lab_spending",
        "Spending of the labs",
        "USD bn a quarter",
        "Computing, staff and data, compared with what they earn and raise.",
        ChartLine("spending", LABS, "lab_spending_usd_bn"),
        ChartLine("revenue", MUTED, "lab_revenue_usd_bn"),
        ChartLine("raised", POPULATION["investors"], "lab_raised_usd_bn", dashed=True),
    ),
    _chart(
        "gpu_rent",
        "Rent of a GPU",
        "USD an hour",
        "One hour of an H100 or its equivalent.",
        ChartLine("rent", PROVIDERS, "gpu_rent_usd_hour", observed=GPU_RENT),
    ),
    _chart(
        "gpu_spending",
        "Spending on GPUs",
        "USD bn a quarter",
        "Purchases of providers; dots: data-centre sales of the largest vendor, to everyone.",
        ChartLine("providers' purchases", PROVIDERS, "gpu_capex_usd_bn"),
        ChartLine("vendor's sales", POPULATION["vendor"], "vendor_sales_usd_bn", dashed=True, observed=VENDOR_SALES),
    ),
    _chart(
        "utilisation",
        "Use of the GPUs",
        "percent of hours",
        "Hours rented, of all hours.",
        ChartLine("utilisation", PROVIDERS, "gpu_utilisation", scale=100.0),
    ),
    _chart(
        "provider_debt",
        "Debt of the providers",
        "USD bn",
        "Loans for computing, from issuers and from others.",
        MemberLines("providers", "debt"),
    ),
    _chart(
        "bitcoin",
        "Bitcoin",
        "thousand USD",
        "Observed prices as long as there are any, then a random walk with jumps.",
        ChartLine("bitcoin", POPULATION["government"], "bitcoin_usd", scale=1e-3, observed=BITCOIN),
    ),
)


def charts(run: Run) -> list[dict[str, Any]]:
    """Return the charts with their lines, one number for each quarter, and observed data."""
    measures = measures_of(run)
    return [
        {
            "id": chart.name,
            "title": chart.title,
            "unit": chart.unit,
            "about": chart.about,
            "lines": [_drawn(line, run, measures) for lines in chart.lines for line in _single_lines(lines, measures)],
        }
        for chart in CHARTS
    ]


def _single_lines(lines: ChartLine | MemberLines, measures: Measures) -> list[ChartLine]:
    if isinstance(lines, ChartLine):
        return [lines] if lines.agent is None or lines.agent in measures else []
    group, name = lines.population, lines.measure
    sizes = {key[1]: numbers.max() for key, numbers in measures.items() if (key[0], key[2]) == (group, name)}
    agents = sorted(sizes, key=lambda agent: -sizes[agent])[:MOST_LINES]
    return [
        ChartLine(agent, colour, agent=(group, agent, name), observed=lines.observed.get(agent))
        for agent, colour in zip(agents, shades(POPULATION[group], len(agents)), strict=True)
    ]


def _drawn(line: ChartLine, run: Run, measures: Measures) -> dict[str, Any]:
    values = measures[line.agent] if line.agent is not None else run.series[line.series].to_numpy()
    return {
        "label": line.label,
        "colour": line.colour,
        "dashed": line.dashed,
        "values": short(values * line.scale),
        "data": _observed(line.observed, run) if line.observed else [],
    }


def _observed(observed: Observed, run: Run) -> list[dict[str, Any]]:
    first, last = (number_of(run.series["quarter"].iloc[place]) for place in (0, -1))
    return [
        {
            "first": point.first - first,
            "last": point.last - first,
            "value": short([point.value])[0],
            "reported": point.reported,
        }
        for point in within(observed(), range(first, last + 1))
    ]
