"""What pages fetch: histories as JSON, their tables as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from sim.errors import AccountingError, RunError, ScenarioError
from sim.server import address
from sim.server.histories import BusyError, HistoryStore

if TYPE_CHECKING:
    from sim.runs.run import Run

TABLES = ("series", "agents", "flows", "exposures", "events", "uses", "ends", "payments")
"""Tables of a history that can be downloaded."""
FRESH = 3600
"""Seconds for which a browser may keep a history: the same address gives the same history."""
USUAL_WIDTH = 600
"""Width in pixels of a figure where the address does not say it."""
Answer = Callable[..., Response]


def error_response(error: str, status: int) -> Response:
    """Return an error in one line."""
    return Response(json.dumps({"error": error}), status, mimetype="application/json")


def errors_as_json(respond: Answer) -> Answer:
    """Turn what a user got wrong, and what nobody did, into one line with a status."""

    @wraps(respond)
    def safe(*args: Any, **kwargs: Any) -> Response:
        try:
            return respond(*args, **kwargs)
        except (ScenarioError, RunError) as error:
            return error_response(str(error), 400)
        except BusyError as error:
            return error_response(str(error), 503)
        except AccountingError as error:
            return error_response(f"this history cannot be used: {error}", 422)

    return safe


def attach(server: Flask, worlds: HistoryStore) -> None:
    """Add the addresses under /api/ to the application."""

    @server.get("/api/world")
    @errors_as_json
    def world() -> Response:
        asked = address.read(request.args)
        response = Response(worlds.document(asked), mimetype="application/json")
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Cache-Control"] = f"private, max-age={FRESH}"
        return response

    @server.get("/api/agent")
    @errors_as_json
    def agent() -> Response:
        from sim.server.views.agent import agent as told_agent

        asked = address.read(request.args, ("agent",))
        found = told_agent(worlds.run(asked), request.args.get("agent", ""))
        return Response(json.dumps(found, allow_nan=False), mimetype="application/json")

    @server.get("/api/<path:rest>")
    def nothing(rest: str) -> Response:
        return error_response(f"/api/{rest[:64]}: no such address", 404)

    @server.get("/api/<table>.csv")
    @errors_as_json
    def table(table: str) -> Response:
        if table not in TABLES:
            return error_response(f"{table[:64]!r}: no such table; there are {', '.join(TABLES)}", 404)
        asked = address.read(request.args)
        return download(as_csv(worlds.run(asked), table), f"capflow-{asked.scenario}-{table}.csv")


def panel_width() -> int:
    """Return the width in pixels that a figure is made for, as the address says it."""
    text = request.args.get("width", "")
    return int(text) if text.isdecimal() and len(text) < 6 else USUAL_WIDTH


def download(text: str, name: str) -> Response:
    """Return a table as a file to keep."""
    response = Response(text, mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def as_csv(run: Run, table: str) -> str:
    """Return a table of a run, one of `TABLES`."""
    if table == "events":
        rows = io.StringIO()
        writer = csv.DictWriter(rows, ("quarter", "kind", "agent", "text", "usd_bn"))
        writer.writeheader()
        writer.writerows(run.events)
        return rows.getvalue()
    if table == "payments":
        from sim.report.figures.payments import payments_by_quarter

        return str(payments_by_quarter(run).to_csv(index=False))
    if table in ("uses", "ends"):
        from sim.analysis.attribution import direct_uses_by_quarter
        from sim.report.figures.journeys import journeys_by_quarter

        return str((direct_uses_by_quarter if table == "uses" else journeys_by_quarter)(run).to_csv(index=False))
    return str(getattr(run, table).to_csv(index=False))
