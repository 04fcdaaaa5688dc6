"""What the pages of runs and sweeps fetch: files of folders, and sums of sweeps as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import mimetypes
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, request, send_file

from sim.errors import RunError
from sim.report.html import REPORT
from sim.server import result_folders
from sim.server.api import TABLES, as_csv, download, error_response, errors_as_json, panel_width

if TYPE_CHECKING:
    from sim.server.sweeps.panels import Answers

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups; base-uri 'none'"
"""Of a report: it has its style and pictures in itself, runs no script and fetches nothing."""
PICTURES = ".png"
Rows = list[dict[str, Any]]


def attach(server: Flask) -> None:
    """Add the addresses under /api/runs/ and /api/sweep/ to the application."""
    pages = Blueprint("runs", __name__, url_prefix="/api")

    @cache
    def answers() -> Answers:
        # What adds up sweeps takes a second to import, and a server should be there at once.
        from sim.server.sweeps.panels import Answers

        return Answers()

    @pages.get("/runs/file")
    @errors_as_json
    def file() -> Response:
        entry, name = _asked(), request.args.get("file", "")
        return _sent(entry, name, attachment=True)

    @pages.get("/runs/picture")
    @errors_as_json
    def picture() -> Response:
        entry, name = _asked(), request.args.get("file", "")
        if not name.endswith(PICTURES):
            raise RunError(f"runs: {name[: result_folders.SHOWN]!r} is no picture")
        return _sent(entry, name, attachment=False)

    @pages.get("/runs/report")
    @errors_as_json
    def report() -> Response:
        response = _sent(_asked(), REPORT, attachment=False)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @pages.get("/runs/<table>.csv")
    @errors_as_json
    def table(table: str) -> Response:
        entry = _asked()
        if entry.kind == "comparison" and table == "differences":
            return download(_written(differences(entry.metadata)), f"{_file_name(entry)}-{table}.csv")
        if table not in TABLES:
            return error_response(
                f"{table[: result_folders.SHOWN]!r}: no such table; there are {', '.join(TABLES)}", 404
            )
        return download(as_csv(entry.run(), table), f"{_file_name(entry)}-{table}.csv")

    @pages.get("/sweep/<part>")
    @errors_as_json
    def part(part: str) -> Response:
        from sim.server.sweeps import panels

        name, _, kind = part.partition(".")
        if name not in panels.MAKERS or kind not in ("", "csv"):
            return error_response(f"{part[: result_folders.SHOWN]!r}: there is no such picture of a sweep", 404)
        sweep, answer = answers().get(name, request.args)
        if kind == "csv":
            return download(_written(panels.TABLES[name](answer)), f"{sweep}-{name}.csv")
        shown = panels.shown(name, answer, panel_width())
        return Response(json.dumps(shown, allow_nan=False), mimetype="application/json")

    server.register_blueprint(pages)


def differences(comparison: dict[str, Any]) -> Rows:
    """Return the outcomes of a comparison as rows: both means, the difference and its 90 percent interval."""
    return [
        {
            "outcome": name,
            "label": found["label"],
            "unit": found["unit"],
            "mean_a": found["mean_a"],
            "mean_b": found["mean_b"],
            "difference": found["mean_difference"],
            "low": found["interval_90"][0],
            "high": found["interval_90"][1],
        }
        for name, found in comparison["outcomes"].items()
    ]


def _asked() -> result_folders.Entry:
    """Return the folder that the address names."""
    entry = result_folders.find(request.args.get("run", ""))
    if entry.kind == "broken":
        raise RunError(f"runs: {entry.name} cannot be read: {entry.reason}")
    return entry


def _sent(entry: result_folders.Entry, name: str, attachment: bool) -> Response:
    content = result_folders.opened(entry, name)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    file_name = f"{_file_name(entry)}-{PurePosixPath(name).name}"
    response = send_file(content, mimetype=kind, as_attachment=attachment, download_name=file_name)
    content.seek(0, io.SEEK_END)
    response.content_length = content.tell()
    content.seek(0)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _file_name(entry: result_folders.Entry) -> str:
    return entry.name.replace("/", "-")


def _written(rows: Rows) -> str:
    text = io.StringIO()
    heads = list(dict.fromkeys(head for row in rows for head in row))
    writer = csv.DictWriter(text, heads)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
