"""The method "sobol": the share of the variance that each lever explains, alone and with others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import needs
from sim.experiments.compare.paired import CONFIDENCE
from sim.experiments.sweep.methods.estimates import (
    NEGLIGIBLE,
    SEED,
    SHOWN,
    Dependence,
    Estimate,
    estimates,
    judge,
    listed,
    next_power,
    percent_words,
    resamples,
)
from sim.experiments.sweep.methods.interface import Sampled

if TYPE_CHECKING:
    from sim.engine.outcomes import Outcome
    from sim.experiments.sweep.axes import Axis
    from sim.experiments.sweep.sample import Sample
    from sim.experiments.sweep.settings import Design


class Sobol(Sampled):
    """Saltelli's extension of a Sobol sequence, analysed by Sobol indices."""

    name = "sobol"
    points = "a Sobol design for sensitivity indices"
    analysis = "Sobol indices"
    figures = ("indices", "interactions", "tornado", "phase")

    def count(self, design: Design, axes: Sequence[Axis]) -> int:
        """Return the number of points of a design."""
        keys = len(axes)
        return (design.samples or 0) * (2 * keys + 2 if design.second_order else keys + 2)

    def draw(self, problem: dict[str, Any], design: Design) -> NDArray[np.float64]:
        """Draw the base points, each followed by the points that belong to it."""
        needs("SALib", extra="sensitivity")
        from SALib.sample import sobol

        pairs, seed = design.second_order, design.design_seed
        return np.asarray(sobol.sample(problem, design.samples or 0, calc_second_order=pairs, seed=seed))

    def analyse(self, sample: Sample, means: NDArray[np.float64]) -> Dependence:
        """Return first, total and second-order indices with bootstrap intervals.

        Estimators of Saltelli et al. (2010) and, for pairs, Saltelli (2002), by SALib; base points are resampled
        with all the points that belong to them. Without points for pairs there are no second-order indices.
        """
        needs("SALib", extra="sensitivity")
        from SALib.analyze import sobol

        names = sample.names
        pairwise = bool(sample.design["second_order"])
        step = (2 if pairwise else 1) * len(names) + 2
        size = len(means) // step
        problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
        indices = sobol.analyze(
            problem,
            means,
            calc_second_order=pairwise,
            num_resamples=resamples(size),
            conf_level=CONFIDENCE,
            keep_resamples=True,
            seed=SEED,
        )
        first = estimates(names, indices["S1"], indices["S1_conf_all"])
        total = estimates(names, indices["ST"], indices["ST_conf_all"])
        pairs = {
            (names[i], names[j]): _around(indices["S2"][i, j], indices["S2_conf"][i, j])
            for i, j in combinations(range(len(names)), 2)
            if pairwise
        }
        estimated, measure = max(
            ((first, "first order"), (total, "total order")),
            key=lambda pair: max(estimate.half_width for estimate in pair[0].values()),
        )
        runs = step * sample.replicates
        ranked, convergence = judge(
            measure, estimated, indices["ST"], indices["ST_conf_all"], size, lambda base: next_power(base) * runs
        )
        return Dependence(
            indices={"first_order": first, "total_order": total},
            ranked=ranked,
            interactions=pairs,
            convergence=convergence,
        )

    def words(self, dependence: Dependence, outcome: Outcome) -> str:
        """Describe in sentences how an outcome depends on the levers."""
        del outcome
        first, total = dependence.indices["first_order"], dependence.indices["total_order"]
        parts = []
        for name in dependence.ranked[:SHOWN]:
            with_others = f"{percent_words(total[name])} with its interactions"
            if total[name].high < NEGLIGIBLE:
                continue
            if first[name].low > 0.0:
                parts.append(f"{name} explains {percent_words(first[name])} alone and {with_others}")
            else:
                parts.append(f"{name} explains {with_others}, alone nothing that can be distinguished from zero")
        text = "No lever explains more than a few percent of the variance between points."
        if parts:
            text = f"Of the variance between points, {listed(parts)}."
        alone = sum(estimate.value for estimate in first.values())
        if 0.0 <= alone < 1.0 - NEGLIGIBLE:
            text += f" Levers one by one explain {100.0 * alone:.0f}%, their interactions the rest."
        pairs = dependence.clear_interactions
        if pairs:
            (a, b), index = max(pairs.items(), key=lambda item: item[1].value)
            if index.value >= NEGLIGIBLE:
                text += f" The largest interaction is that of {a} with {b}: {percent_words(index)}."
        return text


def _around(value: float, half: float) -> Estimate:
    return Estimate(float(value), float(value - half), float(value + half))
