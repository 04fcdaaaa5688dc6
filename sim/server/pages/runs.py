"""The page of runs and sweeps: what is in `runs/`, each opened on its own."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import dash
from dash import ClientsideFunction, Input, Output, State, html

from sim.errors import RunError, ScenarioError
from sim.report.numbers import money
from sim.runs.folders import runs_folder
from sim.runs.kinds import DESIGN
from sim.server import result_folders
from sim.server.address import LONGEST
from sim.server.pages import folder

SWEEP_KEYS = ("sweep", "x", "y", "outcome", "series")
INTEREST_GPUS = "interest_funded_gpu_usd_bn"
PICTURES = ("map", "effects", "distribution", "fan")
"""Pictures of a sweep's page."""


def layout(said: dict[str, str]) -> Any:
    """Return the page for an address: the list, or what the address opens.

    Raises:
        ScenarioError, RunError: in one line, if the address names what is not there.
    """
    if not said:
        return _list()
    known = SWEEP_KEYS if "sweep" in said else ("run",)
    for key in said:
        if key not in known:
            raise ScenarioError(f"address: this page knows no {key[:LONGEST]!r}; it knows run, or sweep")
    entry = result_folders.find(said.get("sweep", said.get("run", "")))
    if entry.kind == "broken":
        raise RunError(f"runs: {entry.name} cannot be read: {entry.reason}")
    if "sweep" in said or entry.kind in ("sweep", "ensemble"):
        # Reading a sweep takes a second to import.
        from sim.server.pages import sweep

        return sweep.layout(entry, said)
    if entry.kind in ("sensitivity", "backtest", "calibration"):
        # Imported here, since reading a calibration takes a second to import.
        from sim.server.pages import analysis

        return analysis.layout(entry)
    return folder.layout(entry)


def _list() -> Any:
    found, there = result_folders.entries()
    if not found:
        return html.Div([html.H1("Runs and sweeps"), _empty()], className="narrow runs-empty", id="runs-empty")
    some = f" The newest {len(found)} of {there} are shown." if there > len(found) else ""
    return html.Div(
        [
            html.H1("Runs and sweeps"),
            html.P(
                f"The results in {runs_folder()}/, the newest first. Open one for its numbers, "
                f"figures, report and files; a sweep can be explored.{some}",
                className="note",
            ),
            html.Div(
                html.Table(
                    [
                        html.Thead(html.Tr([html.Th(head, scope="col") for head in HEADS])),
                        html.Tbody([_row(entry) for entry in found]),
                    ],
                    className="runs-list",
                    id="runs-list",
                ),
                className="panel",
            ),
        ],
        className="runs",
    )


HEADS = ("Name", "What", "Scenario", "Histories", "Finished", "In short")


def _empty() -> Any:
    made = (
        ("capflow run baseline", "one history, with a report"),
        ("capflow run baseline --runs 40", "the same with forty seeds"),
        ("capflow compare baseline zero-rates --runs 40", "two scenarios on the same random numbers"),
        ("capflow sweep rates", "many points in the space of the levers"),
    )
    rows = [part for command, what in made for part in (html.Dt(html.Code(command)), html.Dd(what))]
    return html.Div(
        [
            html.P(
                f"There is nothing in {runs_folder()}/ yet, seen from where the server was started. "
                "These make something:"
            ),
            html.Dl(rows, className="runs-commands"),
            html.P("Then load this page again."),
        ]
    )


def _row(entry: result_folders.Entry) -> Any:
    key = "sweep" if entry.kind in ("sweep", "ensemble") else "run"
    link = html.A(entry.name, href=f"/runs?{urlencode({key: entry.name})}")
    name = entry.name if entry.kind == "broken" else link
    cells = (
        [name],
        [html.Span(entry.noun.capitalize(), className=f"runs-kind {entry.kind}")],
        [_scenario(entry)],
        [_histories(entry)],
        [html.Time(f"{entry.created:%d %b %Y, %H:%M} UTC", dateTime=entry.created.isoformat())],
        [_short(entry)],
    )
    return html.Tr(
        [html.Td(cell, **{"data-head": head}) for head, cell in zip(HEADS, cells, strict=True)],
        className=entry.kind,
    )


def _scenario(entry: result_folders.Entry) -> str:
    if entry.kind == "comparison":
        return f"{entry.metadata['a'].get('scenario')} and {entry.metadata['b'].get('scenario')}"
    return str(entry.metadata.get("scenario", "\N{EN DASH}"))


def _histories(entry: result_folders.Entry) -> str:
    told = entry.metadata
    if entry.kind == "broken":
        return "\N{EN DASH}"
    if entry.kind == "run":
        return f"1, seed {told['seed']}"
    if entry.kind == "sensitivity":
        return f"{told['points'] * told['replicates']:,}"
    if entry.kind == "backtest":
        return f"{told['draws']:,} for each of {len(told['origins'])} origins"
    if entry.kind == "calibration":
        return "\N{EN DASH}" if "record" in told else "not finished"
    if entry.kind == "comparison":
        return f"{told['runs']:,} pairs"
    return f"{told['runs']:,}" + ("" if told["complete"] else f", {told['done']} of {told['chunks']} parts there")


def _short(entry: result_folders.Entry) -> Any:
    """Headline numbers in a line."""
    try:
        if entry.kind == "run":
            return _of_run(entry.metadata["outcomes"])
        if entry.kind == "comparison":
            return _of_comparison(entry.metadata)
        if entry.kind in ("sweep", "ensemble"):
            written = max(part.stat().st_mtime_ns for part in (entry.path / DESIGN, entry.path / "outcomes"))
            return _of_sweep(entry.path, entry.kind, written)
        if entry.kind == "sensitivity":
            return f"{len(entry.metadata['levers'])} levers of the sweep {Path(entry.metadata['sweep']).name}"
        if entry.kind == "backtest":
            return f"forecasts from {entry.metadata['origins'][0]} to {entry.metadata['origins'][-1]}"
        if entry.kind == "calibration":
            window = entry.metadata["plan"]["window"]
            return f"fitted to {window['first']} to {window['last']}"
    except (RunError, OSError, KeyError, TypeError, ValueError) as error:
        return f"its numbers cannot be read: {error}"
    return entry.reason


def _of_run(outcomes: dict[str, Any]) -> str:
    failures = outcomes["failures"]
    failed = "nobody failed" if not failures else f"{failures:,.0f} compan{'y' if failures == 1 else 'ies'} failed"
    earned, spent = money(outcomes["interest_usd_bn"]), money(outcomes[INTEREST_GPUS])
    return f"{earned} of interest; {spent} of GPUs paid with it; {failed}"


def _of_comparison(told: dict[str, Any]) -> str:
    found = told["outcomes"]["gpu_capex_usd_bn"]
    change, (low, high) = found["mean_difference"], found["interval_90"]
    more, ends = ("more" if change > 0.0 else "less"), sorted((abs(low), abs(high)))
    if not found["differs_from_zero"]:
        return "GPU purchases: the difference cannot be distinguished from zero"
    return f"GPU purchases: {money(abs(change))} {more} in the first ({money(ends[0])} to {money(ends[1])})"


@lru_cache(maxsize=2 * result_folders.MOST_FOLDERS)
def _of_sweep(path: Path, kind: str, _written: int) -> str:
    from sim.experiments.sweep import Sweep
    from sim.experiments.sweep.summary import summaries

    sweep = Sweep.open(path)
    if not sweep.done:
        return "no run is finished yet"
    found = summaries(sweep, [INTEREST_GPUS])[INTEREST_GPUS]
    there = f"{money(found.p05)} to {money(found.p95)} (nine in ten runs)"
    spread = "no numbers" if math.isnan(found.p05) else there
    if kind == "ensemble":
        return f"GPUs paid with interest: {spread}"
    names = [str(axis["name"]).rpartition(".")[2].replace("_", " ") for axis in sweep.design["vary"]]
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"varies {listed}; GPUs paid with interest: {spread}"


def callbacks(app: dash.Dash) -> None:
    """Everything happens in the browser: choices go into the address, and pictures are fetched for it."""

    def wire(function: str, *told: Any, **options: Any) -> None:
        app.clientside_callback(ClientsideFunction("runs", function), *told, **options)

    wire(
        "choose",
        Output("runs-x", "value"),
        Output("runs-y", "value"),
        Output("runs-query", "data"),
        Input("runs-x", "value"),
        Input("runs-y", "value"),
        Input("runs-outcome", "value"),
        Input("runs-series", "value"),
        State("runs-query", "data"),
    )
    for name in PICTURES:
        wire(
            name,
            Output({"runs-graph": name}, "figure"),
            Output({"runs-note": name}, "children"),
            Output({"runs-csv": name}, "href"),
            Input("runs-query", "data"),
        )
    wire(
        "cases",
        Output("runs-cases", "children"),
        Output({"runs-csv": "cases"}, "href"),
        Input("runs-query", "data"),
    )
