"""Sobol indices: what part of the variance of an outcome each lever explains, alone and with others."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import needs
from sim.experiments.compare.paired import CONFIDENCE
from sim.experiments.sensitivity.resampling import SEED, convergence, interval, next_power, resamples, unsettled
from sim.experiments.sensitivity.results import Estimate
from sim.experiments.sensitivity.sample import Sample


def indices(sample: Sample, means: NDArray[np.float64]) -> dict[str, Any]:
    """First, total and second-order indices with bootstrap intervals.

    Estimators of Saltelli et al. (2010) and, for pairs, Saltelli (2002), by SALib; base points are resampled with
    all the points that go with them.

    Args:
        sample: a whole Sobol design; without points for pairs there are no second-order indices.
        means: the outcome at each point, `(point,)`, in the order of the design.

    Returns:
        Fields of a `Finding`.
    """
    needs("SALib", extra="sensitivity")
    from SALib.analyze import sobol

    names = sample.names
    pairwise = bool(sample.design["second_order"])
    step = (2 if pairwise else 1) * len(names) + 2
    size = len(means) // step
    problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    found = sobol.analyze(
        problem,
        means,
        calc_second_order=pairwise,
        num_resamples=resamples(size),
        conf_level=CONFIDENCE,
        keep_resamples=True,
        seed=SEED,
    )
    first = _estimates(names, found["S1"], found["S1_conf_all"])
    total = _estimates(names, found["ST"], found["ST_conf_all"])
    pairs = {
        (names[i], names[j]): _around(found["S2"][i, j], found["S2_conf"][i, j])
        for i, j in combinations(range(len(names)), 2)
        if pairwise
    }
    ranked = tuple(sorted(names, key=lambda name: -total[name].value))
    ties = unsettled(ranked, names, found["ST_conf_all"], 1.0)
    judged, measure = max(
        ((first, "first order"), (total, "total order")),
        key=lambda pair: max(found.half_width for found in pair[0].values()),
    )
    return {
        "indices": {"first_order": first, "total_order": total},
        "ranked": ranked,
        "interactions": pairs,
        "convergence": convergence(
            measure, judged, ties, size, lambda base: next_power(base) * step * sample.replicates
        ),
    }


def _estimates(
    names: tuple[str, ...], values: NDArray[np.float64], drawn: NDArray[np.float64]
) -> dict[str, Estimate]:
    return {name: Estimate(float(values[place]), *interval(drawn[:, place])) for place, name in enumerate(names)}


def _around(value: float, half: float) -> Estimate:
    return Estimate(float(value), float(value - half), float(value + half))
