"""The page of a sensitivity analysis, a backtest or a calibration: what it says, its figures, report and files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import html

from sim.experiments.calibrate.results import Record
from sim.experiments.calibrate.words import words
from sim.runs.kinds import KINDS
from sim.server import result_folders
from sim.server.pages.folder import back, files, head, picture, report, when
from sim.server.result_folders import Entry

MISSED = 20
"""Sentences that the page shows; the report and the files have all."""


def layout(entry: Entry) -> Any:
    """Return the page of an analysis."""
    facts, sentences = ANALYSES[entry.kind](entry)
    kind = KINDS[entry.kind].noun
    some = f" The first {MISSED} of {len(sentences)} sentences." if len(sentences) > MISSED else ""
    said = html.Section(
        [
            html.H2("What it shows"),
            html.P(some, className="note") if some else None,
            *(html.P(sentence) for sentence in sentences[:MISSED]),
        ],
        className="panel words",
        id="runs-words",
    )
    top = head(f"{kind[:1].upper()}{kind[1:]} {entry.name}", "", f"{facts} {when(entry)}.", [report(entry)])
    return html.Div([back(entry), top, said, _figures(entry), files(entry)], className="runs")


def _figures(entry: Entry) -> Any:
    names = [
        file.name.removeprefix("figures/").removesuffix(".png")
        for file in result_folders.files(entry)[0]
        if file.name.startswith("figures/") and file.name.endswith(".png")
    ]
    titles = {name: name.replace("_", " ").replace("-", " ") for name in names}
    panels = [picture(entry, name, title[:1].upper() + title[1:], "", []) for name, title in titles.items()]
    return html.Div(panels, className="runs-pictures")


def _sensitivity(entry: Entry) -> tuple[str, list[str]]:
    document = entry.metadata
    facts = (
        f"{len(document['levers'])} levers of the sweep {document['sweep']}, {document['points']:,} points with "
        f"{document['replicates']} seeds each; finished"
    )
    return facts, list(document["words"])


def _backtest(entry: Entry) -> tuple[str, list[str]]:
    document = entry.metadata
    origins = document["origins"]
    facts = (
        f"Forecasts from {len(origins)} origins, {origins[0]} to {origins[-1]}, {document['draws']:,} draws each, "
        f"seed {document['seed']}; finished"
    )
    return facts, list(document["words"])


def _calibration(entry: Entry) -> tuple[str, list[str]]:
    window = entry.metadata["plan"]["window"]
    facts = f"Fitted to {window['first']} to {window['last']}; started"
    record = entry.metadata.get("record")
    if record is None:
        return facts, ["It is not finished: the same command goes on where it stopped."]
    return facts, words(Record(record))


ANALYSES: dict[str, Callable[[Entry], tuple[str, list[str]]]] = {
    "sensitivity": _sensitivity,
    "backtest": _backtest,
    "calibration": _calibration,
}
"""Kind of an analysis -> its facts and what it says."""
