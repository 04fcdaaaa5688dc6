"""The uncertainty of outcomes by source, as numbers by quarter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


Kind = Literal["seed", "parameters", "scenario"]


PRIORS = "priors"
"""In place of a record: draws from what was believed before looking."""


LEVELS = (0.05, 0.95)
"""Ends of the intervals: they hold nine lines in ten."""


@dataclass(frozen=True)
class Measure:
    """An outcome that is followed over the quarters.

    Attributes:
        name: of the reading.
        title: in plain words.
        unit: as it is drawn.
        cumulated: whether it is added up from the opening on.
    """

    name: str
    title: str
    unit: str
    cumulated: bool = False


HEADLINE = Measure("interest_funded_gpu_usd_bn", "GPUs paid with interest so far", "USD bn", True)


OTHERS = (
    Measure("tokens_usd_bn", "Tokens outstanding", "USD bn"),
    Measure("interest_received_usd_bn", "Interest earned by issuers", "USD bn a quarter"),
    Measure("gpu_rent_usd_hour", "Rent of a GPU", "USD an hour"),
)


MEASURES = (HEADLINE, *OTHERS)


@dataclass(frozen=True)
class Source:
    """One source of uncertainty: lines that differ in it alone.

    Attributes:
        kind: which source it is.
        histories: that were run for it.
        lines: measure -> one line per seed, draw or scenario, `(line, quarter)`, the opening first.
        labels: names of the lines, where they have names.
        left_out: draws that could not be run.
    """

    kind: Kind
    histories: int
    lines: dict[str, Float[Numbers, "line quarter"]]
    labels: tuple[str, ...] = ()
    left_out: int = 0

    def ends(self, measure: str, quarter: int = -1) -> tuple[float, float, float]:
        """Low, middle and high of a measure in one quarter.

        Scenarios are chosen, not drawn, so that there is no part of them to leave out: their ends are the lowest
        and the highest.
        """
        values = self.lines[measure][:, quarter]
        if self.kind == "scenario":
            return float(values.min()), float(np.median(values)), float(values.max())
        low, high = np.quantile(values, LEVELS)
        return float(low), float(np.median(values)), float(high)

    def width(self, measure: str, quarter: int = -1) -> float:
        """From the low to the high end."""
        low, _, high = self.ends(measure, quarter)
        return high - low


@dataclass(frozen=True)
class Uncertainty:
    """The three sources, on the same outcomes.

    Attributes:
        sources: by kind, in the order seed, parameters, scenario.
        quarters: labels, the opening first.
        drawn_from: what parameters were drawn from: the last quarter of an estimate, or "priors".
        seed: that draws of parameters share.
        baseline: title of the scenario that seeds and draws belong to.
    """

    sources: dict[Kind, Source]
    quarters: tuple[str, ...]
    drawn_from: str
    seed: int
    baseline: str

    def widest(self, measure: str) -> list[Kind]:
        """Return the sources by their width in the last quarter, the widest first."""
        return sorted(self.sources, key=lambda kind: -self.sources[kind].width(measure))
