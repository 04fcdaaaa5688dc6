"""Reading off, from the tables of one run, the number that the model gives for each fact."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sim.analysis.facts.schema import ALL, Facts, Reading
from sim.analysis.sums import quarters_of
from sim.errors import ScenarioError, suggestion
from sim.runs.run import Run
from sim.scenario.load import Scenario, flat
from sim.scenario.quarters import between, later

ANYONE = "*"
LAB_ALIVE = "alive"


@dataclass(frozen=True)
class FactNumber:
    """The number that one history gives for a fact, or why it gives none.

    Attributes:
        value: the number; None if the history has none.
        why: the reason why there is none.
        at_least: a lower bound of the number, where the history ends before the number itself is known.
    """

    value: float | None
    why: str = ""
    at_least: float | None = None


class UnreadableError(Exception):
    """A history does not have the number that a fact asks for; the message says why, in a few words."""


def read(facts: Facts, run: Run, scenario: Scenario) -> dict[str, FactNumber]:
    """Read the model's number for every fact from a run of a scenario: name of the fact -> number.

    Raises:
        ScenarioError: if the file of facts names a measure that does not exist.
    """
    reader = _Reader(run, scenario)
    numbers = {}
    for name, fact in facts.all.items():
        try:
            numbers[name] = reader.number(fact.reading)
        except UnreadableError as error:
            numbers[name] = FactNumber(None, str(error))
        except ScenarioError as error:
            raise ScenarioError(f"{name}.reading: {error}") from None
    return numbers


class _Reader:
    """Looks numbers up in the tables of one history."""

    def __init__(self, run: Run, scenario: Scenario) -> None:
        self.run, self.scenario = run, scenario
        self._paths: dict[str, Mapping[str, float]] = {}

    @cached_property
    def quarters(self) -> list[str]:
        return quarters_of(self.run)

    @cached_property
    def keys(self) -> dict[str, Any]:
        return flat(self.scenario.model_dump(mode="json"))

    def number(self, reading: Reading | None) -> FactNumber:
        """Return the number that a reading asks for; an UnreadableError means that this history does not have it."""
        if reading is None:
            raise UnreadableError("the model has no such number")
        for term in reading.terms:
            self._path(term)
        if reading.reduce == "first profitable year":
            return self._first_profitable_year(reading)
        labels = self._labels(reading)
        total = self._sum(reading.of, reading, labels) - self._sum(reading.less, reading, labels)
        total += sum(self._path(term)[self.quarters[0]] for term in reading.opening)
        if reading.over:
            divisor = self._sum(reading.over, reading, labels)
            if divisor == 0.0:
                raise UnreadableError("the number would be divided by zero")
            total /= divisor
        total *= reading.scale
        if not math.isfinite(total):
            raise UnreadableError("the number is not finite in this history")
        return FactNumber(total)

    def _sum(self, terms: Iterable[str], reading: Reading, labels: list[str]) -> float:
        return sum(self._reduced(term, reading, labels) for term in terms)

    def _reduced(self, term: str, reading: Reading, labels: list[str]) -> float:
        path = self._path(term)
        # A setting of the scenario is one number, the same in every quarter, so it is not added up.
        if term.startswith("scenario|") or reading.reduce == "last":
            return path[labels[-1]]
        total = sum(path[label] for label in labels)
        return total / len(labels) if reading.reduce == "mean" else total

    def _first_profitable_year(self, reading: Reading) -> FactNumber:
        """Return the first whole calendar year with a sum above zero; none if a lab fails before."""
        paths = [self._path(term) for term in reading.of]
        alive = [self._path("|".join((*term.split("|")[:-1], LAB_ALIVE))) for term in reading.of]
        labels = self._labels(reading)
        years = sorted({label[:4] for label in labels})
        for year in years:
            quarters = [label for label in labels if label[:4] == year]
            if any(path[label] < 1.0 for path in alive for label in quarters):
                return FactNumber(None, "the lab fails before", math.inf)
            if len(quarters) == 4 and sum(path[label] for path in paths for label in quarters) > 0.0:
                return FactNumber(float(year))
        last = int(years[-1]) if labels[-1].endswith("Q4") else int(years[-1]) - 1
        return FactNumber(None, f"not by {last}, when the history ends", last + 1.0)

    def _labels(self, reading: Reading) -> list[str]:
        """Return the quarters of the period; 'all' leaves out the opening quarter, in which nothing happens."""
        if reading.quarters == ALL:
            return self.quarters[1:]
        first, last = reading.period
        wanted = [later(first, step) for step in range(between(first, last) + 1)]
        if wanted[-1] > self.quarters[-1]:
            raise UnreadableError(f"the history ends in {self.quarters[-1]}, before {wanted[-1]}")
        if wanted[0] < self.quarters[0 if reading.reduce == "last" else 1]:
            raise UnreadableError(f"the history begins after {wanted[0]}")
        return wanted

    def _path(self, term: str) -> Mapping[str, float]:
        """Return the values of a term, quarter -> number; each term is looked up only once."""
        if term not in self._paths:
            table, *names = term.split("|")
            look_up: dict[str, Callable[..., Mapping[str, float]]]
            look_up = {"scenario": self._setting, "series": self._series, "agents": self._agent}
            self._paths[term] = look_up[table](*names) if table in look_up else self._pairs(table, *names)
        return self._paths[term]

    def _setting(self, key: str) -> Mapping[str, float]:
        if key not in self.keys or not isinstance(self.keys[key], (int, float)):
            raise UnreadableError(f"the scenario has no key {key} with a number")
        return dict.fromkeys(self.quarters, float(self.keys[key]))

    def _series(self, measure: str) -> Mapping[str, float]:
        columns = self.run.series.columns
        if measure not in columns:
            raise ScenarioError(f"series|{measure}: unknown measure {measure!r}{suggestion(measure, columns)}")
        return dict(zip(self.quarters, self.run.series[measure].astype(float), strict=True))

    def _agent(self, population: str, agent: str, measure: str) -> Mapping[str, float]:
        term, table = f"agents|{population}|{agent}|{measure}", self.run.agents
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

    def _pairs(self, table: str, kind: str, first: str, second: str) -> Mapping[str, float]:
        """Return payments or claims from one name to another, of which either may be anyone; zero if there are none."""
        columns = ("flow", "payer", "payee") if table == "flows" else ("instrument", "holder", "issuer")
        rows = getattr(self.run, table)
        rows = rows[rows[columns[0]] == kind]
        for column, name in zip(columns[1:], (first, second), strict=True):
            if name == ANYONE:
                continue
            if name not in self._names:
                raise UnreadableError(f"the scenario has no {name}")
            rows = rows[rows[column] == name]
        sums = rows.groupby("quarter")["usd_bn"].sum()
        return dict(sums.reindex(self.quarters, fill_value=0.0).astype(float))

    @cached_property
    def _names(self) -> set[str]:
        return set(self.run.agents["agent"])
