"""Runs many scenarios with many seeds and returns the outcomes: compiled by JAX, or with NumPy in worker processes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.engine.batch import Engine, behaviour
from sim.engine.ensemble import chosen_engine, refuse_problems, run_histories, starts
from sim.engine.outcomes import outcomes_of
from sim.engine.progress import Progress
from sim.errors import AccountingError, CannotCompileError, ScenarioError
from sim.experiments.worker_pool import ProcessPool, closing, cores

if TYPE_CHECKING:
    from sim.scenario.load import Scenario

Samples = dict[str, NDArray[np.float64]]
"""Name of an outcome -> its numbers, one per seed."""
Job = tuple[int, int]
"""One history to run: the place of its scenario in the list of scenarios, and its seed."""
Reading = TypeVar("Reading")
"""What a function reads from a history, such as its outcomes."""

FEWEST_EACH = 4
"""Fewest histories for which a worker is started: its imports take about as long as these histories."""


class WorkerError(RuntimeError):
    """A worker process died; the message is one line that names the history that the process was running."""


def run_seeds(
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    workers: int | None = None,
    progress: Progress | None = None,
    engine: Engine = "auto",
) -> list[Samples]:
    """Run every scenario with every seed, and return the outcomes.

    The outcomes equal those of `sim.run` with the same scenario and seed to 1e-9, and do not depend on the number
    of workers.

    Args:
        scenarios: the scenarios to run.
        seeds: the seeds of the histories, the same for every scenario.
        workers: the number of processes with NumPy; 1 means this process alone, None as many as there are
            processors and there is work for.
        progress: called after every history (NumPy) or batch of histories (JAX).
        engine: "jax" (all at once, compiled), "numpy" (in workers), or "auto": JAX where it is installed, there
            are enough histories, `workers` is None, and every decision can be compiled.

    Returns:
        For each scenario, the name of each outcome -> its numbers, `(seed,)`, in the order of the seeds.

    Raises:
        ScenarioError: if `workers` is below 1, or the opening of a scenario cannot be built.
        AccountingError: if an accounting identity is violated; the message names the scenario and the seed.
        WorkerError: if a worker process dies.
    """
    _check(workers)
    jobs = [(place, seed) for seed in seeds for place in range(len(scenarios))]
    in_workers = engine == "auto" and workers is not None
    if not in_workers and chosen_engine(engine, len(jobs)) == "jax":
        try:
            return _compiled(scenarios, seeds, progress)
        except CannotCompileError as error:
            if engine == "jax":
                raise
            print(f"capflow: {error}", file=sys.stderr)
    finished = _run_jobs(scenarios, jobs, _outcomes, workers, progress)
    return [
        {name: np.array([finished[place, seed][name] for seed in seeds]) for name in finished[place, seeds[0]]}
        for place in range(len(scenarios))
    ]


def read_histories(
    scenario: Scenario,
    seeds: Sequence[int],
    read: Callable[[Scenario, int], Reading],
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[Reading]:
    """Run one history for each seed in NumPy, in several processes, and return what a function reads from each.

    Args:
        scenario: the scenario to run.
        seeds: the seeds of the histories.
        read: a function of a scenario and a seed that runs the history and returns what is wanted of it (its
            reading); worker processes must be able to import the function.
        workers: as in `run_seeds`.
        progress: called after every history.

    Returns:
        The readings, in the order of the seeds; they do not depend on the number of workers.

    Raises:
        ScenarioError, AccountingError, WorkerError: as `run_seeds` does.
    """
    _check(workers)
    finished = _run_jobs([scenario], [(0, seed) for seed in seeds], read, workers, progress)
    return [finished[0, seed] for seed in seeds]


def _check(workers: int | None) -> None:
    if workers is not None and workers < 1:
        raise ScenarioError("out of range", "workers", workers, "1 or more")


def _compiled(scenarios: Sequence[Scenario], seeds: Sequence[int], progress: Progress | None) -> list[Samples]:
    samples: list[Samples] = []
    done = 0
    for scenario in scenarios:

        def advance(count: int, name: str = scenario.name) -> None:
            nonlocal done
            done += count
            if progress is not None:
                progress(done, len(scenarios) * len(seeds), name)

        histories = run_histories(starts(scenario, seeds), behaviour(scenario), engine="jax", finished=advance)
        refuse_problems(histories, scenario.name, seeds)
        samples.append(histories.outcomes())
    return samples


def _outcomes(scenario: Scenario, seed: int) -> dict[str, float]:
    from sim.engine.mesa_model import CapitalFlowModel

    return outcomes_of(CapitalFlowModel(scenario, rng=seed))


def _run_jobs(
    scenarios: Sequence[Scenario],
    jobs: Sequence[Job],
    read: Callable[[Scenario, int], Reading],
    workers: int | None,
    progress: Progress | None,
) -> dict[Job, Reading]:
    count = min(workers or max(1, min(len(cores()), len(jobs) // FEWEST_EACH)), len(jobs))
    finished: dict[Job, Reading] = {}
    here = ((job, _history(read, scenarios[job[0]], job[1])) for job in jobs)
    for job, reading in _in_workers(scenarios, jobs, count, read) if count > 1 else here:
        finished[job] = reading
        if progress is not None:
            progress(len(finished), len(jobs), f"{scenarios[job[0]].name}, seed {job[1]}")
    return finished


def _in_workers(
    scenarios: Sequence[Scenario], jobs: Sequence[Job], count: int, read: Callable[[Scenario, int], Reading]
) -> Iterator[tuple[Job, Reading]]:
    """Yield each job with its reading, in the order in which the jobs are finished."""
    pool, waiting = ProcessPool(count), iter(jobs)
    running: dict[Future[Reading], Job] = {}
    with closing(pool):
        while True:
            for place, seed in islice(waiting, count - len(running)):
                running[pool.submit(_history, read, scenarios[place], seed)] = (place, seed)
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                place, seed = running.pop(future)
                try:
                    yield (place, seed), future.result()
                except BrokenExecutor:
                    died = "the worker process died (it was killed, or memory ran out)"
                    raise WorkerError(f"{scenarios[place].name}, seed {seed}: {died}") from None


def _history(read: Callable[[Scenario, int], Reading], scenario: Scenario, seed: int) -> Reading:
    # The scenario must hold the seed too, because the sizes of synthetic agents are drawn from the scenario's seed.
    seeded = scenario.model_copy(update={"run": scenario.run.model_copy(update={"seed": seed})})
    try:
        return read(seeded, seed)
    except (AccountingError, ScenarioError) as error:
        raise type(error)(f"{scenario.name}, seed {seed}: {error}") from None
    except Exception as error:
        error.add_note(f"in scenario {scenario.name}, seed {seed}")
        raise
