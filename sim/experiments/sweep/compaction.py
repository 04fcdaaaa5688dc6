"""Compaction: the files of many chunks as one file for each table."""

from __future__ import annotations

from pathlib import Path

from sim.errors import RunError
from sim.experiments.sweep import chunk_files
from sim.experiments.sweep.folder import Sweep, finish, read
from sim.experiments.sweep.lock import locked
from sim.experiments.sweep.plan import Plan
from sim.runs.folders import sync
from sim.runs.kinds import MANIFEST


def compact(path: str | Path) -> Sweep:
    """Put the chunks of each table into one file, sorted by run, and remove their own files.

    Stopped at any moment, the sweep stays complete; the same call goes on.

    Args:
        path: folder of a complete sweep.

    Returns:
        The sweep.

    Raises:
        RunError: if it is not complete, or in use.
        StorageError: if the disk refuses, or a chunk is not what was written.
    """
    folder = Path(path).absolute()
    found = Sweep.open(folder)
    with locked(folder):
        chunk_files.remove_leftovers(folder)
        if not (folder / MANIFEST).is_file() or found.done != found.design["chunks"]:
            raise RunError(
                f"{folder}: {found.done} of {found.design['chunks']} chunks are there; finish the sweep first"
            )
        plan = Plan.read(folder)
        for table in plan.tables:
            if not chunk_files.compacted(folder, (table,)):
                _refuse_corrupt(folder, table)
                # One thread reads the files in the order of their chunks, and so rows in the order of their runs.
                chunk_files.copy(folder / table, chunk_files.WHOLE, read(found.files(table)))
        finish(plan, folder)
        for table in plan.tables:
            for file in chunk_files.files(folder, table):
                if file.chunk is not None:
                    file.path.unlink(missing_ok=True)
            sync(folder / table)
    return found


def _refuse_corrupt(folder: Path, table: str) -> None:
    for file in chunk_files.files(folder, table):
        if not file.intact():
            raise RunError(f"{file.path} is not what was written; run the sweep again, then compact it")
