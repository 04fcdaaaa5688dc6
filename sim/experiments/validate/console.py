"""The fact table in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.analysis.facts.rows import FactRow
from sim.analysis.facts.table import FactTable
from sim.analysis.facts.words import MARKS, evidence_words, interval_words, model_words

STYLES = {True: "green", False: "red", None: "dim"}
"""Verdict -> its colour, beside the word that stands for it, so that no one depends on colours."""


def show(table: FactTable) -> None:
    """Print the table, what disagrees, and how to read it."""
    console = Console(highlight=False)
    runs, first = len(table.seeds), table.seeds[0]
    seeds = f"seeds {first} to {table.seeds[-1]}" if runs > 1 else f"seed {first}"
    many = f"{runs} histories" if runs > 1 else "1 history"
    _print_table(console, f"{table.scenario.title}: facts ({many}, {seeds})", table.rows)
    if table.stylised:
        _print_table(console, "Stylised facts", table.stylised)
    rows = (*table.rows, *table.stylised)
    missed = {row.label: row.verdict for row in rows if row.ok is False}
    _list(console, "Where the model and the evidence disagree", missed)
    apart = {row.label: row.disagreement for row in rows if row.disagreement is not None}
    _list(console, "Where the article and the evidence disagree", apart)
    silent = {row.label: row.verdict for row in rows if row.ok is None}
    _list(console, "Where there is no verdict", silent)
    console.print(Text(f"\n{table.words}"))
    margin = f"{100.0 * table.rule.margin:.0f} percent"
    console.print(
        "Model: mean, and the interval that holds nine histories in ten. An input is fed in and proves nothing; "
        "a calibrated number was fitted; an emergent one came out. A mean agrees if it lies within the evidence, "
        f"which is never taken to be sharper than {margin}. Sources and notes: --json, or "
        "configs/data/facts.toml.",
        style="dim",
    )


def _print_table(console: Console, title: str, rows: Sequence[FactRow]) -> None:
    table = Table(title=title, box=box.SIMPLE_HEAD, title_style="bold", title_justify="left")
    table.add_column("fact")
    table.add_column("agrees", no_wrap=True)
    for name in ("article", "evidence", "model", "90 percent"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            Text.assemble(row.label, (f"\n{row.kind}, {row.unit}", "dim")),
            Text(MARKS[row.ok], STYLES[row.ok]),
            Text(row.article_says),
            Text(evidence_words(row)),
            Text(model_words(row)),
            Text(interval_words(row)),
        )
    console.print(table)


def _list(console: Console, title: str, lines: dict[str, str]) -> None:
    if not lines:
        return
    console.print(Text(f"\n{title}", style="bold"))
    for label, words in lines.items():
        console.print(Text(f"  {label}: {words}"))
