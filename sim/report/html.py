"""Writes HTML pages that need nothing beside them, from Jinja templates."""

from __future__ import annotations

import base64
from collections.abc import Container, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sim.report import numbers

REPORT = "report.html"
"""Name of the page in a folder of results."""


def write_page(path: Path, template: str, **values: Any) -> Path:
    """Fill a template and write the page.

    A template extends `report/page.html.j2`, which has the head, the style and the value `title`, and fills its
    block `body`; `report/parts.html.j2` has tables, pictures and notes. Text is escaped.

    Args:
        path: the file to write.
        template: the file of the template, seen from the folder of the package, such as
            "experiments/compare/report.html.j2".
        values: what the template shows; one that it asks for and that is missing is an error.

    Returns:
        The file.
    """
    path.write_text(_TEMPLATES.get_template(template).render(values), encoding="utf-8")
    return path


def setting(value: Any) -> str:
    """Return the value of a key of a scenario as text."""
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _png(path: Path) -> str:
    """Return a PNG file as an address that holds the picture itself."""
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1]),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_TEMPLATES.filters.update(
    png=_png, setting=setting, money=numbers.money, percent=numbers.percent, number=numbers.number
)


# What pages that are not templates yet are made of.
def write_parts(path: Path, title: str, parts: Iterable[str]) -> Path:
    """Write a page whose body is HTML already; to be replaced by `write_page`."""
    base = '{% extends "report/page.html.j2" %}{% block body %}{{ parts | join("\n") | safe }}{% endblock %}'
    text = _TEMPLATES.from_string(base).render(title=title, parts=list(parts))
    path.write_text(text, encoding="utf-8")
    return path


def table(heads: Sequence[str], rows: Iterable[str], numbers: Container[int] = (), stacked: bool = False) -> str:
    """Return a table of finished rows as HTML; to be replaced by `parts.table`."""
    kinds = [" class='number'" if place in numbers else "" for place in range(len(heads))]
    cells = "".join(f"<th scope='col'{kind}>{escape(head)}</th>" for head, kind in zip(heads, kinds, strict=True))
    body = "\n".join(rows)
    look = ' class="stacked"' if stacked else ""
    head = f"<thead><tr>{cells}</tr></thead>"
    return f'<div class="table"><table{look}>{head}<tbody>\n{body}\n</tbody></table></div>'


def picture(path: Path, title: str, caption: str) -> str:
    """Return a PNG file with its caption as HTML; to be replaced by `parts.picture`."""
    alternative = escape(f"{title}. {caption}", quote=True)
    return (
        f'<figure id="{escape(path.stem, quote=True)}">'
        f'<div class="sheet" tabindex="0" role="group" aria-label="{escape(title, quote=True)}">'
        f'<img alt="{alternative}" src="{_png(path)}"></div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
