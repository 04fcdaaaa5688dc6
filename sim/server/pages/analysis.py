"""The page of a sensitivity analysis, a backtest or a calibration: results in words, figures, report and files."""

import re
from collections.abc import Callable
from typing import Any

from dash import html

from sim.engine.outcomes import BY_NAME
from sim.experiments.calibrate.results import Record
from sim.experiments.calibrate.words import words
from sim.experiments.sensitivity.folder import CAPTIONS
from sim.server import result_folders
from sim.server.components import section
from sim.server.pages.folder import back, files, head, picture, report, when
from sim.server.result_folders import Entry

FIGURE = re.compile(r"figures/([^/]+)\.png")
MOST_SENTENCES = 20
"""Most sentences that the page shows; the report and the files have all of them."""
BACKTEST_TITLES = {"errors": "Errors by horizon", "fans": "Forecasts from all origins"}
"""Figure of a backtest -> its title; the figures not listed here are forecasts from one origin."""


def layout(entry: Entry) -> Any:
    """Return the page of an analysis."""
    facts, sentences = ANALYSES[entry.kind](entry.metadata)
    some = f"The first {MOST_SENTENCES} of {len(sentences)} sentences." if len(sentences) > MOST_SENTENCES else ""
    results = section(
        "Results", some, *map(html.P, sentences[:MOST_SENTENCES]), className="panel words", id="runs-words"
    )
    top = head(f"{entry.noun.capitalize()} {entry.name}", "", f"{facts} {when(entry)}.", [report(entry)])
    names = [match[1] for file in result_folders.files(entry)[0] if (match := FIGURE.fullmatch(file.name))]
    pictures = [picture(entry, name, *title_and_caption(entry.kind, name)) for name in names]
    return html.Div(
        [back(entry), top, results, html.Div(pictures, className="runs-pictures"), files(entry)], className="runs"
    )


def title_and_caption(kind: str, name: str) -> tuple[str, str]:
    """Return the title and the caption of a figure of an analysis.

    Args:
        kind: the kind of the analysis.
        name: the name of the figure's file, without its ending.
    """
    if kind == "backtest":
        return BACKTEST_TITLES.get(name, f"Forecasts from {name.removeprefix('fans_')}"), ""
    part, _, outcome = name.partition("_")
    if part in CAPTIONS and outcome in BY_NAME:
        return f"{BY_NAME[outcome].label}: {part}", CAPTIONS[part]
    return name.replace("_", " ").capitalize(), ""


def _sensitivity(document: dict[str, Any]) -> tuple[str, list[str]]:
    facts = (
        f"{len(document['levers'])} levers of the sweep {document['sweep']}, {document['points']:,} points with "
        f"{document['replicates']} seeds each; finished"
    )
    return facts, list(document["words"])


def _backtest(document: dict[str, Any]) -> tuple[str, list[str]]:
    origins = document["origins"]
    facts = (
        f"Forecasts from {len(origins)} origins, {origins[0]} to {origins[-1]}, {document['draws']:,} draws each, "
        f"seed {document['seed']}; finished"
    )
    return facts, list(document["words"])


def _calibration(document: dict[str, Any]) -> tuple[str, list[str]]:
    window = document["plan"]["window"]
    facts = f"Fitted to {window['first']} to {window['last']}; started"
    if "record" not in document:
        return facts, ["It is not finished: the same command continues where it stopped."]
    return facts, words(Record(document["record"]))


ANALYSES: dict[str, Callable[[dict[str, Any]], tuple[str, list[str]]]] = {
    "sensitivity": _sensitivity,
    "backtest": _backtest,
    "calibration": _calibration,
}
"""Kind of an analysis -> function that makes from its metadata the facts about it and its results, in sentences."""
