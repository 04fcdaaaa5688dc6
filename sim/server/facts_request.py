"""What the facts page asks for: the fact table of many histories of a scenario, and that table as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sim.server import address
from sim.server.address import HistoryRequest
from sim.server.responses import Rows

RUNS = 40
"""Histories of a fact table; the first has the seed of the address, the next ones follow."""
COLUMNS = (
    *("id", "label", "unit", "article", "article_says", "evidence_low", "evidence_high", "model"),
    *("interval", "kind", "ok", "verdict", "disagreement", "note", "source"),
)


@dataclass(frozen=True)
class FactsRequest:
    """A request for the fact table of a history and those with the next seeds."""

    history: HistoryRequest
    kind: ClassVar[str] = "facts"

    @property
    def query(self) -> str:
        """The query of the address."""
        return self.history.query

    def check(self) -> None:
        """Refuse what cannot be run; raises ScenarioError."""
        self.history.spec()


def read(query: Mapping[str, str]) -> FactsRequest:
    """Read the address of a fact table; raises ScenarioError as `sim.server.address.read` does."""
    return FactsRequest(address.read(query))


def rows(table: dict[str, Any]) -> Rows:
    """Return the facts of a table as rows, stylised facts last; lists are written with blanks between."""

    def cell(value: Any) -> Any:
        return " ".join(map(str, value)) if isinstance(value, list) else value

    return [{column: cell(fact[column]) for column in COLUMNS} for fact in (*table["facts"], *table["stylised"])]


TABLES = {"facts": rows}
"""Tables of many histories that can be downloaded."""
