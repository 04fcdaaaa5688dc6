"""Many histories, each told by its outcomes: compiled, or single histories side by side in worker processes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
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
"""Outcome -> one number per seed."""
Job = tuple[int, int]
"""Which scenario, and the seed."""
Reading = TypeVar("Reading")
"""What is kept of a history."""

FEWEST_EACH = 4
"""Histories that a worker must have to be worth starting: it takes about as long to import."""
DIED = "the worker process died (killed, or out of memory)"


class WorkerError(RuntimeError):
    """A worker process died; the message is one line that names the history it was at."""


def run_seeds(
    scenarios: Sequence[Scenario],
    seeds: Sequence[int],
    workers: int | None = None,
    progress: Progress | None = None,
    engine: Engine = "auto",
) -> list[Samples]:
    """Run every scenario with every seed, and return the outcomes.

    The histories are those of `sim.run` with the same scenario and seed, to 1e-9. The answer does not depend on
    the number of workers.

    Args:
        scenarios: what to run.
        seeds: of the histories, the same for every scenario.
        workers: processes to run in with NumPy; 1 is this process, None as many as there are processors and work
            for.
        progress: told after every history, or batch of histories.
        engine: "jax" (all at once, compiled), "numpy" (in workers), or "auto": JAX where it is installed, there
            are enough histories, no number of workers is asked for, and every decision can be compiled.

    Returns:
        For each scenario its outcomes, `(seed,)` each, in the order of the seeds.

    Raises:
        ScenarioError: if `workers` is below 1, or a scenario cannot open.
        AccountingError: if an accounting identity is violated, naming scenario and seed.
        WorkerError: if a worker process dies.
    """
    _refuse_no_workers(workers)
    jobs = [(which, seed) for seed in seeds for which in range(len(scenarios))]
    in_workers = engine == "auto" and workers is not None
    if not in_workers and chosen_engine(engine, len(jobs)) == "jax":
        try:
            return _compiled(scenarios, seeds, progress)
        except CannotCompileError as error:
            if engine == "jax":
                raise
            print(f"capflow: {error}", file=sys.stderr)
    finished = _each(scenarios, jobs, _outcomes, workers, progress)
    return [
        {name: np.array([finished[which, seed][name] for seed in seeds]) for name in finished[which, seeds[0]]}
        for which in range(len(scenarios))
    ]


def read_histories(
    scenario: Scenario,
    seeds: Sequence[int],
    read: Callable[[Scenario, int], Reading],
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[Reading]:
    """Run one history for each seed in NumPy, side by side, and keep of each what a function tells.

    Args:
        scenario: what to run.
        seeds: of the histories.
        read: runs a history of a scenario with a seed, and returns what is to be kept; a function that worker
            processes can import.
        workers: processes; 1 is this process, None as many as there are processors and work for.
        progress: told after every history.

    Returns:
        What was told, in the order of the seeds; it does not depend on the number of workers.

    Raises:
        ScenarioError: if `workers` is below 1, or the scenario cannot open.
        AccountingError: if an accounting identity is violated, naming the seed.
        WorkerError: if a worker process dies.
    """
    _refuse_no_workers(workers)
    finished = _each([scenario], [(0, seed) for seed in seeds], read, workers, progress)
    return [finished[0, seed] for seed in seeds]


def _refuse_no_workers(workers: int | None) -> None:
    if workers is not None and workers < 1:
        raise ScenarioError("out of range", "workers", workers, "1 or more")


def _each(
    scenarios: Sequence[Scenario],
    jobs: Sequence[Job],
    read: Callable[[Scenario, int], Reading],
    workers: int | None,
    progress: Progress | None,
) -> dict[Job, Reading]:
    count = min(workers or max(1, min(len(cores()), len(jobs) // FEWEST_EACH)), len(jobs))
    finished: dict[Job, Reading] = {}
    running = _here(scenarios, jobs, read) if count <= 1 else _in_workers(scenarios, jobs, count, read)
    for (which, seed), told in running:
        finished[which, seed] = told
        if progress is not None:
            progress(len(finished), len(jobs), f"{scenarios[which].name}, seed {seed}")
    return finished


def _compiled(scenarios: Sequence[Scenario], seeds: Sequence[int], progress: Progress | None) -> list[Samples]:
    samples: list[Samples] = []
    for scenario in scenarios:
        done = len(samples) * len(seeds)

        def advance(count: int, name: str = scenario.name) -> None:
            nonlocal done
            done += count
            if progress is not None:
                progress(done, len(scenarios) * len(seeds), name)

        parameters = behaviour(scenario)
        found = run_histories(starts(scenario, seeds), parameters, engine="jax", finished=advance)
        refuse_problems(found, scenario.name, seeds)
        samples.append(found.outcomes())
    return samples


def _outcomes(scenario: Scenario, seed: int) -> dict[str, float]:
    from sim.engine.mesa_model import CapitalFlowModel

    return outcomes_of(CapitalFlowModel(scenario, rng=seed))


def _history(read: Callable[[Scenario, int], Reading], scenario: Scenario, seed: int) -> Reading:
    # The seed is part of the scenario too: sizes of synthetic agents are drawn from it.
    seeded = scenario.model_copy(update={"run": scenario.run.model_copy(update={"seed": seed})})
    try:
        return read(seeded, seed)
    except (AccountingError, ScenarioError) as error:
        raise type(error)(f"{scenario.name}, seed {seed}: {error}") from None
    except Exception as error:
        error.add_note(f"in scenario {scenario.name}, seed {seed}")
        raise


def _here(
    scenarios: Sequence[Scenario], jobs: Sequence[Job], read: Callable[[Scenario, int], Reading]
) -> Iterator[tuple[Job, Reading]]:
    for which, seed in jobs:
        yield (which, seed), _history(read, scenarios[which], seed)


def _in_workers(
    scenarios: Sequence[Scenario], jobs: Sequence[Job], count: int, read: Callable[[Scenario, int], Reading]
) -> Iterator[tuple[Job, Reading]]:
    """Yield answers as they come."""
    pool, left = ProcessPool(count), iter(jobs)
    with closing(pool):
        at_work: dict[Future[Reading], Job] = {}

        def submit(few: Iterable[Job]) -> None:
            for which, seed in few:
                at_work[pool.submit(_history, read, scenarios[which], seed)] = (which, seed)

        submit(islice(left, count))
        while at_work:
            for future in wait(at_work, return_when=FIRST_COMPLETED).done:
                which, seed = at_work.pop(future)
                try:
                    told = future.result()
                except BrokenExecutor:
                    raise WorkerError(f"{scenarios[which].name}, seed {seed}: {DIED}") from None
                submit(islice(left, 1))
                yield (which, seed), told
