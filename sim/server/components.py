"""Components that pages share: panels with their downloads, error pages and buttons."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html


def problem(message: str, offer: str, href: str) -> Any:
    """Return a page with one line that says what is wrong, and a link to go on from there."""
    return html.Div(
        [
            dmc.Alert(message, title="That did not work", color="orange", id="page-problem"),
            html.A(offer, href=href, className="offer"),
        ],
        className="narrow",
    )


def panel(
    name: str,
    title: str,
    about: str,
    body: Any,
    *,
    tables: tuple[str, ...] = (),
    extra: Any = None,
    png: bool = True,
) -> Any:
    """Return a picture with its title, a sentence about it, and its downloads.

    Args:
        name: the name of the picture, in ids and file names.
        title: a few words.
        about: one sentence on how to read it.
        body: the picture.
        tables: the tables behind it, of `sim.server.api.TABLES`.
        extra: the controls of the picture.
        png: whether it can be downloaded as a picture.
    """
    downloads = [
        html.A(
            "CSV" if len(tables) == 1 else f"CSV: {table}",
            href=f"/api/{table}.csv",
            className="download",
            id={"csv": table, "of": name},
            **{"aria-label": f"Download the data of {title} as CSV"},
        )
        for table in tables
    ]
    if png:
        downloads.insert(0, save_picture(name, title))
    return html.Section(
        [
            html.Div([html.H2(title), html.Div(downloads, className="downloads")], className="panel-head"),
            html.P(about, className="note") if about else None,
            extra,
            body,
        ],
        className="panel",
        id=f"panel-{name}",
    )


def save_picture(name: str, title: str) -> Any:
    """Return a button that saves the picture of the panel of that name as PNG; assets/saving.js makes it work."""
    return html.Button(
        "PNG",
        className="download save-picture",
        **{"data-picture": name, "aria-label": f"Download {title} as a picture"},
    )


def copy_link() -> Any:
    """Return a button that copies the address of the page; assets/saving.js makes it work."""
    return html.Button("Copy link", className="quiet copy-link")
