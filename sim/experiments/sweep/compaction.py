"""Compacts a sweep: joins the files of the chunks of each table into one file."""

from pathlib import Path

from sim.errors import RunError
from sim.experiments.sweep import chunk_files
from sim.experiments.sweep.folder import Sweep, finish, read
from sim.experiments.sweep.lock import locked
from sim.experiments.sweep.plan import Plan
from sim.runs.folders import sync


def compact(path: str | Path) -> Sweep:
    """Join the chunks of each table into one file, sorted by run, and then remove the files of the chunks.

    If the call is interrupted at any moment, the sweep is still complete, and the same call resumes the work.

    Raises:
        RunError: if the sweep is not complete or is in use, or if the file of a chunk is corrupt.
        StorageError: if the disk cannot be read or written.
    """
    folder = Path(path).absolute()
    sweep = Sweep.open(folder)
    with locked(folder):
        chunk_files.remove_leftovers(folder)
        if not sweep.complete:
            finished = f"{sweep.done} of {sweep.design['chunks']} chunks are finished"
            raise RunError(f"{folder}: only {finished}; finish the sweep first, then compact it")
        plan = Plan.read(folder)
        for table in plan.tables:
            if chunk_files.compacted(folder, (table,)):
                continue
            for file in chunk_files.files(folder, table):
                if not file.intact():
                    raise RunError(f"{file.path} is corrupt; run the sweep again, then compact it")
            # One thread reads the files in the order of the chunks, which is also the order of the runs.
            chunk_files.copy(folder / table, chunk_files.WHOLE, read(sweep.files(table)))
        finish(plan, folder)
        for table in plan.tables:
            for file in chunk_files.files(folder, table):
                if file.chunk is not None:
                    file.path.unlink(missing_ok=True)
            sync(folder / table)
    return sweep
