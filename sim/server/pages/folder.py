"""The page of a run or a comparison, and the parts that the pages of all folders of results share."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from dash import html

from sim.engine.outcomes import BY_NAME, HEADLINES
from sim.errors import RunError, ScenarioError
from sim.experiments.compare.folder import CAUSE
from sim.report.figures import FIGURES
from sim.report.html import REPORT
from sim.report.numbers import COUNTED, money, number, percent
from sim.server import result_folders
from sim.server.components import copy_link, csv_text, download, section
from sim.server.replay import replay, twin_addresses
from sim.server.result_folders import Entry

CARDS = (
    "interest_usd_bn",
    "redeployed_usd_bn",
    "interest_funded_gpu_usd_bn",
    "gpus_funded_by_interest",
    "interest_share_of_gpu_capex",
    "gpu_capex_usd_bn",
    "final_tokens_usd_bn",
    "failures",
)
"""Outcomes on the cards of a run."""
TABLES = {
    "interest_flow": ("uses", "ends"),
    "network": ("payments", "flows"),
    "issuers": ("agents",),
    "coins": ("agents",),
    "labs": ("agents",),
    "gpus": ("agents", "series"),
    "origins": ("flows",),
    "systemic_risk": ("exposures",),
    "model_against_data": ("series",),
}
"""Figure of a run -> the tables it is drawn from."""
MOST_DIFFERENCES = 60
"""Most rows in the table of a comparison; its CSV has all."""


def layout(entry: Entry) -> Any:
    """Return the page of a run or a comparison."""
    parts = _run(entry) if entry.kind == "run" else _comparison(entry)
    return html.Div([back(entry), *parts, files(entry)], className="runs")


def back(entry: Entry) -> Any:
    """Return the link back to the list, with the name of the folder."""
    return html.Nav(
        [html.A("Runs and sweeps", href="/runs"), html.Span(f" / {entry.name}")],
        className="runs-back",
        **{"aria-label": "Breadcrumb"},
    )


def head(title: str, about: str, facts: str, actions: list[Any]) -> Any:
    """Return the head of the page of a folder."""
    words = [html.H1(title), html.P(about, className="note"), html.P(facts, className="runs-facts")]
    return html.Div([html.Div(words), html.Div([*actions, copy_link()], className="actions")], className="title")


def api_link(path: str, entry: Entry, **query: str) -> str:
    """Return the address of something of a folder under /api/runs/."""
    return f"/api/runs/{path}?{urlencode({'run': entry.name, **query})}"


def report(entry: Entry) -> Any:
    """Return the link to the report of a folder, or a note that there is none."""
    if not result_folders.has(entry, REPORT):
        return html.Span("No report", className="note")
    return html.A(
        "Read the report",
        href=api_link("report", entry),
        target="_blank",
        rel="noopener",
        className="button",
        id="runs-report",
    )


def when(entry: Entry) -> str:
    """Return when a folder was finished."""
    return f"{entry.created:%d %b %Y, %H:%M} UTC"


def files(entry: Entry) -> Any:
    """Return the section with the files of a folder, to download."""
    listed, count = result_folders.files(entry)
    some = f" The first {len(listed)} of {count} are listed." if count > len(listed) else ""
    rows = [row([html.A(file.name, href=api_link("file", entry, file=file.name)), size(file.size)]) for file in listed]
    about = f"All that is in {entry.path}/, to download.{some}"
    return section("Files", about, table(("File", "Size"), rows, id="runs-files"))


def table(heads: Sequence[str], rows: Sequence[Any], **attributes: Any) -> Any:
    """Return a table that scrolls by itself where it is too wide or too long.

    Args:
        heads: the heads of its columns; all but the first hold numbers.
        rows: its rows, made by `row`.
        attributes: attributes of the HTML table.
    """
    cells = [html.Th(head, scope="col", className="number" if place else "") for place, head in enumerate(heads)]
    parts = [html.Thead(html.Tr(cells)), html.Tbody(rows)]
    return html.Div(html.Table(parts, **attributes), className="runs-scroll", tabIndex="0")


def row(cells: Sequence[Any], **attributes: Any) -> Any:
    """Return a row of a table, whose cells after the first are numbers."""
    first, *numbers = cells
    return html.Tr([html.Td(first), *(html.Td(cell, className="number") for cell in numbers)], **attributes)


def size(count: int) -> str:
    """Return a number of bytes in words: 840 bytes, 12.3 kB, 4.5 MB."""
    if count < 1000:
        return f"{count} bytes"
    for unit, divisor in (("kB", 1e3), ("MB", 1e6)):
        if count < 1e3 * divisor:
            return f"{count / divisor:.1f} {unit}"
    return f"{count / 1e9:.1f} GB"


def _live(address: str, words: str, name: str) -> Any:
    return html.A(words, href=address, className="button quiet", id=name)


def _not_live(reason: str) -> Any:
    return html.P(f"It cannot be shown live: {reason}.", className="note", id="runs-not-live")


def _run(entry: Entry) -> list[Any]:
    manifest = entry.metadata
    replaced = any(key.startswith("decisions.") for key in manifest["changes"])
    live = replay(entry.path, str(manifest["scenario"]), decisions=replaced)
    actions, notes = [report(entry)], []
    try:
        actions.append(_live(live.address(int(manifest["seed"])), "Show it live", "runs-live"))
    except ScenarioError as error:
        notes.append(_not_live(str(error)))
    facts = (
        f"Scenario {manifest['scenario']}, seed {manifest['seed']}, {manifest['quarters']} quarters from "
        f"{manifest.get('opening', 'its opening')}; finished {when(entry)}."
    )
    cards = [
        html.Div(
            [
                html.Span(BY_NAME[name].label, className="card-label"),
                html.Strong(_in_words(value, BY_NAME[name].unit), className="card-value"),
            ],
            className=f"card card-{name}",
        )
        for name in CARDS
        if isinstance(value := manifest["outcomes"].get(name), int | float)
    ]
    return [
        head(str(manifest.get("title", entry.name)), str(manifest.get("about", "")), facts, actions),
        *notes,
        html.Div(cards, className="cards", id="runs-cards"),
        *_figures(entry),
    ]


def _in_words(value: float, unit: str) -> str:
    if unit == "USD bn":
        return money(value)
    return percent(value) if unit == "share" else f"{value:,.0f}"


def _figures(entry: Entry) -> list[Any]:
    """Return the figures of a run in the order of the registry."""
    pictures = [
        picture(
            entry,
            name,
            plate.title,
            plate.caption,
            {csv_text(table, TABLES[name]): api_link(f"{table}.csv", entry) for table in TABLES.get(name, ())},
        )
        for name, plate in FIGURES.items()
        if result_folders.has(entry, f"figures/{name}.png")
    ]
    return pictures or [html.P("This run was made without figures and report.", className="empty")]


def picture(
    entry: Entry, name: str, title: str, caption: str = "", tables: Mapping[str, str] = MappingProxyType({})
) -> Any:
    """Return the section with a figure of a folder.

    Args:
        entry: the folder.
        name: the name of the figure's file, without its ending.
        title: the title of the figure.
        caption: how to read it.
        tables: text of a further download -> its address.
    """
    file = f"figures/{name}.png"
    address = api_link("picture", entry, file=file)
    image = html.Img(src=address, alt=f"{title}. {caption}")
    link = html.A(image, href=address, target="_blank", rel="noopener")
    links = {"PNG": api_link("file", entry, file=file), **tables}
    return section(
        title,
        caption,
        html.Div(link, className="runs-picture", tabIndex="-1"),
        downloads=[download(text, href, f"{title}: {text}") for text, href in links.items()],
        id=f"panel-{name}",
    )


def _comparison(entry: Entry) -> list[Any]:
    document = entry.metadata
    actions, notes = [report(entry)], []
    try:
        for side, address in zip("ab", twin_addresses(document), strict=True):
            actions.append(_live(address, f"Show {document[side]['scenario']} live", f"runs-live-{side}"))
    except (ScenarioError, RunError) as error:
        notes.append(_not_live(str(error)))
    last = document["seed"] + document["runs"] - 1
    facts = (
        f"{document['runs']:,} pairs of histories, seeds {document['seed']} to {last}, the same random numbers in "
        f"both; {document['quarters']} quarters; finished {when(entry)}."
    )
    csv = {"CSV: differences": api_link("differences.csv", entry)}
    titles = {CAUSE: "Accounting and cause", **{name: BY_NAME[name].label for name in HEADLINES}}
    pictures = [
        picture(entry, name, title, tables=csv)
        for name, title in titles.items()
        if result_folders.has(entry, f"figures/{name}.png")
    ]
    return [
        head(f"{document['a']['title']} and {document['b']['title']}", "", facts, actions),
        *notes,
        section("Results", "", *map(html.P, document["words"])),
        _differences(entry),
        html.Div(pictures, className="runs-pictures"),
    ]


def _differences(entry: Entry) -> Any:
    outcomes = entry.metadata["outcomes"]
    scenarios = [entry.metadata[side]["scenario"] for side in "ab"]
    rows = [
        row(
            [
                _labelled(effect),
                *(_number(effect[key], effect["unit"]) for key in ("mean_a", "mean_b", "mean_difference")),
                _interval(effect["interval_90"], effect["unit"]),
            ],
            className="" if effect.get("differs_from_zero") else "runs-same",
        )
        for effect in list(outcomes.values())[:MOST_DIFFERENCES]
    ]
    some = f" The first {len(rows)} of {len(outcomes)}." if len(outcomes) > len(rows) else ""
    return section(
        "Differences by outcome",
        f"Means over the pairs, the first less the second. Pale: cannot be distinguished from zero.{some}",
        table(("Outcome", *scenarios, "Difference", "90 percent interval"), rows, id="runs-differences"),
        downloads=[download("CSV", api_link("differences.csv", entry), "the differences as CSV")],
    )


def _labelled(effect: dict[str, Any]) -> str:
    label, unit = str(effect["label"]), effect["unit"]
    return label if unit in (*COUNTED, "share", "index") else f"{label}, {unit}"


def _number(value: float | None, unit: str) -> str:
    return "\N{EN DASH}" if value is None else number(float(value), unit)


def _interval(ends: list[float | None], unit: str) -> str:
    return "\N{EN DASH}" if None in ends else " to ".join(_number(end, unit) for end in ends)
