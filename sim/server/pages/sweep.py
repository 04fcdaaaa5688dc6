"""The page of a sweep: choice of levers and outcome, map, effects, distribution, fan, and the extreme runs.

The browser fetches each picture by itself (`sim/server/assets/runs.js`): a slow one does not delay the others.
"""

from collections.abc import Iterable
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from sim.experiments.sweep import Sweep
from sim.experiments.sweep.methods import METHODS
from sim.server.components import PLAIN_GRAPH, download, save_picture, section
from sim.server.figures.sweep import MOST_BARS
from sim.server.pages.folder import back, files, head, report, row, table, when
from sim.server.result_folders import Entry
from sim.server.sweeps import choice
from sim.server.sweeps.axes import axes_of
from sim.server.sweeps.choice import SERIES, Choice
from sim.server.sweeps.words import titled

HIDDEN_AXIS = {"visible": False, "fixedrange": True}
BLANK = {"data": [], "layout": {"xaxis": HIDDEN_AXIS, "yaxis": HIDDEN_AXIS, "plot_bgcolor": "rgba(0,0,0,0)"}}
"""The figure that is shown until the browser has the picture."""
FEW, ROW, AROUND = 5, 62, 70
"""Most levers of a picture of the usual height; for more, the pixels of each lever and around them."""
READING = "Reading the sweep \N{HORIZONTAL ELLIPSIS}"
MOST_PROBLEMS = 20
PICTURES = {
    "map": ("The outcome over {over}", "Mean over all runs of a cell, whatever the other levers are."),
    "effects": (
        "What each lever does",
        "Mean of the outcome at the high end (blue) and at the low end (amber) of each lever, whatever the others "
        "are. Thin lines: 90 percent intervals.",
    ),
    "distribution": (
        "Distribution of the outcome",
        "How many runs have which outcome, whatever the levers and the seed. Dotted: the median.",
    ),
    "fan": (
        "The fan",
        "Where runs lie in each quarter: nine in ten in the light band, half of them in the dark one; the line is "
        "the median.",
    ),
}
"""Picture of the page -> its title, and how to read it."""
NO_FAN = (
    'This sweep kept no series, so there is no fan by quarter: keep = ["outcomes", "series"] in the design of a '
    "sweep keeps them."
)


def layout(entry: Entry, query: dict[str, str]) -> Any:
    """Return the page of a sweep, finished or not.

    Raises:
        ScenarioError, RunError: in one line.
    """
    sweep = entry.sweep()
    selection = choice.read({key: value for key, value in query.items() if key != "run"}, entry)
    design = sweep.design
    top = [back(entry), head(str(design["title"]), str(design.get("about", "")), _facts(entry), [report(entry)])]
    if not sweep.done:
        words = "No run is finished yet. Load this page again in a while."
        return html.Div([*top, html.P(words, className="alert", role="status"), files(entry)], className="runs")
    return html.Div(
        [
            *top,
            _unfinished(entry),
            dcc.Store(id="runs-query", data=selection.query),
            _controls(sweep, selection),
            html.Div(_pictures(selection, len(design["vary"])), className="runs-pictures"),
            None if selection.series else html.P(NO_FAN, className="note runs-none"),
            _cases(),
            _problems(sweep),
            files(entry),
        ],
        className="runs",
    )


def _facts(entry: Entry) -> str:
    document = entry.metadata
    first, replicates = int(document["seed"]), int(document["replicates"])
    seeds = f"seeds {first} to {first + replicates - 1}" if replicates > 1 else f"seed {first}"
    scenario, runs = document["scenario"], f"{document['runs']:,}"
    if entry.kind == "ensemble":
        runs_words = f"{runs} histories of scenario {scenario}, {seeds}, the same assumptions in all"
    else:
        points = METHODS[document["method"]].points.removesuffix(" of the values below")
        runs_words = (
            f"Scenario {scenario}: {document['points']:,} points, {points}; {seeds} at each, {runs} runs in all"
        )
    done = f"{'finished' if document['complete'] else 'last written to'} {when(entry)}"
    return f"{runs_words}; {document['quarters']} quarters from {document['opening']}; {done}."


def _unfinished(entry: Entry) -> Any:
    document = entry.metadata
    if document["complete"]:
        return None
    return html.P(
        f"Not finished: {document['done']} of {document['chunks']} parts are there, and only these are shown. "
        "Load it again for later ones.",
        className="alert",
        role="status",
        id="runs-unfinished",
    )


def _select(name: str, label: str, options: Iterable[tuple[str, str]], value: str) -> Any:
    """Return a list of options, which are names and labels; hidden where the sweep has no such choice."""
    return html.Div(
        dmc.Select(
            id=f"runs-{name}",
            label=label,
            data=[{"value": option, "label": text} for option, text in options],
            value=value or None,
            searchable=True,
            allowDeselect=False,
            maxDropdownHeight=320,
            comboboxProps={"withinPortal": True},
        ),
        className="runs-select",
        hidden=not value,
    )


def _controls(sweep: Sweep, selection: Choice) -> Any:
    levers = [(axis.name, titled(axis.label, axis.unit)) for axis in axes_of(sweep.design)]
    outcomes = [(item.name, choice.outcome_display(item)["title"]) for item in choice.outcomes_there()]
    series = [(name, f"{item.title}, {item.unit}") for name, item in SERIES.items()]
    return html.Div(
        [
            _select("outcome", "Outcome", outcomes, selection.outcome),
            _select("x", "Lever across", levers, selection.x),
            _select("y", "Lever upwards", levers, selection.y),
            _select("series", "Series of the fan", series, selection.series),
        ],
        className="panel runs-controls",
        role="group",
        **{"aria-label": "What is shown"},
    )


def _pictures(selection: Choice, levers: int) -> list[Any]:
    available = {"map": selection.x, "effects": selection.x, "distribution": True, "fan": selection.series}
    over = "two levers" if selection.y else "the lever"
    return [
        _graph(name, title.format(over=over), about, min(levers, MOST_BARS) if name == "effects" else 0)
        for name, (title, about) in PICTURES.items()
        if available[name]
    ]


def _graph(name: str, title: str, about: str, rows: int = 0) -> Any:
    height = {"height": f"{ROW * rows + AROUND}px"} if rows > FEW else None
    graph = dcc.Graph(id={"runs-graph": name}, figure=BLANK, config=PLAIN_GRAPH)
    return section(
        title,
        about,
        # A graph is as high as the element around it.
        html.Div(graph, className="runs-graph", style=height),
        html.Div(READING, id={"runs-note": name}, className="note runs-note"),
        downloads=[save_picture(name, title), _csv(name, title)],
        className="panel runs-tall" if height else "panel",
        id=f"panel-{name}",
    )


def _csv(name: str, title: str) -> Any:
    return download("CSV", f"/api/sweep/{name}.csv", f"the data of {title} as CSV", id={"runs-csv": name})


def _cases() -> Any:
    title = "Worst and best cases"
    return section(
        title,
        "The runs with the highest and the lowest outcome. Open one to watch it live.",
        html.Div(READING, id="runs-cases"),
        downloads=[_csv("cases", title)],
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
        row([str(item.problem), f"{item.runs:,}", str(item.first)]) for item in reasons.head(MOST_PROBLEMS).itertuples()
    ]
    return section(
        "Runs without numbers",
        f"{problems:,} of {runs:,} runs; they are in no mean and no picture.{some}",
        table(("Reason", "Runs", "First run"), rows),
        id="runs-problems",
    )
