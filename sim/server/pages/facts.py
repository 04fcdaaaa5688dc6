"""The page of facts: figures of an article beside the evidence and the model's results, and whether they agree."""

from typing import Any

import dash
from dash import dcc, html

from sim.server import address
from sim.server.components import panel, wiring
from sim.server.views.facts import RUNS

POLL = 500
"""Milliseconds between two requests for the progress of the histories."""


def layout(query: dict[str, str]) -> Any:
    """Return the page with the table of facts about the history that an address names."""
    request = address.read(query)
    return html.Div(
        [
            dcc.Store(id="facts-query", data={"query": request.query, "untouched": not request.turned}),
            dcc.Store(id="facts-single"),
            dcc.Store(id="facts-many"),
            dcc.Store(id="facts-job"),
            dcc.Interval(id="facts-poll", interval=POLL, disabled=True),
            html.H1("Facts"),
            html.P(
                "This model started from an article. The table compares its figures with the evidence and with "
                "the results of the model. An input is fed in and proves nothing; a calibrated number was chosen "
                "to fit the evidence; an emergent one is a result of the model.",
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
                "Regularities that the model should show, besides the figures above.",
                html.Div(id="stylised-table"),
                png=False,
            ),
        ],
        className="stage narrow-page facts",
    )


def callbacks(app: dash.Dash) -> None:
    """Connect the page to its script, assets/facts.js."""
    wire = wiring(app, "facts")
    query, single, many, job = (f"facts-{store}.data" for store in ("query", "single", "many", "job"))
    wire("single", [single, "facts-problem.children"], [query])
    wire(
        "job",
        [job, many, "facts-poll.disabled"],
        [query, "facts-run.n_clicks", "facts-cancel.n_clicks", "facts-poll.n_intervals"],
        [many],
    )
    wire(
        "progress",
        [
            "facts-words.children",
            "facts-progress.hidden",
            "facts-progress.value",
            "facts-cancel.hidden",
            "facts-run.hidden",
        ],
        [job, many],
    )
    csv = ({"csv": "facts", "of": "facts"}, "href")
    wire(
        "table",
        ["facts-table.children", "stylised-table.children", "facts-about.children", csv],
        [single, many],
        [query],
    )
