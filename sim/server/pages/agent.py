"""The page of one agent: its balance sheet, the payments that it received and made, and its history."""

from typing import Any

import dash
from dash import dcc, html

from sim.errors import ScenarioError
from sim.server import address
from sim.server.components import PLAIN_GRAPH, panel, wiring
from sim.server.pages import transport

OTHERS = ("quarter", "agent")
PAYMENTS = "In the quarter, USD bn; orange: the part that was Treasury interest."
PANELS = (
    (
        "agent-sheet",
        "Balance sheet",
        "At market value at the end of the quarter, USD bn; a company owes its own shares.",
        "exposures",
    ),
    ("agent-received", "Money in", PAYMENTS, "flows"),
    ("agent-paid", "Money out", PAYMENTS, "flows"),
)
"""Panels that show one quarter: name, title, how to read the panel, and the table with its numbers."""


def layout(query: dict[str, str]) -> Any:
    """Return the page of the agent that an address names, such as `agent=issuers/Tether`."""
    request = address.read(query, OTHERS)
    if not query.get("agent"):
        raise ScenarioError("address: no agent; open one from the network of the live page")
    measure = html.Div(
        [
            html.Label("Measure", htmlFor="agent-measure"),
            dcc.Dropdown(id="agent-measure", clearable=False, searchable=True),
            dcc.Graph(id="agent-history", config=PLAIN_GRAPH, style={"height": 320}),
        ]
    )
    back = html.A("Back to the network", id="agent-back", href=f"/?{request.query}")
    return html.Div(
        [
            dcc.Store(id="agent-address", data={"query": request.query, "agent": query["agent"]}),
            html.Div([html.P(back), html.H1(id="agent-name")]),
            html.P(id="agent-about", className="note"),
            html.Div(id="agent-problem", role="alert"),
            transport.bar("agent", query.get("quarter", "")),
            html.Div(
                [
                    panel(name, title, about, html.Div(id=name), tables=(table,), png=False)
                    for name, title, about, table in PANELS
                ],
                className="three",
            ),
            panel(
                "agent-history", "History", "Every measure of the agent over all quarters.", measure, tables=("agents",)
            ),
        ],
        className="agent stage narrow-page",
    )


def callbacks(app: dash.Dash) -> None:
    """Connect the page to its script, assets/agent.js."""
    transport.wire(app, "agent")
    wire = wiring(app, "agent")
    document = "agent-document.data"
    now = [document, "agent-quarter.value"]
    wire("fetch", [document, "agent-problem.children"], ["agent-address.data"])
    wire("head", ["agent-name.children", "agent-about.children", "agent-back.href"], [*now, "agent-address.data"])
    for part in ("sheet", "received", "paid"):
        wire(part, [f"agent-{part}.children"], now)
    wire("choices", ["agent-measure.options", "agent-measure.value"], [document], prevent_initial_call=True)
    wire("history", ["agent-history.figure"], [*now, "agent-measure.value"])
