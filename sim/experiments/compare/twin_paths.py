"""Twins with their paths: two scenarios on the same seeds, told by their outcomes and quarter by quarter."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from sim.engine.batch import Engine, Histories, Start, behaviour
from sim.engine.ensemble import chosen_engine, refuse_problems, run_histories, starts
from sim.experiments.compare.comparison import of_samples, paired
from sim.experiments.compare.results import Comparison
from sim.opening.open_economy import open_economy
from sim.scenario.load import Scenario
from sim.scenario.quarters import later

Watch = Callable[[int, int, int], None]
"""Called with histories whose random numbers are drawn, histories done, and histories in all."""


@dataclass(frozen=True)
class TwinPaths:
    """A comparison, and the paths behind it.

    Attributes:
        comparison: the outcomes of both, and their differences.
        quarters: labels, the opening first.
        names: of the readings, in the order of the last axis of the paths.
        paths: of the first and of the second scenario, `(seed, quarter, reading)`.
        engine: what ran them, "numpy" or "jax".
    """

    comparison: Comparison
    quarters: tuple[str, ...]
    names: tuple[str, ...]
    paths: tuple[NDArray[np.float64], NDArray[np.float64]]
    engine: Engine

    def quantiles(self, reading: str, levels: Iterable[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Quantiles over the seeds, of each twin `(quarter, level)`."""
        place = self.names.index(reading)
        first, second = (np.quantile(path[..., place], list(levels), axis=0).T for path in self.paths)
        return first, second


def run_twins(
    a: Scenario,
    b: Scenario,
    runs: int,
    seed: int | None = None,
    quarters: int | None = None,
    engine: Engine = "auto",
    watch: Watch | None = None,
) -> TwinPaths:
    """Run two scenarios with the same seeds in this process, and keep every path.

    The histories are those of `sim.compare`.

    Args:
        a: the first scenario.
        b: the second.
        runs: pairs of histories, at least 2.
        seed: of the first pair; that of `a` if left out.
        quarters: length of the histories; the scenarios' own if left out.
        engine: "jax", "numpy", or "auto", which compiles where there are enough histories in all.
        watch: told of progress.

    Raises:
        ScenarioError: if the scenarios are no twins, or one cannot open.
        AccountingError: if an accounting identity is violated, naming scenario and seed.
    """
    began = time.perf_counter()
    twins, seeds = paired(a, b, runs, seed, quarters)
    chosen = chosen_engine(engine, 2 * runs)
    count = _Count(2 * runs, watch)
    found: list[Histories] = []
    # Twins with the same agents and decisions go through one program together: batches are filled better.
    for group in [twins] if _alike(*twins) else [(one,) for one in twins]:
        drawn = chain.from_iterable(starts(scenario, seeds) for scenario in group)
        histories = run_histories(
            count.drawing(drawn), behaviour(group[0]), engine=chosen, progress=count.finished
        )
        found += [_part(histories, place * runs, runs) for place in range(len(group))]
    for scenario, histories in zip(twins, found, strict=True):
        refuse_problems(histories, scenario.name, seeds)
    samples = [histories.outcomes() for histories in found]
    labels = (later(twins[0].run.opening, step) for step in range(twins[0].run.quarters + 1))
    return TwinPaths(
        of_samples(twins, seeds, samples, {}, time.perf_counter() - began),
        tuple(labels),
        found[0].names,
        (found[0].paths, found[1].paths),
        chosen,
    )


def _alike(a: Scenario, b: Scenario) -> bool:
    return a.decisions == b.decisions and open_economy(a).names == open_economy(b).names


def _part(whole: Histories, first: int, count: int) -> Histories:
    chosen = slice(first, first + count)
    return Histories(
        whole.names,
        whole.paths[chosen],
        whole.identities,
        whole.residuals[chosen],
        None,
        None,
        whole.problems[chosen],
    )


class _Count:
    """How far twins are."""

    def __init__(self, whole: int, watch: Watch | None) -> None:
        self._drawn = self._done = 0
        self._whole, self._watch = whole, watch

    def drawing(self, given: Iterable[Start]) -> Iterator[Start]:
        for one in given:
            self._drawn += 1
            self._tell()
            yield one

    def finished(self, count: int) -> None:
        self._done += count
        self._tell()

    def _tell(self) -> None:
        if self._watch is not None:
            self._watch(self._drawn, self._done, self._whole)
