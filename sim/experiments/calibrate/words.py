"""Sentences of a calibration: how well the model fits, and which figures it misses."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sim.experiments.calibrate.results import Record

FAR = 2.0
"""The gap from which a figure is named, in errors of the figure."""


def words(record: Record) -> list[str]:
    """Write how well the model fits, then the figures that it misses, the furthest first."""
    return [*fit(record), *(miss(row) for row in missed(record))]


def fit(record: Record) -> list[str]:
    """Write the typical gap of fitted and other figures, and what follows for the intervals."""
    raw = record.raw
    held_out = f"Held out, to {raw['window']['held_out']}"
    names = {"fitted": "Fitted figures", "judged": "Figures not fitted to", "held out": held_out}
    counts = Counter(row["use"] for row in raw["targets"])
    sentences = [
        f"{names[use]}: {counts[use]}, root mean square gap {gap:.2f} of their errors"
        for use, gap in raw["root_mean_square_gap"].items()
        if gap is not None
    ]
    if raw["inflation"] > 1.0:
        wider = f"variances are widened {raw['inflation']:.2f} times."
        sentences.append(f"Gaps are larger than scatter and errors allow: {wider}")
    if not raw["recovery"]["trials"]:
        sentences.append("No recovery was tried: nothing is called identified.")
    return sentences


def missed(record: Record) -> list[Mapping[str, Any]]:
    """Select the figures that the model misses by more than `FAR` of their errors, the furthest first."""
    far = [row for row in record.raw["targets"] if abs(row["gap_in_errors"] or 0.0) > FAR]
    return sorted(far, key=lambda row: -abs(row["gap_in_errors"]))


def miss(row: Mapping[str, Any]) -> str:
    """Write a figure that the model misses."""
    return (
        f"{row['label']}, {row['period']}: model {row['model']:.3g}, observed {row['observed']:.3g} {row['unit']} "
        f"({row['use']})"
    )
