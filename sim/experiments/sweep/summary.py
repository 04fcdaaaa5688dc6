"""Outcomes of a sweep in a few numbers each: mean, spread and percentiles over its runs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from sim.engine.outcomes import OUTCOMES
from sim.experiments.sweep.folder import Sweep
from sim.runs.run import quoted

LEVELS = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Summary:
    """One outcome over runs, in its unit; those without numbers are left out, and NaN is no answer.

    Attributes:
        mean: NaN where the outcome has no limit in some run.
        sd: standard deviation; NaN likewise, and for a single run.
        p05: below it are 5 percent of the runs.
        p50: the median.
        p95: below it are 95 percent.
    """

    mean: float
    sd: float
    p05: float
    p50: float
    p95: float

    def to_dict(self) -> dict[str, float]:
        """As plain data."""
        return asdict(self)


def summaries(sweep: Sweep, names: Iterable[str] | None = None) -> dict[str, Summary]:
    """Outcome -> its summary over all runs that are there.

    Args:
        sweep: finished or not.
        names: of outcomes; all if left out.
    """
    wanted = [outcome.name for outcome in OUTCOMES] if names is None else names
    # One after the other, so that memory holds one column.
    return {name: _summary(sweep, name) for name in wanted}


def _summary(sweep: Sweep, outcome: str) -> Summary:
    name = quoted(outcome)
    asked = (
        f"SELECT count_if(isinf({name})) AS endless, avg({name}) FILTER (isfinite({name})) AS mean, "
        f"stddev_samp({name}) FILTER (isfinite({name})) AS deviation, "
        f"quantile_cont({name}, {list(LEVELS)}) AS quantiles FROM outcomes WHERE problem IS NULL"
    )
    found = sweep.query(asked).iloc[0]
    finite = not found["endless"]
    quantiles = found["quantiles"]
    told = [found["mean"] if finite else None, found["deviation"] if finite else None]
    told += list(quantiles) if np.ndim(quantiles) else [None] * len(LEVELS)
    return Summary(*(math.nan if number is None else float(number) for number in told))
