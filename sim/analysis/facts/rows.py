"""A row of the fact table: the figures of an article, of the evidence and of the model, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.analysis.facts.schema import Kind


@dataclass(frozen=True)
class FactRow:
    """A fact with the number that the model gives for it.

    Attributes:
        id: the name of the fact.
        label: what it is about, in plain words.
        unit: the unit of its figures.
        article: the article's figure, or None.
        article_says: the article in words.
        evidence_low: lower end of the evidence, or None.
        evidence_high: its upper end, or None.
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
        note: what the comparison is worth.
        fitted: the keys of the scenario that were chosen with this number in view.
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
