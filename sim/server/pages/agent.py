"""The page of an agent: its balance sheet, who paid it and whom it paid, and its history."""

from __future__ import annotations

from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, dcc, html

from sim.errors import ScenarioError
from sim.server import address
from sim.server.components import panel
from sim.server.pages import transport
from sim.server.pages.live import GRAPH

OTHERS = ("quarter", "agent")


def layout(said: dict[str, str]) -> Any:
    """Return the page of the agent that an address names, such as `agent=issuers/Tether`."""
    world = address.read(said, OTHERS)
    if not said.get("agent"):
        raise ScenarioError("address: no agent; open one from the network of the live page")
    return html.Div(
        [
            dcc.Store(id="agent-address", data={"query": world.query, "agent": said["agent"]}),
            html.Div(
                [
                    html.P(html.A("Back to the network", id="agent-back", href=f"/?{world.query}")),
                    html.H1(id="agent-name"),
                ]
            ),
            html.P(id="agent-about", className="note"),
            html.Div(id="agent-problem", role="alert"),
            transport.bar("agent", said.get("quarter", "")),
            html.Div(
                [
                    panel(
                        "agent-sheet",
                        "Balance sheet",
                        "At market value at the end of the quarter, USD bn; a company owes its own shares.",
                        html.Div(id="agent-sheet"),
                        tables=("exposures",),
                        png=False,
                    ),
                    *(
                        panel(
                            name,
                            title,
                            "In the quarter, USD bn; orange: of it Treasury interest.",
                            html.Div(id=name),
                            tables=("flows",),
                            png=False,
                        )
                        for name, title in (("agent-received", "Money in"), ("agent-paid", "Money out"))
                    ),
                ],
                className="three",
            ),
            panel(
                "agent-history",
                "History",
                "Every measure of the agent over all quarters.",
                html.Div(
                    [
                        html.Label("Measure", htmlFor="agent-measure"),
                        dcc.Dropdown(id="agent-measure", clearable=False, searchable=True),
                        dcc.Graph(id="agent-history", config=GRAPH, style={"height": 320}, responsive=True),
                    ]
                ),
                tables=("agents",),
            ),
        ],
        className="agent stage narrow-page",
    )


def callbacks(app: dash.Dash) -> None:
    """Wire the page."""
    transport.wire(app, "agent")

    def wire(function: str, *wiring: Any, **options: Any) -> None:
        app.clientside_callback(ClientsideFunction("agent", function), *wiring, **options)

    now = (Input("agent-world", "data"), Input("agent-quarter", "value"))
    wire(
        "fetch", Output("agent-world", "data"), Output("agent-problem", "children"), Input("agent-address", "data")
    )
    wire(
        "head",
        Output("agent-name", "children"),
        Output("agent-about", "children"),
        Output("agent-back", "href"),
        *now,
        Input("agent-address", "data"),
    )
    wire("sheet", Output("agent-sheet", "children"), *now)
    wire("received", Output("agent-received", "children"), *now)
    wire("paid", Output("agent-paid", "children"), *now)
    wire(
        "choices",
        Output("agent-measure", "options"),
        Output("agent-measure", "value"),
        Input("agent-world", "data"),
        prevent_initial_call=True,
    )
    wire("history", Output("agent-history", "figure"), *now, Input("agent-measure", "value"))
