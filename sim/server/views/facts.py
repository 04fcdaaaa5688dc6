"""The table of facts as rows, and the number of histories behind it where many are run."""

from typing import Any

from sim.server.responses import Rows

RUNS = 40
"""Histories of a fact table; the first has the seed of the address, the next ones follow."""
COLUMNS = (
    *("id", "label", "unit", "article", "article_says", "evidence_low", "evidence_high", "model"),
    *("interval", "kind", "ok", "verdict", "disagreement", "note", "source"),
)


def rows(table: dict[str, Any]) -> Rows:
    """Return the facts of a table as rows, stylised facts last; lists are written with blanks between."""

    def cell(value: Any) -> Any:
        return " ".join(map(str, value)) if isinstance(value, list) else value

    facts = (*table["facts"], *table["stylised"])
    return [{column: cell(fact[column]) for column in COLUMNS} for fact in facts]
