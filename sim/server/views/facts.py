"""The table of facts as rows for JSON and CSV, and the number of histories from which it is made."""

from typing import Any

from sim.server.responses import Rows

RUNS = 40
"""Number of histories behind a table of facts; the first has the seed of the address, each further one the next."""
COLUMNS = (
    *("id", "label", "unit", "article", "article_says", "evidence_low", "evidence_high", "model"),
    *("interval", "kind", "ok", "verdict", "disagreement", "note", "source"),
)


def rows(table: dict[str, Any]) -> Rows:
    """Return the facts of a table as rows, stylised facts last; the items of a list are joined with spaces."""

    def cell(value: Any) -> Any:
        return " ".join(map(str, value)) if isinstance(value, list) else value

    facts = (*table["facts"], *table["stylised"])
    return [{column: cell(fact[column]) for column in COLUMNS} for fact in facts]
