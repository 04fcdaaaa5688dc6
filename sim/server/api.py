"""The addresses of one history: its document, its agents, its tables as CSV, and its table of facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from flask import Flask, Response, request

from sim.server import address
from sim.server.address import LONGEST
from sim.server.histories import HistoryStore
from sim.server.responses import MissingError, check_table, compressed_response, csv_response, json_response
from sim.server.views.facts import rows as facts_rows

if TYPE_CHECKING:
    from sim.runs.run import Run

TABLES = ("series", "agents", "flows", "exposures", "events", "uses", "ends", "payments")
"""Tables of a history that can be downloaded."""
FRESH = 3600
"""Seconds for which a browser may keep a history; the same address always gives the same history."""
EVENT_COLUMNS = ("quarter", "kind", "agent", "text", "usd_bn")


def attach(server: Flask, histories: HistoryStore) -> None:
    """Register the addresses /api/world, /api/agent, /api/facts and /api/<table>.csv."""

    @server.get("/api/world")
    def world() -> Response:
        response = compressed_response(histories.document(address.read(request.args)))
        response.headers["Cache-Control"] = f"private, max-age={FRESH}"
        return response

    @server.get("/api/agent")
    def agent() -> Response:
        from sim.server.views.agent import agent as agent_document

        run = histories.run(address.read(request.args, ("agent",)))
        return json_response(agent_document(run, request.args.get("agent", "")))

    def fact_table() -> dict[str, Any]:
        from sim.analysis.facts import facts_of

        history = address.read(request.args)
        return facts_of(histories.run(history), history.spec()).to_dict()

    @server.get("/api/facts")
    def facts() -> Response:
        return json_response(fact_table())

    @server.get("/api/facts.csv")
    def facts_csv() -> Response:
        return csv_response("capflow-facts.csv", facts_rows(fact_table()))

    @server.get("/api/<path:rest>")
    def nothing(rest: str) -> Response:
        raise MissingError(f"/api/{rest[:LONGEST]}: no such address on this server")

    @server.get("/api/<name>.csv")
    def table(name: str) -> Response:
        check_table(name, TABLES)
        history = address.read(request.args)
        return csv_response(f"capflow-{history.scenario}-{name}.csv", run_table(histories.run(history), name))


def run_table(run: Run, name: str) -> pd.DataFrame:
    """Return a table of a run, one of `TABLES`."""
    from sim.analysis.attribution import direct_uses_by_quarter
    from sim.report.figures.journeys import journeys_by_quarter
    from sim.report.figures.payments import payments_by_quarter

    if name == "events":
        return pd.DataFrame(run.events, columns=EVENT_COLUMNS, dtype=object)
    derived = {"uses": direct_uses_by_quarter, "ends": journeys_by_quarter, "payments": payments_by_quarter}
    table: pd.DataFrame = derived[name](run) if name in derived else getattr(run, name)
    return table
