"""The fact table: what an article says, what the evidence says, what the model gives, and whether they agree."""

from __future__ import annotations

from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, dcc, html

from sim.server import address
from sim.server.components import panel
from sim.server.views.facts import RUNS

POLL = 500
"""Milliseconds between two looks at how far the histories are."""


def layout(said: dict[str, str]) -> Any:
    """Return the fact table of the world of an address."""
    world = address.read(said)
    return html.Div(
        [
            dcc.Store(id="facts-query", data={"query": world.query, "untouched": not world.turned}),
            dcc.Store(id="facts-single"),
            dcc.Store(id="facts-many"),
            dcc.Store(id="facts-job"),
            dcc.Interval(id="facts-poll", interval=POLL, disabled=True),
            html.H1("Facts"),
            html.P(
                "An article set off this model. Here its figures stand beside what can be found, and beside what "
                "the model gives. An input is fed in and proves nothing; a calibrated number was chosen with the "
                "evidence in view; an emergent one came out.",
                className="lead",
            ),
            html.P(id="facts-about", className="note"),
            html.Div(id="facts-problem", role="alert"),
            html.Div(
                [
                    html.Button(f"Run {RUNS} histories", id="facts-run"),
                    html.Button("Cancel", id="facts-cancel", className="quiet", hidden=True),
                    html.Progress(id="facts-progress", max="1", value="0", hidden=True),
                    html.Span(id="facts-words", **{"aria-live": "polite"}),
                ],
                className="job",
            ),
            panel("facts", "The facts", "", html.Div(id="facts-table"), png=False, tables=("facts",)),
            panel(
                "stylised",
                "Stylised facts",
                "Regularities that the model should show, beside the figures.",
                html.Div(id="stylised-table"),
                png=False,
            ),
        ],
        className="stage narrow-page facts",
    )


def callbacks(app: dash.Dash) -> None:
    """Wire the page; its script is assets/facts.js."""

    def wire(function: str, *wiring: Any, **options: Any) -> None:
        app.clientside_callback(ClientsideFunction("facts", function), *wiring, **options)

    wire(
        "single", Output("facts-single", "data"), Output("facts-problem", "children"), Input("facts-query", "data")
    )
    wire(
        "job",
        Output("facts-job", "data"),
        Output("facts-many", "data"),
        Output("facts-poll", "disabled"),
        Input("facts-query", "data"),
        Input("facts-run", "n_clicks"),
        Input("facts-cancel", "n_clicks"),
        Input("facts-poll", "n_intervals"),
        State("facts-many", "data"),
    )
    wire(
        "progress",
        Output("facts-words", "children"),
        Output("facts-progress", "hidden"),
        Output("facts-progress", "value"),
        Output("facts-cancel", "hidden"),
        Output("facts-run", "hidden"),
        Input("facts-job", "data"),
        Input("facts-many", "data"),
    )
    wire(
        "table",
        Output("facts-table", "children"),
        Output("stylised-table", "children"),
        Output("facts-about", "children"),
        Output({"csv": "facts", "of": "facts"}, "href"),
        Input("facts-single", "data"),
        Input("facts-many", "data"),
        State("facts-query", "data"),
    )
