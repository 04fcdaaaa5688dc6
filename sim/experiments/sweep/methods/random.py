"""The method "random": points drawn at random, independent and uniform, analysed by rank regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.experiments.sweep.methods.interface import Sampled
from sim.experiments.sweep.methods.rank_regression import RankRegression

if TYPE_CHECKING:
    from sim.experiments.sweep.settings import Design


class Random(Sampled, RankRegression):
    """Points drawn at random, analysed by rank regression."""

    name = "random"
    points = "points drawn at random"
    analysis = "rank regression over a random sample"

    def draw(self, problem: dict[str, Any], design: Design) -> NDArray[np.float64]:
        """Draw every number independently."""
        bounds = np.array(problem["bounds"])
        uniform = np.random.default_rng(design.design_seed).random((design.samples or 0, len(bounds)))
        return np.asarray(bounds[:, 0] + uniform * (bounds[:, 1] - bounds[:, 0]))
