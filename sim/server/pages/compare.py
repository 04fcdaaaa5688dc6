"""The compare page: two scenarios on the same random numbers, run in the background.

The settings are in the address (`sim.server.comparison_query`); the results come from a job (`sim.server.jobs`),
so that a reloaded page shows them at once. The script is `sim/server/assets/compare.js`.
"""

from collections.abc import Callable
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, dcc, html

from sim.report import palette
from sim.scenario import levers
from sim.server import comparison_query
from sim.server.address import HistoryRequest
from sim.server.comparison_query import FEWEST, LONGEST_HISTORY, MOST, SIDES, ComparisonRequest
from sim.server.components import PLAIN_GRAPH, copy_link, panel, wiring
from sim.server.pages.levers import LONGEST_SEED, capitalised, scale, scenario_select, scenarios, whole_number
from sim.server.views.comparison import FANS

TICK = 700
"""Milliseconds between two requests for the progress of a comparison."""


def layout(query: dict[str, str]) -> Any:
    """Return the page for the query of an address."""
    request = comparison_query.read(query)
    return html.Div(
        [
            dcc.Store(id="compare-lists", data=_lists()),
            dcc.Store(id="compare-settings", data=_settings(request)),
            dcc.Store(id="compare-query"),
            dcc.Store(id="compare-job"),
            dcc.Store(id="compare-done"),
            dcc.Interval(id="compare-tick", interval=TICK, disabled=True),
            html.H1("Compare two scenarios"),
            html.P(
                "Both scenarios run on the same random numbers, pair by pair, so that differences between them are "
                "the effect of what you changed, not luck.",
                className="note",
            ),
            html.Div([_side("a", request.a), _side("b", request.b)], className="sides"),
            _controls(request),
            html.Div(id="compare-status", className="compare-status", role="status", **{"aria-live": "polite"}),
            html.Div(_results(), id="compare-result", className="compare-result", hidden=True),
        ],
        className="compare",
    )


def _lists() -> dict[str, Any]:
    """Return the scenarios, levers and colours that the script of the page needs."""
    all_levers = {
        name: {"meaning": lever.meaning, "choices": list(lever.choices), **({} if lever.choices else scale(lever))}
        for name, lever in levers.BY_NAME.items()
    }
    return {"scenarios": scenarios(), "levers": all_levers, "colours": list(palette.TWINS)}


def _settings(request: ComparisonRequest) -> dict[str, Any]:
    sides = {
        side: {"scenario": history.scenario, "turned": dict(history.turned)}
        for side, history in zip(SIDES, (request.a, request.b), strict=True)
    }
    return {**sides, "seed": request.a.seed, "runs": request.runs, "quarters": request.quarters}


def _part(name: str, side: Any = ALL) -> dict[str, Any]:
    """Return the Dash id of a component of one side, or the pattern that matches both sides."""
    return {"side": side, "part": name}


def _side(side: str, request: HistoryRequest) -> Any:
    """Return the pickers of one side: its scenario, and the levers that are turned."""
    letter = side.upper()
    return html.Section(
        [
            html.Div(
                [
                    html.H2([html.Span(letter, className=f"tag tag-{side}"), f" Scenario {letter}"]),
                    html.A("Change levers on the live page", id=_part("levers", side), href="/"),
                ],
                className="panel-head",
            ),
            scenario_select(_part("scenario", side), f"Base scenario of {letter}", request.scenario),
            html.P(id=_part("about", side), className="note"),
            html.Div(id=_part("chips", side), className="chips"),
            html.Div(
                [
                    dmc.Select(
                        id=_part("lever", side),
                        label="Turn a lever",
                        placeholder="choose one",
                        data=[{"value": lever.name, "label": capitalised(lever)} for lever in levers.BY_NAME.values()],
                        searchable=True,
                        className="add-lever",
                    ),
                    dmc.NumberInput(
                        id=_part("number", side),
                        label="to",
                        decimalScale=6,
                        clampBehavior="strict",
                        hideControls=True,
                        disabled=True,
                        className="add-number",
                    ),
                    dmc.Select(
                        id=_part("word", side), label="to", data=[], allowDeselect=False, className="add-word hidden"
                    ),
                    html.Button(
                        "Add",
                        id=_part("add", side),
                        className="quiet",
                        disabled=True,
                        **{"aria-label": f"Add the lever to scenario {letter}"},
                    ),
                ],
                className="add-row",
            ),
            html.P(id=_part("unit", side), className="note unit-note"),
        ],
        className="panel side",
        id=f"side-{side}",
        **{"aria-label": f"Scenario {letter}"},
    )


def _controls(request: ComparisonRequest) -> Any:
    return html.Div(
        [
            whole_number(
                "compare-runs", f"Pairs of histories, {FEWEST} to {MOST}", request.runs, FEWEST, MOST, step=10
            ),
            whole_number("compare-seed", "Seed of the first pair", request.a.seed, 0, LONGEST_SEED),
            whole_number(
                "compare-quarters", "Quarters (empty: all)", request.quarters, 1, LONGEST_HISTORY, placeholder="all"
            ),
            html.Button("Swap A and B", id="compare-swap", className="quiet"),
            copy_link(),
            html.Button("Run the comparison", id="compare-run", className="run"),
        ],
        className="panel controls",
    )


def _graph(name: str, height: int) -> Any:
    # The height is fixed: a plot drawn while the results are hidden cannot take its height from the page.
    style = {"height": f"{height}px"}
    return dcc.Graph(id={"compare": name}, config=PLAIN_GRAPH, className="compare-graph", style=style)


def _results() -> list[Any]:
    return [
        html.Section(id="compare-words", className="panel words", **{"aria-label": "Results in words"}),
        panel(
            "accounting",
            "Accounting and cause",
            "Accounting follows dollars: so many GPUs were paid with interest. Cause asks what would have been "
            "bought otherwise. The difference is other money, which steps in or stays away. Lines are 90 "
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
            "A less B, in percent of the larger of the two means, with 90 percent intervals. The axis "
            "is logarithmic on both sides of zero. Hollow and grey: the interval spans zero.",
            _graph("differences", 580),
            tables=("differences",),
        ),
        panel(
            "outcomes",
            "The numbers",
            "Means over the pairs, and the mean difference, A minus B. Among many outcomes that do not differ, "
            "about one in ten would seem to differ by chance.",
            html.Div(id="compare-table", className="wide", tabIndex="0"),
            tables=("differences",),
            png=False,
        ),
        html.Div([html.H2("Quarter by quarter"), html.P(id="compare-fans-note", className="note")]),
        html.Div(
            [
                panel(f"fan-{measure.name}", measure.title, "", _graph(f"fan-{measure.name}", 260), tables=("fans",))
                for measure in FANS
            ],
            className="charts fans",
        ),
    ]


def callbacks(app: dash.Dash) -> None:
    """Connect the page to its script, assets/compare.js; all of it happens in the browser."""
    wire = wiring(app, "compare")
    _connect_settings(wire)
    _connect_results(wire)


def _connect_settings(wire: Callable[..., None]) -> None:
    """Connect the pickers of both scenarios, and the address that they make."""
    settings, lists = "compare-settings.data", "compare-lists.data"
    wire(
        "edit",
        [settings, (_part("lever"), "value"), (_part("scenario"), "value")],
        [
            (_part("scenario"), "value"),
            (_part("add"), "n_clicks"),
            ({"drop": ALL, "from": ALL}, "n_clicks"),
            "compare-runs.value",
            "compare-seed.value",
            "compare-quarters.value",
            "compare-swap.n_clicks",
        ],
        [*((_part(name), "value") for name in ("lever", "number", "word")), settings, lists],
        prevent_initial_call=True,
    )
    for side in SIDES:
        number, word, lever = (_part(name, side) for name in ("number", "word", "lever"))
        wire(
            "picked",
            [
                *((number, name) for name in ("value", "min", "max", "disabled", "className")),
                *((word, name) for name in ("data", "value", "className")),
                (_part("unit", side), "children"),
                (_part("add", side), "disabled"),
            ],
            [(lever, "value"), settings],
            [(lever, "id"), lists],
        )
    wire(
        "sides",
        [(_part("chips"), "children"), (_part("about"), "children"), (_part("levers"), "href"), "compare-query.data"],
        [settings],
        [lists],
    )


def _connect_results(wire: Callable[..., None]) -> None:
    """Connect the parts of the page that show the progress and the results of the job."""
    job, done = "compare-job.data", "compare-done.data"
    wire(
        "follow",
        [job, "compare-tick.disabled"],
        ["compare-query.data", "compare-run.n_clicks", ({"cancel": ALL}, "n_clicks"), "compare-tick.n_intervals"],
        [job],
    )
    wire("status", ["compare-status.children", "compare-run.disabled"], [job])
    wire("fetch", [done, "compare-result.hidden"], [job])
    texts = [f"compare-{name}.children" for name in ("words", "cards", "cause-note", "table", "fans-note")]
    links, graphs = {"csv": ALL, "of": ALL}, {"compare": ALL}
    wire("words", [*texts, (links, "href")], [done], [(links, "id")])
    wire("draw", [(graphs, "figure"), (graphs, "style")], [done], [(graphs, "id")])
