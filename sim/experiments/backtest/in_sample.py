"""The share of the fitted figures that lie within the model's 90 percent bands: nine in ten should."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.experiments.backtest.model_forecasts import ModelHistories
from sim.experiments.calibrate.history import FLOOR, Series, targets
from sim.experiments.calibrate.results import Record

ENDS = (0.05, 0.95)


@dataclass(frozen=True)
class InSampleFit:
    """How many of the fitted figures lie in their bands.

    Attributes:
        last: the quarter up to which the estimate was fitted.
        inside: group -> the number of figures within the band.
        figures: group -> the number of all figures.
        outside: the labels of the figures that lie outside.
    """

    last: str
    inside: Mapping[str, int]
    figures: Mapping[str, int]
    outside: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of all figures within their bands."""
        return sum(self.inside.values()) / sum(self.figures.values())


def in_sample(histories: ModelHistories, history: Mapping[str, Series], record: Record, seed: int) -> InSampleFit:
    """Count the fitted figures that lie within the bands of the estimate.

    A band holds what parameters, seeds and the declared error leave open. Nothing is moved to an actual.

    Args:
        histories: the histories with parameters drawn from the estimate.
        history: name -> observed series.
        record: the estimate.
        seed: the seed of the errors of figures.
    """
    generator = np.random.default_rng([seed, 2])
    inside: Counter[str] = Counter()
    figures: Counter[str] = Counter()
    outside = []
    for target in targets(history, str(record.raw["window"]["first"]), record.last):
        series = target.series
        if not series.fitted:
            continue
        numbers = histories.simulator.period(series, target.period, histories.paths)[:, 0]
        if series.change == "log":
            numbers = np.log(np.maximum(numbers, FLOOR * target.value))
        low, high = np.quantile(numbers + series.error * generator.standard_normal(len(numbers)), ENDS)
        within = low <= series.transformed(target.value) <= high
        figures[series.group] += 1
        inside[series.group] += int(within)
        if not within:
            outside.append(target.label)
    return InSampleFit(record.last, inside, figures, tuple(outside))
