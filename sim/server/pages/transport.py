"""The controls that play a history: buttons to play, pause and step, and a slider to choose the quarter."""

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, dcc, html

from sim.server.components import wiring

TICK = 700
"""Milliseconds per quarter while playing."""
BUTTONS = (
    ("first", "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}", "To the opening"),
    ("back", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", "One quarter back"),
    ("play", "Play", "Play or pause"),
    ("forward", "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", "One quarter on"),
    ("last", "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}", "To the end"),
)


def bar(page: str, start: str) -> Any:
    """Return the playing controls of a page, with the `dcc.Store` `<page>-document` that holds the history's document.

    Args:
        page: the name of the page, with which ids begin; the slider is `<page>-quarter`.
        start: the quarter to show first, such as 2027Q1; the last quarter if the history has no such quarter.
    """
    buttons = [
        html.Button(text, id={"transport": name, "of": page}, className=f"transport {name}", **{"aria-label": label})
        for name, text, label in BUTTONS
    ]
    return html.Div(
        [
            dcc.Store(id=f"{page}-document"),
            dcc.Store(id=f"{page}-start", data=start),
            dcc.Interval(id=f"{page}-tick", interval=TICK, disabled=True),
            html.Div(buttons, className="buttons"),
            html.Output(id=f"{page}-label", className="quarter-label"),
            dmc.Slider(
                id=f"{page}-quarter", min=0, max=1, value=1, step=1, label=None, thumbLabel="Quarter", updatemode="drag"
            ),
        ],
        className="bar",
        role="group",
        **{"aria-label": "Quarters"},
    )


def wire(app: dash.Dash, page: str) -> None:
    """Connect the playing controls of a page to assets/transport.js."""
    connect = wiring(app, "transport")
    quarter, tick, document = f"{page}-quarter", f"{page}-tick", f"{page}-document.data"
    connect(
        "seek",
        [
            *(f"{quarter}.{name}" for name in ("value", "max", "marks")),
            f"{tick}.disabled",
            ({"transport": "play", "of": page}, "children"),
        ],
        [({"transport": ALL, "of": page}, "n_clicks"), f"{tick}.n_intervals", document],
        [f"{quarter}.value", f"{quarter}.max", f"{tick}.disabled", f"{page}-start.data"],
        prevent_initial_call=True,
    )
    connect("label", [f"{page}-label.children"], [f"{quarter}.value", document])
