"""The addresses of a background job: start the job, read its state, cancel it, and fetch its result and tables."""

import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, request

from sim.server.jobs import JobRequest, Jobs
from sim.server.responses import (
    MissingError,
    Rows,
    check_table,
    compressed_response,
    csv_response,
    json_response,
    panel_width,
)

Document = dict[str, Any]


def attach(
    server: Flask,
    jobs: Jobs,
    path: str,
    read: Callable[[Mapping[str, str]], JobRequest],
    tables: Mapping[str, Callable[[Document], Rows]],
    figures: Callable[[Document, int], Document] | None = None,
) -> None:
    """Register the addresses of one kind of background job.

    Args:
        server: the application in which the addresses are registered.
        jobs: the jobs of all kinds.
        path: the path under /api/, such as "compare".
        read: makes a request from the query of an address; raises ScenarioError.
        tables: name of a table -> function that makes its rows from a result.
        figures: makes the figures of a result, name -> figure, for a width in pixels.
    """
    pages = Blueprint(f"jobs {path}", __name__, url_prefix=f"/api/{path}")

    def result() -> bytes:
        query = {key: text for key, text in request.args.items() if key != "width"}
        document = jobs.result(read(query))
        if document is None:
            raise MissingError("this has not been run yet, or its result is no longer kept; run it (again)")
        return document

    @pages.route("", methods=["GET", "POST", "DELETE"])
    def state() -> Response:
        job_request = read(request.args)
        if request.method == "POST":
            jobs.start(job_request)
        elif request.method == "DELETE":
            jobs.cancel(job_request)
        response = json_response(jobs.state(job_request))
        response.headers["Cache-Control"] = "no-store"
        return response

    @pages.get("/result")
    def whole() -> Response:
        return compressed_response(result())

    if figures is not None:

        @pages.get("/figures")
        def drawn() -> Response:
            return json_response(figures(json.loads(gzip.decompress(result())), panel_width()))

    @pages.get("/<name>.csv")
    def table(name: str) -> Response:
        check_table(name, tables)
        rows = tables[name](json.loads(gzip.decompress(result())))
        return csv_response(f"capflow-{path.replace('/', '-')}-{name}.csv", rows)

    server.register_blueprint(pages)
