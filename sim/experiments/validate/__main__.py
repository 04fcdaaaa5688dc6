"""`python -m sim.experiments.validate`: the tables of docs/facts.md."""

from __future__ import annotations

from collections.abc import Iterator

from sim.analysis.facts.rows import FactRow
from sim.analysis.facts.table import FactTable
from sim.analysis.facts.words import MARKS, evidence_words, interval_words, model_words
from sim.experiments.validate.validation import validate
from sim.report.markdown import table

HEAD = ("fact", "unit", "article", "evidence", "model", "90 percent", "kind", "agrees")


def markdown(found: FactTable) -> Iterator[str]:
    """Lines of the two tables, facts first."""
    for rows in (found.rows, found.stylised):
        yield table(HEAD, map(cells, rows))


def cells(row: FactRow) -> tuple[str, ...]:
    """A fact in a line of the table."""
    given = (row.label, row.unit, row.article_says, evidence_words(row))
    return (*given, model_words(row), interval_words(row), row.kind, MARKS[row.ok])


if __name__ == "__main__":
    facts = validate()
    print("\n".join(markdown(facts)))
    print(facts.words)
