"""What the compare page asks: start a comparison, how far it is, cancel it, its result, its tables as CSV."""

from __future__ import annotations

import atexit
import csv
import gzip
import io
import json
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask, Response, request

from sim.server import question
from sim.server.api import answered, told
from sim.server.jobs import Jobs
from sim.server.question import SIDES

Table = tuple[list[str], Iterable[list[Any]]]


def attach(server: Flask, jobs: Jobs) -> None:
    """Add the addresses under /api/compare to the application; the jobs end with this process."""
    atexit.register(jobs.close)
    pages = Blueprint("compare", __name__, url_prefix="/api/compare")

    def state(asked: question.Question) -> Response:
        response = Response(json.dumps(jobs.state(asked)), mimetype="application/json")
        response.headers["Cache-Control"] = "no-store"
        return response

    @pages.post("")
    @answered
    def start() -> Response:
        asked = question.read(request.args)
        asked.specs()
        jobs.start(asked)
        return state(asked)

    @pages.get("")
    @answered
    def how_far() -> Response:
        return state(question.read(request.args))

    @pages.delete("")
    @answered
    def cancel() -> Response:
        asked = question.read(request.args)
        jobs.cancel(asked)
        return state(asked)

    @pages.get("/result")
    @answered
    def result() -> Response:
        found = jobs.result(question.read(request.args))
        if found is None:
            return told("this comparison has not been run, or its result is no longer kept: run it", 404)
        response = Response(found, mimetype="application/json")
        response.headers["Content-Encoding"] = "gzip"
        return response

    @pages.get("/<name>.csv")
    @answered
    def table(name: str) -> Response:
        if name not in TABLES:
            return told(f"{name[:64]!r}: no such table; there are {', '.join(TABLES)}", 404)
        found = jobs.result(question.read(request.args))
        if found is None:
            return told("this comparison has not been run, or its result is no longer kept: run it", 404)
        header, rows = TABLES[name](json.loads(gzip.decompress(found)))
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(header)
        writer.writerows(rows)
        headers = {"Content-Disposition": f'attachment; filename="capflow-comparison-{name}.csv"'}
        return Response(text.getvalue(), mimetype="text/csv", headers=headers)

    server.register_blueprint(pages)


def _differences(found: dict[str, Any]) -> Table:
    columns = ["name", "label", "unit", "mean_a", "mean_b", "mean", "low", "high", "spread_low", "spread_high"]
    header = ["outcome", *columns[1:5], "difference", "low_90", "high_90", "spread_5", "spread_95"]
    rows = ([row[column] for column in columns] + [row["decided"]] for row in found["outcomes"])
    return [*header, "differs_from_zero"], rows


def _fans(found: dict[str, Any]) -> Table:
    header = ["quarter", "measure", "unit", "world", *(f"quantile_{level:g}" for level in found["levels"])]
    rows = (
        [quarter, fan["name"], fan["unit"], side.upper(), *fan[side][place]]
        for fan in found["fans"]
        for side in SIDES
        for place, quarter in enumerate(found["quarters"])
    )
    return header, rows


def _origins(found: dict[str, Any]) -> Table:
    columns = ["origin", "mean_a", "mean_b", "mean", "low", "high", "decided"]
    header = ["origin", "mean_more", "mean_less", "difference_usd_bn", "low_90", "high_90", "differs_from_zero"]
    cause = found["cause"]
    whole = {"origin": "all_gpu_purchases", **cause["purchases"]}
    return header, ([row[column] for column in columns] for row in [*cause["origins"], whole])


TABLES = {"differences": _differences, "fans": _fans, "origins": _origins}
"""Tables of a comparison that can be downloaded."""
