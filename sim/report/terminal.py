"""The style of output in the terminal: how any table, list or paragraph is printed, whatever it is about."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def show_table(
    title: str, heads: Sequence[str], rows: Iterable[Sequence[str | Text]], texts: int = 1, about: str = ""
) -> None:
    """Print a table, and below it `about`, which says how to read the table; the first `texts` columns hold text."""
    printed = Table(title=title, box=box.SIMPLE_HEAD, title_style="bold", title_justify="left")
    for place, head in enumerate(heads):
        printed.add_column(head, justify="left" if place < texts else "right", no_wrap=0 < place < texts)
    for cells in rows:
        printed.add_row(*cells)
    Console(highlight=False).print(printed)
    show(about, style="dim")


def show_list(title: str, lines: Sequence[str]) -> None:
    """Print lines under a title; print nothing if there are no lines."""
    if lines:
        show(f"\n{title}", style="bold")
        show(*(f"  {line}" for line in lines))


def show(*paragraphs: str, style: str = "") -> None:
    """Print paragraphs; empty paragraphs are left out."""
    console = Console(highlight=False)
    for paragraph in paragraphs:
        if paragraph:
            console.print(Text(paragraph, style))
