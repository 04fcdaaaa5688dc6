"""Building the fact table: the numbers of all histories averaged, compared with the evidence, and judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from sim.analysis.facts.readings import FactNumber
from sim.analysis.facts.rows import FactRow, figure_words, range_words
from sim.analysis.facts.schema import Fact, Facts, Kind, Rule
from sim.scenario.load import Scenario

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = (0.05, 0.95)
"""Ends of the interval, as quantiles of the histories: nine histories in ten lie in it."""
SAME = 1e-9
"""Relative difference below which two numbers count as the same."""


@dataclass(frozen=True)
class FactTable:
    """All facts, each with what the article says, what the evidence says and what the model gives.

    Attributes:
        scenario: the scenario of the histories.
        seeds: the seeds of the histories.
        rule: how near the evidence the model must come.
        rows: the facts, in the order of the file.
        stylised: regularities that the model should show, in addition to the facts.
        seconds: how long the simulation of the histories took.
    """

    scenario: Scenario
    seeds: tuple[int, ...]
    rule: Rule
    rows: tuple[FactRow, ...]
    stylised: tuple[FactRow, ...]
    seconds: float

    def __getitem__(self, name: str) -> FactRow:
        return next(row for row in (*self.rows, *self.stylised) if row.id == name)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """For each kind of fact, how many agree with the evidence, how many do not, and how many have no verdict."""
        names = {"agree": True, "disagree": False, "cannot_tell": None}
        return {
            kind: {name: sum(row.kind == kind and row.ok is ok for row in self.rows) for name, ok in names.items()}
            for kind in get_args(Kind)
        }

    @property
    def words(self) -> str:
        """On how many facts the model agrees with the evidence, in words; stylised regularities do not count."""
        parts = []
        for kind in ("emergent", "calibrated"):
            agree, disagree = (self.counts[kind][name] for name in ("agree", "disagree"))
            if agree + disagree:
                parts.append(f"{agree} of {agree + disagree} {kind} numbers")
        numbers = " and ".join(parts) if parts else "No number can be judged, so none"
        missed = [row for row in self.rows if row.ok is False]
        near = sum(row.within_spread is True for row in missed)
        apart = sum(row.disagreement is not None for row in self.rows)
        spread = f"; of the {len(missed)} that do not, {near} have it within their spread" if near else ""
        return (
            f"{numbers} agree with the evidence{spread}. "
            f"Article and evidence disagree on {apart} of {len(self.rows)} facts."
        )

    @property
    def table(self) -> pd.DataFrame:
        """The facts as a table, one row for each fact; stylised regularities are not in it."""
        import pandas as pd

        return pd.DataFrame([row.to_dict() for row in self.rows])

    def to_dict(self) -> dict[str, Any]:
        """Return the whole table as a dictionary of types that JSON has."""
        return {
            "scenario": self.scenario.name,
            "title": self.scenario.title,
            "seed": self.seeds[0],
            "runs": len(self.seeds),
            "rule": self.rule.model_dump(),
            "facts": [row.to_dict() for row in self.rows],
            "stylised": [row.to_dict() for row in self.stylised],
            "counts": self.counts,
            "words": self.words,
            "timing": {"simulation_s": round(self.seconds, 3)},
        }


@dataclass(frozen=True)
class _Estimate:
    """The mean of the histories' numbers for a fact (the median where some have none), and their interval."""

    middle: float | None
    interval: tuple[float | None, float | None] | None = None
    why: str = ""
    at_least: float | None = None


def fact_table(
    facts: Facts,
    scenario: Scenario,
    seeds: Sequence[int],
    numbers: Sequence[Mapping[str, FactNumber]],
    seconds: float = 0.0,
) -> FactTable:
    """Put together the numbers that the histories give for each fact, and judge them against the evidence."""
    rows, stylised = (
        tuple(
            _row(name, fact, facts.rule, _kind(fact, scenario), _together([history[name] for history in numbers]))
            for name, fact in group.items()
        )
        for group in (facts.facts, facts.stylised)
    )
    return FactTable(scenario, tuple(seeds), facts.rule, rows, stylised, seconds)


def _kind(fact: Fact, scenario: Scenario) -> Kind:
    """Return the kind of a fact; one that follows data is emergent where the scenario no longer does so."""
    if fact.reading is None or not fact.reading.followed:
        return fact.kind
    until = scenario.history.until
    return fact.kind if until != "none" and fact.reading.period[1] <= until else "emergent"


def _together(numbers: Sequence[FactNumber]) -> _Estimate:
    """Return the mean and the interval of the numbers that histories give."""
    values = np.array([number.value for number in numbers if number.value is not None])
    missing = [number for number in numbers if number.value is None]
    if not missing:
        low, high = (float(end) for end in np.quantile(values, QUANTILES))
        return _Estimate(float(values.mean()), (low, high) if len(numbers) > 1 else None)
    bounds = [number.at_least for number in missing if number.at_least is not None]
    if len(bounds) < len(missing):
        return _Estimate(None, None, missing[0].why)
    # A date after the end of a history counts as later than all others: the quantiles before it are known.
    ordered = np.concatenate([values, np.full(len(missing), np.inf)])
    quantiles = np.quantile(ordered, (*QUANTILES, 0.5), method="inverted_cdf")
    low_end, high_end, median = (float(end) if math.isfinite(end) else None for end in quantiles)
    interval = (low_end, high_end) if len(numbers) > 1 else None
    share = f" in {len(missing)} of {len(numbers)} histories" if len(numbers) > 1 else ""
    return _Estimate(median, interval, f"{missing[0].why}{share}", min(bounds) if median is None else None)


def _row(name: str, fact: Fact, rule: Rule, kind: Kind, model: _Estimate) -> FactRow:
    low, high = fact.range if fact.range is not None else (None, None)
    row = FactRow(
        id=name,
        label=fact.label,
        unit=fact.unit,
        article=fact.article,
        article_says=fact.article_says or _article_words(fact),
        evidence_low=low,
        evidence_high=high,
        allowed=fact.allowed(rule),
        model=model.middle,
        interval=model.interval,
        within_spread=_overlap(model.interval, fact.range),
        kind=kind,
        ok=None,
        verdict="",
        disagreement=_disagreement(fact, rule),
        source=fact.sources,
        note=fact.note,
        fitted=fact.fitted,
    )
    ok, verdict = _verdict(row, model)
    return replace(row, ok=ok, verdict=verdict)


def _verdict(row: FactRow, model: _Estimate) -> tuple[bool | None, str]:
    """Return whether the model agrees with the evidence (None: no verdict), and the verdict in words."""
    if row.kind == "input":
        return None, _input_words(row)
    if row.allowed is None:
        return None, model.why or "no evidence"
    low, high = row.allowed
    if model.middle is None:
        late = model.at_least is not None and model.at_least > high
        return (False, f"{model.why}: later than the evidence") if late else (None, model.why)
    median = f" (median; {model.why})" if model.why else ""
    if low <= model.middle <= high:
        return True, f"agrees{median}"
    word = "below" if model.middle < low else "above"
    end = row.evidence_low if word == "below" else row.evidence_high
    apart = _apart(model.middle, low if end is None else end, row.unit)
    spread = ", which is within the spread of histories" if row.within_spread else ""
    return False, f"{apart} {word} the evidence{spread}{median}"


def _overlap(interval: tuple[float | None, float | None] | None, evidence: tuple[float, float] | None) -> bool | None:
    """Return whether an interval and the evidence overlap; an end that is None counts as above all numbers."""
    if interval is None or evidence is None:
        return None
    low, high = (math.inf if end is None else end for end in interval)
    return low <= evidence[1] and high >= evidence[0]


def _apart(number: float, end: float, unit: str) -> str:
    if unit == "year":
        return f"{abs(number - end):.1f} years"
    if end == 0.0:
        return f"{abs(number):.3g} {unit}"
    percent = 100.0 * abs(number - end) / abs(end)
    return f"{percent:.0f} percent" if percent >= 0.95 else "less than 1 percent"


def _input_words(row: FactRow) -> str:
    """Say whether an input equals the evidence; whether or not it does, it is no result of the model."""
    if row.model is None:
        return "input; the model has no such number"
    if row.allowed is None:
        return "input; no evidence except the article" if row.article is not None else "input; no evidence"
    near = max(map(abs, row.allowed)) * SAME
    agrees = row.allowed[0] - near <= row.model <= row.allowed[1] + near
    return "input, as the evidence says" if agrees else "input, and not as the evidence says"


def _article_words(fact: Fact) -> str:
    if fact.article is None:
        return ""
    figure = figure_words(fact.article, fact.unit)
    return {"figure": figure, "about": f"about {figure}", "more than": f"more than {figure}"}[fact.article_is]


def _disagreement(fact: Fact, rule: Rule) -> str | None:
    """Say how article and evidence disagree; None where they agree, or where one of them is missing."""
    allowed, article = fact.allowed(rule), fact.article_range()
    if allowed is None or article is None or fact.range is None:
        return None
    if article[0] <= allowed[1] and article[1] >= allowed[0]:
        return None
    side = "above" if article[0] > allowed[1] else "below"
    return f"the article's {_article_words(fact)} is {side} the evidence, {range_words(fact.range, fact.unit)}"
