"""One row of the fact table, the comparison of a single fact, and its figures written as text."""

from dataclasses import dataclass
from typing import Any

from sim.analysis.facts.schema import Kind

MARKS = {True: "yes", False: "no", None: "\N{EN DASH}"}
"""Whether a fact agrees with the evidence -> the sign that the table shows."""
BEYOND = "later"


@dataclass(frozen=True)
class FactRow:
    """A fact with the number that the model gives for it; fields that are not listed here are as in `Fact`.

    Attributes:
        id: the name of the fact.
        allowed: the range of numbers that count as agreeing with the evidence: its range, widened as in `Fact.allowed`.
        model: the mean of the histories' numbers (the median where some have none); None if there is no number.
        interval: the fifth and ninety-fifth percentile of the histories' numbers, None for a single history. A
            percentile is None if it is a date after the histories end.
        within_spread: whether the interval and the evidence overlap; None where one of them is missing.
        kind: how the model comes by the number: input, calibrated or emergent.
        ok: whether `model` lies in the range `allowed`; None where there is no verdict.
        verdict: the same in words, or why there is no verdict.
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
        """Return the row as a dictionary of types that JSON has."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}


def figure_words(number: float, unit: str) -> str:
    """Return a figure of the table as text: in its unit, rounded to the digits that matter."""
    if unit == "year":
        return f"{number:.0f}" if abs(number - round(number)) < 0.05 else f"{number:.1f}"
    size = abs(number)
    if size >= 1000.0:
        return f"{number:,.0f}"
    text = f"{number:.4g}" if size >= 100.0 else f"{number:.3g}"
    return text if "e" not in text else f"{number:.0f}"


def range_words(ends: tuple[float, float], unit: str) -> str:
    """Return a range of the table as text; a single figure where both ends are the same."""
    low, high = (figure_words(end, unit) for end in ends)
    return low if low == high else f"{low} to {high}"


def evidence_words(row: FactRow) -> str:
    """Return the evidence in words: a figure, a range, or "none"."""
    if row.evidence_low is None or row.evidence_high is None:
        return "none"
    return range_words((row.evidence_low, row.evidence_high), row.unit)


def model_words(row: FactRow) -> str:
    """Return the model's number as text, or "none"."""
    return "none" if row.model is None else figure_words(row.model, row.unit)


def interval_words(row: FactRow) -> str:
    """Return the interval as text; empty where there is none, or where both ends are equal, as for inputs."""
    if row.interval is None or row.kind == "input":
        return ""
    low, high = (BEYOND if end is None else figure_words(end, row.unit) for end in row.interval)
    return low if low == high else f"{low} to {high}"
