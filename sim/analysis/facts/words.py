"""The figures and ranges of the fact table as text, the same on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.analysis.facts.rows import FactRow

MARKS = {True: "yes", False: "no", None: "\N{EN DASH}"}
"""Verdict -> its sign."""
BEYOND = "later"


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
