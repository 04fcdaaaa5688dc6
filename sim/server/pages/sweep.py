"""The page of a sweep: two levers and an outcome, the map, the effects, the spread, and the extreme runs.

Pictures are fetched by the browser (`sim/server/assets/runs.js`), each for itself, so that a slow one holds up no
other.
"""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from sim.experiments.sweep import Sweep
from sim.experiments.sweep.methods import METHODS
from sim.server import result_folders
from sim.server.components import save_picture
from sim.server.pages.folder import back, files, head, report, scrolled, when
from sim.server.sweeps import choice
from sim.server.sweeps.axes import axes_of
from sim.server.sweeps.choice import SERIES, Choice

GRAPH = {"displayModeBar": False, "responsive": True}
HIDDEN_AXIS = {"visible": False, "fixedrange": True}
BLANK = {"data": [], "layout": {"xaxis": HIDDEN_AXIS, "yaxis": HIDDEN_AXIS, "plot_bgcolor": "rgba(0,0,0,0)"}}
"""What a picture is until it is there."""
FEW, ROW, AROUND = 5, 62, 70
"""Levers for which there is room in a picture of the usual height, and pixels of each where there are more."""
MOST_LEVERS = 14
"""Levers that the effects show, those with the widest swing; their CSV has all."""
READING = "Reading the sweep \N{HORIZONTAL ELLIPSIS}"
MOST_PROBLEMS = 20
NO_FAN = (
    'This sweep kept no series, so that there is no fan by quarter: keep = ["outcomes", "series"] in the design '
    "of a sweep keeps them."
)


def layout(entry: result_folders.Entry, said: dict[str, str]) -> Any:
    """Return the page of a sweep, finished or not.

    Raises:
        ScenarioError, RunError: in one line.
    """
    sweep = entry.sweep()
    asked = choice.read({key: value for key, value in said.items() if key != "run"}, entry)
    design = sweep.design
    top = [back(entry), head(str(design["title"]), str(design.get("about", "")), _facts(entry), [report(entry)])]
    if not sweep.done:
        words = "No run is finished yet. Load this page again in a while."
        return html.Div([*top, html.P(words, className="alert", role="status"), files(entry)], className="runs")
    varied = bool(asked.x)
    return html.Div(
        [
            *top,
            _unfinished(entry),
            dcc.Store(id="runs-query", data=asked.query),
            _controls(sweep, asked),
            html.Div(
                [
                    *(_map_and_effects(asked, len(design["vary"])) if varied else ()),
                    _graph(
                        "distribution",
                        "How far runs lie apart",
                        "How many runs have which outcome, whatever the levers and the seed. Dotted: the median.",
                    ),
                    _fan() if asked.series else None,
                ],
                className="runs-pictures",
            ),
            None if asked.series else html.P(NO_FAN, className="note runs-none"),
            _cases(),
            _problems(sweep),
            files(entry),
        ],
        className="runs",
    )


def _facts(entry: result_folders.Entry) -> str:
    told = entry.metadata
    last = int(told["seed"]) + int(told["replicates"]) - 1
    seeds = f"seeds {told['seed']} to {last}" if told["replicates"] > 1 else f"seed {told['seed']}"
    if entry.kind == "ensemble":
        what = f"{told['runs']:,} histories of scenario {told['scenario']}, {seeds}, the same assumptions in all"
    else:
        chosen = METHODS[told["method"]].points.removesuffix(" of the values below")
        what = (
            f"Scenario {told['scenario']}: {told['points']:,} points, {chosen}; {seeds} at each, "
            f"{told['runs']:,} runs in all"
        )
    done = f"finished {when(entry)}" if told["complete"] else f"last written to {when(entry)}"
    return f"{what}; {told['quarters']} quarters from {told['opening']}; {done}."


def _unfinished(entry: result_folders.Entry) -> Any:
    told = entry.metadata
    if told["complete"]:
        return None
    return html.P(
        f"Not finished: {told['done']} of {told['chunks']} parts are there, and all below is of these. Load the "
        "page again for what has come since.",
        className="alert",
        role="status",
        id="runs-unfinished",
    )


def _select(name: str, label: str, options: list[dict[str, str]], value: str, hidden: bool = False) -> Any:
    return html.Div(
        dmc.Select(
            id=f"runs-{name}",
            label=label,
            data=options,
            value=value or None,
            searchable=True,
            allowDeselect=False,
            maxDropdownHeight=320,
            comboboxProps={"withinPortal": True},
        ),
        className="runs-select",
        hidden=hidden,
    )


def _controls(sweep: Sweep, asked: Choice) -> Any:
    levers = [{"value": axis.name, "label": axis.words} for axis in axes_of(sweep.design)]
    outcomes = [
        {"value": outcome.name, "label": choice.outcome_display(outcome)["title"]}
        for outcome in choice.outcomes_there()
    ]
    series = [{"value": name, "label": f"{found.title}, {found.unit}"} for name, found in SERIES.items()]
    return html.Div(
        [
            _select("outcome", "Outcome", outcomes, asked.outcome),
            _select("x", "Lever across", levers, asked.x, hidden=not asked.x),
            _select("y", "Lever upwards", levers, asked.y, hidden=not asked.y),
            _select("series", "Series of the fan", series, asked.series, hidden=not asked.series),
        ],
        className="panel runs-controls",
        role="group",
        **{"aria-label": "What is shown"},
    )


def _map_and_effects(asked: Choice, levers: int) -> tuple[Any, ...]:
    over = "two levers" if asked.y else "the lever"
    return (
        _graph("map", f"The outcome over {over}", "Mean over all runs of a cell, whatever the other levers are."),
        _graph(
            "effects",
            "What each lever does",
            "Mean of the outcome at the high end (blue) and at the low end (amber) of each lever, whatever the "
            "others are. Thin lines: 90 percent intervals.",
            min(levers, MOST_LEVERS),
        ),
    )


def _fan() -> Any:
    return _graph(
        "fan",
        "The fan",
        "Where runs lie in each quarter: nine in ten in the light band, half of them in the dark one; the line is "
        "the median.",
    )


def _graph(name: str, title: str, about: str, rows: int = 0) -> Any:
    height = {"height": f"{ROW * rows + AROUND}px"} if rows > FEW else None
    return html.Section(
        [
            html.Div(
                [html.H2(title), html.Div([save_picture(name, title), _csv(name, title)], className="downloads")],
                className="panel-head",
            ),
            html.P(about, className="note"),
            # A graph is as high as what it stands in.
            html.Div(
                dcc.Graph(id={"runs-graph": name}, figure=BLANK, config=GRAPH),
                className="runs-graph",
                style=height,
            ),
            html.Div(READING, id={"runs-note": name}, className="note runs-note"),
        ],
        className="panel runs-tall" if height else "panel",
        id=f"panel-{name}",
    )


def _csv(name: str, title: str) -> Any:
    return html.A(
        "CSV",
        id={"runs-csv": name},
        href=f"/api/sweep/{name}.csv",
        className="download",
        **{"aria-label": f"Download the data of {title} as CSV"},
    )


def _cases() -> Any:
    title = "Worst and best cases"
    about = "The runs with the highest and the lowest outcome. Open one to watch it live."
    downloads = html.Div(_csv("cases", title), className="downloads")
    return html.Section(
        [
            html.Div([html.H2(title), downloads], className="panel-head"),
            html.P(about, className="note"),
            html.Div(READING, id="runs-cases"),
        ],
        className="panel",
        id="panel-cases",
    )


def _problems(sweep: Sweep) -> Any:
    sums = sweep.query("SELECT count(*) AS runs, count(problem) AS problems FROM outcomes").iloc[0]
    runs, problems = int(sums["runs"]), int(sums["problems"])
    if not problems:
        return html.P(f"None of the {runs:,} runs had a problem.", className="note", id="runs-problems")
    reasons = sweep.query(
        "SELECT problem, count(*) AS runs, min(run) AS first FROM outcomes WHERE problem IS NOT NULL GROUP BY 1 "
        f"ORDER BY runs DESC, first LIMIT {MOST_PROBLEMS + 1}"
    )
    some = f" The {MOST_PROBLEMS} most frequent reasons:" if len(reasons) > MOST_PROBLEMS else ""
    rows = [
        html.Tr(
            [
                html.Td(str(row.problem)),
                html.Td(f"{row.runs:,}", className="number"),
                html.Td(str(row.first), className="number"),
            ]
        )
        for row in reasons.head(MOST_PROBLEMS).itertuples()
    ]
    heads = [html.Th("Reason", scope="col"), html.Th("Runs", scope="col", className="number")]
    heads.append(html.Th("First run", scope="col", className="number"))
    return html.Section(
        [
            html.H2("Runs without numbers"),
            html.P(f"{problems:,} of {runs:,} runs; they are in no mean and no picture.{some}", className="note"),
            scrolled(html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)])),
        ],
        className="panel",
        id="runs-problems",
    )
