"""The method "latin_hypercube": the range of every key in as many slices as points, one point in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import needs
from sim.experiments.sweep.methods.interface import Sampled
from sim.experiments.sweep.methods.rank_regression import RankRegression

if TYPE_CHECKING:
    from sim.experiments.sweep.settings import Design


class LatinHypercube(Sampled, RankRegression):
    """A Latin hypercube by SALib, analysed by rank regression."""

    name = "latin_hypercube"
    points = "a Latin hypercube: every lever covers its range evenly"
    analysis = "rank regression over a Latin hypercube"

    def draw(self, problem: dict[str, Any], design: Design) -> NDArray[np.float64]:
        """Draw one point in each slice."""
        needs("SALib", extra="sensitivity")
        from SALib.sample import latin

        return np.asarray(latin.sample(problem, design.samples or 0, seed=design.design_seed))
