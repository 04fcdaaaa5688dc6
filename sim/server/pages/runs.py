"""The page that lists the results folders, and the choice of the page that shows one of them."""

import math
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import dash
from dash import html

from sim.errors import RunError, ScenarioError
from sim.experiments.sweep import Sweep
from sim.experiments.sweep.summary import summaries
from sim.report.numbers import money
from sim.runs.folders import runs_folder
from sim.runs.kinds import DESIGN
from sim.server import result_folders
from sim.server.address import LONGEST
from sim.server.components import wiring
from sim.server.pages import analysis, folder, sweep
from sim.server.pages.folder import when
from sim.server.result_folders import Entry

SWEEP_KEYS = ("sweep", "x", "y", "outcome", "series")
INTEREST_GPUS = "interest_funded_gpu_usd_bn"
SWEEPS = ("sweep", "ensemble")
"""Kinds of folders that `pages.sweep` shows."""
HEADS = ("Name", "Kind", "Scenario", "Histories", "Finished", "Main results")
COMMANDS = (
    ("capflow run baseline", "one history, with a report"),
    ("capflow run baseline --runs 40", "the same with forty seeds"),
    ("capflow compare baseline zero-rates --runs 40", "two scenarios on the same random numbers"),
    ("capflow sweep rates", "many points in the space of the levers"),
)
"""Commands that make results, and what they make."""
DASH = "\N{EN DASH}"


def layout(query: dict[str, str]) -> Any:
    """Return the page for the query of an address: the list, or the folder that the address names.

    Raises:
        ScenarioError, RunError: in one line, if a key of the query is unknown, or its folder missing or unreadable.
    """
    if not query:
        return _list()
    known = SWEEP_KEYS if "sweep" in query else ("run",)
    for key in query:
        if key not in known:
            raise ScenarioError("unknown key", key[:LONGEST], allowed=", ".join(known), where="address")
    entry = result_folders.find(query.get("sweep", query.get("run", "")))
    if entry.kind == "broken":
        raise RunError(f"runs: {entry.name} cannot be read: {entry.reason}")
    if "sweep" in query or entry.kind in SWEEPS:
        return sweep.layout(entry, query)
    return (analysis if entry.kind in analysis.ANALYSES else folder).layout(entry)


def _list() -> Any:
    entries, count = result_folders.entries()
    if not entries:
        return html.Div([html.H1("Runs and sweeps"), _empty()], className="narrow runs-empty", id="runs-empty")
    some = f" The newest {len(entries)} of {count} are shown." if count > len(entries) else ""
    head = html.Thead(html.Tr([html.Th(head, scope="col") for head in HEADS]))
    body = html.Tbody([_row(entry) for entry in entries])
    return html.Div(
        [
            html.H1("Runs and sweeps"),
            html.P(
                f"The results in {runs_folder()}/, the newest first. Open one for its numbers, "
                f"figures, report and files; a sweep can be explored.{some}",
                className="note",
            ),
            html.Div(html.Table([head, body], className="runs-list", id="runs-list"), className="panel"),
        ],
        className="runs",
    )


def _empty() -> Any:
    rows = [part for command, result in COMMANDS for part in (html.Dt(html.Code(command)), html.Dd(result))]
    return html.Div(
        [
            html.P(f"There are no results in {runs_folder()}/ yet. These commands make some:"),
            html.Dl(rows, className="runs-commands"),
            html.P("Then load this page again."),
        ]
    )


def _row(entry: Entry) -> Any:
    key = "sweep" if entry.kind in SWEEPS else "run"
    link = html.A(entry.name, href=f"/runs?{urlencode({key: entry.name})}")
    cells = (
        entry.name if entry.kind == "broken" else link,
        html.Span(entry.noun.capitalize(), className=f"runs-kind {entry.kind}"),
        _scenario(entry),
        _histories(entry),
        html.Time(when(entry), dateTime=entry.created.isoformat()),
        _summary(entry),
    )
    return html.Tr(
        [html.Td([cell], **{"data-head": head}) for head, cell in zip(HEADS, cells, strict=True)], className=entry.kind
    )


def _scenario(entry: Entry) -> str:
    if entry.kind == "comparison":
        return f"{entry.metadata['a'].get('scenario')} and {entry.metadata['b'].get('scenario')}"
    return str(entry.metadata.get("scenario", DASH))


def _histories(entry: Entry) -> str:
    document = entry.metadata
    if entry.kind == "broken":
        return DASH
    if entry.kind == "run":
        return f"1, seed {document['seed']}"
    if entry.kind == "sensitivity":
        return f"{document['points'] * document['replicates']:,}"
    if entry.kind == "backtest":
        return f"{document['draws']:,} for each of {len(document['origins'])} origins"
    if entry.kind == "calibration":
        return DASH if "record" in document else "not finished"
    if entry.kind == "comparison":
        return f"{document['runs']:,} pairs"
    missing = "" if document["complete"] else f", {document['done']} of {document['chunks']} parts there"
    return f"{document['runs']:,}{missing}"


def _summary(entry: Entry) -> str:
    """Return the main results of a folder in a line, or the reason why they cannot be read."""
    document = entry.metadata
    try:
        if entry.kind == "run":
            return _of_run(document["outcomes"])
        if entry.kind == "comparison":
            return _of_comparison(document["outcomes"]["gpu_capex_usd_bn"])
        if entry.kind in SWEEPS:
            written = max(part.stat().st_mtime_ns for part in (entry.path / DESIGN, entry.path / "outcomes"))
            return _of_sweep(entry.path, entry.kind, written)
        if entry.kind == "sensitivity":
            return f"{len(document['levers'])} levers of the sweep {Path(document['sweep']).name}"
        if entry.kind == "backtest":
            return f"forecasts from {document['origins'][0]} to {document['origins'][-1]}"
        if entry.kind == "calibration":
            window = document["plan"]["window"]
            return f"fitted to {window['first']} to {window['last']}"
    except (RunError, OSError, KeyError, TypeError, ValueError) as error:
        return f"its numbers cannot be read: {error}"
    return entry.reason


def _of_run(outcomes: dict[str, Any]) -> str:
    failures = outcomes["failures"]
    failed = "no company failed" if not failures else f"{failures:,.0f} compan{'y' if failures == 1 else 'ies'} failed"
    earned, spent = money(outcomes["interest_usd_bn"]), money(outcomes[INTEREST_GPUS])
    return f"{earned} of interest; {spent} of GPUs paid with it; {failed}"


def _of_comparison(effect: dict[str, Any]) -> str:
    if not effect["differs_from_zero"]:
        return "GPU purchases: the difference cannot be distinguished from zero"
    difference = effect["mean_difference"]
    low, high = sorted(map(abs, effect["interval_90"]))
    more = "more" if difference > 0.0 else "less"
    return f"GPU purchases: {money(abs(difference))} {more} in the first ({money(low)} to {money(high)})"


@lru_cache(maxsize=2 * result_folders.MOST_FOLDERS)
def _of_sweep(path: Path, kind: str, _written: int) -> str:
    opened = Sweep.open(path)
    if not opened.done:
        return "no run is finished yet"
    summary = summaries(opened, [INTEREST_GPUS])[INTEREST_GPUS]
    spread = f"{money(summary.p05)} to {money(summary.p95)} (nine in ten runs)"
    result = f"GPUs paid with interest: {'no numbers' if math.isnan(summary.p05) else spread}"
    if kind == "ensemble":
        return result
    names = [str(axis["name"]).rpartition(".")[2].replace("_", " ") for axis in opened.design["vary"]]
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"varies {listed}; {result}"


def callbacks(app: dash.Dash) -> None:
    """Connect the pages to assets/runs.js, which writes choices into the address and fetches the pictures for it."""
    wire = wiring(app, "runs")
    query = "runs-query.data"
    choices = [f"runs-{name}.value" for name in ("x", "y", "outcome", "series")]
    wire("choose", ["runs-x.value", "runs-y.value", query], choices, [query])
    for name in sweep.PICTURES:
        graph, note, csv = ({f"runs-{part}": name} for part in ("graph", "note", "csv"))
        wire(name, [(graph, "figure"), (note, "children"), (csv, "href")], [query])
    wire("cases", ["runs-cases.children", ({"runs-csv": "cases"}, "href")], [query])
