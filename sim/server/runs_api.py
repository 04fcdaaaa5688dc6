"""The addresses under /api/ for results folders: their files and tables, and the panels of a sweep as JSON and CSV."""

from __future__ import annotations

import io
import mimetypes
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, request, send_file

from sim.errors import RunError
from sim.report.html import REPORT
from sim.server import result_folders
from sim.server.address import LONGEST
from sim.server.api import TABLES, run_table
from sim.server.responses import MissingError, Rows, check_table, csv_response, json_response, panel_width

if TYPE_CHECKING:
    from sim.server.sweeps.panels import PanelStore

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups; base-uri 'none'"
"""Content security policy of a report, which contains its styles and pictures, runs no script and fetches nothing."""


def attach(server: Flask) -> None:
    """Register the addresses under /api/runs/ and /api/sweep/."""
    pages = Blueprint("runs", __name__, url_prefix="/api")

    @cache
    def store() -> PanelStore:
        # Imported here because the panels of sweeps take a second to import, and the server should start at once.
        from sim.server.sweeps.panels import PanelStore

        return PanelStore()

    @pages.get("/runs/file")
    def file() -> Response:
        return _file(request.args.get("file", ""), attachment=True)

    @pages.get("/runs/picture")
    def picture() -> Response:
        name = request.args.get("file", "")
        if not name.endswith(".png"):
            raise RunError(f"runs: {name[:LONGEST]!r} is not a picture: no PNG file")
        return _file(name, attachment=False)

    @pages.get("/runs/report")
    def report() -> Response:
        response = _file(REPORT, attachment=False)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @pages.get("/runs/<name>.csv")
    def table(name: str) -> Response:
        entry = _entry()
        if entry.kind == "comparison":
            check_table(name, ("differences",))
            return csv_response(f"{_file_name(entry)}-{name}.csv", differences(entry.metadata))
        check_table(name, TABLES)
        return csv_response(f"{_file_name(entry)}-{name}.csv", run_table(entry.run(), name))

    @pages.get("/sweep/<panel>")
    def panel(panel: str) -> Response:
        from sim.server.sweeps.panels import PANELS, with_figure

        name, _, kind = panel.partition(".")
        if name not in PANELS or kind not in ("", "csv"):
            raise MissingError(f"{panel[:LONGEST]!r}: no such panel of a sweep; available: {', '.join(PANELS)}")
        sweep, document = store().get(name, request.args)
        if kind == "csv":
            return csv_response(f"{sweep}-{name}.csv", PANELS[name].table(document))
        return json_response(with_figure(name, document, panel_width()))

    server.register_blueprint(pages)


def differences(comparison: dict[str, Any]) -> Rows:
    """Return the outcomes of a comparison as rows: both means, the difference and its 90 percent interval."""
    return [
        {
            "outcome": name,
            **{key: outcome[key] for key in ("label", "unit", "mean_a", "mean_b")},
            "difference": outcome["mean_difference"],
            **dict(zip(("low", "high"), outcome["interval_90"], strict=True)),
        }
        for name, outcome in comparison["outcomes"].items()
    ]


def _entry() -> result_folders.Entry:
    """Return the results folder that the address names."""
    entry = result_folders.find(request.args.get("run", ""))
    if entry.kind == "broken":
        raise RunError(f"runs: {entry.name} cannot be read: {entry.reason}")
    return entry


def _file(name: str, attachment: bool) -> Response:
    entry = _entry()
    content = result_folders.open_file(entry, name)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    file_name = f"{_file_name(entry)}-{PurePosixPath(name).name}"
    response = send_file(content, mimetype=kind, as_attachment=attachment, download_name=file_name)
    response.content_length = content.seek(0, io.SEEK_END)
    content.seek(0)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _file_name(entry: result_folders.Entry) -> str:
    return entry.name.replace("/", "-")
