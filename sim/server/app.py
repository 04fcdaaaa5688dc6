"""The Dash application: its pages, the frame around them, and the routes of pages and of /api/."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import dash
import dash_mantine_components as dmc
from dash import Input, Output, dcc, html
from flask import Flask

from sim.errors import RunError, ScenarioError
from sim.report import palette
from sim.server import address, api, comparison_query, job_api, runs_api
from sim.server.access import guard
from sim.server.components import problem
from sim.server.figures.compare import figures as compare_figures
from sim.server.histories import HistoryStore
from sim.server.jobs import Jobs
from sim.server.pages import about, agent, compare, live, runs
from sim.server.pages import facts as facts_page
from sim.server.responses import handle_errors
from sim.server.views import comparison, facts

ASSETS = Path(__file__).parent / "assets"
JOBS = "capflow jobs"
"""Name under which the application holds its background jobs; they are ended when the application ends."""
Layout = Callable[[dict[str, str]], Any]
PAGES: dict[str, tuple[str, Layout]] = {
    "/": ("Live", live.layout),
    "/compare": ("Compare", compare.layout),
    "/runs": ("Runs", runs.layout),
    "/facts": ("Facts", facts_page.layout),
    "/about": ("About", about.layout),
}
"""Pages in the navigation: path -> name, and the function that makes the page from the query of the address."""
HIDDEN: dict[str, tuple[str, Layout]] = {"/agent": ("Agent", agent.layout)}
"""Pages that are not in the navigation; links on other pages lead to them."""
THEME = {
    "primaryColor": "dark",
    "fontFamily": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    "defaultRadius": "sm",
}


def create_app(token: str | None = None, hosts: Iterable[str] = ()) -> dash.Dash:
    """Return the application with all its pages; the arguments are those of `sim.server.access.guard`."""
    app = dash.Dash(
        "capflow",
        assets_folder=str(ASSETS),
        title="capflow",
        update_title="",
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    # Browsers may keep these files: their addresses change with their content.
    app.server.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    app.layout = _frame()
    _route(app)
    for page in (live, compare, agent, runs, facts_page):
        page.callbacks(app)
    _attach_api(app.server)
    guard(app.server, token, hosts, [f"'{digest}'".replace("''", "'") for digest in app.csp_hashes()])
    return app


def _attach_api(server: Flask) -> None:
    """Register the addresses under /api/, which the pages fetch."""
    jobs = server.extensions[JOBS] = Jobs()
    handle_errors(server)
    job_api.attach(server, jobs, "compare", comparison_query.read, comparison.TABLES, compare_figures)
    job_api.attach(server, jobs, "facts/many", address.read, {"facts": facts.rows})
    api.attach(server, HistoryStore())
    runs_api.attach(server)


def _frame() -> Any:
    links = [dcc.Link(name, href=path, id={"nav": path}, refresh=True) for path, (name, _) in PAGES.items()]
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh=False),
            dcc.Store(id="palette", data={"interest": palette.INTEREST, "population": palette.POPULATION}),
            html.A("Skip to content", href="#page", className="skip"),
            html.Header(
                [html.A("capflow", href="/", className="brand"), html.Nav(links, **{"aria-label": "Pages"})],
                className="top",
            ),
            html.Main(id="page", tabIndex="-1"),
            html.Footer(
                [
                    "Attribution is accounting, not cause. Numbers come out of a model; ",
                    html.A("what it is and is not", href="/about"),
                    ".",
                ]
            ),
        ],
        theme=THEME,
        forceColorScheme="light",
    )


def _route(app: dash.Dash) -> None:
    @app.callback(Output("page", "children"), Input("url", "pathname"), Input("url", "search"))
    def page(path: str | None, search: str | None) -> Any:
        query = dict(parse_qsl((search or "").lstrip("?"), keep_blank_values=True))
        query.pop("token", None)
        _, layout = {**PAGES, **HIDDEN}.get((path or "/").rstrip("/") or "/", ("", None))
        if layout is None:
            return problem("There is no such page.", "Go to the live model", "/")
        try:
            return layout(query)
        except (ScenarioError, RunError) as error:
            return problem(str(error), "Start again from the baseline", path or "/")

    app.clientside_callback(
        dash.ClientsideFunction("shell", "mark"), Output("page", "data-path"), Input("url", "pathname")
    )
