"""The facts beside a world: one history at once, and many as a job."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import Flask, Response, request

from sim.server import address
from sim.server.address import HistoryRequest
from sim.server.api import errors_as_json
from sim.server.histories import HistoryStore
from sim.server.job_api import Table, as_csv

RUNS = 40
"""Histories of a fact table; the first has the seed of the address, the next ones follow."""
COLUMNS = (
    *("id", "label", "unit", "article", "article_says", "evidence_low", "evidence_high", "model"),
    *("interval", "kind", "ok", "verdict", "disagreement", "note", "source"),
)


@dataclass(frozen=True)
class FactsRequest:
    """The fact table of a world."""

    world: HistoryRequest
    kind: ClassVar[str] = "facts"

    @property
    def query(self) -> str:
        """The address."""
        return self.world.query

    def check(self) -> None:
        """Refuse what cannot be run; raises ScenarioError."""
        self.world.spec()


def read(said: Mapping[str, str]) -> FactsRequest:
    """Read the address of a fact table; raises ScenarioError as `sim.server.address.read` does."""
    return FactsRequest(address.read(said))


def attach(server: Flask, worlds: HistoryStore) -> None:
    """Add the addresses of a single history's table to the application."""

    def table() -> dict[str, Any]:
        from sim.analysis.facts import facts_of

        asked = address.read(request.args)
        return facts_of(worlds.run(asked), asked.spec()).to_dict()

    @server.get("/api/facts")
    @errors_as_json
    def facts() -> Response:
        return Response(json.dumps(table(), allow_nan=False), mimetype="application/json")

    @server.get("/api/facts.csv")
    @errors_as_json
    def as_table() -> Response:
        return as_csv("capflow-facts.csv", *_rows(table()))


def _rows(found: dict[str, Any]) -> Table:
    """Return the facts of a table, stylised ones last; lists are written with blanks between."""

    def cell(value: Any) -> Any:
        return " ".join(str(part) for part in value) if isinstance(value, list) else value

    rows: Iterable[dict[str, Any]] = [*found["facts"], *found["stylised"]]
    return list(COLUMNS), ([cell(row[column]) for column in COLUMNS] for row in rows)


TABLES = {"facts": _rows}
"""Tables of many histories that can be downloaded."""
