"""Two scenarios on the same seeds, by their outcomes and quarter by quarter: `run_twins` and its `TwinPaths`."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from sim.engine.batch import Engine, Histories, Start, behaviour
from sim.engine.ensemble import chosen_engine, refuse_problems, run_histories, starts
from sim.engine.progress import Progress
from sim.experiments.compare.results import PairedOutcomes
from sim.experiments.compare.settings import twins_of
from sim.opening.open_economy import open_economy
from sim.scenario.load import Scenario
from sim.scenario.quarters import later

DRAWN, FINISHED = "drawn", "finished"
"""The two stages that progress reports: histories with random numbers drawn, then histories that are finished."""


@dataclass(frozen=True)
class TwinPaths:
    """A comparison, and the paths of the histories that it was made from.

    Attributes:
        comparison: the outcomes of both scenarios, and their differences.
        quarters: the labels of the quarters; the first is the opening quarter, whose balance sheets are given.
        names: the names of the readings (numbers of a quarter), in the order of the last axis of `paths`.
        paths: the paths of the first and of the second scenario, `(seed, quarter, reading)`.
        engine: the engine that ran the histories, "numpy" or "jax".
    """

    comparison: PairedOutcomes
    quarters: tuple[str, ...]
    names: tuple[str, ...]
    paths: tuple[NDArray[np.float64], NDArray[np.float64]]
    engine: Engine

    def quantiles(self, reading: str, levels: Iterable[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the quantiles of a reading over the seeds, one array `(quarter, level)` for each twin."""
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
    progress: Progress | None = None,
) -> TwinPaths:
    """Run the histories of `compare` in this process, and keep the path of every one.

    Arguments and errors are those of `compare`. `progress` is called with the number of histories that have reached
    a stage, the number of all histories of both twins, and the name of the stage, `DRAWN` or `FINISHED`.
    """
    began = time.perf_counter()
    twins, seeds = twins_of(a, b, runs, seed, quarters)
    chosen = chosen_engine(engine, 2 * runs)
    counts = {DRAWN: 0, FINISHED: 0}

    def count(stage: str, histories: int) -> None:
        counts[stage] += histories
        if progress is not None:
            progress(counts[stage], 2 * runs, stage)

    def counted(starts: Iterable[Start]) -> Iterator[Start]:
        for start in starts:
            count(DRAWN, 1)
            yield start

    histories: list[Histories] = []
    # Twins with the same agents and decisions share one compiled program, which fills batches better.
    kinds = [(twin.decisions, open_economy(twin).names) for twin in twins]
    for group in [twins] if kinds[0] == kinds[1] else [(twin,) for twin in twins]:
        drawn = counted(chain.from_iterable(starts(scenario, seeds) for scenario in group))
        whole = run_histories(drawn, behaviour(group[0]), engine=chosen, finished=partial(count, FINISHED))
        histories += [whole.select(slice(first, first + runs)) for first in range(0, len(group) * runs, runs)]
    for scenario, part in zip(twins, histories, strict=True):
        refuse_problems(part, scenario.name, seeds)
    samples = [part.outcomes() for part in histories]
    labels = (later(twins[0].run.opening, step) for step in range(twins[0].run.quarters + 1))
    return TwinPaths(
        PairedOutcomes.of_samples(twins, seeds, samples, {}, time.perf_counter() - began),
        tuple(labels),
        histories[0].names,
        (histories[0].paths, histories[1].paths),
        chosen,
    )
