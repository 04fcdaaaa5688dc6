"""A calibration in the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.experiments.calibrate.results import Record
from sim.experiments.calibrate.words import FAR, fit, miss, missed


def show(record: Record) -> None:
    """Print estimates, how well the model fits, and the figures that it misses."""
    console, raw = Console(highlight=False), record.raw
    window = raw["window"]
    table = Table(
        title=f"{raw['scenario']}: estimated on {window['first']} to {window['last']}",
        box=box.SIMPLE_HEAD,
        title_style="bold",
        title_justify="left",
    )
    for name in ("parameter", "estimate", "90 percent", "prior, 90 percent", "identified"):
        table.add_column(name, justify="left" if name == "parameter" else "right")
    for key, row in raw["parameters"].items():
        as_prior = row["identified"] is False
        interval = "prior" if as_prior else f"{row['low']:.3g} to {row['high']:.3g}"
        word = "" if row["identified"] is None else "no" if as_prior else "yes"
        if raw["recovery"]["trials"]:
            word += f" ({row['coverage']:.0%}, width {row['width_of_prior']:.0%})"
        prior = f"{row['prior']['low']:g} to {row['prior']['high']:g}"
        table.add_row(key, f"{row['estimate']:.3g}", interval, prior, word)
    console.print(table)
    for sentence in fit(record):
        console.print(Text(sentence))
    far = missed(record)
    if far:
        console.print(Text(f"\nFurther off than {FAR:g} of their errors", style="bold"))
    for row in far:
        console.print(Text(f"  {miss(row)}"))
