"""From the tables of a run to one number for each fact."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from sim.analysis.facts.schema import ALL, Facts, Reading
from sim.errors import ScenarioError, suggestion
from sim.scenario.load import Scenario, flat
from sim.scenario.quarters import between, later

if TYPE_CHECKING:
    import pandas as pd

ANYONE = "*"
LAB_ALIVE = "alive"


class Tables(Protocol):
    """What facts are read from: the tables of a run, with the columns of `runs/README.md`."""

    @property
    def series(self) -> pd.DataFrame:
        """One row a quarter, one column a measure."""

    @property
    def agents(self) -> pd.DataFrame:
        """Rows of quarter, population, agent, measure, value."""

    @property
    def flows(self) -> pd.DataFrame:
        """Rows of quarter, flow, payer, payee, usd_bn."""

    @property
    def exposures(self) -> pd.DataFrame:
        """Rows of quarter, instrument, holder, issuer, usd_bn."""


@dataclass(frozen=True)
class Found:
    """The model's number of one history, or why there is none.

    Attributes:
        value: the number; None where there is none.
        why: why there is none.
        at_least: what it is at least, where the history ends before it is known.
    """

    value: float | None
    why: str = ""
    at_least: float | None = None


class UnreadableError(Exception):
    """A history has no such number; the message says why, in a few words."""


def read(facts: Facts, tables: Tables, scenario: Scenario) -> dict[str, Found]:
    """Read every fact from one history.

    Args:
        facts: what to read.
        tables: of the history.
        scenario: that was run.

    Returns:
        Id of the fact -> what the model gives.

    Raises:
        ScenarioError: if the file of facts names a measure that there is none of.
    """
    reader = _Reader(tables, scenario)
    found = {}
    for name, fact in facts.all.items():
        if fact.reading is None:
            found[name] = Found(None, "the model has no such number")
            continue
        try:
            found[name] = reader.number(fact.reading)
        except UnreadableError as error:
            found[name] = Found(None, str(error))
        except ScenarioError as error:
            raise ScenarioError(f"{name}.reading: {error}") from None
    return found


class _Reader:
    """Looks numbers up in the tables of one history."""

    def __init__(self, tables: Tables, scenario: Scenario) -> None:
        self.tables, self.scenario = tables, scenario
        self._paths: dict[str, Mapping[str, float]] = {}

    @cached_property
    def quarters(self) -> list[str]:
        """Labels of the quarters, the opening first."""
        return [str(label) for label in self.tables.series["quarter"]]

    @cached_property
    def keys(self) -> dict[str, Any]:
        return flat(self.scenario.model_dump(mode="json"))

    def number(self, reading: Reading) -> Found:
        """One number, as a reading says.

        Raises:
            UnreadableError: if this history has no such number.
            ScenarioError: if no history has.
        """
        for term in (*reading.of, *reading.less, *reading.opening, *reading.over):
            self._path(term)
        if reading.reduce == "first profitable year":
            return self._first_profitable_year(reading)
        labels = self._labels(reading)
        total = self._sum(reading.of, reading, labels) - self._sum(reading.less, reading, labels)
        total += sum(self._path(term)[self.quarters[0]] for term in reading.opening)
        if reading.over:
            divisor = self._sum(reading.over, reading, labels)
            if divisor == 0.0:
                raise UnreadableError("it would be divided by zero")
            total /= divisor
        total *= reading.scale
        if not math.isfinite(total):
            raise UnreadableError("it is not defined in this history")
        return Found(total)

    def _sum(self, terms: Iterable[str], reading: Reading, labels: list[str]) -> float:
        return sum(self._reduced(term, reading, labels) for term in terms)

    def _reduced(self, term: str, reading: Reading, labels: list[str]) -> float:
        path = self._path(term)
        # What a scenario is told is one number, not a path.
        if term.startswith("scenario|") or reading.reduce == "last":
            return path[labels[-1]]
        total = sum(path[label] for label in labels)
        return total / len(labels) if reading.reduce == "mean" else total

    def _first_profitable_year(self, reading: Reading) -> Found:
        """First calendar year, all four quarters of which are there, with a sum above zero.

        A company that fails has none: what takes its place is another.
        """
        paths = [self._path(term) for term in reading.of]
        alive = [self._path("|".join((*term.split("|")[:-1], LAB_ALIVE))) for term in reading.of]
        labels = self._labels(reading)
        years = sorted({label[:4] for label in labels})
        for year in years:
            quarters = [label for label in labels if label[:4] == year]
            if any(path[label] < 1.0 for path in alive for label in quarters):
                return Found(None, "it fails before", math.inf)
            if len(quarters) == 4 and sum(path[label] for path in paths for label in quarters) > 0.0:
                return Found(float(year))
        last = int(years[-1]) if labels[-1].endswith("Q4") else int(years[-1]) - 1
        return Found(None, f"not by {last}, when the history ends", last + 1.0)

    def _labels(self, reading: Reading) -> list[str]:
        """Quarters of the period; the opening is no quarter that anything happened in."""
        if reading.quarters == ALL:
            return self.quarters[1:]
        first, last = reading.period
        wanted = [later(first, step) for step in range(between(first, last) + 1)]
        if wanted[-1] > self.quarters[-1]:
            raise UnreadableError(f"the history ends in {self.quarters[-1]}, before {wanted[-1]}")
        there = self.quarters if reading.reduce == "last" else self.quarters[1:]
        if wanted[0] < there[0]:
            raise UnreadableError(f"the history begins after {wanted[0]}")
        return wanted

    def _path(self, term: str) -> Mapping[str, float]:
        """Quarter -> number; looked up once."""
        if term not in self._paths:
            self._paths[term] = self._looked_up(term)
        return self._paths[term]

    def _looked_up(self, term: str) -> Mapping[str, float]:
        table, *names = term.split("|")
        if table == "scenario":
            return self._told(*names)
        if table == "series":
            return self._series(*names)
        if table == "agents":
            return self._agent(*names)
        return self._pairs(table, *names)

    def _told(self, key: str) -> Mapping[str, float]:
        if key not in self.keys or not isinstance(self.keys[key], (int, float)):
            raise UnreadableError(f"the scenario has no number {key}")
        return dict.fromkeys(self.quarters, float(self.keys[key]))

    def _series(self, measure: str) -> Mapping[str, float]:
        columns = self.tables.series.columns
        if measure not in columns:
            raise ScenarioError(f"series|{measure}: unknown measure {measure!r}{suggestion(measure, columns)}")
        return dict(zip(self.quarters, self.tables.series[measure].astype(float), strict=True))

    def _agent(self, population: str, agent: str, measure: str) -> Mapping[str, float]:
        term, table = f"agents|{population}|{agent}|{measure}", self.tables.agents
        members = table[table["population"] == population]
        if members.empty:
            raise ScenarioError(f"{term}: unknown population {population!r}")
        rows = members[members["measure"] == measure]
        if rows.empty:
            known = sorted(set(members["measure"]))
            raise ScenarioError(f"{term}: unknown measure {measure!r}{suggestion(measure, known)}")
        rows = rows[rows["agent"] == agent]
        if rows.empty:
            raise UnreadableError(f"the scenario has no {agent} among its {population}")
        return dict(zip(rows["quarter"], rows["value"].astype(float), strict=True))

    def _pairs(self, table: str, kind: str, one: str, other: str) -> Mapping[str, float]:
        """Payments or claims between a pair, or with anyone; what is not in the table is zero."""
        columns = ("flow", "payer", "payee") if table == "flows" else ("instrument", "holder", "issuer")
        rows = getattr(self.tables, table)
        rows = rows[rows[columns[0]] == kind]
        for column, name in zip(columns[1:], (one, other), strict=True):
            if name == ANYONE:
                continue
            if name not in self._names:
                raise UnreadableError(f"the scenario has no {name}")
            rows = rows[rows[column] == name]
        sums = rows.groupby("quarter")["usd_bn"].sum().to_dict()
        return {quarter: float(sums.get(quarter, 0.0)) for quarter in self.quarters}

    @cached_property
    def _names(self) -> set[str]:
        return set(self.tables.agents["agent"])
