"""Sentences of a calibration: how well the model fits, and which figures it misses."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sim.experiments.calibrate.results import Record

FAR = 2.0
"""A figure is named as missed if its gap is larger than this, in standard errors of the figure."""


def words(record: Record) -> list[str]:
    """Write how well the model fits, then the figures that it misses, the furthest first."""
    return [*fit(record), *(miss(row) for row in missed(record))]


def fit(record: Record) -> list[str]:
    """Write the typical gaps of fitted and of other figures, and what the gaps mean for the intervals."""
    raw = record.raw
    held_out = f"Held out, to {raw['window']['held_out']}"
    names = {"fitted": "Fitted figures", "judged": "Figures not fitted to", "held out": held_out}
    counts = Counter(row["use"] for row in raw["targets"])
    sentences = [
        f"{names[use]}: {counts[use]}, root mean square gap {gap:.2f} times their standard errors"
        for use, gap in raw["root_mean_square_gap"].items()
        if gap is not None
    ]
    if raw["inflation"] > 1.0:
        wider = f"all variances are multiplied by {raw['inflation']:.2f}."
        sentences.append(f"Gaps are larger than the scatter of histories and the errors of figures allow: {wider}")
    if not raw["recovery"]["trials"]:
        sentences.append("Recovery was not tried (0 trials), so that no parameter is called identified.")
    return sentences


def missed(record: Record) -> list[Mapping[str, Any]]:
    """Select the figures that the model misses by more than `FAR` standard errors, the largest gaps first."""
    far = [row for row in record.raw["targets"] if abs(row["gap_in_errors"] or 0.0) > FAR]
    return sorted(far, key=lambda row: -abs(row["gap_in_errors"]))


def miss(row: Mapping[str, Any]) -> str:
    """Write one figure that the model misses: the model's number, the observed one, and what it is used for."""
    return (
        f"{row['label']}, {row['period']}: model {row['model']:.3g}, observed {row['observed']:.3g} {row['unit']} "
        f"({row['use']})"
    )
