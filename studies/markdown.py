"""Tables, numbers and written parts of pages in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sim.errors import ScenarioError

DIGITS = 6
"""Significant digits of a number in a table; what is rounded beyond them does not matter to a reader."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: bool = False) -> str:
    """Write a table with a head; a bar in a cell is escaped.

    Args:
        head: the heads of the columns.
        rows: the rows, each with as many cells.
        right: whether all columns but the first are aligned to the right, as numbers are.
    """
    rule = ["---", *["---:" if right else "---"] * (len(head) - 1)]
    return "".join(_line(cells) + "\n" for cells in (head, rule, *rows))


def _line(cells: Sequence[str]) -> str:
    return "|" + "".join(f" {cell} |".replace("  |", " |") for cell in (c.replace("|", "\\|") for c in cells))


def number(value: float) -> str:
    """Write a number as a person does: thousands apart, no trailing zeros, far from one as a power of ten."""
    if value and not 1e-4 <= abs(value) < 1e9:
        digits, power = f"{value:.{DIGITS - 1}e}".split("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"
    rounded = float(f"{value:.{DIGITS}g}")
    text = f"{rounded:,.10f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def code(text: str) -> str:
    """Write a name of the code or of the configs."""
    return f"`{text}`"


def replaced(page: str, begin: str, end: str, part: str) -> str:
    """Replace what stands between two lines of a page.

    Args:
        page: the text of the page.
        begin: the line before the part.
        end: the line after it.
        part: the new text, which ends with a line break.

    Raises:
        ScenarioError: if the page has no such lines.
    """
    before, there, rest = page.partition(f"{begin}\n")
    _, closed, after = rest.partition(end)
    if not there or not closed:
        raise ScenarioError(f"the page has no lines {begin} and {end}")
    return f"{before}{there}{part}{end}{after}"
