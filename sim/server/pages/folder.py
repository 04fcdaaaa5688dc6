"""The page of a run or a comparison: its numbers, pictures, report and files."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from dash import html

from sim.errors import RunError, ScenarioError
from sim.report.html import REPORT
from sim.report.numbers import money, percent
from sim.server import result_folders
from sim.server.components import copy_link
from sim.server.replay import replay, twin_addresses

CARDS = (
    ("interest_usd_bn", "Interest earned by issuers", "usd_bn"),
    ("redeployed_usd_bn", "Put into AI and frontier technology", "usd_bn"),
    ("interest_funded_gpu_usd_bn", "GPU purchases paid with interest", "usd_bn"),
    ("gpus_funded_by_interest", "GPUs that this bought", "GPUs"),
    ("interest_share_of_gpu_capex", "Share of all GPU purchases", "share"),
    ("gpu_capex_usd_bn", "GPU purchases of the providers", "usd_bn"),
    ("final_tokens_usd_bn", "Tokens at the end", "usd_bn"),
    ("failures", "Companies that failed", "companies"),
)
"""Outcomes of a run that its page shows: name, label, unit."""
BEHIND = {
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
"""Figure of a run -> tables behind it."""
MOST_DIFFERENCES = 60
"""Rows of the table of a comparison; its CSV has all."""


def layout(entry: result_folders.Entry) -> Any:
    """Return the page of a run or a comparison."""
    made = {"run": _run, "comparison": _comparison}[entry.kind]
    return html.Div([back(entry), *made(entry), files(entry)], className="runs")


def back(entry: result_folders.Entry) -> Any:
    """Return the way back to the list."""
    return html.Nav(
        [html.A("Runs and sweeps", href="/runs"), html.Span(f" / {entry.name}")],
        className="runs-back",
        **{"aria-label": "Where this is"},
    )


def head(title: str, about: str, facts: str, actions: list[Any]) -> Any:
    """Title, what it is, and what can be done with it."""
    return html.Div(
        [
            html.Div([html.H1(title), html.P(about, className="note"), html.P(facts, className="runs-facts")]),
            html.Div([*actions, copy_link()], className="actions"),
        ],
        className="title",
    )


def report(entry: result_folders.Entry) -> Any:
    """Return the way to the report, if there is one."""
    if not result_folders.has(entry, REPORT):
        return html.Span("No report", className="note")
    address = f"/api/runs/report?{urlencode({'run': entry.name})}"
    told: dict[str, Any] = {"target": "_blank", "rel": "noopener", "className": "button", "id": "runs-report"}
    return html.A("Read the report", href=address, **told)


def when(entry: result_folders.Entry) -> str:
    """When it was finished."""
    return f"{entry.created:%d %b %Y, %H:%M} UTC"


def files(entry: result_folders.Entry) -> Any:
    """Return the files, to download."""
    found, there = result_folders.files(entry)
    some = f" The first {len(found)} of {there} are listed." if there > len(found) else ""
    rows = [
        html.Tr(
            [
                html.Td(
                    html.A(file.name, href=f"/api/runs/file?{urlencode({'run': entry.name, 'file': file.name})}")
                ),
                html.Td(size(file.size), className="number"),
            ]
        )
        for file in found
    ]
    heads = html.Thead(html.Tr([html.Th("File", scope="col"), html.Th("Size", scope="col", className="number")]))
    return html.Section(
        [
            html.H2("Files"),
            html.P(f"All that is in {entry.path}/, to download.{some}", className="note"),
            scrolled(html.Table([heads, html.Tbody(rows)], id="runs-files")),
        ],
        className="panel",
    )


def scrolled(table: Any) -> Any:
    """Return a table that scrolls by itself where it is too wide or too long."""
    return html.Div(table, className="runs-scroll", tabIndex="0")


def size(count: int) -> str:
    """Bytes in words: 840 bytes, 12.3 kB, 4.5 MB."""
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


def _run(entry: result_folders.Entry) -> list[Any]:
    told = entry.metadata
    replaced = any(key.startswith("decisions.") for key in told["changes"])
    found = replay(entry.path, str(told["scenario"]), decisions=replaced)
    actions, notes = [report(entry)], []
    try:
        actions.append(_live(found.address(int(told["seed"])), "Show it live", "runs-live"))
    except ScenarioError as error:
        notes.append(_not_live(str(error)))
    facts = (
        f"Scenario {told['scenario']}, seed {told['seed']}, {told['quarters']} quarters from "
        f"{told.get('opening', 'its opening')}; finished {when(entry)}."
    )
    cards = [
        html.Div(
            [
                html.Span(label, className="card-label"),
                html.Strong(_told(told["outcomes"][name], unit), className="card-value"),
            ],
            className=f"card card-{name}",
        )
        for name, label, unit in CARDS
        if isinstance(told["outcomes"].get(name), int | float)
    ]
    return [
        head(str(told.get("title", entry.name)), str(told.get("about", "")), facts, actions),
        *notes,
        html.Div(cards, className="cards", id="runs-cards"),
        *_figures(entry),
    ]


def _told(number: float, unit: str) -> str:
    if unit == "usd_bn":
        return money(number)
    return percent(number) if unit == "share" else f"{number:,.0f}"


def _figures(entry: result_folders.Entry) -> list[Any]:
    """Return the figures of a run, in the order of its story."""
    from sim.report.figures import FIGURES

    there = [name for name in FIGURES if result_folders.has(entry, f"figures/{name}.png")]
    if not there:
        return [html.P("It was run without figures and report.", className="empty")]
    panels = []
    for name in there:
        tables = [
            (
                "CSV" if len(BEHIND.get(name, ())) == 1 else f"CSV: {table}",
                f"/api/runs/{table}.csv?{urlencode({'run': entry.name})}",
            )
            for table in BEHIND.get(name, ())
        ]
        panels.append(picture(entry, name, FIGURES[name].title, FIGURES[name].caption, tables))
    return panels


def picture(
    entry: result_folders.Entry, name: str, title: str, caption: str, tables: list[tuple[str, str]]
) -> Any:
    """Return a figure of a folder with its title, caption and downloads, which are words and addresses."""
    told = urlencode({"run": entry.name, "file": f"figures/{name}.png"})
    png = ("PNG", f"/api/runs/file?{told}")
    downloads = [
        html.A(word, href=address, className="download", **{"aria-label": f"Download {title}: {word}"})
        for word, address in (png, *tables)
    ]
    return html.Section(
        [
            html.Div([html.H2(title), html.Div(downloads, className="downloads")], className="panel-head"),
            html.P(caption, className="note") if caption else None,
            html.Div(
                html.A(
                    html.Img(src=f"/api/runs/picture?{told}", alt=f"{title}. {caption}"),
                    href=f"/api/runs/picture?{told}",
                    target="_blank",
                    rel="noopener",
                ),
                className="runs-picture",
                tabIndex="-1",
            ),
        ],
        className="panel",
        id=f"panel-{name}",
    )


def _comparison(entry: result_folders.Entry) -> list[Any]:
    from sim.engine.outcomes import BY_NAME, HEADLINES
    from sim.experiments.compare.folder import CAUSE

    told = entry.metadata
    actions, notes = [report(entry)], []
    try:
        for side, address in zip("ab", twin_addresses(told), strict=True):
            actions.append(_live(address, f"Show {told[side]['scenario']} live", f"runs-live-{side}"))
    except (ScenarioError, RunError) as error:
        notes.append(_not_live(str(error)))
    last = told["seed"] + told["runs"] - 1
    facts = (
        f"{told['runs']:,} pairs of histories, seeds {told['seed']} to {last}, the same random numbers in both; "
        f"{told['quarters']} quarters; finished {when(entry)}."
    )
    csv = [("CSV: differences", f"/api/runs/differences.csv?{urlencode({'run': entry.name})}")]
    titles = {CAUSE: "Accounting beside cause", **{name: BY_NAME[name].label for name in HEADLINES}}
    there = [name for name in titles if result_folders.has(entry, f"figures/{name}.png")]
    return [
        head(f"{told['a']['title']} and {told['b']['title']}", "", facts, actions),
        *notes,
        html.Section([html.H2("What it shows"), *(html.P(words) for words in told["words"])], className="panel"),
        _differences(entry),
        html.Div([picture(entry, name, titles[name], "", csv) for name in there], className="runs-pictures"),
    ]


def _differences(entry: result_folders.Entry) -> Any:
    from sim.report.numbers import number

    told = entry.metadata

    def cell(value: Any, unit: str) -> Any:
        text = "\N{EN DASH}" if value is None else number(float(value), unit)
        return html.Td(text, className="number")

    shown = list(told["outcomes"].items())[:MOST_DIFFERENCES]
    rows = [
        html.Tr(
            [
                html.Td(_labelled(found)),
                cell(found["mean_a"], found["unit"]),
                cell(found["mean_b"], found["unit"]),
                cell(found["mean_difference"], found["unit"]),
                html.Td(_interval(found["interval_90"], found["unit"], number), className="number"),
            ],
            className="" if found.get("differs_from_zero") else "runs-same",
        )
        for _, found in shown
    ]
    heads = ("Outcome", told["a"]["scenario"], told["b"]["scenario"], "Difference", "90 percent interval")
    some = f" The first {len(shown)} of {len(told['outcomes'])}." if len(told["outcomes"]) > len(shown) else ""
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Differences by outcome"),
                    html.Div(
                        html.A(
                            "CSV",
                            href=f"/api/runs/differences.csv?{urlencode({'run': entry.name})}",
                            className="download",
                            **{"aria-label": "Download the differences as CSV"},
                        ),
                        className="downloads",
                    ),
                ],
                className="panel-head",
            ),
            html.P(
                f"Means over the pairs, the first less the second. Pale: cannot be distinguished from zero.{some}",
                className="note",
            ),
            html.Div(
                html.Table(
                    [
                        html.Thead(
                            html.Tr(
                                [
                                    html.Th(name, scope="col", className="number" if place else "")
                                    for place, name in enumerate(heads)
                                ]
                            )
                        ),
                        html.Tbody(rows),
                    ],
                    id="runs-differences",
                ),
                className="runs-scroll",
                tabIndex="0",
            ),
        ],
        className="panel",
    )


def _labelled(found: dict[str, Any]) -> str:
    unit = found["unit"]
    return str(found["label"]) if unit in ("share", "companies", "coins", "GPUs") else f"{found['label']}, {unit}"


def _interval(ends: list[Any], unit: str, number: Any) -> str:
    if None in ends:
        return "\N{EN DASH}"
    return f"{number(float(ends[0]), unit)} to {number(float(ends[1]), unit)}"
