"""Bands over the quarters that were fitted: nine figures in ten should lie in those of 90 percent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.experiments.backtest.model_forecasts import simulator_to, usable
from sim.experiments.calibrate.history import FLOOR, Series, targets
from sim.experiments.calibrate.problem import Problem
from sim.experiments.calibrate.record import Record
from sim.histories import Engine

ENDS = (0.05, 0.95)


@dataclass(frozen=True)
class InSample:
    """How many of the fitted figures lie in their bands.

    Attributes:
        last: quarter up to which the estimate was fitted.
        inside: group -> figures within the band.
        figures: group -> figures in all.
        outside: labels of the figures that lie outside.
    """

    last: str
    inside: Mapping[str, int]
    figures: Mapping[str, int]
    outside: tuple[str, ...]

    @property
    def share(self) -> float:
        """Share of all figures within their bands."""
        return sum(self.inside.values()) / sum(self.figures.values())


def in_sample(
    problem: Problem,
    history: Mapping[str, Series],
    record: Record,
    draws: int,
    seed: int,
    engine: Engine,
    end: str,
) -> InSample:
    """Run the estimate over the quarters that it was fitted to, and count the figures within the bands.

    A band holds what parameters, seeds and the declared error leave open. Nothing is moved to an actual.

    Args:
        problem: parameters and scenario.
        history: every series.
        record: the estimate.
        draws: parameters, and a seed for each.
        seed: of the first history and of all that is drawn.
        engine: as in `sim.ensemble`.
        end: quarter that histories end with at least, as those of the forecasts do: one program serves both.

    Raises:
        ScenarioError: if too few histories can be used.
    """
    first, last = str(record.raw["window"]["first"]), record.last
    fitted = [target for target in targets(history, first, last) if target.series.fitted]
    simulator = simulator_to(problem, history, max(end, last), last, engine)
    paths = simulator.drawn(record.draws(problem, draws, seed), range(seed, seed + draws))
    kept = usable(paths, last)
    generator = np.random.default_rng([seed, 2])
    inside: dict[str, int] = {}
    figures: dict[str, int] = {}
    outside = []
    for target in fitted:
        series = target.series
        numbers = simulator.period(series, target.period, kept)[:, 0]
        if series.change == "log":
            numbers = np.log(np.maximum(numbers, FLOOR * target.value))
        low, high = np.quantile(numbers + series.error * generator.standard_normal(len(kept)), ENDS)
        within = low <= series.transformed(target.value) <= high
        figures[series.group] = figures.get(series.group, 0) + 1
        inside[series.group] = inside.get(series.group, 0) + int(within)
        if not within:
            outside.append(target.label)
    return InSample(last, inside, figures, tuple(outside))
