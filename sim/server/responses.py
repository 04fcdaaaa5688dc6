"""The responses of all addresses under /api/: JSON, tables as CSV, and one-line errors with their HTTP status."""

import json
from collections.abc import Collection
from typing import Any

import pandas as pd
from flask import Flask, Response, request

from sim.errors import AccountingError, RunError, ScenarioError
from sim.server.address import LONGEST
from sim.server.histories import BusyError

DEFAULT_WIDTH = 600
"""Width in pixels of a figure where the address does not name one."""
Rows = list[dict[str, Any]]
"""A table, row by row: column -> value."""


class MissingError(Exception):
    """The server has nothing at the requested address."""


ERRORS = {
    ScenarioError: (400, ""),
    RunError: (400, ""),
    MissingError: (404, ""),
    AccountingError: (422, "this history cannot be used: "),
    BusyError: (503, ""),
}
"""Error -> HTTP status of its response, and words that precede its message."""


def handle_errors(server: Flask) -> None:
    """Make the application answer every expected error with its message as JSON."""
    for kind, (status, prefix) in ERRORS.items():

        def respond(error: Exception, status: int = status, prefix: str = prefix) -> Response:
            document = json.dumps({"error": f"{prefix}{error}"})
            return Response(document, status, mimetype="application/json")

        server.register_error_handler(kind, respond)


def json_response(document: Any) -> Response:
    """Return a document as JSON."""
    return Response(json.dumps(document, allow_nan=False), mimetype="application/json")


def compressed_response(document: bytes) -> Response:
    """Return the response for a JSON document that is already compressed with gzip."""
    return Response(document, mimetype="application/json", headers={"Content-Encoding": "gzip"})


def csv_response(name: str, table: pd.DataFrame | Rows) -> Response:
    """Return a table as a CSV file, which browsers save under this name."""
    # With dtype object, whole numbers stay whole in columns where other values are missing.
    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(table, dtype=object)
    response = Response(frame.to_csv(index=False), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def check_table(name: str, tables: Collection[str]) -> None:
    """Raise MissingError unless `name` is one of `tables`, those that this address offers."""
    if name not in tables:
        raise MissingError(f"no such table: {name[:LONGEST]!r}; available: {', '.join(tables)}")


def panel_width() -> int:
    """Return the width in pixels for which a figure is to be drawn, from the query of the address."""
    text = request.args.get("width", "")
    return int(text) if text.isdecimal() and len(text) < 6 else DEFAULT_WIDTH
