"""The interface of the methods of a sweep: how points are chosen, and how outcomes at them are analysed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sim.engine.outcomes import Outcome
    from sim.experiments.sweep.axes import Axis
    from sim.experiments.sweep.methods.estimates import Dependence
    from sim.experiments.sweep.sample import Sample
    from sim.experiments.sweep.settings import Design

Column = NDArray[Any]
"""Values of a key with numbers, in double precision; for words their places in `Axis.words`."""


class Method(ABC):
    """A method of a sweep; see `sim.experiments.sweep.methods` for the table of them.

    Attributes:
        name: the name in a design file.
        points: how points are chosen, in words.
        analysis: the name of the analysis, in words; empty where there is none.
        figures: the kinds of figures that show an outcome: "phase" where two levers vary or more, "interactions"
            where there are indices of pairs.
    """

    name: ClassVar[str]
    points: ClassVar[str]
    analysis: ClassVar[str] = ""
    figures: ClassVar[tuple[str, ...]] = ("tornado", "phase")

    @abstractmethod
    def count(self, design: Design, axes: Sequence[Axis]) -> int:
        """Return the number of points of a design."""

    @abstractmethod
    def sample(self, design: Design, axes: Sequence[Axis]) -> list[Column]:
        """Choose the points: one column for each key, one row for each point."""

    @abstractmethod
    def analyse(self, sample: Sample, means: NDArray[np.float64]) -> Dependence:
        """Analyse how an outcome depends on the levers.

        Args:
            sample: the points that can be used: all of a Sobol design, whole trajectories of Morris'.
            means: the outcome at each point, `(point,)`, in the order of the design.
        """

    @abstractmethod
    def words(self, dependence: Dependence, outcome: Outcome) -> str:
        """Describe in sentences how an outcome depends on the levers."""


class Sampled(Method):
    """A method that draws points between bounds."""

    def count(self, design: Design, axes: Sequence[Axis]) -> int:
        """Return the number of points of a design."""
        del axes
        return design.samples or 0

    def problem(self, axes: Sequence[Axis]) -> dict[str, Any]:
        """Return names and bounds as a problem of SALib; bounds are natural logarithms where the scale is log."""
        return {
            "num_vars": len(axes),
            "names": [axis.name for axis in axes],
            "bounds": [
                [float(np.log(bound)) if axis.log else bound for bound in (axis.low, axis.high)] for axis in axes
            ],
        }

    def sample(self, design: Design, axes: Sequence[Axis]) -> list[Column]:
        """Draw the points."""
        drawn = self.draw(self.problem(axes), design)
        columns = []
        for place, axis in enumerate(axes):
            column = np.exp(drawn[:, place]) if axis.log else drawn[:, place]
            # The exponential of a logarithm may miss its bound by a rounding; zero has one sign.
            columns.append(np.clip(column, axis.low, axis.high) + 0.0)
        return columns

    @abstractmethod
    def draw(self, problem: dict[str, Any], design: Design) -> NDArray[np.float64]:
        """Draw points within the bounds of a problem, `(point, lever)`."""
