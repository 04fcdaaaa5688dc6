"""The compare page: two worlds on the same random numbers, run in the background.

What is asked is in the address (`sim.server.comparison_query`); what is found comes from a job
(`sim.server.jobs`), so that a page that is loaded again shows it at once. The script is
`sim/server/assets/compare.js`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Input, Output, State, dcc, html

from sim.report import palette
from sim.scenario import levers
from sim.server import comparison_query
from sim.server.address import HistoryRequest, shipped
from sim.server.comparison_query import FEWEST, LONGEST_HISTORY, MOST, SIDES, ComparisonRequest
from sim.server.components import copy_link, panel
from sim.server.pages.levers import LONGEST_SEED, ordered, scale, scenarios
from sim.server.views.comparison import FANS

TICK = 700
"""Milliseconds between two looks at a comparison that runs."""
GRAPH = {"displayModeBar": False, "responsive": True}
SHOWN = "compare-result"


def layout(said: dict[str, str]) -> Any:
    """Return the page for an address."""
    asked = comparison_query.read(said)
    return html.Div(
        [
            dcc.Store(id="compare-lists", data=_lists()),
            dcc.Store(id="compare-question", data=_told(asked)),
            dcc.Store(id="compare-query"),
            dcc.Store(id="compare-job"),
            dcc.Store(id="compare-done"),
            dcc.Interval(id="compare-tick", interval=TICK, disabled=True),
            html.H1("Compare two worlds"),
            html.P(
                "Both worlds run on the same random numbers, pair by pair, so that what differs between them is "
                "the effect of what you changed, and not luck.",
                className="note",
            ),
            html.Div([_side("a", asked.a), _side("b", asked.b)], className="sides"),
            _controls(asked),
            html.Div(id="compare-status", className="compare-status", role="status", **{"aria-live": "polite"}),
            html.Div(_results(), id=SHOWN, className="compare-result", hidden=True),
        ],
        className="compare",
    )


def _lists() -> dict[str, Any]:
    """Return what the script knows of scenarios and levers."""
    numbers = {lever.name: {"meaning": lever.meaning, "choices": [], **scale(lever)} for lever in levers.LEVERS}
    words = {lever.name: {"meaning": lever.meaning, "choices": list(lever.choices)} for lever in levers.CHOICES}
    return {"scenarios": scenarios(), "levers": {**numbers, **words}, "colours": list(palette.TWINS)}


def _told(asked: ComparisonRequest) -> dict[str, Any]:
    return {
        **{
            side: {"scenario": world.scenario, "turned": dict(world.turned)}
            for side, world in zip(SIDES, (asked.a, asked.b), strict=True)
        },
        "seed": asked.a.seed,
        "runs": asked.runs,
        "quarters": asked.quarters,
    }


def _side(side: str, world: HistoryRequest) -> Any:
    """Pickers of one world: its scenario, and the levers that are turned."""
    letter = side.upper()
    return html.Section(
        [
            html.Div(
                [
                    html.H2([html.Span(letter, className=f"tag tag-{side}"), f" World {letter}"]),
                    html.A("Change levers on the live page", id={"side": side, "part": "levers"}, href="/"),
                ],
                className="panel-head",
            ),
            dmc.Select(
                id={"side": side, "part": "scenario"},
                label=f"Scenario of world {letter}",
                data=[{"value": name, "label": shipped(name).title} for name in ordered()],
                value=world.scenario,
                searchable=True,
                allowDeselect=False,
            ),
            html.P(id={"side": side, "part": "about"}, className="note"),
            html.Div(id={"side": side, "part": "chips"}, className="chips"),
            html.Div(
                [
                    dmc.Select(
                        id={"side": side, "part": "lever"},
                        label="Turn a lever",
                        placeholder="choose one",
                        data=[
                            {"value": lever.name, "label": lever.meaning[:1].upper() + lever.meaning[1:]}
                            for lever in levers.BY_NAME.values()
                        ],
                        searchable=True,
                        className="add-lever",
                    ),
                    dmc.NumberInput(
                        id={"side": side, "part": "number"},
                        label="to",
                        decimalScale=6,
                        clampBehavior="strict",
                        hideControls=True,
                        disabled=True,
                        className="add-number",
                    ),
                    dmc.Select(
                        id={"side": side, "part": "word"},
                        label="to",
                        data=[],
                        allowDeselect=False,
                        className="add-word hidden",
                    ),
                    html.Button(
                        "Add",
                        id={"side": side, "part": "add"},
                        className="quiet",
                        disabled=True,
                        **{"aria-label": f"Add the lever to world {letter}"},
                    ),
                ],
                className="add-row",
            ),
            html.P(id={"side": side, "part": "unit"}, className="note unit-note"),
        ],
        className="panel side",
        id=f"side-{side}",
        **{"aria-label": f"World {letter}"},
    )


def _controls(asked: ComparisonRequest) -> Any:
    def whole(name: str, label: str, value: int | None, low: int, high: int, **more: Any) -> Any:
        return dmc.NumberInput(
            id=f"compare-{name}",
            label=label,
            value=value if value is not None else "",
            min=low,
            max=high,
            allowDecimal=False,
            allowNegative=False,
            debounce=400,
            clampBehavior="blur",
            **more,
        )

    return html.Div(
        [
            whole("runs", f"Pairs of histories, {FEWEST} to {MOST}", asked.runs, FEWEST, MOST, step=10),
            whole("seed", "Seed of the first pair", asked.a.seed, 0, LONGEST_SEED),
            whole("quarters", "Quarters (empty: all)", asked.quarters, 1, LONGEST_HISTORY, placeholder="all"),
            html.Button("Swap A and B", id="compare-swap", className="quiet"),
            copy_link(),
            html.Button("Run the comparison", id="compare-run", className="run"),
        ],
        className="panel controls",
    )


def _graph(name: str, height: int) -> Any:
    # The height is told here: what is drawn while the results are hidden has none to take over.
    style = {"height": f"{height}px"}
    return dcc.Graph(id={"compare": name}, config=GRAPH, className="compare-graph", style=style)


def _results() -> list[Any]:
    return [
        html.Section(id="compare-words", className="panel words", **{"aria-label": "What was found"}),
        panel(
            "accounting",
            "Accounting beside cause",
            "Accounting follows dollars: so many GPUs were paid with interest. Cause asks what would have been "
            "bought otherwise. Between them stands other money, which steps in or stays away. Lines are 90 "
            "percent intervals; bars are pale where they span zero.",
            html.Div(
                [
                    html.Div(id="compare-cards", className="cards"),
                    _graph("accounting", 340),
                    html.P(id="compare-cause-note", className="note"),
                ]
            ),
            tables=("origins",),
        ),
        panel(
            "differences",
            "What differs, and by how much",
            "World A less world B, in percent of the larger of the two means, with 90 percent intervals. The axis "
            "is logarithmic on both sides of zero. Hollow and grey: the interval spans zero.",
            _graph("differences", 580),
            tables=("differences",),
        ),
        panel(
            "outcomes",
            "The numbers",
            "Means over the pairs, and the mean difference, A less B. Among many outcomes that do not differ, "
            "about one in ten would seem to by chance.",
            html.Div(id="compare-table", className="wide", tabIndex="0"),
            tables=("differences",),
            png=False,
        ),
        html.Div([html.H2("Quarter by quarter"), html.P(id="compare-fans-note", className="note")]),
        html.Div(
            [
                panel(
                    f"fan-{measure.name}", measure.title, "", _graph(f"fan-{measure.name}", 260), tables=("fans",)
                )
                for measure in FANS
            ],
            className="charts fans",
        ),
    ]


LISTS = State("compare-lists", "data")


def callbacks(app: dash.Dash) -> None:
    """Wire the page; all of it happens in the browser."""

    def wire(function: str, *wiring: Any, **options: Any) -> None:
        app.clientside_callback(ClientsideFunction("compare", function), *wiring, **options)

    _wire_question(wire)
    _wire_answer(wire)


def _wire_question(wire: Callable[..., None]) -> None:
    """Pickers of both worlds, and the address that they make."""

    def part(name: str, side: Any = ALL) -> dict[str, Any]:
        return {"side": side, "part": name}

    wire(
        "edit",
        Output("compare-question", "data"),
        Output(part("lever"), "value"),
        Output(part("scenario"), "value"),
        Input(part("scenario"), "value"),
        Input(part("add"), "n_clicks"),
        Input({"drop": ALL, "from": ALL}, "n_clicks"),
        Input("compare-runs", "value"),
        Input("compare-seed", "value"),
        Input("compare-quarters", "value"),
        Input("compare-swap", "n_clicks"),
        State(part("lever"), "value"),
        State(part("number"), "value"),
        State(part("word"), "value"),
        State("compare-question", "data"),
        LISTS,
        prevent_initial_call=True,
    )
    for side in SIDES:
        wire(
            "picked",
            Output(part("number", side), "value"),
            Output(part("number", side), "min"),
            Output(part("number", side), "max"),
            Output(part("number", side), "disabled"),
            Output(part("number", side), "className"),
            Output(part("word", side), "data"),
            Output(part("word", side), "value"),
            Output(part("word", side), "className"),
            Output(part("unit", side), "children"),
            Output(part("add", side), "disabled"),
            Input(part("lever", side), "value"),
            Input("compare-question", "data"),
            State(part("lever", side), "id"),
            LISTS,
        )
    wire(
        "sides",
        Output(part("chips"), "children"),
        Output(part("about"), "children"),
        Output(part("levers"), "href"),
        Output("compare-query", "data"),
        Input("compare-question", "data"),
        LISTS,
    )


def _wire_answer(wire: Callable[..., None]) -> None:
    """How far the job is, and what it found."""
    wire(
        "follow",
        Output("compare-job", "data"),
        Output("compare-tick", "disabled"),
        Input("compare-query", "data"),
        Input("compare-run", "n_clicks"),
        Input({"cancel": ALL}, "n_clicks"),
        Input("compare-tick", "n_intervals"),
        State("compare-job", "data"),
    )
    job = Input("compare-job", "data")
    wire("status", Output("compare-status", "children"), Output("compare-run", "disabled"), job)
    wire("fetch", Output("compare-done", "data"), Output(SHOWN, "hidden"), job)
    done = Input("compare-done", "data")
    wire(
        "words",
        Output("compare-words", "children"),
        Output("compare-cards", "children"),
        Output("compare-cause-note", "children"),
        Output("compare-table", "children"),
        Output("compare-fans-note", "children"),
        Output({"csv": ALL, "of": ALL}, "href"),
        done,
        State({"csv": ALL, "of": ALL}, "id"),
    )
    graphs = {"compare": ALL}
    wire("draw", Output(graphs, "figure"), Output(graphs, "style"), done, State(graphs, "id"))
