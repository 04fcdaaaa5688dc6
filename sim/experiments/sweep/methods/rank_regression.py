"""Rank regression, the analysis of designs that are not made for sensitivity: random, Latin hypercube, grid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.experiments.sweep.methods.estimates import (
    SEED,
    SHOWN,
    Dependence,
    Estimate,
    estimates,
    judge,
    listed,
    resamples,
)
from sim.experiments.sweep.methods.interface import Method
from sim.report.numbers import MINUS

if TYPE_CHECKING:
    from sim.engine.outcomes import Outcome
    from sim.experiments.sweep.sample import Sample

UNCLEAR = "cannot be distinguished from zero"
"""Verdict on a lever whose coefficient may have either sign."""


class RankRegression(Method):
    """A method whose points are analysed by standardised rank regression."""

    def analyse(self, sample: Sample, means: NDArray[np.float64]) -> Dependence:
        """Return standardised rank regression coefficients with bootstrap intervals over points.

        Saltelli and Sobol (1995): ranks of the outcome on ranks of the levers, all with mean zero and variance
        one. A coefficient of 1 or -1 is a monotone outcome of that lever alone. Words count by their places in
        the design.
        """
        from scipy.stats import rankdata

        names, size = sample.names, len(means)
        x = rankdata(sample.cube(), axis=0)
        y = rankdata(means)
        values, explained = _regression(x, y)
        rng = np.random.default_rng(SEED)
        count = resamples(size * len(names))
        drawn = np.stack([_regression(x[rows], y[rows])[0] for rows in rng.integers(size, size=(count, size))])
        coefficients = estimates(names, values, drawn)
        ranked, convergence = judge(
            "rank regression",
            coefficients,
            np.abs(values),
            np.abs(drawn),
            size,
            lambda points: math.ceil(points) * sample.replicates,
        )
        return Dependence(
            indices={"rank_regression": coefficients},
            ranked=ranked,
            explained=explained,
            verdicts={lever.name: _verdict(coefficients[lever.name], bool(lever.words)) for lever in sample.levers},
            convergence=convergence,
        )

    def words(self, dependence: Dependence, outcome: Outcome) -> str:
        """Describe in sentences how an outcome depends on the levers."""
        del outcome
        estimates = dependence.indices["rank_regression"]
        parts = [
            f"{name} {dependence.verdicts[name]} (rank regression {_index_words(estimates[name])})"
            for name in dependence.ranked[:SHOWN]
            if dependence.verdicts[name] != UNCLEAR
        ]
        text = f"Of the levers, {listed(parts)}." if parts else "No lever can be distinguished from zero."
        share = f"{100.0 * dependence.explained:.0f}%"
        if dependence.explained < 0.7:
            return (
                f"{text} The regression explains only {share} of the variance of ranks: the rest is not monotone, "
                "or interactions, which a Sobol design would show."
            )
        return f"{text} The regression explains {share} of the variance of ranks."


def _verdict(estimate: Estimate, words: bool) -> str:
    if not (estimate.low > 0.0 or estimate.high < 0.0):
        return UNCLEAR
    if words:
        return "moves it"
    return "raises it" if estimate.value > 0.0 else "lowers it"


def _regression(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return coefficients of standardised columns, and the share of the variance that they explain."""
    spread, deviation = x.std(axis=0), y.std()
    if not deviation > 0.0:
        return np.zeros(x.shape[1]), math.nan
    z = (x - x.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    target = (y - y.mean()) / deviation
    coefficients = np.linalg.lstsq(z, target, rcond=None)[0]
    return coefficients, float(1.0 - ((target - z @ coefficients) ** 2).mean())


def _index_words(estimate: Estimate) -> str:
    return f"{estimate.value:.2f}, {estimate.low:.2f} to {estimate.high:.2f}".replace("-", MINUS)
