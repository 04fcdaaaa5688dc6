"""One chunk of a sweep from start to end: what a worker does, wherever it is.

A worker is given the folder and the number of the chunk. It reads the plan, runs the histories, writes the files
of the chunk, and returns a small record.
"""

from __future__ import annotations

import glob
import os
import platform
import shutil
import time
import traceback
from collections.abc import Iterable
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

TRIED = 256
"""Histories in a rehearsal of the compiled program: a batch of a processor, which costs as much when not full."""
TRIED_IN_NUMPY = 4


@dataclass(frozen=True)
class Finished:
    """What a worker tells about a chunk.

    Attributes:
        chunk: its number.
        runs: how many histories it holds; 0 if it failed.
        problems: how many of them have no numbers.
        seconds: that it took.
        failed: the last line of the traceback, or an empty text.
    """

    chunk: int
    runs: int
    problems: int
    seconds: float
    failed: str = ""


@dataclass(frozen=True)
class Rehearsal:
    """What a sweep will cost, measured on a few of its histories.

    Attributes:
        seconds_per_run: of one worker, the program compiled.
        bytes_per_run: of all tables kept, on disk.
        bytes_per_chunk: that each chunk takes besides.
    """

    seconds_per_run: float
    bytes_per_run: float
    bytes_per_chunk: float

    def seconds(self, runs: int, workers: int) -> float:
        """How long so many runs take."""
        return runs * self.seconds_per_run / workers

    def size(self, runs: int, count: int) -> float:
        """Bytes of so many runs in so many chunks."""
        return runs * self.bytes_per_run + count * self.bytes_per_chunk


def run_chunk(folder: str, chunk: int) -> Finished:
    """Run a chunk and write its files.

    An unexpected error fails this chunk, and is told in full in the status log; the sweep goes on.

    Args:
        folder: of the sweep, with its plan.
        chunk: number of the chunk.

    Raises:
        StorageError: if the disk refuses.
        ScenarioError, RunError: if no chunk can be run, such as a plan that cannot be read.
    """
    home = Path(folder)
    begun = time.perf_counter()
    plan = plan_in(folder)
    note(home, chunk, "started")
    try:
        made = _histories_of(plan, chunk)
        chunk_files.write(home, chunk_files.chunk_name(chunk), made)
    except (StorageError, ScenarioError, RunError):
        raise
    except Exception as error:
        note(home, chunk, "failed", message=traceback.format_exc())
        told = " ".join(f"{type(error).__name__}: {error}".split())
        return Finished(chunk, 0, 0, time.perf_counter() - begun, told)
    problems = int(made["outcomes"]["problem"].notna().sum())
    done = Finished(chunk, len(made["outcomes"]), problems, time.perf_counter() - begun)
    note(home, chunk, "done", seconds=round(done.seconds, 3), runs=done.runs, problems=problems)
    return done


def run_chunk_once(folder: str, chunk: int) -> Finished:
    """Run a chunk unless it is there: a cluster hands out again what a worker finished and died before it told.

    Args:
        folder: of the sweep, with its plan.
        chunk: number of the chunk.
    """
    plan = plan_in(folder)
    files = chunk_files.finished(Path(folder), plan.tables).get(chunk, ())
    if not files or not all(file.intact() for file in files):
        return run_chunk(folder, chunk)
    at = plan.tables.index("outcomes")
    return Finished(chunk, len(plan.rows(chunk)["run"]), _problems(files[at].path), 0.0)


def rehearse(folder: str, chunk: int) -> Rehearsal:
    """Run a few histories of a chunk, and measure what they cost. Nothing of them is kept.

    The program that they compile is kept on disk, for the workers that follow.

    Args:
        folder: of the sweep, with its plan.
        chunk: number of the chunk.
    """
    from sim.engine.batch import Start

    plan = plan_in(folder)
    count = min(plan.chunk, TRIED_IN_NUMPY if plan.engine == "numpy" else TRIED)
    some = list(islice((one for one in plan.starts(chunk) if isinstance(one, Start)), count))
    if not some:
        return Rehearsal(0.0, 0.0, 0.0)
    _run(plan, some[:1])
    begun = time.perf_counter()
    found = _run(plan, some)
    # Opening the economies is part of the work.
    list(islice(plan.starts(chunk), count))
    seconds = (time.perf_counter() - begun) / len(some)
    rows = {name: column[: len(some)] for name, column in plan.rows(chunk).items()}
    made = _tables(plan, rows, [None] * len(some), found)
    few, whole = (_size({name: _first_runs(table, part) for name, table in made.items()}) for part in (1, 2))
    half = max(1, len(some) // 2)
    each = max(0.0, (whole - few) / max(1, len(some) - half))
    return Rehearsal(seconds, each, max(0.0, whole - each * len(some)))


def _problems(path: Path) -> int:
    """How many runs of a file of outcomes have no numbers."""
    import duckdb

    with reported(f"{path}: cannot be read"), duckdb.connect(config={"threads": 1}) as db:
        [(count,)] = db.execute("SELECT count(problem) FROM read_parquet(?)", [glob.escape(str(path))]).fetchall()
    return int(count)


def _first_runs(table: pd.DataFrame, halves: int) -> pd.DataFrame:
    """Return the rows of the first half of the runs, or of all."""
    runs = table["run"].unique()
    return table[table["run"].isin(runs[: max(1, len(runs) * halves // 2)])]


def _size(made: dict[str, pd.DataFrame]) -> int:
    """Bytes of the files of some tables."""
    with TemporaryDirectory(prefix="capflow-") as folder:
        return sum(path.stat().st_size for path in chunk_files.write(Path(folder), "try", made).values())


@lru_cache(maxsize=2)
def _plan_as_written(folder: str, _changed: int) -> Plan:
    from sim.experiments.sweep.plan import Plan

    return Plan.read(Path(folder))


def plan_in(folder: str) -> Plan:
    """Return the plan of a sweep, read once by each process.

    Raises:
        RunError: if this machine does not see the folder, or cannot read the plan.
    """
    try:
        changed = os.stat(Path(folder) / DESIGN).st_mtime_ns
    except OSError as error:
        raise RunError(
            f"{folder}: no sweep there on {platform.node()} ({error.strerror}); workers on other machines need "
            "the same folder at the same place"
        ) from None
    return _plan_as_written(folder, changed)


def room_on_disk(folder: Path) -> int:
    """Bytes free for this user where a folder is."""
    return shutil.disk_usage(folder).free


def _histories_of(plan: Plan, chunk: int) -> dict[str, pd.DataFrame]:
    from sim.engine.batch import Start

    problems: list[str | None] = []

    def good() -> Iterable[Start]:
        for one in plan.starts(chunk):
            if isinstance(one, Start):
                problems.append(None)
                yield one
            else:
                problems.append(one.reason)

    rows = plan.rows(chunk)
    found = _run(plan, good())
    return _tables(plan, rows, problems, found)


def _run(plan: Plan, starts: Iterable[Start]) -> Histories | None:
    """Histories from their starts; None if there are none."""
    from sim.engine.ensemble import run_histories

    left = iter(starts)
    first = next(left, None)
    if first is None:
        return None
    flows = "flows" in plan.tables
    return run_histories(chain([first], left), plan.behaviour(), flows, plan.engine, count_histories.get())


def _tables(
    plan: Plan, rows: dict[str, NDArray[Any]], problems: list[str | None], found: Histories | None
) -> dict[str, pd.DataFrame]:
    from sim.engine.batch import taken
    from sim.experiments.sweep.chunk_tables import tables
    from sim.opening.open_economy import open_economy

    if found is not None:
        readings = found.names
    else:
        opening = open_economy(plan.scenario).economy
        readings = tuple(taken(opening, opening))
    return tables(rows, problems, found, readings, plan.labels, plan.tables)
