"""`python -m studies.facts`: write the tables of docs/facts.md anew."""

from __future__ import annotations

from collections.abc import Sequence

from sim.analysis.facts import FactTable
from sim.analysis.facts.rows import MARKS, FactRow, evidence_words, interval_words, model_words
from sim.experiments.validate import validate
from studies.markdown import replaced, table
from studies.places import DOCS

PAGE = DOCS / "facts.md"
BEGIN, END = "<!-- {name}: written by python -m studies.facts -->", "<!-- end of {name} -->"
HEAD = ("fact", "unit", "article", "evidence", "model", "90 percent", "kind", "agrees")


def markdown(rows: Sequence[FactRow]) -> str:
    """Write rows of the fact table."""
    return table(HEAD, [cells(row) for row in rows])


def cells(row: FactRow) -> tuple[str, ...]:
    """Write a fact as the cells of a row."""
    evidence, model, interval = evidence_words(row), model_words(row), interval_words(row)
    return (row.label, row.unit, row.article_says, evidence, model, interval, row.kind, MARKS[row.ok])


def filled(page: str, facts: FactTable) -> str:
    """Write both tables into the page.

    Raises:
        ScenarioError: if the page has no place for a table.
    """
    for name, rows in (("facts", facts.rows), ("stylised facts", facts.stylised)):
        page = replaced(page, BEGIN.format(name=name), END.format(name=name), markdown(rows))
    return page


def main() -> None:
    """Run the histories, and write the page."""
    facts = validate()
    PAGE.write_text(filled(PAGE.read_text(encoding="utf8"), facts), encoding="utf8")
    print(facts.words)


if __name__ == "__main__":
    main()
