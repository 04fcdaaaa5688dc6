"""When technical progress reaches the market for GPUs: with generations, not drop by drop."""

from __future__ import annotations

from collections.abc import Sequence

from sim.scenario.quarters import ROLLOUT, between


def arrival(quarters: Sequence[str], generations: Sequence[str]) -> list[float]:
    """How much of a year's progress arrives in each quarter.

    Between two generations nothing arrives; what has gathered since the one before arrives over the four quarters
    from a generation's first use in volume. Before the first generation named, and once the last has been
    rolled out, one comes every year: a quarter of a year's progress each quarter. So progress is as fast in the
    long run wherever generations lie.

    Args:
        quarters: labels such as 2024Q1.
        generations: labels of first use in volume, in order, at least four quarters apart.

    Returns:
        Years of progress, one number a quarter.
    """
    return [_arriving(quarter, generations) / 4.0 for quarter in quarters]


def _arriving(quarter: str, generations: Sequence[str]) -> float:
    """Pace of progress in a quarter, as a multiple of its pace in the long run."""
    come = [launch for launch in generations if launch <= quarter]
    if come and between(come[-1], quarter) < ROLLOUT:
        return between(come[-2], come[-1]) / ROLLOUT if len(come) > 1 else 1.0
    return 0.0 if 0 < len(come) < len(generations) else 1.0
