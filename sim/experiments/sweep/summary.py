"""The summary of an outcome of a sweep: mean, standard deviation and percentiles over its runs."""

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
    """One outcome in its unit, over the runs that have numbers; NaN where a number does not exist.

    Attributes:
        mean: the mean; NaN where the outcome is infinite in some run.
        sd: the standard deviation; NaN likewise, and for a single run.
        p05: the 5th percentile.
        p50: the median.
        p95: the 95th percentile.
    """

    mean: float
    sd: float
    p05: float
    p50: float
    p95: float

    def to_dict(self) -> dict[str, float]:
        """Return the numbers as plain data."""
        return asdict(self)


def summaries(sweep: Sweep, names: Iterable[str] | None = None) -> dict[str, Summary]:
    """Return outcome -> its summary over the finished runs.

    Args:
        sweep: a sweep, finished or not.
        names: the names of the outcomes; all if left out.
    """
    names = [outcome.name for outcome in OUTCOMES] if names is None else names
    # One query for each, so that memory holds one column.
    return {name: _summary(sweep, name) for name in names}


def _summary(sweep: Sweep, outcome: str) -> Summary:
    name = quoted(outcome)
    sql = (
        f"SELECT count_if(isinf({name})) AS endless, avg({name}) FILTER (isfinite({name})) AS mean, "
        f"stddev_samp({name}) FILTER (isfinite({name})) AS deviation, "
        f"quantile_cont({name}, {list(LEVELS)}) AS quantiles FROM outcomes WHERE problem IS NULL"
    )
    row = sweep.query(sql).iloc[0]
    moments = [None, None] if row["endless"] else [row["mean"], row["deviation"]]
    quantiles = list(row["quantiles"]) if np.ndim(row["quantiles"]) else [None] * len(LEVELS)
    return Summary(*(math.nan if number is None else float(number) for number in (*moments, *quantiles)))
