"""The terminal output of a calibration: the estimates, and the figures that the model misses."""

from collections.abc import Mapping
from typing import Any

from sim.experiments.calibrate.results import Record
from sim.experiments.calibrate.words import FAR, fit, miss, missed
from sim.report import terminal


def show(record: Record) -> None:
    """Print the estimates, how well the model fits, and the figures that the model misses."""
    window, trials = record.raw["window"], record.raw["recovery"]["trials"]
    terminal.show_table(
        f"{record.raw['scenario']}: estimated on {window['first']} to {window['last']}",
        ("parameter", "estimate", "90 percent", "prior, 90 percent", "identified"),
        [_cells(key, row, trials) for key, row in record.raw["parameters"].items()],
    )
    terminal.show(*fit(record))
    terminal.show_list(f"Figures missed by more than {FAR:g} standard errors", [miss(row) for row in missed(record)])


def _cells(key: str, row: Mapping[str, Any], trials: int) -> tuple[str, ...]:
    as_prior = row["identified"] is False
    interval = "prior" if as_prior else f"{row['low']:.3g} to {row['high']:.3g}"
    prior = f"{row['prior']['low']:g} to {row['prior']['high']:g}"
    verdict = "" if row["identified"] is None else "no" if as_prior else "yes"
    if trials:
        verdict += f" ({row['coverage']:.0%}, width {row['width_of_prior']:.0%})"
    return key, f"{row['estimate']:.3g}", interval, prior, verdict
