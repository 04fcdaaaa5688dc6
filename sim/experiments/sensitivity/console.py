"""Prints a sensitivity analysis in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.engine.outcomes import BY_NAME
from sim.experiments.sensitivity.sections import MEASURES, index_text
from sim.report.html import REPORT

if TYPE_CHECKING:
    from pathlib import Path

    from sim.experiments.sensitivity import Sensitivity
    from sim.experiments.sensitivity.results import Finding


def show(analysis: Sensitivity, folder: Path) -> None:
    """Print the indices of each outcome with their meaning, and where the report is."""
    console = Console(highlight=False)
    sample, notes = analysis.sample, len(analysis.notes)
    console.print(Text(f"{sample.design['title']}: {analysis.method}, {sample.source}", "bold"))
    # Notes come first in the words, then a paragraph for each outcome.
    tables = dict(enumerate(map(_table, analysis.findings.values()), start=notes))
    for place, paragraph in enumerate(analysis.words):
        if place in tables:
            console.print(tables[place])
        console.print(Text(paragraph if place < notes + len(tables) else f"\n{paragraph}"))
    console.print(Text(f"\nReport: {(folder / REPORT).resolve()}"), soft_wrap=True)


def _table(finding: Finding) -> Table:
    printed = Table(title=BY_NAME[finding.outcome].label, title_justify="left", box=box.SIMPLE_HEAD)
    printed.add_column("lever", no_wrap=True)
    for measure in finding.indices:
        printed.add_column(MEASURES[measure].lower(), justify="right")
    if finding.verdicts:
        printed.add_column("verdict")
    for lever in finding.ranked:
        estimates = [levers[lever] for levers in finding.indices.values()]
        cells = [f"{index_text(e.value)} ({index_text(e.low)} to {index_text(e.high)})" for e in estimates]
        printed.add_row(lever, *cells, *([finding.verdicts[lever]] if finding.verdicts else []))
    return printed
