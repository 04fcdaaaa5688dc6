"""The live page: levers, the network of payments, the flow of interest, charts and events of one history.

The browser shows it all from one document per history (`sim.server.views.history`); the scripts are in
`sim/server/assets`.
"""

from typing import Any

import dash
import dash_cytoscape as cytoscape
import dash_mantine_components as dmc
from dash import ALL, dcc, html

from sim.report import palette
from sim.server import address
from sim.server.components import PLAIN_GRAPH, copy_link, panel, wiring
from sim.server.pages import levers, transport
from sim.server.views.charts import CHARTS

OTHERS = ("quarter",)
MONEY = [{"value": "all", "label": "All money"}, {"value": "interest", "label": "Interest only"}]
FLOWS = [
    {"value": "all", "label": "All interest, at first hand"},
    {"value": "ai", "label": "The AI part, at any remove"},
]


def layout(query: dict[str, str]) -> Any:
    """Return the page for the query of an address."""
    request = address.read(query, OTHERS)
    words = html.Div([html.H1(id="live-title"), html.P(id="live-subtitle", className="note")])
    compare = html.A("Compare this scenario", id="to-compare", className="button quiet", href="/compare")
    stage = [
        html.Div([words, html.Div([compare, copy_link()], className="actions")], className="title"),
        html.Div(id="live-problem", role="alert"),
        transport.bar("live", query.get("quarter", "")),
        html.Div(html.P("Running the history \N{HORIZONTAL ELLIPSIS}"), id="cards", className="cards"),
        _network(),
        _flow(),
        _charts(),
        _events(),
    ]
    return html.Div(
        [dcc.Store(id="address", data=None), levers.panel(request), html.Div(stage, className="stage")],
        className="live",
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
    colours = {**palette.POPULATION, "Treasury interest": palette.INTEREST}
    return [
        html.Span([html.I(style={"background": colour}), "GPU vendor" if name == "vendor" else name])
        for name, colour in colours.items()
    ]


def _flow() -> Any:
    return panel(
        "flow",
        "Where the interest went",
        "USD bn from the opening to the quarter shown, and the part of all interest; bands are as wide as their "
        "dollars.",
        html.Div(dcc.Graph(id="flow", config=PLAIN_GRAPH, style={"height": 470}), className="wide flow"),
        tables=("uses", "ends"),
        extra=dmc.SegmentedControl(id="flow-mode", data=FLOWS, value="all", size="xs"),
    )


def _charts() -> Any:
    return html.Div(
        [
            panel(
                f"chart-{chart.name}",
                chart.title,
                chart.about,
                dcc.Graph(id={"chart": chart.name}, config=PLAIN_GRAPH, style={"height": 270}),
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


STYLES = {
    "node": f"""width: data(size); height: data(size); background-color: data(colour); opacity: data(opacity);
        border-color: {palette.PAPER}; border-width: 1.5; label: data(label); font-size: 12; color: {palette.INK};
        text-valign: center; text-halign: right; text-margin-x: 4; text-background-color: {palette.PAPER};
        text-background-opacity: 0.8; text-background-padding: 1; z-index: 10""",
    "node[shape = 'bar']": f"""shape: round-rectangle; width: 96; height: 34; text-halign: center;
        text-margin-x: 0; color: {palette.PAPER}; text-background-opacity: 0; font-weight: 600""",
    "edge": """width: data(width); line-color: data(colour); opacity: data(opacity); z-index: data(level);
        curve-style: unbundled-bezier; control-point-distances: data(bow); control-point-weights: 0.3 0.7;
        target-arrow-shape: none""",
}
"""Parts of the network -> their style, as in a style sheet."""


def _stylesheet() -> list[dict[str, Any]]:
    return [
        {"selector": selector, "style": dict(rule.strip().split(": ") for rule in style.split(";"))}
        for selector, style in STYLES.items()
    ]


def callbacks(app: dash.Dash) -> None:
    """Connect the page to its scripts; everything but the fetching of documents happens in the browser."""
    transport.wire(app, "live")
    levers.wire(app)
    wire = wiring(app, "live")
    document, quarter, colours = "live-document.data", "live-quarter.value", "palette.data"
    now = [document, quarter]
    wire("fetch", [document, "live-problem.children"], ["address.data"])
    wire("head", ["live-title.children", "live-subtitle.children", "cards.children", "to-compare.href"], now)
    wire("network", ["network.elements", "agent-links.children"], [*now, "network-mode.value"], [colours])
    wire(
        "hover",
        ["network-hover.children"],
        ["network.mouseoverNodeData", "network.mouseoverEdgeData", quarter],
        [document],
        prevent_initial_call=True,
    )
    wire("open", ["network-hover.title"], ["network.tapNodeData"], now, prevent_initial_call=True)
    wire("flow", ["flow.figure"], [*now, "flow-mode.value"], [colours])
    charts, links = {"chart": ALL}, {"csv": ALL, "of": ALL}
    wire("charts", [(charts, "figure")], now, [(charts, "id")])
    wire("events", ["events.children"], now)
    wire("csv", [(links, "href")], [document], [(links, "id")])
