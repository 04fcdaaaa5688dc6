"""Running a sweep: write or verify the plan, find the missing chunks, hand them out, and finish.

The same call starts a sweep and resumes it: intact chunks stay, and all others are run. Workers return only a
small record of each chunk to this process.
"""

import shutil
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.engine.progress import Progress
from sim.errors import RunError, ScenarioError
from sim.experiments.sweep import chunk_files, status
from sim.experiments.sweep.chunk_runs import FinishedChunk, Rehearsal, rehearse, run_chunk, run_chunk_once
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
"""Number of the shard, from 1, and number of shards: shard i of N runs the chunks c with c mod N = i - 1."""
TICK = 0.5
"""Seconds between two updates of the progress."""
TIMES = 2
"""Attempts at a chunk whose worker dies."""
FEW = 2
"""Chunks for each worker that are run without a rehearsal, which would take as long as the chunks."""
RUNS = "runs"
"""The unit of the progress."""
SHOWN = 4
"""Most failed chunks, and most differences from the plan in the folder, that are listed."""
DERIVED = ("name", "title", "about", "plan_hash", "problem", "vary", "points", "runs", "chunks")
"""Keys of a plan that describe it or follow from its other keys; differences in them are not listed."""


@dataclass(frozen=True)
class Outlook:
    """The extent of a call, known before the first chunk is run.

    Attributes:
        folder: the folder of the sweep.
        runs: the runs of the sweep.
        chunks: the chunks of the sweep.
        to_run: the runs that this call has left to run.
        finished: the chunks of this call that are finished.
        workers: the workers that run the other chunks.
        rehearsal: the estimated cost; None without a rehearsal.
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
        progress: called often with the finished runs and all runs of this call.
        line: called with each message for the user.
    """

    outlook: Callable[[Outlook], None] = lambda _outlook: None
    progress: Progress = lambda _done, _total, _label: None
    line: Callable[[str], None] = lambda text: print(f"capflow: {text}", file=sys.stderr)


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
        design: a design file, the name of one that ships, or the content of one.
        out: the sweep's folder; `runs/<name>` if left out.
        workers: processes on this machine; 1 is this process. If left out, one per core but no more than chunks,
            and 1 for a shard.
        changes: lever names or dotted keys, and the values they take at all points.
        scheduler: address of a Dask scheduler, whose workers do the work.
        shard: (i, N) runs the i-th of N parts, i from 1, and leaves the others to other calls.
        listener: functions that are called on the way; messages go to standard error if left out.
        report: writes the report into the folder of a complete sweep, such as `sim.write_sweep_report`; called
            unless an up-to-date report is there. If it fails, a message says why, and the sweep is complete.
        name: the name of the sweep; if left out, that of the design file, or else one made from the title.

    Returns:
        The sweep; complete, unless other shards are still missing.

    Raises:
        ScenarioError: if the design, a point or an argument is wrong.
        RunError: if the folder holds something else or is in use, or the disk is too small.
        StorageError: if a file cannot be written, for example because the disk is full.
        FailedChunksError: if chunks failed; the same call tries them again.
        ClusterLostError: if the scheduler is gone.
    """
    listener = listener or Listener()
    _check(workers, scheduler, shard)
    plan = Plan.make(design, changes, name)
    folder = (Path(out) if out is not None else runs_folder() / plan.name).absolute()
    _write_or_verify(plan, folder)
    with locked(folder, shard):
        status.close_torn_line(folder)
        chunk_files.remove_leftovers(folder)
        if chunk_files.compacted(folder, plan.tables) and _compacted_whole(plan, folder, listener):
            listener.outlook(Outlook(folder, plan.runs, plan.chunks, 0, plan.chunks, 0, None))
        else:
            _run_missing(plan, folder, workers, scheduler, shard, listener)
        result = finish(plan, folder)
    if report is not None and result.complete and result.report is None:
        listener.line("writing the report")
        try:
            report(folder)
        except (OSError, RunError) as error:
            reason = " ".join(str(error).split())
            listener.line(f"{reason}; the sweep is complete, and the same command tries again")
    return result


def share(plan: Plan, shard: Shard | None) -> range:
    """Return the chunks of a shard, or all."""
    return range(plan.chunks) if shard is None else range(shard[0] - 1, plan.chunks, shard[1])


def _check(workers: int | None, scheduler: str | None, shard: Shard | None) -> None:
    if workers is not None and workers < 1:
        raise ScenarioError("out of range", "workers", workers, "1 or more")
    if shard is not None and not 1 <= shard[0] <= shard[1]:
        raise ScenarioError("no such shard", "shard", f"{shard[0]}/{shard[1]}", "i/N with i from 1 to N")
    if scheduler is not None and (workers is not None or shard is not None):
        raise ScenarioError("its workers do the work; give neither workers nor shard", "scheduler", scheduler)


def _write_or_verify(plan: Plan, folder: Path) -> None:
    """Write the plan into a new folder, or make sure that the folder holds the same plan."""
    if not (folder / DESIGN).is_file():
        try:
            with WholeFolder(folder, "a sweep") as whole:
                plan.write(whole.path)
                whole.commit()
        except RunError:
            # Shards that start at once all try; the first one makes the folder.
            if not (folder / DESIGN).is_file():
                raise
        else:
            return
    present = Plan.read(folder)
    if present.hash != plan.hash:
        raise RunError(f"{folder} holds another sweep: {_difference(present, plan)}; choose another folder")


def _difference(present: Plan, plan: Plan) -> str:
    """Describe in a few words how the plan in a folder differs."""
    before, after = _settings(present), _settings(plan)
    pairs = {key: (before.get(key), after.get(key)) for key in sorted({*before, *after})}
    for key, pair in changed_keys(present.scenario, plan.scenario).items():
        pairs[f"{SCENARIO.removesuffix('.json')} {key}"] = (pair["from"], pair["to"])
    parts = [f"{key} was {_short(old)}, is {_short(new)}" for key, (old, new) in pairs.items() if old != new]
    more = f" and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
    return ", ".join(parts[:SHOWN]) + more if parts else "its points differ"


def _settings(plan: Plan) -> dict[str, Any]:
    """Return the settings of a plan by dotted key."""
    settings = {key: value for key, value in plan.design.items() if key not in DERIVED}
    axes = {axis.pop("name"): axis for axis in map(dict, plan.design["vary"])}
    for axis in axes.values():
        del axis["unit"]  # it would make the axis look like a quantity of a scenario
    return flat({**settings, "vary": axes})


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _compacted_whole(plan: Plan, folder: Path, listener: Listener) -> bool:
    """Return whether every compacted table is there and intact; corrupt files are put aside."""
    for file in chunk_files.compacted(folder, plan.tables).values():
        _put_aside_if_corrupt(folder, file, listener)
    left = chunk_files.compacted(folder, plan.tables)
    if set(left) == set(plan.tables):
        return True
    if len(chunk_files.finished(folder, plan.tables)) < plan.chunks:
        # A compacted table is worth nothing without the other tables, unless all chunks have their own files.
        for file in left.values():
            file.path.unlink(missing_ok=True)
    return False


def _missing(plan: Plan, folder: Path, mine: Iterable[int], listener: Listener) -> list[int]:
    """Return the chunks without intact files of all tables; other files of them are removed."""
    finished = chunk_files.finished(folder, plan.tables)
    missing = []
    for chunk in mine:
        corrupt = [_put_aside_if_corrupt(folder, file, listener) for file in finished.get(chunk, ())]
        if not corrupt or any(corrupt):
            missing.append(chunk)
    removed = set(missing)
    for table in chunk_files.TABLES:
        for file in chunk_files.files(folder, table):
            if file.chunk in removed:
                file.path.unlink(missing_ok=True)
    return missing


def _put_aside_if_corrupt(folder: Path, file: chunk_files.ChunkFile, listener: Listener) -> bool:
    if file.intact():
        return False
    target = chunk_files.put_aside(folder, file)
    name = file.path.relative_to(folder)
    listener.line(f"{name} is corrupt; moved to {target.relative_to(folder)}, its runs are run again")
    if file.chunk is not None:
        status.note(folder, file.chunk, "again", message=f"{name} was corrupt")
    return True


def _run_missing(
    plan: Plan, folder: Path, workers: int | None, scheduler: str | None, shard: Shard | None, listener: Listener
) -> None:
    """Run the missing chunks.

    Raises:
        FailedChunksError: if some could not be run.
    """
    mine = share(plan, shard)
    missing = _missing(plan, folder, mine, listener)
    count = min(workers or (1 if shard else len(cores())), max(1, len(missing)))
    if not missing:
        listener.outlook(Outlook(folder, plan.runs, plan.chunks, 0, len(mine), count, None))
        return
    runs = sum(min(plan.chunk, plan.runs - chunk * plan.chunk) for chunk in missing)
    try:
        pool = Cluster(scheduler) if scheduler else ThreadPool() if count <= 1 else ProcessPool(count)
        with closing(pool):
            rehearsed = len(missing) == len(mine) and len(missing) > FEW * pool.width
            cost = _rehearsed(pool, folder, missing[0], listener) if rehearsed else None
            width = pool.threads() if isinstance(pool, Cluster) else count
            outlook = Outlook(folder, plan.runs, plan.chunks, runs, len(mine) - len(missing), width, cost)
            _refuse_full_disk(outlook, len(missing))
            listener.outlook(outlook)
            failed = _dispatch(pool, folder, missing, runs, listener)
    finally:
        chunk_files.remove_leftovers(folder)
    if failed:
        chunk, reason = min(failed.items())
        number = f"{len(failed)} chunks" if len(failed) > 1 else "1 chunk"
        raise FailedChunksError(
            f"{number} of {len(mine)} failed, the first is {chunk}: {reason}; see {folder / status.STATUS}; the "
            "same command tries again"
        )


def _rehearsed(pool: Pool, folder: Path, chunk: int, listener: Listener) -> Rehearsal | None:
    """Measure the cost of a few histories, on all workers of this machine at once, or on one of a cluster.

    Each worker compiles its program here, or finds it on disk.
    """
    listener.line("trying a few histories first")
    count = 1 if isinstance(pool, Cluster) else pool.width
    futures = [pool.submit(rehearse, str(folder), chunk) for _ in range(count)]
    while wait(futures, timeout=TICK).not_done:
        pass
    try:
        rehearsals: list[Rehearsal] = [future.result() for future in futures]
    except (ScenarioError, RunError, OSError):
        raise
    except Exception as error:
        # The same error will be reported for the chunk of these histories.
        listener.line(f"no estimate: the trial failed ({' '.join(f'{type(error).__name__}: {error}'.split())})")
        return None
    return max(rehearsals, key=lambda rehearsal: rehearsal.seconds_per_run)


def _refuse_full_disk(outlook: Outlook, chunks: int) -> None:
    if outlook.rehearsal is None:
        return
    needed, free = outlook.rehearsal.size(outlook.to_run, chunks), shutil.disk_usage(outlook.folder).free
    if needed > free:
        raise RunError(
            f"{outlook.folder}: {outlook.to_run} runs need about {needed / 1e9:.3g} GB, and the disk has "
            f"{free / 1e9:.3g} GB free; keep fewer tables, or make room"
        )


def _dispatch(pool: Pool, folder: Path, missing: list[int], total: int, listener: Listener) -> dict[int, str]:
    """Hand out chunks until all are done, never more at a time than are worked on.

    Returns:
        Failed chunk -> the reason.
    """
    waiting, at_work = deque(missing), dict[Future[FinishedChunk], int]()
    attempts, failed = Counter[int](), dict[int, str]()
    runs = problems = 0
    task = run_chunk_once if isinstance(pool, Cluster) else run_chunk
    while waiting or at_work:
        while waiting and len(at_work) < pool.width:
            chunk = waiting.popleft()
            attempts[chunk] += 1
            at_work[pool.submit(task, str(folder), chunk)] = chunk
        listener.progress(min(total, runs + pool.running()), total, RUNS)
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
                if attempts[chunk] < TIMES:
                    listener.line(f"the worker of chunk {chunk} died; the chunk is run once more")
                    status.note(folder, chunk, "again", message="its worker died")
                    waiting.append(chunk)
                    continue
                reason = "its worker died twice (killed, or out of memory)"
                status.note(folder, chunk, "failed", message=reason)
                done = FinishedChunk(chunk, 0, 0, 0.0, reason)
            if done.failed:
                failed[chunk] = done.failed
                if len(failed) <= SHOWN:
                    listener.line(f"chunk {chunk} failed: {done.failed}")
            runs += done.runs
            problems += done.problems
    listener.progress(runs, total, RUNS)
    if problems:
        listener.line(f"{problems} of {runs} runs have no numbers; the view problems says why")
    return failed
