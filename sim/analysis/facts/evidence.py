"""Looking up evidence in the data files of `configs/data`: one number with its source, or a whole series."""

import csv
import re
from dataclasses import dataclass
from functools import cache

from sim.errors import ScenarioError, suggestion
from sim.scenario.data import CONFIGS

DEALS, WIDE = "deals", ("rates", "assets")
DOLLARS = 1e-9
"""How many USD bn a dollar is: the file of deals is in dollars."""
ADDRESS = re.compile(r"https?://\S+")
LAST = "2025Q2"
"""The last period used: later rows are projections and hearsay; what really came later judges the model."""
PERIOD = re.compile(r"(\d{4})(Q[1-4]|H[12]|FY)")
PARTS = {"FY": ("Q1", "Q4"), "H1": ("Q1", "Q2"), "H2": ("Q3", "Q4")}
"""Part of a year -> its first and its last quarter."""


@dataclass(frozen=True)
class DataRow:
    """A number in the unit of its row (deals in USD bn), and its sources: addresses, or words that describe them."""

    value: float
    sources: tuple[str, ...]


def data_row(reference: str) -> DataRow:
    """Return the row that a reference names.

    Args:
        reference: `file|entity|quarter|metric`; `file|quarter|column` for a file with a column for each measure (rates,
            assets); or `deals|investor|investee|date`.

    Raises:
        ValueError: if the reference has another form, there is no such row, or the row has no number.
        ScenarioError: if the file is missing or damaged.
    """
    file, *key = (part.strip() for part in reference.split("|"))
    column, origin = "value", "source_url"
    if file in WIDE and len(key) == 2:
        column, origin = key.pop(), "source"
    elif len(key) != 3 or file in WIDE:
        raise ValueError(
            f"{reference!r}: expected file|entity|quarter|metric, file|quarter|column or deals|investor|investee|date"
        )
    lines = data_lines(file)
    line = lines.get(tuple(key))
    if line is None:
        near = suggestion("|".join(key), map("|".join, lines))
        raise ValueError(f"{reference!r}: configs/data/{file}.csv has no such row{near}")
    try:
        value = float(line["amount_usd"]) * DOLLARS if file == DEALS else float(line[column])
    except (KeyError, ValueError):
        raise ValueError(f"{reference!r}: this row of configs/data/{file}.csv has no number") from None
    # An address in a long file may contain any character; a wide file says in words what came from which source.
    return DataRow(value, tuple(ADDRESS.findall(line[origin]) if file in WIDE else [line[origin]]))


@cache
def data_lines(file: str) -> dict[tuple[str, ...], dict[str, str]]:
    """Read a data file, and return its rows, each under the values of the columns that name it.

    Raises:
        ScenarioError: if the file is missing or damaged.
    """
    path = CONFIGS / "data" / f"{file}.csv"
    wide = ("quarter",) if file in WIDE else ("entity", "quarter", "metric")
    columns = ("investor", "investee", "date") if file == DEALS else wide
    try:
        with path.open(newline="", encoding="utf8") as handle:
            return {tuple(line[name] for name in columns): line for line in csv.DictReader(handle)}
    except FileNotFoundError:
        raise ScenarioError(f"data file {path} is missing") from None
    except (KeyError, csv.Error) as error:
        raise ScenarioError(f"data file {path} is damaged: {error}") from None


def observations(file: str, entity: str, metric: str) -> dict[str, dict[str, str]]:
    """Return the rows of a long data file that give a metric of an entity: period, up to `LAST` -> row."""
    return {
        period: line
        for (name, period, measure), line in data_lines(file).items()
        if (name, measure) == (entity, metric) and PERIOD.fullmatch(period) and span(period)[1] <= LAST
    }


def span(period: str) -> tuple[str, str]:
    """Return the first and the last quarter of a period such as 2024Q3, 2024H1 or 2024FY; else raise a ValueError."""
    match = PERIOD.fullmatch(period)
    if match is None:
        raise ValueError(f"{period!r}: expected a period such as 2024Q3, 2024H1 or 2024FY")
    year, part = match.groups()
    first, last = PARTS.get(part, (part, part))
    return year + first, year + last
