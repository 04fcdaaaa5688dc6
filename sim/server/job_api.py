"""Addresses of background jobs: start one, how far it is, cancel it, its result, its tables as CSV."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, request

from sim.server.api import download, error_response, errors_as_json, panel_width
from sim.server.jobs import JobRequest, Jobs

Table = tuple[list[str], Iterable[list[Any]]]
NOT_THERE = "this has not been run, or its result is no longer kept: run it"


def attach(
    server: Flask,
    jobs: Jobs,
    place: str,
    read: Callable[[Mapping[str, str]], JobRequest],
    tables: Mapping[str, Callable[[dict[str, Any]], Table]],
    figures: Callable[[dict[str, Any], int], dict[str, Any]] | None = None,
) -> None:
    """Add the addresses of a kind of job to the application.

    Args:
        server: the application.
        jobs: all jobs.
        place: path under /api/ of the addresses, such as "compare".
        read: the query of an address -> the question; raises ScenarioError.
        tables: name -> what makes a table of a result: its header and rows.
        figures: what makes the figures of a result, by name, for a width in pixels.
    """
    pages = Blueprint(f"jobs {place}", __name__, url_prefix=f"/api/{place}")

    def state(asked: JobRequest) -> Response:
        response = Response(json.dumps(jobs.state(asked)), mimetype="application/json")
        response.headers["Cache-Control"] = "no-store"
        return response

    @pages.post("")
    @errors_as_json
    def start() -> Response:
        asked = read(request.args)
        jobs.start(asked)
        return state(asked)

    @pages.get("")
    @errors_as_json
    def how_far() -> Response:
        return state(read(request.args))

    @pages.delete("")
    @errors_as_json
    def cancel() -> Response:
        asked = read(request.args)
        jobs.cancel(asked)
        return state(asked)

    @pages.get("/result")
    @errors_as_json
    def result() -> Response:
        found = jobs.result(read(request.args))
        if found is None:
            return error_response(NOT_THERE, 404)
        response = Response(found, mimetype="application/json")
        response.headers["Content-Encoding"] = "gzip"
        return response

    @pages.get("/figures")
    @errors_as_json
    def drawn() -> Response:
        said = {key: text for key, text in request.args.items() if key != "width"}
        document = jobs.result(read(said))
        if document is None or figures is None:
            return error_response(NOT_THERE, 404)
        made = figures(json.loads(gzip.decompress(document)), panel_width())
        return Response(json.dumps(made, allow_nan=False), mimetype="application/json")

    @pages.get("/<name>.csv")
    @errors_as_json
    def table(name: str) -> Response:
        if name not in tables:
            return error_response(f"{name[:64]!r}: no such table; there are {', '.join(tables)}", 404)
        found = jobs.result(read(request.args))
        if found is None:
            return error_response(NOT_THERE, 404)
        header, rows = tables[name](json.loads(gzip.decompress(found)))
        return as_csv(f"capflow-{place.replace('/', '-')}-{name}.csv", header, rows)

    server.register_blueprint(pages)


def as_csv(name: str, header: list[str], rows: Iterable[list[Any]]) -> Response:
    """Return a table as a download."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return download(text.getvalue(), name)
