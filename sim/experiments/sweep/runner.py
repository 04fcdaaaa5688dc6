"""Running a sweep: plan or take up, find the chunks that are missing, hand them out, and finish.

The same call starts a sweep and goes on with it: chunks that are there, with the content that was written, are
kept; all others are run. Nothing of a chunk comes back to this process but a small record.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.engine.progress import Progress
from sim.errors import RunError, ScenarioError
from sim.experiments.sweep import chunk_files, status
from sim.experiments.sweep.chunk_runs import Finished, Rehearsal, rehearse, room_on_disk, run_chunk, run_chunk_once
from sim.experiments.sweep.cluster import Cluster
from sim.experiments.sweep.folder import Sweep, finish
from sim.experiments.sweep.lock import locked
from sim.experiments.sweep.plan import SCENARIO, Plan
from sim.experiments.sweep.settings import Design
from sim.experiments.worker_pool import ProcessPool, ThreadPool, closing, cores, is_loss
from sim.runs.folders import WholeFolder, runs_folder
from sim.runs.kinds import DESIGN
from sim.scenario.load import changed_keys, flat

Shard = tuple[int, int]
"""Which one, from 1, of how many: shard i of N runs the chunks c with c mod N = i - 1."""
TICK = 0.5
"""Seconds between two looks at how far workers are."""
TIMES = 2
"""How often a chunk is handed out whose worker dies."""
FEW = 2
"""Chunks for each worker that are run without a trial."""
RUNS = "runs"
"""What progress counts."""
SHOWN = 4
"""How many failed chunks, and how many differences from the plan in the folder, are listed."""


@dataclass(frozen=True)
class Outlook:
    """What a call will do, known before the first chunk is run.

    Attributes:
        folder: the folder of the sweep.
        runs: how many runs the sweep has.
        chunks: how many chunks the sweep has.
        to_run: how many runs are left to this call.
        finished: how many chunks are there.
        workers: how many workers run the others.
        rehearsal: what they will cost; None where chunks were there to begin with.
    """

    folder: Path
    runs: int
    chunks: int
    to_run: int
    finished: int
    workers: int
    rehearsal: Rehearsal | None


@dataclass(frozen=True)
class Listener:
    """Functions that a sweep calls while it runs.

    Attributes:
        outlook: called once, before the first chunk is run.
        progress: called often with how many of the runs that are left have been run, and how many there are.
        line: called with each line that a person should read.
    """

    outlook: Callable[[Outlook], None] = lambda _outlook: None
    progress: Progress = lambda _done, _total, _label: None
    line: Callable[[str], None] = lambda text: print(f"capflow: {text}", file=sys.stderr)


@dataclass
class Tally:
    """What has happened so far.

    Attributes:
        runs: finished in this call.
        problems: runs among them without numbers.
        failed: chunk -> why it could not be run.
    """

    runs: int
    problems: int
    failed: dict[int, str]


Pool = ThreadPool | ProcessPool | Cluster


class FailedChunksError(RuntimeError):
    """Some chunks could not be run; the message is one line."""


def sweep(
    design: str | Path | Mapping[str, Any] | Design,
    out: str | Path | None = None,
    workers: int | None = None,
    changes: Mapping[str, Any] | None = None,
    scheduler: str | None = None,
    shard: Shard | None = None,
    listener: Listener | None = None,
    report: Callable[[Path], Path] | None = None,
    name: str | None = None,
) -> Sweep:
    """Run a sweep, or go on with it where it stopped.

    Args:
        design: a design file, the name of one that ships, or what a design file would say.
        out: the sweep's folder; `runs/<name of the design>` if left out, or what its title makes.
        workers: processes on this machine; 1 is this process. One per core, and no more than chunks, if left out;
            1 for a shard.
        changes: lever names or dotted keys, and the values they take at all points.
        scheduler: address of a Dask scheduler, whose workers do the work.
        shard: (i, N) runs the i-th of N parts, i from 1, and leaves the others to other calls.
        listener: functions that hear what happens; messages go to standard error if left out.
        report: writes the report of the sweep in a folder, such as `sim.write_sweep_report`; called once the sweep
            is complete, unless its report is there. If it cannot be written, one line says why, and the sweep is
            complete.
        name: of the sweep; the design file's if left out, or what the design's title makes.

    Returns:
        The sweep; complete, unless other shards are still missing.

    Raises:
        ScenarioError: if the design, a point or an argument is wrong.
        RunError: if the folder holds something else, or another process is at it, or the disk is too small.
        StorageError: if the disk refuses.
        FailedChunksError: if chunks failed; the same call tries them again.
        ClusterLostError: if the scheduler is gone.
    """
    listener = listener or Listener()
    _check(workers, scheduler, shard)
    planned = Plan.make(design, changes, name)
    folder = (Path(out) if out is not None else runs_folder() / planned.name).absolute()
    _take_up(planned, folder)
    with locked(folder, shard):
        status.close_torn_line(folder)
        chunk_files.remove_leftovers(folder)
        if chunk_files.compacted(folder, planned.tables) and _whole(planned, folder, listener):
            listener.outlook(Outlook(folder, planned.runs, planned.chunks, 0, planned.chunks, 0, None))
        else:
            _run_missing(planned, folder, workers, scheduler, shard, listener)
        found = finish(planned, folder)
    if report is not None:
        _report(found, report, listener)
    return found


def _report(found: Sweep, write: Callable[[Path], Path], listener: Listener) -> None:
    """Write the report of a complete sweep, unless it has one that tells of the same data."""
    if not found.complete or found.report is not None:
        return
    listener.line("writing the report")
    try:
        write(found.path)
    except (OSError, RunError) as error:
        listener.line(f"{' '.join(str(error).split())}; the sweep is complete, and the same command tries again")


def share(plan: Plan, shard: Shard | None) -> range:
    """Return the chunks of a shard, or all."""
    return range(plan.chunks) if shard is None else range(shard[0] - 1, plan.chunks, shard[1])


def _check(workers: int | None, scheduler: str | None, shard: Shard | None) -> None:
    if workers is not None and workers < 1:
        raise ScenarioError("out of range", "workers", workers, "1 or more")
    if shard is not None and not 1 <= shard[0] <= shard[1]:
        raise ScenarioError("no such part", "shard", f"{shard[0]}/{shard[1]}", "i/N with i from 1 to N")
    if scheduler is not None and (workers is not None or shard is not None):
        raise ScenarioError("its workers do the work; give neither workers nor shard", "scheduler", scheduler)


def _take_up(planned: Plan, folder: Path) -> None:
    """Write the plan into a new folder, or make sure that the folder holds the same plan.

    Raises:
        RunError: if the folder holds something else.
    """
    if not (folder / DESIGN).is_file():
        try:
            with WholeFolder(folder, "a sweep") as whole:
                planned.write(whole.path)
                whole.commit()
        except RunError:
            # Shards that start at once all try; the first one makes the folder.
            if not (folder / DESIGN).is_file():
                raise
        else:
            return
    there = Plan.read(folder)
    if there.hash != planned.hash:
        raise RunError(f"{folder} holds another sweep: {_difference(there, planned)}; choose another folder")


def _difference(there: Plan, planned: Plan) -> str:
    """Say what a plan has that the one in the folder has not, in a few words."""
    before, after = _settings(there), _settings(planned)
    found = {key: (before.get(key), after.get(key)) for key in sorted({*before, *after})}
    found = {key: pair for key, pair in found.items() if pair[0] != pair[1]}
    for key, pair in changed_keys(there.scenario, planned.scenario).items():
        found[f"{SCENARIO.removesuffix('.json')} {key}"] = (pair["from"], pair["to"])
    parts = [f"{key} was {_short(old)}, is {_short(new)}" for key, (old, new) in found.items()]
    more = f" and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
    return ", ".join(parts[:SHOWN]) + more if parts else "its points are others"


def _settings(plan: Plan) -> dict[str, Any]:
    """Return what a design says, by dotted key; counts that follow from it, and texts, left aside."""
    aside = ("name", "title", "about", "plan_hash", "problem", "vary", "points", "runs", "chunks")
    told = {key: value for key, value in plan.design.items() if key not in aside}
    # Without its unit, which would make it look like a quantity of a scenario.
    left = ("name", "unit")
    axes = {axis["name"]: {k: v for k, v in axis.items() if k not in left} for axis in plan.design["vary"]}
    return dict(flat({**told, "vary": axes}))


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _whole(plan: Plan, folder: Path, listener: Listener) -> bool:
    """Whether a compacted sweep is there in full; a file that is not what was written is put aside."""
    for file in chunk_files.compacted(folder, plan.tables).values():
        _put_aside_if_corrupt(folder, file, listener)
    left = chunk_files.compacted(folder, plan.tables)
    if set(left) == set(plan.tables):
        return True
    if len(chunk_files.finished(folder, plan.tables)) < plan.chunks:
        # Without its own files and without the other tables, a table counts for nothing.
        for file in left.values():
            file.path.unlink(missing_ok=True)
    return False


def _missing(plan: Plan, folder: Path, mine: Iterable[int], listener: Listener) -> list[int]:
    """Chunks that are not there in full; what is there of them is taken away."""
    complete = chunk_files.finished(folder, plan.tables)
    mine = list(mine)
    left = []
    for chunk in mine:
        files = complete.get(chunk, ())
        corrupt = [file for file in files if _put_aside_if_corrupt(folder, file, listener)]
        if not files or corrupt:
            left.append(chunk)
    wanted = set(left)
    for table in chunk_files.TABLES:
        for file in chunk_files.files(folder, table):
            if file.chunk in wanted:
                file.path.unlink(missing_ok=True)
    return left


def _put_aside_if_corrupt(folder: Path, file: chunk_files.ChunkFile, listener: Listener) -> bool:
    if file.intact():
        return False
    target = chunk_files.put_aside(folder, file)
    what = file.path.relative_to(folder)
    listener.line(f"{what} is not what was written; moved to {target.relative_to(folder)}, its runs are run again")
    if file.chunk is not None:
        status.note(folder, file.chunk, "again", message=f"{what} was corrupt")
    return True


def _run_missing(
    plan: Plan, folder: Path, workers: int | None, scheduler: str | None, shard: Shard | None, listener: Listener
) -> None:
    """Run the chunks that are not there.

    Raises:
        FailedChunksError: if some could not be run.
    """
    mine = share(plan, shard)
    left = _missing(plan, folder, mine, listener)
    count = min(workers or (1 if shard else len(cores())), max(1, len(left)))
    if not left:
        listener.outlook(Outlook(folder, plan.runs, plan.chunks, 0, len(mine), count, None))
        return
    runs = sum(_runs_in(plan, chunk) for chunk in left)
    try:
        pool = Cluster(scheduler) if scheduler else ThreadPool() if count <= 1 else ProcessPool(count)
        with closing(pool):
            # Where each worker has but a chunk or two, trying would take as long as the work itself.
            first = len(left) == len(mine) and len(left) > FEW * pool.width
            cost = _rehearsed(pool, folder, left[0], listener) if first else None
            width = pool.threads() if isinstance(pool, Cluster) else count
            outlook = Outlook(folder, plan.runs, plan.chunks, runs, len(mine) - len(left), width, cost)
            _refuse_full_disk(outlook, len(left))
            listener.outlook(outlook)
            tally = _dispatch(pool, folder, left, runs, listener)
    finally:
        chunk_files.remove_leftovers(folder)
    if tally.failed:
        chunk, why = next(iter(sorted(tally.failed.items())))
        many = f"{len(tally.failed)} chunks" if len(tally.failed) > 1 else "1 chunk"
        raise FailedChunksError(
            f"{many} of {len(mine)} failed, the first is {chunk}: {why}; see {folder / status.STATUS}; the same "
            "command tries again"
        )


def _runs_in(plan: Plan, chunk: int) -> int:
    return min(plan.chunk, plan.runs - chunk * plan.chunk)


def _rehearsed(pool: Pool, folder: Path, chunk: int, listener: Listener) -> Rehearsal | None:
    """Measure what a few histories cost, on all workers of this machine at once, or on one of a cluster.

    Each compiles its program here, or finds it on disk.
    """
    listener.line("trying a few histories first")
    count = 1 if isinstance(pool, Cluster) else pool.width
    futures = [pool.submit(rehearse, str(folder), chunk) for _ in range(count)]
    while wait(futures, timeout=TICK).not_done:
        pass
    try:
        found: list[Rehearsal] = [future.result() for future in futures]
    except (ScenarioError, RunError, OSError):
        raise
    except Exception as error:
        # Whatever is wrong with these histories is said of their chunk.
        listener.line(f"no estimate: the trial failed ({' '.join(f'{type(error).__name__}: {error}'.split())})")
        return None
    return max(found, key=lambda one: one.seconds_per_run)


def _refuse_full_disk(outlook: Outlook, count: int) -> None:
    if outlook.rehearsal is None:
        return
    needed, free = outlook.rehearsal.size(outlook.to_run, count), room_on_disk(outlook.folder)
    if needed > free:
        raise RunError(
            f"{outlook.folder}: {outlook.to_run} runs need about {needed / 1e9:.3g} GB, and the disk has "
            f"{free / 1e9:.3g} GB free; keep less, or make room"
        )


def _dispatch(pool: Pool, folder: Path, left: list[int], runs: int, listener: Listener) -> Tally:
    """Hand out chunks until all are done, never more at a time than are worked on."""
    waiting, at_work = deque(left), dict[Future[Finished], int]()
    tally, handed = Tally(0, 0, {}), dict[int, int]()
    task = run_chunk_once if isinstance(pool, Cluster) else run_chunk
    while waiting or at_work:
        while waiting and len(at_work) < pool.width:
            chunk = waiting.popleft()
            handed[chunk] = handed.get(chunk, 0) + 1
            at_work[pool.submit(task, str(folder), chunk)] = chunk
        listener.progress(min(runs, tally.runs + pool.running()), runs, RUNS)
        for future in wait(at_work, timeout=TICK, return_when=FIRST_COMPLETED).done:
            chunk = at_work.pop(future)
            try:
                done = future.result()
            except CancelledError:
                if isinstance(pool, Cluster):
                    raise pool.lost() from None
                raise
            except Exception as error:
                if not is_loss(error):
                    raise
                _lost(folder, chunk, handed[chunk], waiting, tally, listener)
                continue
            handed.pop(chunk)
            if done.failed:
                tally.failed[chunk] = done.failed
                if len(tally.failed) <= SHOWN:
                    listener.line(f"chunk {chunk} failed: {done.failed}")
            tally.runs += done.runs
            tally.problems += done.problems
    listener.progress(tally.runs, runs, RUNS)
    if tally.problems:
        listener.line(f"{tally.problems} of {tally.runs} runs have no numbers; the view problems says why")
    return tally


def _lost(folder: Path, chunk: int, times: int, waiting: deque[int], tally: Tally, listener: Listener) -> None:
    """Handle a chunk whose worker died: run it once more, then give it up."""
    if times < TIMES:
        listener.line(f"the worker of chunk {chunk} died; the chunk is run once more")
        status.note(folder, chunk, "again", message="its worker died")
        waiting.append(chunk)
        return
    why = "its worker died twice (killed, or out of memory)"
    status.note(folder, chunk, "failed", message=why)
    listener.line(f"chunk {chunk} failed: {why}")
    tally.failed[chunk] = why
