"""What a method of a sweep is: how it chooses points, and how it analyses what came out at them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sim.engine.outcomes import Outcome
    from sim.experiments.sweep.axes import Axis, Varied
    from sim.experiments.sweep.methods.estimates import Dependence
    from sim.experiments.sweep.settings import Design

Column = NDArray[Any]
"""Of a key with numbers its values, double precision; of a key with words their places in `Axis.words`."""


class Points(Protocol):
    """The points of a sweep that can be used, as an analysis sees them."""

    @property
    def levers(self) -> tuple[Varied, ...]:
        """What is varied, in the order of the design."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the levers."""

    @property
    def design(self) -> dict[str, Any]:
        """The design, as in `design.json`."""

    @property
    def replicates(self) -> int:
        """Histories at each point."""

    def cube(self) -> NDArray[np.float64]:
        """Return the points with every lever from 0 to 1 (words by their places), `(point, lever)`."""


class Method(ABC):
    """A method of a sweep; see `sim.experiments.sweep.methods` for the table of them.

    Attributes:
        name: as in a design file.
        points: how points are chosen, in words.
        analysis: what the analysis is, in words; empty where there is none.
    """

    name: ClassVar[str]
    points: ClassVar[str]
    analysis: ClassVar[str] = ""

    @abstractmethod
    def count(self, design: Design, axes: Sequence[Axis]) -> int:
        """Return how many points a design has."""

    def problem(self, axes: Sequence[Axis]) -> dict[str, Any] | None:
        """Return what SALib calls the problem, for methods that draw points between bounds; else None."""
        del axes
        return None

    @abstractmethod
    def sample(self, design: Design, axes: Sequence[Axis]) -> list[Column]:
        """Choose the points: one column for each key, one row for each point."""

    @abstractmethod
    def analyse(self, sample: Points, means: NDArray[np.float64]) -> Dependence:
        """Analyse how an outcome depends on the levers.

        Args:
            sample: the points that can be used.
            means: the outcome at each point, `(point,)`, in the order of the design.
        """

    @abstractmethod
    def words(self, dependence: Dependence, outcome: Outcome) -> str:
        """Return what an analysis says of an outcome, in sentences."""

    def figures(self, levers: int, pairs: bool) -> tuple[str, ...]:
        """Return the kinds of figures that show an outcome.

        Args:
            levers: how many levers vary.
            pairs: whether there are indices of pairs of levers.
        """
        del pairs
        return ("tornado", "phase") if levers >= 2 else ("tornado",)


class Sampled(Method):
    """A method that draws points between bounds."""

    def count(self, design: Design, axes: Sequence[Axis]) -> int:
        """Return how many points a design has."""
        del axes
        return design.samples or 0

    def problem(self, axes: Sequence[Axis]) -> dict[str, Any]:
        """Return names, and bounds in the space that is sampled (natural logarithms where log), as SALib does."""
        return {
            "num_vars": len(axes),
            "names": [axis.name for axis in axes],
            "bounds": [[float(bound) for bound in _bounds(axis)] for axis in axes],
        }

    def sample(self, design: Design, axes: Sequence[Axis]) -> list[Column]:
        """Draw the points."""
        drawn = self.draw(self.problem(axes), design)
        columns = []
        for place, axis in enumerate(axes):
            column = np.exp(drawn[:, place]) if axis.scale == "log" else drawn[:, place]
            # The exponential of a logarithm may miss its bound by a rounding; zero has one sign.
            columns.append(np.clip(column, axis.low, axis.high) + 0.0)
        return columns

    @abstractmethod
    def draw(self, problem: dict[str, Any], design: Design) -> NDArray[np.float64]:
        """Draw points within the bounds of a problem, `(point, lever)`."""


def _bounds(axis: Axis) -> tuple[float, float]:
    low, high = float(axis.low or 0.0), float(axis.high or 0.0)
    return (float(np.log(low)), float(np.log(high))) if axis.scale == "log" else (low, high)
