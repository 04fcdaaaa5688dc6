"""A row of the fact table: the figures of article, evidence and model, the verdict, and all of it as text."""

from dataclasses import dataclass
from typing import Any

from sim.analysis.facts.schema import Kind

MARKS = {True: "yes", False: "no", None: "\N{EN DASH}"}
"""Verdict -> its sign."""
BEYOND = "later"


@dataclass(frozen=True)
class FactRow:
    """A fact with the number that the model gives for it; what is not listed here is as in `Fact`.

    Attributes:
        id: the name of the fact.
        allowed: the range that agrees with the evidence, no narrower than the precision of figures.
        model: the mean over the histories (the median where some have no number), or None.
        interval: the fifth and ninety-fifth percentile of the histories; an end is None where it lies beyond
            the end of the histories. None for a single history.
        within_spread: whether the interval and the evidence overlap; None where one of them is missing.
        kind: how the model comes by the number: input, calibrated or emergent.
        ok: whether the mean lies within what is allowed; None where that cannot be said.
        verdict: the same in words, or why it cannot be said.
        disagreement: how article and evidence disagree, in words, or None.
        source: the addresses of the evidence.
    """

    id: str
    label: str
    unit: str
    article: float | None
    article_says: str
    evidence_low: float | None
    evidence_high: float | None
    allowed: tuple[float, float] | None
    model: float | None
    interval: tuple[float | None, float | None] | None
    within_spread: bool | None
    kind: Kind
    ok: bool | None
    verdict: str
    disagreement: str | None
    source: tuple[str, ...]
    note: str
    fitted: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the row with JSON's own types."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}


def figure_words(number: float, unit: str) -> str:
    """Return a figure of the table in its unit, with as many digits as matter."""
    if unit == "year":
        return f"{number:.0f}" if abs(number - round(number)) < 0.05 else f"{number:.1f}"
    size = abs(number)
    if size >= 1000.0:
        return f"{number:,.0f}"
    text = f"{number:.4g}" if size >= 100.0 else f"{number:.3g}"
    return text if "e" not in text else f"{number:.0f}"


def range_words(ends: tuple[float, float], unit: str) -> str:
    """Return a range of the table, or the figure where both ends are the same."""
    low, high = (figure_words(end, unit) for end in ends)
    return low if low == high else f"{low} to {high}"


def evidence_words(row: FactRow) -> str:
    """Return the evidence in words: a figure, a range, or "none"."""
    if row.evidence_low is None or row.evidence_high is None:
        return "none"
    return range_words((row.evidence_low, row.evidence_high), row.unit)


def model_words(row: FactRow) -> str:
    """Return the model's mean, or "none"."""
    return "none" if row.model is None else figure_words(row.model, row.unit)


def interval_words(row: FactRow) -> str:
    """Return the interval; empty where there is none, or it is a point, as for what is fed in."""
    if row.interval is None or row.kind == "input":
        return ""
    low, high = (BEYOND if end is None else figure_words(end, row.unit) for end in row.interval)
    return low if low == high else f"{low} to {high}"
