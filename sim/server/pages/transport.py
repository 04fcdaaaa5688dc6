"""Play, pause, step and scrub through the quarters of a history that the browser has."""

from __future__ import annotations

from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Input, Output, State, dcc, html

TICK = 700
"""Milliseconds a quarter while playing."""
BUTTONS = (
    ("first", "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}", "To the opening"),
    ("back", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", "One quarter back"),
    ("play", "Play", "Play or pause"),
    ("forward", "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", "One quarter on"),
    ("last", "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}", "To the end"),
)


def bar(page: str, asked: str) -> Any:
    """Return the controls of a page, with the store of its history, `<page>-world`.

    Args:
        page: its name, in ids; the slider is `<page>-quarter`.
        asked: quarter to start at, such as 2027Q1; the last one if there is no such quarter.
    """
    buttons = [
        html.Button(
            text, id={"transport": name, "of": page}, className=f"transport {name}", **{"aria-label": label}
        )
        for name, text, label in BUTTONS
    ]
    return html.Div(
        [
            dcc.Store(id=f"{page}-world"),
            dcc.Store(id=f"{page}-asked", data=asked),
            dcc.Interval(id=f"{page}-tick", interval=TICK, disabled=True),
            html.Div(buttons, className="buttons"),
            html.Output(id=f"{page}-label", className="quarter-label"),
            dmc.Slider(
                id=f"{page}-quarter",
                min=0,
                max=1,
                value=1,
                step=1,
                label=None,
                thumbLabel="Quarter",
                updatemode="drag",
            ),
        ],
        className="bar",
        role="group",
        **{"aria-label": "Quarters"},
    )


def wire(app: dash.Dash, page: str) -> None:
    """Make the controls of a page work."""
    app.clientside_callback(
        ClientsideFunction("transport", "seek"),
        Output(f"{page}-quarter", "value"),
        Output(f"{page}-quarter", "max"),
        Output(f"{page}-quarter", "marks"),
        Output(f"{page}-tick", "disabled"),
        Output({"transport": "play", "of": page}, "children"),
        Input({"transport": ALL, "of": page}, "n_clicks"),
        Input(f"{page}-tick", "n_intervals"),
        Input(f"{page}-world", "data"),
        State(f"{page}-quarter", "value"),
        State(f"{page}-quarter", "max"),
        State(f"{page}-tick", "disabled"),
        State(f"{page}-asked", "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("transport", "label"),
        Output(f"{page}-label", "children"),
        Input(f"{page}-quarter", "value"),
        Input(f"{page}-world", "data"),
    )
