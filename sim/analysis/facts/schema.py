"""The schema of the file of facts, `configs/data/facts.toml`, and the function that loads it."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from sim.analysis.facts.evidence import data_row, span
from sim.economy.books.flows import FLOWS, INSTRUMENTS
from sim.errors import suggestion
from sim.scenario.data import CONFIGS
from sim.scenario.load import read_as
from sim.scenario.schema import Strict

FACTS = CONFIGS / "data" / "facts.toml"
Kind = Literal["input", "calibrated", "emergent"]
Reduction = Literal["sum", "last", "mean", "first profitable year"]
TABLES = {
    "agents": ("population", "agent", "measure"),
    "series": ("measure",),
    "flows": ("flow", "payer", "payee"),
    "exposures": ("instrument", "holder", "issuer"),
    "scenario": ("key",),
}
"""Tables that facts are read from -> the names that together pick a number from the table."""
KNOWN = {"flow": tuple(FLOWS), "instrument": INSTRUMENTS}
ALL = "all"
LEAST_DIGIT = 0.5
"""A figure that is said to be `about` may be off by this part of a unit of its first digit."""
DECIMALS = 12
"""Decimals that sums of figures are rounded to, so that 0.427 + 0.61 + 0.2 is exactly 1.237."""


def _one_or_more(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else (value,)


Figures = Annotated[tuple[float | str, ...], BeforeValidator(_one_or_more), Field(min_length=1)]
"""A number, a row of data, or several to be added up."""


class Rule(Strict):
    """How near the evidence the model must come.

    Attributes:
        margin: the least half-width of the allowed range, as a share of the middle of the evidence.
        year_margin: for facts that are years, how far the allowed range extends beyond the evidence, in years.
    """

    margin: Annotated[float, Field(ge=0.0, le=0.5)]
    year_margin: Annotated[float, Field(ge=0.0, le=5.0)]


class Reading(Strict):
    """How the model's number for a fact is read from the tables of a run.

    Attributes:
        of: terms that are added up, each a table and names, `table|...`, as in `TABLES`; the name `*` is anyone.
        less: terms that are subtracted.
        opening: terms that are added with their values in the opening quarter.
        over: terms whose sum divides the result; nothing is divided if there are none.
        quarters: the period, such as 2024Q4, 2025H1, 2024FY or 2024Q1-2025Q3, or `all`.
        reduce: how the values of the quarters become one number.
        scale: the factor by which the result is multiplied.
        followed: whether the number is one that the scenario sets equal to data up to `history.until`.
    """

    of: Annotated[tuple[str, ...], Field(min_length=1)]
    less: tuple[str, ...] = ()
    opening: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    quarters: str = ALL
    reduce: Reduction = "last"
    scale: float = 1.0
    followed: bool = False

    @model_validator(mode="after")
    def _can_be_read(self) -> Reading:
        for term in self.terms:
            _check_term(term)
        if self.reduce == "first profitable year" and (
            self.less or self.opening or self.over or not all(term.startswith("agents|labs|") for term in self.of)
        ):
            raise ValueError("for the first profitable year, give of alone, with terms agents|labs|... only")
        if self.quarters != ALL:
            first, last = self.period
            if not first <= last:
                raise ValueError(f"quarters = {self.quarters!r}: ends before it begins")
        return self

    @property
    def terms(self) -> tuple[str, ...]:
        """All terms that the reading names."""
        return *self.of, *self.less, *self.opening, *self.over

    @property
    def period(self) -> tuple[str, str]:
        """The first and the last quarter of the period.

        Raises:
            ValueError: if `quarters` is "all", or not a period.
        """
        try:
            spans = [span(part) for part in self.quarters.split("-", 1)]
        except ValueError:
            raise ValueError(
                f"quarters = {self.quarters!r}: expected all, or a period like 2024Q4, 2025H1, 2024FY or 2024Q1-2025Q3"
            ) from None
        return spans[0][0], spans[-1][1]


class Fact(Strict):
    """One fact of the file of facts: a figure that the model is compared with.

    Attributes:
        label: what the fact is about, in plain words.
        unit: the unit of its figures.
        kind: how the model comes by its number: input, calibrated or emergent.
        article: the article's figure, if it has one.
        article_is: whether the article gives that figure itself, or says `about` or `more than`.
        article_says: the article's words, where they cannot be given as a figure.
        evidence: the evidence, if it is one figure; the number, the row of data, or a list of these to add up.
        evidence_low: the lower end of the evidence, if it is a range.
        evidence_high: the upper end of the evidence, if it is a range.
        fitted: for a calibrated fact, the keys of the scenario that were chosen so that the model meets the number.
        source: further sources, rows of data or addresses, beside the rows that the evidence is read from.
        reading: how the model's number is read; None where the model has no such number.
        note: how much the comparison says, and what limits it.
    """

    label: str
    unit: str
    kind: Kind
    article: float | None = None
    article_is: Literal["figure", "about", "more than"] = "figure"
    article_says: str = ""
    evidence: Figures | None = None
    evidence_low: Figures | None = None
    evidence_high: Figures | None = None
    fitted: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    reading: Reading | None = None
    note: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Fact:
        if self.evidence is not None and (self.evidence_low is not None or self.evidence_high is not None):
            raise ValueError("give either evidence, or evidence_low and evidence_high, but not both")
        if (self.evidence_low is None) != (self.evidence_high is None):
            raise ValueError("evidence_low and evidence_high go together: give both or none of them")
        if self.range is not None and not self.range[0] <= self.range[1]:
            raise ValueError(f"evidence_low = {self.range[0]:g} is above evidence_high = {self.range[1]:g}")
        if (self.kind == "calibrated") != bool(self.fitted):
            raise ValueError("give fitted, the keys fitted to the number, for a calibrated fact and for no other")
        for row in (*self.rows, *(text for text in self.source if "://" not in text)):
            data_row(row)
        # An input must be read where it enters the model, so that no result of the model can pass for an input.
        if self.kind == "input" and self.reading is not None and not self.reading.followed:
            for term in self.reading.terms:
                if not term.startswith("scenario|"):
                    raise ValueError(f"{term!r} is no input: read an input from scenario|key, or set followed = true")
        return self

    @property
    def rows(self) -> tuple[str, ...]:
        """Rows of data that the evidence is read from."""
        figures = (*(self.evidence or ()), *(self.evidence_low or ()), *(self.evidence_high or ()))
        return tuple(dict.fromkeys(row for row in figures if isinstance(row, str)))

    @cached_property
    def range(self) -> tuple[float, float] | None:
        """The lowest and the highest value of the evidence; None where there is no evidence."""
        low, high = self.evidence or self.evidence_low, self.evidence or self.evidence_high
        return None if low is None or high is None else (_number(low), _number(high))

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The sources of the evidence, each once; "article" where a row of data names the article alone."""
        references = (*self.rows, *self.source)
        addresses = ([text] if "://" in text else data_row(text).sources for text in references)
        return tuple(dict.fromkeys(address for part in addresses for address in part))

    def allowed(self, rule: Rule) -> tuple[float, float] | None:
        """Return the range that counts as agreeing with the evidence, made at least as wide as the rule asks."""
        if self.range is None:
            return None
        low, high = self.range
        if self.unit == "year":
            return low - rule.year_margin, high + rule.year_margin
        middle = (low + high) / 2.0
        least = rule.margin * abs(middle)
        return min(low, middle - least), max(high, middle + least)

    def article_range(self) -> tuple[float, float] | None:
        """Return the lowest and the highest number that the article's figure can mean; None without a figure."""
        if self.article is None:
            return None
        if self.article_is == "more than":
            return self.article, math.inf
        if self.article_is == "about":
            digit = 10.0 ** math.floor(math.log10(abs(self.article))) if self.article else 0.0
            return self.article - LEAST_DIGIT * digit, self.article + LEAST_DIGIT * digit
        return self.article, self.article


Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class Facts(Strict):
    """The file of facts.

    Attributes:
        rule: how near the evidence the model must come.
        facts: the facts, by name.
        stylised: regularities that the model should show, in addition to the facts.
    """

    rule: Rule
    facts: dict[Name, Fact]
    stylised: dict[Name, Fact] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _each_once(self) -> Facts:
        twice = sorted({*self.facts} & {*self.stylised})
        if twice:
            raise ValueError(f"{twice[0]} is both under facts and under stylised: give it under only one of them")
        return self

    @cached_property
    def all(self) -> dict[str, Fact]:
        """The facts and the stylised regularities together, by name."""
        return {**self.facts, **self.stylised}


def load_facts(path: Path | str | None = None) -> Facts:
    """Load the facts of a file; if no path is given, of the file that ships with the package.

    Raises:
        ScenarioError: for anything wrong with the file, in one line.
    """
    return read_as(Facts, Path(path) if path is not None else FACTS)


def _number(figures: tuple[float | str, ...]) -> float:
    total = sum(data_row(figure).value if isinstance(figure, str) else figure for figure in figures)
    return round(total, DECIMALS)


def _check_term(term: str) -> None:
    table, *names = term.split("|")
    if table not in TABLES:
        raise ValueError(f"{term!r}: unknown table {table!r}{suggestion(table, TABLES)} ({', '.join(TABLES)})")
    if len(names) != len(TABLES[table]) or not all(names):
        raise ValueError(f"{term!r}: expected {'|'.join((table, *TABLES[table]))}")
    for what, name in zip(TABLES[table], names, strict=True):
        if what in KNOWN and name not in KNOWN[what]:
            raise ValueError(f"{term!r}: unknown {what} {name!r}{suggestion(name, KNOWN[what])}")
