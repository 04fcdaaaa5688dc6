"""The parts of an HTML page that needs nothing beside it: the page, its look, tables and pictures."""

from __future__ import annotations

import base64
from collections.abc import Container, Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

REPORT = "report.html"
"""Name of the page in a folder of results."""
PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
$body
</main>
</body>
</html>
""")

STYLE = """
:root { --ink: #1f2933; --muted: #5b6773; --paper: #ffffff; --line: #d9dee4; --interest: #b34700; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaee; --muted: #a3afba; --paper: #14181d; --line: #343c45; --interest: #ff9a52; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 2rem 1.1rem 4rem; }
h1 { font-size: clamp(1.7rem, 5vw, 2.5rem); line-height: 1.15; margin: 0 0 .4rem; }
h2 { font-size: 1.45rem; line-height: 1.25; margin: 3rem 0 .6rem; }
h3 { font-size: 1.08rem; margin: 1.8rem 0 .4rem; }
p, ul { max-width: 44rem; }
.lead { font-size: 1.2rem; }
.lead strong { color: var(--interest); white-space: nowrap; }
.note { color: var(--muted); font-size: .94rem; }
figure { margin: 1.2rem 0; }
.sheet { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; background: #ffffff; }
.sheet img { display: block; width: 100%; min-width: 46rem; height: auto; }
figcaption { color: var(--muted); font-size: .94rem; margin-top: .5rem; max-width: 44rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; min-width: min(100%, 34rem); font-size: .96rem; margin: .4rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .32rem .9rem .32rem 0; }
th, td { border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--muted); }
.number { text-align: right; font-variant-numeric: tabular-nums; padding-right: 0; }
td.number { white-space: nowrap; }
th.number, td.number { padding-left: .9rem; }
.number + :not(.number) { padding-left: 1.4rem; }
.stacked span.note { white-space: nowrap; }
tr.group td { font-weight: 600; border-bottom-color: var(--muted); padding-top: .9rem; }
tr.group ~ tr:not(.group, .total) td:first-child { padding-left: 1rem; }
tr.interest td { color: var(--interest); }
tr.total td { font-weight: 600; border-top: 2px solid var(--muted); }
code { font-size: .92em; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; max-width: 44rem; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 34rem) { table { font-size: .88rem; } td.number, th.number { padding-left: .5rem; } }
@media (max-width: 34rem) {
  .stacked { min-width: 0; width: 100%; } .stacked thead { display: none; }
  .stacked tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  .stacked td, .stacked td.number, .stacked .number + td { display: flex; gap: 1rem; padding: .1rem 0; border: 0;
    justify-content: space-between; text-align: right; white-space: normal; }
  .stacked td:first-child { display: block; text-align: left; font-weight: 600; }
  .stacked td:not(:first-child)::before { content: attr(data-label); color: var(--muted); text-align: left;
    white-space: nowrap; }
  .stacked td:empty { display: none; } .stacked .note { font-weight: 400; }
}
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
@media print {
  :root { --ink: #000; --muted: #444; --paper: #fff; --line: #bbb; --interest: #b34700; }
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; }
  h2 { break-after: avoid; } figure, tr { break-inside: avoid; }
  h2 { margin: 1.4rem 0 .3rem; } figure { margin: .4rem 0; }
  .sheet, .table { overflow: visible; border: 0; } .sheet img { min-width: 0; width: 82%; }
}
"""


def page(title: str, body: str) -> str:
    """A whole page.

    Args:
        title: of the window, as plain text.
        body: what is on it, as HTML.
    """
    return PAGE.substitute(title=escape(f"{title} - capflow"), style=STYLE, body=body)


def write_page(path: Path, title: str, parts: Iterable[str]) -> Path:
    """Write a whole page into a file.

    Args:
        path: of the file.
        title: of the window, as plain text.
        parts: what is on it, as HTML, in order.

    Returns:
        The file.
    """
    path.write_text(page(title, "\n".join(parts)), encoding="utf-8")
    return path


def setting(value: Any) -> str:
    """The value of a key of a scenario, as HTML."""
    if value is None:
        return "none"
    return escape(f"{value:g}" if isinstance(value, float) else str(value))


def table(heads: Sequence[str], rows: Iterable[str], numbers: Container[int] = (), stacked: bool = False) -> str:
    """A table of finished rows.

    Args:
        heads: of its columns.
        rows: each a `tr` with as many cells.
        numbers: places of columns of numbers.
        stacked: on narrow screens each row is a card, whose cells are named by their `data-label`, and nothing
            scrolls sideways; for tables of words.
    """
    kinds = [" class='number'" if place in numbers else "" for place in range(len(heads))]
    cells = "".join(f"<th scope='col'{kind}>{escape(head)}</th>" for head, kind in zip(heads, kinds, strict=True))
    body = "\n".join(rows)
    look = ' class="stacked"' if stacked else ""
    head = f"<thead><tr>{cells}</tr></thead>"
    return f'<div class="table"><table{look}>{head}<tbody>\n{body}\n</tbody></table></div>'


def picture(path: Path, title: str, caption: str) -> str:
    """A PNG file in the page, with its caption; narrow screens scroll it sideways."""
    image = base64.b64encode(path.read_bytes()).decode("ascii")
    alternative = escape(f"{title}. {caption}", quote=True)
    return (
        f'<figure id="{escape(path.stem, quote=True)}">'
        f'<div class="sheet" tabindex="0" role="group" aria-label="{escape(title, quote=True)}">'
        f'<img alt="{alternative}" src="data:image/png;base64,{image}"></div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
