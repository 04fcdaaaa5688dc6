"""Many histories, each told by its outcomes: compiled, or single histories side by side in worker processes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.engine.batch import Engine, behaviour
from sim.engine.ensemble import chosen_engine, refuse_problems, run_histories, starts
from sim.engine.outcomes import outcomes_of
from sim.errors import AccountingError, CannotCompileError, ScenarioError
from sim.experiments.parent_watch import end_with

if TYPE_CHECKING:
    from sim.scenario.load import Scenario

Progress = Callable[[int, int, str], None]
"""Called with histories done, histories in all, and which one was the last."""
Samples = dict[str, NDArray[np.float64]]
"""Outcome -> one number per seed."""
Job = tuple[int, int]
"""Which scenario, and the seed."""
Told = TypeVar("Told")
"""What is kept of a history."""

FEWEST_EACH = 4
"""Histories that a worker must have to be worth starting: it takes about as long to import."""
DIED = (
    "the worker process died (killed, or out of memory; a script of your own must call this under "
    "if __name__ == '__main__')"
)
BLAS_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


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


def tell_each(
    scenario: Scenario,
    seeds: Sequence[int],
    tell: Callable[[Scenario, int], Told],
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[Told]:
    """Run one history for each seed in NumPy, side by side, and keep of each what a function tells.

    Args:
        scenario: what to run.
        seeds: of the histories.
        tell: runs a history of a scenario with a seed, and returns what is to be kept; a function that worker
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
    finished = _each([scenario], [(0, seed) for seed in seeds], tell, workers, progress)
    return [finished[0, seed] for seed in seeds]


def _refuse_no_workers(workers: int | None) -> None:
    if workers is not None and workers < 1:
        raise ScenarioError(f"workers = {workers}: at least 1 is needed")


def _each(
    scenarios: Sequence[Scenario],
    jobs: Sequence[Job],
    tell: Callable[[Scenario, int], Told],
    workers: int | None,
    progress: Progress | None,
) -> dict[Job, Told]:
    count = min(workers or max(1, min(_processors(), len(jobs) // FEWEST_EACH)), len(jobs))
    finished: dict[Job, Told] = {}
    running = _here(scenarios, jobs, tell) if count <= 1 else _in_workers(scenarios, jobs, count, tell)
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
        found = run_histories(starts(scenario, seeds), parameters, engine="jax", progress=advance)
        refuse_problems(found, scenario.name, seeds)
        samples.append(found.outcomes())
    return samples


def _outcomes(scenario: Scenario, seed: int) -> dict[str, float]:
    from sim.engine.mesa_model import CapitalFlowModel

    return outcomes_of(CapitalFlowModel(scenario, rng=seed))


def _history(tell: Callable[[Scenario, int], Told], scenario: Scenario, seed: int) -> Told:
    # The seed is part of the scenario too: sizes of synthetic agents are drawn from it.
    seeded = scenario.model_copy(update={"run": scenario.run.model_copy(update={"seed": seed})})
    try:
        return tell(seeded, seed)
    except (AccountingError, ScenarioError) as error:
        raise type(error)(f"{scenario.name}, seed {seed}: {error}") from None
    except Exception as error:
        error.add_note(f"in scenario {scenario.name}, seed {seed}")
        raise


def _here(
    scenarios: Sequence[Scenario], jobs: Sequence[Job], tell: Callable[[Scenario, int], Told]
) -> Iterator[tuple[Job, Told]]:
    for which, seed in jobs:
        yield (which, seed), _history(tell, scenarios[which], seed)


def _in_workers(
    scenarios: Sequence[Scenario], jobs: Sequence[Job], count: int, tell: Callable[[Scenario, int], Told]
) -> Iterator[tuple[Job, Told]]:
    """Answers as they come. One executor for each worker, so that it is known which history a worker died at."""
    left = iter(jobs)
    with _workers(count) as pools:
        at_work: dict[Future[Told], tuple[ProcessPoolExecutor, Job]] = {}

        def give_next(pool: ProcessPoolExecutor) -> None:
            job = next(left, None)
            if job is not None:
                at_work[pool.submit(_history, tell, scenarios[job[0]], job[1])] = (pool, job)

        with _quiet_start():
            for pool in pools:
                give_next(pool)
        while at_work:
            for future in wait(at_work, return_when=FIRST_COMPLETED).done:
                pool, (which, seed) = at_work.pop(future)
                try:
                    told = future.result()
                except BrokenProcessPool:
                    raise WorkerError(f"{scenarios[which].name}, seed {seed}: {DIED}") from None
                give_next(pool)
                yield (which, seed), told


@contextmanager
def _workers(count: int) -> Iterator[list[ProcessPoolExecutor]]:
    """Worker processes that end at once when this block is left by an error, or when this process is killed."""
    # Not fork: other threads may hold locks, of BLAS or of a server, that the copy would wait for in vain.
    context = get_context("spawn")
    watched, held = context.Pipe(duplex=False)
    pools = [
        # Scenarios come with the jobs: what a process is started with is written while this one waits.
        ProcessPoolExecutor(1, mp_context=context, initializer=end_with, initargs=(watched,))
        for _ in range(count)
    ]
    try:
        yield pools
    except BaseException:
        held.close()
        raise
    finally:
        for pool in pools:
            pool.shutdown(wait=True, cancel_futures=True)
        held.close()
        watched.close()


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Processes started here use one BLAS thread each, and leave Ctrl-C to this process."""
    before = {name: os.environ.get(name) for name in BLAS_THREADS}
    # Libraries read these when first imported, which in a worker is before any code of ours runs.
    os.environ.update(dict.fromkeys(BLAS_THREADS, "1"))
    can_mask = hasattr(signal, "pthread_sigmask")
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if can_mask else None
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
