"""A calibration in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from sim.experiments.calibrate.runner import Calibration
from sim.experiments.calibrate.runner import Progress as Tell

STAGES = {"recovery": "Histories with known parameters", "search": "Looking for the best parameters"}
FAR = 2.0
"""Errors from which a gap is told."""


@contextmanager
def told() -> Iterator[Tell]:
    """Show how far a calibration is, on standard error."""
    words = (TextColumn("{task.description}"), TextColumn("{task.fields[words]}"))
    columns = (words[0], BarColumn(), MofNCompleteColumn(), words[1], TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        bars = {}

        def tell(stage: str, done: int, whole: int, words: str) -> None:
            if stage not in bars:
                bars[stage] = shown.add_task(STAGES[stage], total=whole, words="")
            shown.update(bars[stage], completed=done, words=words)

        yield tell


def show(found: Calibration) -> None:
    """Print estimates, what could not be recovered, where the model misses, and where the record is."""
    console, raw = Console(highlight=False), found.record.raw
    window = raw["window"]
    tried = raw["recovery"]["trials"]
    table = Table(
        title=f"{raw['scenario']}: estimated on {window['first']} to {window['last']}",
        box=box.SIMPLE_HEAD,
        title_style="bold",
        title_justify="left",
    )
    for name in ("parameter", "estimate", "90 percent", "prior, 90 percent", "identified"):
        table.add_column(name, justify="left" if name == "parameter" else "right")
    for key, one in raw["parameters"].items():
        prior = one["prior"]
        kept = one["identified"] is False
        interval = "prior" if kept else f"{one['low']:.3g} to {one['high']:.3g}"
        word = "" if one["identified"] is None else "no" if kept else "yes"
        if tried:
            word += f" ({one['coverage']:.0%}, width {one['width_of_prior']:.0%})"
        prior_words = f"{prior['low']:g} to {prior['high']:g}"
        table.add_row(key, f"{one['estimate']:.3g}", interval, prior_words, word)
    console.print(table)
    gaps = raw["root_mean_square_gap"]
    for use, words in (
        ("fitted", "Fitted figures"),
        ("judged", "Figures not fitted to"),
        ("held out", f"Held out, to {window['held_out']}"),
    ):
        if gaps[use] is not None:
            count = sum(row["use"] == use for row in raw["targets"])
            console.print(Text(f"{words}: {count}, root mean square gap {gaps[use]:.2f} of their errors"))
    far = [row for row in raw["targets"] if row["gap_in_errors"] is not None and abs(row["gap_in_errors"]) > FAR]
    if far:
        console.print(Text(f"\nFurther off than {FAR:g} of their errors", style="bold"))
    for row in sorted(far, key=lambda row: -abs(row["gap_in_errors"])):
        words = f"model {row['model']:.3g}, observed {row['observed']:.3g} {row['unit']} ({row['use']})"
        console.print(Text(f"  {row['label']}, {row['period']}: {words}"))
    if raw["inflation"] > 1.0:
        wider = f"variances are widened {raw['inflation']:.2f} times."
        console.print(Text(f"\nGaps are larger than scatter and errors allow: {wider}"))
    if not tried:
        console.print(Text("No recovery was tried: nothing is called identified.", style="dim"))
    console.print(Text(f"Record: {(found.path / 'record.json').resolve()}"), soft_wrap=True)
