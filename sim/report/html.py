"""Writing HTML pages from Jinja templates; pictures are inside the page, so that it needs no other file."""

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sim.report import numbers

REPORT = "report.html"
"""Name of the file of the report in a folder of results."""


def write_page(path: Path, template: str, **values: Any) -> Path:
    """Fill a template and write the page.

    A template extends `report/page.html.j2`, which has the head and the style and shows the value `title`, and fills
    the block `body` of that page; `report/parts.html.j2` has tables, pictures and notes. Text is escaped.

    Args:
        path: the file to write, which is returned.
        template: the file of the template, relative to the folder of the package, such as
            "experiments/compare/report.html.j2".
        values: the values that the template shows; it is an error if one that the template uses is missing.
    """
    path.write_text(_TEMPLATES.get_template(template).render(values), encoding="utf-8")
    return path


def setting(value: Any) -> str:
    """Return a value of the scenario as text, for a table."""
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _png(path: Path) -> str:
    """Return a PNG file as a data URL, an address that contains the picture itself."""
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
