"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Container[int] = ()) -> str:
    """Return a table with a head; a bar in a cell is escaped.

    Args:
        heads: the heads of the columns.
        rows: the cells of each row.
        numbers: the indices of the columns that are set to the right.
    """
    rules = ["---:" if column in numbers else "---" for column in range(len(heads))]
    return "".join(f"{_line(cells)}\n" for cells in (heads, rules, *rows))


def _line(cells: Sequence[str]) -> str:
    escaped = [cell.replace("|", "\\|") for cell in cells]
    return f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in escaped)}|"
