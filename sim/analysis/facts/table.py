"""The fact table: what every history gives, put together, and the verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.analysis.facts.readings import Found
from sim.analysis.facts.rows import FactRow
from sim.analysis.facts.schema import Fact, Facts, Kind, Rule
from sim.analysis.facts.words import told, told_range
from sim.scenario.load import Scenario

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = (0.05, 0.95)
"""Ends of the interval: it holds nine histories in ten."""
SAME = 1e-9
"""Relative difference below which numbers are the same."""


@dataclass(frozen=True)
class FactTable:
    """What an article says, what the evidence says, what the model gives.

    Attributes:
        scenario: that was run.
        seeds: of the histories.
        rule: how near the model must come.
        rows: the facts, in the order of the file.
        stylised: regularities that the model should show, beside the facts.
        seconds: that the histories took.
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
        """Kind -> how many facts agree with the evidence, do not, and cannot tell."""
        names = {True: "agree", False: "disagree", None: "cannot_tell"}
        found = {kind: dict.fromkeys(names.values(), 0) for kind in ("input", "calibrated", "emergent")}
        for row in self.rows:
            found[row.kind][names[row.ok]] += 1
        return found

    @property
    def words(self) -> str:
        """How often the model agrees with the evidence on facts, stylised ones left aside, in words."""
        judged = [row for row in self.rows if row.ok is not None]
        parts = []
        for kind in ("emergent", "calibrated"):
            ours = [row for row in judged if row.kind == kind]
            if ours:
                parts.append(f"{sum(row.ok is True for row in ours)} of {len(ours)} {kind} numbers")
        said = " and ".join(parts) if parts else "No number can be judged, so none"
        near = sum(row.ok is False and row.within_spread is True for row in judged)
        apart = sum(row.disagreement is not None for row in self.rows)
        missed = sum(row.ok is False for row in judged)
        spread = f"; of the {missed} that do not, {near} have it within their spread" if near else ""
        return (
            f"{said} agree with the evidence{spread}. "
            f"Article and evidence disagree on {apart} of {len(self.rows)} facts."
        )

    @property
    def table(self) -> pd.DataFrame:
        """One row a fact."""
        import pandas as pd

        return pd.DataFrame([row.to_dict() for row in self.rows])

    def to_dict(self) -> dict[str, Any]:
        """Everything, with JSON's own types."""
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
class _Model:
    """What the histories say of one fact.

    Attributes:
        middle: the mean; the median where some histories have no number, as long as that is known.
        interval: as in `FactRow`.
        why: why there is no number, in how many histories.
        at_least: what the middle is at least, where it is not known.
    """

    middle: float | None
    interval: tuple[float | None, float | None] | None = None
    why: str = ""
    at_least: float | None = None


def fact_table(
    facts: Facts,
    scenario: Scenario,
    seeds: Sequence[int],
    found: Sequence[Mapping[str, Found]],
    seconds: float = 0.0,
) -> FactTable:
    """Put the readings of histories together, and judge them.

    Args:
        facts: what was read.
        scenario: that was run.
        seeds: of the histories.
        found: fact -> reading, for each history.
        seconds: that the histories took.
    """
    rows, stylised = (
        tuple(
            _row(name, fact, facts.rule, _kind(fact, scenario), _together([one[name] for one in found]))
            for name, fact in group.items()
        )
        for group in (facts.facts, facts.stylised)
    )
    return FactTable(scenario, tuple(seeds), facts.rule, rows, stylised, seconds)


def _kind(fact: Fact, scenario: Scenario) -> Kind:
    """Return the kind of a fact; one of data that the scenario does not follow that far is emergent."""
    if fact.reading is None or not fact.reading.followed:
        return fact.kind
    until = scenario.history.until
    return fact.kind if until != "none" and fact.reading.period[1] <= until else "emergent"


def _together(found: Sequence[Found]) -> _Model:
    """Return the mean and the interval of histories."""
    values = np.array([one.value for one in found if one.value is not None])
    missing = [one for one in found if one.value is None]
    if not missing:
        low, high = (float(end) for end in np.quantile(values, QUANTILES))
        return _Model(float(values.mean()), (low, high) if len(found) > 1 else None)
    bounds = [one.at_least for one in missing if one.at_least is not None]
    if len(bounds) < len(missing):
        return _Model(None, None, missing[0].why)
    # What lies beyond the end of a history comes last in the order: quantiles below it are known.
    ordered = np.concatenate([values, np.full(len(missing), np.inf)])
    quantiles = np.quantile(ordered, (*QUANTILES, 0.5), method="inverted_cdf")
    low_end, high_end, median = (float(end) if math.isfinite(end) else None for end in quantiles)
    interval = (low_end, high_end) if len(found) > 1 else None
    share = f" in {len(missing)} of {len(found)} histories" if len(found) > 1 else ""
    return _Model(median, interval, f"{missing[0].why}{share}", min(bounds) if median is None else None)


def _row(name: str, fact: Fact, rule: Rule, kind: Kind, model: _Model) -> FactRow:
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


def _verdict(row: FactRow, model: _Model) -> tuple[bool | None, str]:
    """Whether the model agrees with the evidence, and that in words."""
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


def _overlap(
    interval: tuple[float | None, float | None] | None, evidence: tuple[float, float] | None
) -> bool | None:
    """Whether an interval and the evidence have a number in common; ends that are None lie above all numbers."""
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
    """Say whether an input is as the evidence says; it is no result either way."""
    if row.model is None:
        return "input; the model has no such number"
    if row.allowed is None:
        return "input; no evidence beside the article" if row.article is not None else "input; no evidence"
    low, high = row.allowed
    near = max(abs(low), abs(high)) * SAME
    agrees = low - near <= row.model <= high + near
    return "input, as the evidence says" if agrees else "input, and not as the evidence says"


def _article_words(fact: Fact) -> str:
    if fact.article is None:
        return ""
    figure = told(fact.article, fact.unit)
    return {"figure": figure, "about": f"about {figure}", "more than": f"more than {figure}"}[fact.article_is]


def _disagreement(fact: Fact, rule: Rule) -> str | None:
    """How article and evidence disagree, in words; None where they do not, or one of them is silent."""
    allowed, article = fact.allowed(rule), fact.article_range()
    if allowed is None or article is None or fact.range is None:
        return None
    if article[0] <= allowed[1] and article[1] >= allowed[0]:
        return None
    said = "above" if article[0] > allowed[1] else "below"
    return f"the article's {_article_words(fact)} is {said} the evidence, {told_range(fact.range, fact.unit)}"
