"""The fact table in the report of a run: one history beside the article and the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from sim.analysis.facts.rows import FactRow
from sim.analysis.facts.table import FactTable
from sim.analysis.facts.words import evidence_words, model_words
from sim.report.html import table

HEADING = "Does it match the world?"
HEADS = ("Fact", "Kind", "Article", "Evidence", "This history", "Verdict")
FED_IN = ("Fact", "Kind", "Article", "Evidence", "Fed in", "Verdict")
"""An input has no column of results to stand in."""
NUMBERS = (2, 3, 4)


def section(found: FactTable) -> str:
    """The section of a report, as HTML: facts, stylised facts, and apart from both what was fed in.

    Args:
        found: the fact table of one history.
    """
    inputs = [row for row in (*found.rows, *found.stylised) if row.kind == "input"]
    margin = f"{100.0 * found.rule.margin:g} percent"
    return "\n".join(
        [
            f"<h2>{escape(HEADING)}</h2>",
            "<p>An article set off this model. Its figures stand here beside the evidence, and beside what this "
            f"history gives. <strong>{escape(found.words)}</strong></p>",
            "<p class='note'>One history is one draw of chance: <code>capflow validate</code> gives the mean and "
            "the 90 percent interval over an ensemble, and with <code>--json</code> sources and notes. A "
            "calibrated number was chosen with the evidence in view; an emergent one came out of balances, prices "
            "and decisions. A number agrees if it lies within the evidence, which is never taken to be sharper "
            f"than {margin}.</p>",
            *_part("", HEADS, _results(found.rows)),
            *_part("Stylised facts", HEADS, _results(found.stylised)),
            *_part("What was fed in, and is no result", FED_IN, inputs),
        ]
    )


def _results(rows: Iterable[FactRow]) -> list[FactRow]:
    return [row for row in rows if row.kind != "input"]


def _part(heading: str, heads: Sequence[str], rows: Sequence[FactRow]) -> list[str]:
    """A table under its heading; nothing where there are no rows."""
    if not rows:
        return []
    head = [f"<h3>{escape(heading)}</h3>"] if heading else []
    return [*head, table(heads, (_line(row, heads) for row in rows), numbers=NUMBERS, stacked=True)]


def _line(row: FactRow, heads: Sequence[str]) -> str:
    """A fact with its unit, and how article and evidence disagree if they do."""
    first = f"{escape(row.label)} <span class='note'>{escape(row.unit)}</span>"
    if row.disagreement is not None:
        first += f"<div class='note'>{escape(row.disagreement)}</div>"
    cells = [f"<td>{first}</td>"]
    told = (row.kind, row.article_says, evidence_words(row), model_words(row), row.verdict)
    for place, text in enumerate(told, start=1):
        look = " class='number'" if place in NUMBERS else ""
        cells.append(f"<td{look} data-label='{heads[place]}'>{escape(text)}</td>")
    return f"<tr>{''.join(cells)}</tr>"
