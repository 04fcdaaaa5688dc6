"""The terminal output of a validation: the fact table, and where model, article and evidence disagree."""

from collections.abc import Sequence

from rich.text import Text

from sim.analysis.facts.rows import MARKS, FactRow, evidence_words, interval_words, model_words
from sim.analysis.facts.table import FactTable
from sim.report import terminal

STYLES = {True: "green", False: "red", None: "dim"}
"""Verdict -> its colour; each verdict is also written as a word, for readers who cannot tell colours apart."""


def show(table: FactTable) -> None:
    """Print the table, the facts that disagree or have no verdict, and how to read the table."""
    runs, first = len(table.seeds), table.seeds[0]
    ensemble = f"{runs} histories, seeds {first} to {table.seeds[-1]}" if runs > 1 else f"1 history, seed {first}"
    _show_rows(f"{table.scenario.title}: facts ({ensemble})", table.rows)
    if table.stylised:
        _show_rows("Stylised facts", table.stylised)
    rows = (*table.rows, *table.stylised)
    for title, reasons in (
        ("Where the model and the evidence disagree", [(row, row.verdict) for row in rows if row.ok is False]),
        ("Where the article and the evidence disagree", [(row, row.disagreement) for row in rows]),
        ("Where there is no verdict", [(row, row.verdict) for row in rows if row.ok is None]),
    ):
        lines = [f"{row.label}: {reason}" for row, reason in reasons if reason is not None]
        terminal.show_list(title, lines)
    terminal.show(f"\n{table.words}")
    terminal.show(
        "Model: mean, and the interval that holds nine histories in ten. An input is fed in and proves nothing; a "
        "calibrated number was fitted; an emergent one came out. A mean agrees if it lies in the evidence's range, "
        f"never taken to be more precise than {100.0 * table.rule.margin:.0f} percent. Sources and notes: "
        "configs/data/facts.toml.",
        style="dim",
    )


def _show_rows(title: str, rows: Sequence[FactRow]) -> None:
    cells = [
        (
            Text.assemble(row.label, (f"\n{row.kind}, {row.unit}", "dim")),
            Text(MARKS[row.ok], STYLES[row.ok]),
            row.article_says,
            evidence_words(row),
            model_words(row),
            interval_words(row),
        )
        for row in rows
    ]
    terminal.show_table(title, ("fact", "agrees", "article", "evidence", "model", "90 percent"), cells, texts=2)
