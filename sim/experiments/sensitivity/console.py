"""What a person sees of a sensitivity analysis in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.engine.outcomes import BY_NAME
from sim.experiments.sensitivity.sections import MEASURES, number
from sim.report.html import REPORT

if TYPE_CHECKING:
    from pathlib import Path

    from sim.experiments.sensitivity import Sensitivity
    from sim.experiments.sensitivity.results import Finding


def show(found: Sensitivity, folder: Path) -> None:
    """Print for each outcome its indices and what they say, and where the report is."""
    console = Console(highlight=False)
    console.print(Text(f"{found.sample.design['title']}: {found.method}, {found.sample.source}", "bold"))
    for note in found.notes:
        console.print(Text(note))
    # Notes come first in the words, then a paragraph for each outcome.
    paragraphs = found.words[len(found.notes) :]
    for paragraph, finding in zip(paragraphs, found.findings.values(), strict=False):
        console.print(_table(finding))
        console.print(Text(paragraph))
    for paragraph in paragraphs[len(found.findings) :]:
        console.print(Text(f"\n{paragraph}"))
    console.print(Text(f"\nReport: {(folder / REPORT).resolve()}"), soft_wrap=True)


def _table(finding: Finding) -> Table:
    printed = Table(title=BY_NAME[finding.outcome].label, title_justify="left", box=box.SIMPLE_HEAD)
    printed.add_column("lever", no_wrap=True)
    for measure in finding.indices:
        printed.add_column(MEASURES[measure].lower(), justify="right")
    if finding.verdicts:
        printed.add_column("verdict")
    for lever in finding.ranked:
        cells = [
            f"{number(levers[lever].value)} ({number(levers[lever].low)} to {number(levers[lever].high)})"
            for levers in finding.indices.values()
        ]
        printed.add_row(lever, *cells, *([finding.verdicts[lever]] if finding.verdicts else []))
    return printed
