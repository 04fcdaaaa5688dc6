"""Components that several pages use: framed sections with downloads, messages, and the connection to scripts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, State, html

PLAIN_GRAPH = {"displayModeBar": False, "responsive": True}
"""Options of a `dcc.Graph` that hide Plotly's toolbar."""
Property = str | tuple[Any, ...]
"""A property of a component as "id.property", or as the arguments of `Output`, `Input` and `State`."""


def wiring(app: dash.Dash, script: str) -> Callable[..., None]:
    """Return a function that connects functions of a script in assets/ to properties of components.

    Args:
        app: the application.
        script: the name of the script in `window.dash_clientside`.
    """

    def wire(
        function: str,
        outputs: Iterable[Property],
        inputs: Iterable[Property],
        states: Iterable[Property] = (),
        **options: Any,
    ) -> None:
        kinds = ((Output, outputs), (Input, inputs), (State, states))
        properties = [kind(*_arguments(item)) for kind, items in kinds for item in items]
        app.clientside_callback(ClientsideFunction(script, function), *properties, **options)

    return wire


def _arguments(item: Property) -> Sequence[Any]:
    return item.rsplit(".", 1) if isinstance(item, str) else item


def problem(message: str, offer: str, href: str) -> Any:
    """Return a page that says in one line what is wrong, with a link to a page that works."""
    return html.Div(
        [
            dmc.Alert(message, title="That did not work", color="orange", id="page-problem"),
            html.A(offer, href=href, className="offer"),
        ],
        className="narrow",
    )


def section(title: str, about: str, *body: Any, downloads: Sequence[Any] = (), **attributes: Any) -> Any:
    """Return a framed part of a page.

    Args:
        title: its heading.
        about: a sentence on how to read it; left out if empty.
        body: the components below.
        downloads: links and buttons beside the heading.
        attributes: attributes of the HTML section.
    """
    heading = html.H2(title)
    if downloads:
        links = html.Div(list(downloads), className="downloads")
        heading = html.Div([heading, links], className="panel-head")
    note = html.P(about, className="note") if about else None
    return html.Section([heading, note, *body], **{"className": "panel", **attributes})


def panel(
    name: str, title: str, about: str, body: Any, *, tables: tuple[str, ...] = (), extra: Any = None, png: bool = True
) -> Any:
    """Return a section with a picture, and downloads whose addresses a script of the page fills in.

    Args:
        name: the name of the picture in ids and file names.
        title: the heading.
        about: a sentence on how to read the picture.
        body: the picture.
        tables: the tables behind the picture, of `sim.server.api.TABLES`.
        extra: controls of the picture.
        png: whether it can be downloaded as a picture.
    """
    links = [
        download(
            csv_text(table, tables), f"/api/{table}.csv", f"the data of {title} as CSV", id={"csv": table, "of": name}
        )
        for table in tables
    ]
    pictures = [save_picture(name, title)] if png else []
    return section(title, about, extra, body, downloads=[*pictures, *links], id=f"panel-{name}")


def csv_text(table: str, tables: Sequence[str]) -> str:
    """Return the text of the link to a table; the table is named only where there are several."""
    return "CSV" if len(tables) == 1 else f"CSV: {table}"


def download(text: str, href: str, content: str, **attributes: Any) -> Any:
    """Return a link to a file; `content` tells screen readers what the file holds."""
    return html.A(text, href=href, className="download", **{"aria-label": f"Download {content}", **attributes})


def save_picture(name: str, title: str) -> Any:
    """Return a button that saves the picture of the panel with this name as PNG; its script is assets/saving.js."""
    return html.Button(
        "PNG",
        className="download save-picture",
        **{"data-picture": name, "aria-label": f"Download {title} as a picture"},
    )


def copy_link() -> Any:
    """Return a button that copies the address of the page; its script is assets/saving.js."""
    return html.Button("Copy link", className="quiet copy-link")
