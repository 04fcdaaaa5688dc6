"""The task of a worker: run one chunk of a sweep from start to end, or rehearse it (run a few of its histories).

A worker gets the folder and the number of the chunk. It reads the plan, runs the histories, writes the files of
the chunk, and returns a small record.
"""

from __future__ import annotations

import glob
import os
import platform
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sim.errors import RunError, ScenarioError
from sim.experiments.sweep import chunk_files
from sim.experiments.sweep.chunk_files import StorageError
from sim.experiments.sweep.status import note
from sim.experiments.worker_pool import count_histories
from sim.runs.kinds import DESIGN
from sim.runs.run import reported

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sim.engine.batch import Histories, Start
    from sim.experiments.sweep.plan import Plan

REHEARSED = {"jax": 256, "numpy": 4}
"""Engine -> histories in a rehearsal. On a CPU, JAX steps batches of 256, and a smaller batch costs as much."""


@dataclass(frozen=True)
class FinishedChunk:
    """The record of a chunk: its number, how many runs it has (0 if it failed) and how many lack numbers, its time.

    Attributes:
        failed: the error as one line if the chunk failed; otherwise an empty text.
    """

    chunk: int
    runs: int
    problems: int
    seconds: float
    failed: str = ""


@dataclass(frozen=True)
class Rehearsal:
    """The cost of a sweep, estimated from a few histories: time of one worker, and size on disk of all tables."""

    seconds_per_run: float
    bytes_per_run: float
    bytes_per_chunk: float

    def seconds(self, runs: int, workers: int) -> float:
        """Return the seconds that a number of runs takes on a number of workers."""
        return runs * self.seconds_per_run / workers

    def size(self, runs: int, chunks: int) -> float:
        """Return the bytes on disk that a number of runs takes, divided into a number of chunks."""
        return runs * self.bytes_per_run + chunks * self.bytes_per_chunk


def run_chunk(folder: str, chunk: int) -> FinishedChunk:
    """Run a chunk and write its files.

    If an unexpected error occurs, only this chunk fails: the traceback goes to the status log, and the sweep continues.

    Raises:
        StorageError: if the disk cannot be read or written.
        ScenarioError, RunError: if no chunk at all can be run, for example because the plan cannot be read.
    """
    begun, path = time.perf_counter(), Path(folder)
    plan = plan_in(folder)
    note(path, chunk, "started")
    try:
        tables = _tables_of(plan, chunk)
        chunk_files.write(path, chunk, tables)
    except (StorageError, ScenarioError, RunError):
        raise
    except Exception as error:
        note(path, chunk, "failed", message=traceback.format_exc())
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return FinishedChunk(chunk, 0, 0, time.perf_counter() - begun, reason)
    runs, problems = len(tables["outcomes"]), int(tables["outcomes"]["problem"].notna().sum())
    seconds = time.perf_counter() - begun
    note(path, chunk, "done", seconds=round(seconds, 3), runs=runs, problems=problems)
    return FinishedChunk(chunk, runs, problems, seconds)


def run_chunk_once(folder: str, chunk: int) -> FinishedChunk:
    """Run a chunk unless it is finished: a cluster hands a chunk out again if its worker dies before reporting."""
    import duckdb

    plan = plan_in(folder)
    files = chunk_files.finished(Path(folder), plan.tables).get(chunk, ())
    if not files or not all(file.intact() for file in files):
        return run_chunk(folder, chunk)
    path = files[plan.tables.index("outcomes")].path
    with reported(f"{path}: cannot be read"), duckdb.connect(config={"threads": 1}) as db:
        sql = "SELECT count(*), count(problem) FROM read_parquet(?)"
        [(runs, problems)] = db.execute(sql, [glob.escape(str(path))]).fetchall()
    return FinishedChunk(chunk, runs, problems, 0.0)


def rehearse(folder: str, chunk: int) -> Rehearsal:
    """Run a few histories of a chunk and measure the time and disk space they take; their tables are not kept.

    The program that is compiled for these histories stays on disk, where later workers find it.
    """
    from sim.engine.batch import Start
    from sim.experiments.sweep.chunk_tables import tables_of

    plan = plan_in(folder)
    count = min(plan.chunk, REHEARSED[plan.engine])
    starts = list(islice((start for start in plan.starts(chunk) if isinstance(start, Start)), count))
    if not starts:
        return Rehearsal(0.0, 0.0, 0.0)
    _run(plan, starts[:1])
    begun = time.perf_counter()
    histories = _run(plan, starts)
    # Building the openings is part of the work that is measured.
    list(islice(plan.starts(chunk), count))
    count = len(starts)
    seconds = (time.perf_counter() - begun) / count
    rows = {name: column[:count] for name, column in plan.rows(chunk).items()}
    tables = tables_of(plan, rows, [None] * count, histories)
    half = max(1, count // 2)
    few, whole = _size(tables, rows["run"][:half]), _size(tables, rows["run"])
    each = max(0.0, (whole - few) / max(1, count - half))
    return Rehearsal(seconds, each, max(0.0, whole - each * count))


def _size(tables: dict[str, pd.DataFrame], runs: NDArray[Any]) -> int:
    """Return the bytes that the files of the given runs would take."""
    parts = {name: table[table["run"].isin(runs)] for name, table in tables.items()}
    with TemporaryDirectory(prefix="capflow-") as folder:
        return sum(path.stat().st_size for path in chunk_files.write(Path(folder), 0, parts).values())


@lru_cache(maxsize=2)
def _plan_as_written(folder: str, _changed: int) -> Plan:
    from sim.experiments.sweep.plan import Plan

    return Plan.read(folder)


def plan_in(folder: str) -> Plan:
    """Return the plan of a sweep; each process reads it from the folder only once.

    Raises:
        RunError: if this machine does not see the folder, or if the plan cannot be read.
    """
    try:
        changed = os.stat(Path(folder) / DESIGN).st_mtime_ns
    except OSError as error:
        raise RunError(
            f"{folder}: no sweep at this path on {platform.node()} ({error.strerror}); workers on other machines "
            "must see the folder of the sweep at the same path"
        ) from None
    return _plan_as_written(folder, changed)


def _tables_of(plan: Plan, chunk: int) -> dict[str, pd.DataFrame]:
    from sim.engine.batch import Start
    from sim.experiments.sweep.chunk_tables import tables_of

    problems: list[str | None] = []

    def starts() -> Iterator[Start]:
        for start in plan.starts(chunk):
            problems.append(None if isinstance(start, Start) else start.reason)
            if isinstance(start, Start):
                yield start

    histories = _run(plan, starts())
    return tables_of(plan, plan.rows(chunk), problems, histories)


def _run(plan: Plan, starts: Iterable[Start]) -> Histories | None:
    """Run the histories of the given starts; return None if there are no starts."""
    from sim.engine.ensemble import run_histories

    left = iter(starts)
    first = next(left, None)
    if first is None:
        return None
    flows = "flows" in plan.tables
    return run_histories(chain([first], left), plan.behaviour(), flows, plan.engine, count_histories.get())
