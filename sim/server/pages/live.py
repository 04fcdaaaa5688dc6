"""The live page: choose a scenario, turn levers, play the quarters, and see where the money goes.

All of it happens in the browser on one document per history (`sim.server.views.history`); the scripts are in
`sim/server/assets`.
"""

from __future__ import annotations

from typing import Any

import dash
import dash_cytoscape as cytoscape
import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Input, Output, State, dcc, html

from sim.report import palette
from sim.server import address
from sim.server.components import copy_link, panel
from sim.server.pages import levers, transport
from sim.server.views.charts import CHARTS

OTHERS = ("quarter",)
GRAPH = {"displayModeBar": False}
MONEY = [{"value": "all", "label": "All money"}, {"value": "interest", "label": "Interest only"}]
FLOWS = [
    {"value": "all", "label": "All interest, at first hand"},
    {"value": "ai", "label": "The AI part, at any remove"},
]


def layout(said: dict[str, str]) -> Any:
    """Return the page for an address."""
    world = address.read(said, OTHERS)
    return html.Div(
        [
            dcc.Store(id="address", data=None),
            levers.panel(world),
            html.Div(
                [
                    _title(),
                    html.Div(id="live-problem", role="alert"),
                    transport.bar("live", said.get("quarter", "")),
                    html.Div(html.P("Running the history \N{HORIZONTAL ELLIPSIS}"), id="cards", className="cards"),
                    _network(),
                    _flow(),
                    _charts(),
                    _events(),
                ],
                className="stage",
            ),
        ],
        className="live",
    )


def _title() -> Any:
    return html.Div(
        [
            html.Div([html.H1(id="live-title"), html.P(id="live-subtitle", className="note")]),
            html.Div(
                [
                    html.A("Compare this world", id="to-compare", className="button quiet", href="/compare"),
                    copy_link(),
                ],
                className="actions",
            ),
        ],
        className="title",
    )


def _network() -> Any:
    return panel(
        "network",
        "Who pays whom",
        "Circles are agents, as large as their assets; lines are payments of the quarter, as wide as the root of "
        "the amount. Orange is money that was Treasury interest. Click an agent for its books.",
        html.Div(
            [
                html.Div(
                    cytoscape.Cytoscape(
                        id="network",
                        elements=[],
                        layout={"name": "preset", "fit": True, "padding": 12},
                        stylesheet=_stylesheet(),
                        style={"width": "100%", "height": "560px"},
                        userZoomingEnabled=False,
                        userPanningEnabled=False,
                        boxSelectionEnabled=False,
                        autoungrabify=True,
                        responsive=True,
                    ),
                    className="wide network",
                ),
                html.P("Point at an agent or a line.", id="network-hover", **{"aria-live": "polite"}),
                html.Div(_legend(), className="legend"),
                html.Nav(id="agent-links", className="agent-links", **{"aria-label": "Agents"}),
            ]
        ),
        tables=("payments", "flows"),
        extra=dmc.SegmentedControl(id="network-mode", data=MONEY, value="all", size="xs"),
    )


def _legend() -> list[Any]:
    told = [*palette.POPULATION.items(), ("Treasury interest", palette.INTEREST)]
    return [
        html.Span([html.I(style={"background": colour}), "GPU vendor" if name == "vendor" else name])
        for name, colour in told
    ]


def _flow() -> Any:
    return panel(
        "flow",
        "Where the interest went",
        "USD bn from the opening to the quarter shown, and the part of all interest; bands are as wide as their "
        "dollars.",
        html.Div(
            dcc.Graph(id="flow", config=GRAPH, style={"height": 470}, responsive=True), className="wide flow"
        ),
        tables=("uses", "ends"),
        extra=dmc.SegmentedControl(id="flow-mode", data=FLOWS, value="all", size="xs"),
    )


def _charts() -> Any:
    return html.Div(
        [
            panel(
                f"chart-{chart.name}",
                f"{chart.title}",
                chart.about,
                dcc.Graph(id={"chart": chart.name}, config=GRAPH, style={"height": 270}, responsive=True),
                tables=(chart.table,),
            )
            for chart in CHARTS
        ],
        className="charts",
    )


def _events() -> Any:
    return panel(
        "events",
        "What happened",
        "The newest first, up to the quarter shown.",
        html.Div(id="events", className="events", tabIndex="0"),
        tables=("events",),
        png=False,
    )


def _stylesheet() -> list[dict[str, Any]]:
    return [
        {
            "selector": "node",
            "style": {
                "width": "data(size)",
                "height": "data(size)",
                "background-color": "data(colour)",
                "border-color": palette.PAPER,
                "border-width": 1.5,
                "label": "data(label)",
                "font-size": 12,
                "color": palette.INK,
                "text-valign": "center",
                "text-halign": "right",
                "text-margin-x": 4,
                "text-background-color": palette.PAPER,
                "text-background-opacity": 0.8,
                "text-background-padding": 1,
                "opacity": "data(opacity)",
                "z-index": 10,
            },
        },
        {
            "selector": "node[shape = 'bar']",
            "style": {
                "shape": "round-rectangle",
                "width": 96,
                "height": 34,
                "text-halign": "center",
                "text-margin-x": 0,
                "color": palette.PAPER,
                "text-background-opacity": 0,
                "font-weight": 600,
            },
        },
        {
            "selector": "edge",
            "style": {
                "width": "data(width)",
                "line-color": "data(colour)",
                "opacity": "data(opacity)",
                "curve-style": "unbundled-bezier",
                "control-point-distances": "data(bow)",
                "control-point-weights": "0.3 0.7",
                "z-index": "data(level)",
                "target-arrow-shape": "none",
            },
        },
    ]


def callbacks(app: dash.Dash) -> None:
    """Wire the page; everything but the fetching of documents happens in the browser."""
    transport.wire(app, "live")
    levers.wire(app)

    def wire(function: str, *wiring: Any, **options: Any) -> None:
        app.clientside_callback(ClientsideFunction("live", function), *wiring, **options)

    wire("fetch", Output("live-world", "data"), Output("live-problem", "children"), Input("address", "data"))
    now = (Input("live-world", "data"), Input("live-quarter", "value"))
    wire(
        "head",
        Output("live-title", "children"),
        Output("live-subtitle", "children"),
        Output("cards", "children"),
        Output("to-compare", "href"),
        *now,
    )
    wire(
        "network",
        Output("network", "elements"),
        Output("agent-links", "children"),
        *now,
        Input("network-mode", "value"),
        State("palette", "data"),
    )
    wire(
        "hover",
        Output("network-hover", "children"),
        Input("network", "mouseoverNodeData"),
        Input("network", "mouseoverEdgeData"),
        Input("live-quarter", "value"),
        State("live-world", "data"),
        prevent_initial_call=True,
    )
    wire(
        "open",
        Output("network-hover", "title"),
        Input("network", "tapNodeData"),
        State("live-world", "data"),
        State("live-quarter", "value"),
        prevent_initial_call=True,
    )
    wire("flow", Output("flow", "figure"), *now, Input("flow-mode", "value"), State("palette", "data"))
    wire("charts", Output({"chart": ALL}, "figure"), *now, State({"chart": ALL}, "id"))
    wire("events", Output("events", "children"), *now)
    links = {"csv": ALL, "of": ALL}
    wire("csv", Output(links, "href"), Input("live-world", "data"), State(links, "id"))
