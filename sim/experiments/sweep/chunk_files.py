"""The Parquet files of the chunks of a sweep: each written completely or not at all, with a checksum in its name.

A file is written under a temporary name, synced, and then renamed to `<chunk>-<checksum>.parquet`. So a file with
such a final name is completely on disk, and every reader can verify its content.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.runs.folders import machine_name, process_alive, sync
from sim.runs.run import literal, quoted

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("outcomes", "series", "flows")
"""Tables of a sweep, each in its own folder. The table of outcomes is always written, after all others."""
ASIDE = "aside"
"""The folder to which corrupt files are moved."""
WHOLE = "all"
"""Replaces the number of the chunk in the file name of a compacted table (one file for all chunks)."""
CHECKSUM_DIGITS = 16
COPY_OPTIONS = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"
MEMORY_LIMIT = "1GB"
"""Memory limit of one process that writes; a chunk needs far less."""

_NAME = re.compile(rf"(\d{{6,}}|{WHOLE})-([0-9a-f]{{{CHECKSUM_DIGITS}}})\.parquet")


class StorageError(OSError):
    """The disk cannot be read or written (full, read-only, broken); the message says in one line where and why."""


@dataclass(frozen=True)
class ChunkFile:
    """A file of a table; `chunk` is its number, or None if the file is compacted and holds the whole table."""

    path: Path
    chunk: int | None
    checksum: str

    def intact(self) -> bool:
        """Return whether the content matches the checksum in the name; raise a StorageError if reading fails."""
        with _storage(str(self.path)):
            return checksum(self.path) == self.checksum


@contextmanager
def _storage(doing: str) -> Iterator[None]:
    """Turn errors of the disk into a StorageError whose message begins with the text `doing`."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{doing}: {error.strerror or error}") from error


def files(folder: Path, table: str) -> list[ChunkFile]:
    """Return all files of a table that have a final name, in the order of the chunks; a compacted file comes last."""
    if not (folder / table).is_dir():
        return []
    matches = [match for entry in os.scandir(folder / table) if (match := _NAME.fullmatch(entry.name))]
    listed = [
        ChunkFile(folder / table / match[0], None if match[1] == WHOLE else int(match[1]), match[2])
        for match in matches
    ]
    return sorted(listed, key=lambda file: (file.chunk is None, file.chunk or 0, file.checksum))


def compacted(folder: Path, tables: Iterable[str]) -> dict[str, ChunkFile]:
    """Return table -> its compacted file, for the tables that have one."""
    return {table: file for table in tables for file in reversed(files(folder, table)) if file.chunk is None}


def finished(folder: Path, tables: Sequence[str]) -> dict[int, tuple[ChunkFile, ...]]:
    """Return the chunks that have exactly one file of each table: chunk -> its files.

    A chunk with two files of one table does not count as finished: the files come from two machines whose numbers
    differ.
    """
    by_chunk: dict[int, list[list[ChunkFile]]] = {}
    for place, table in enumerate(tables):
        for file in files(folder, table):
            if file.chunk is not None:
                by_chunk.setdefault(file.chunk, [[] for _ in tables])[place].append(file)
    return {
        chunk: tuple(file for (file,) in listed)
        for chunk, listed in sorted(by_chunk.items())
        if all(len(of_table) == 1 for of_table in listed)
    }


def write(folder: Path, chunk: int, tables: Mapping[str, pd.DataFrame]) -> dict[str, Path]:
    """Write the tables of one chunk, the table of outcomes last.

    The bytes of the files depend on the tables alone. A column of text with few different values is best given as
    categories.

    Args:
        folder: the folder of the sweep.
        chunk: the number of the chunk.
        tables: table -> its rows, of integers, numbers and texts; NaN is written as a missing value.

    Returns:
        Table -> the file.

    Raises:
        StorageError: if the disk cannot be written; a half-written file never has a final name.
    """
    written = {}
    for table in sorted(tables, key=TABLES.index, reverse=True):
        columns = ", ".join(_expression(column, kind.kind) for column, kind in tables[table].dtypes.items())
        written[table] = copy(folder / table, f"{chunk:06d}", f"SELECT {columns} FROM rows", tables[table])
    return written


def copy(folder: Path, name: str, sql: str, rows: pd.DataFrame | None = None) -> Path:
    """Write the answer to a query as a Parquet file: whole, synced, and named after its content.

    Args:
        folder: the folder of the table; it is made if it is missing.
        name: the first part of the file's name.
        sql: the query.
        rows: the table that the query can read under the name `rows`.

    Raises:
        StorageError: if the disk cannot be written.
    """
    import duckdb

    def fill(temporary: Path) -> None:
        # One thread keeps rows in order, and so the bytes the same from one process to the next.
        options = {"threads": 1, "memory_limit": MEMORY_LIMIT, "temp_directory": ""}
        try:
            with duckdb.connect(config=options) as db:
                if rows is not None:
                    db.register("rows", rows)
                db.execute(f"COPY ({sql}) TO '{literal(temporary)}' ({COPY_OPTIONS})")
        except duckdb.IOException as error:
            raise OSError(str(error).partition("\n")[0]) from error

    with _storage(f"cannot write {folder}"):
        folder.mkdir(exist_ok=True)
        return _write_whole(folder, name, fill, lambda file: f"{name}-{checksum(file)}.parquet")


def write_text(path: Path, text: str) -> None:
    """Write a small file completely and sync it, replacing an older one; raise a StorageError if that fails."""
    with _storage(f"cannot write {path}"):
        _write_whole(path.parent, path.name, lambda file: file.write_text(text, "utf-8"), lambda _file: path.name)


def _write_whole(folder: Path, name: str, fill: Callable[[Path], object], final_name: Callable[[Path], str]) -> Path:
    """Fill a temporary file, and rename it once it is on disk."""
    temporary = folder / f".{name}.{writer()}.partial"
    try:
        fill(temporary)
        sync(temporary)
        path = folder / final_name(temporary)
        os.replace(temporary, path)
        sync(folder)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def put_aside(folder: Path, file: ChunkFile) -> Path:
    """Move a corrupt file into the folder `ASIDE`, and return its new path; raise a StorageError if that fails."""
    target = folder / ASIDE / f"{file.path.parent.name}-{file.path.name}"
    with _storage(f"cannot move {file.path} to {target}"):
        target.parent.mkdir(exist_ok=True)
        os.replace(file.path, target)
    return target


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files and folders that were left behind by dead processes of this machine."""
    for path in [*folder.glob(".*.partial"), *folder.glob("*/.*.partial")]:
        machine, _, rest = path.name.removesuffix(".partial").rpartition(".")[2].rpartition("_")
        pid = rest.partition("-")[0]
        if machine == machine_name() and pid.isdecimal() and not process_alive(int(pid)):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def writer() -> str:
    """Return a text that names this machine, process and thread, for the names of temporary files."""
    return f"{machine_name()}_{os.getpid()}-{threading.get_ident()}"


def checksum(path: Path) -> str:
    """Return the checksum of a file's content, as it is written in the file's name."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:CHECKSUM_DIGITS]


def _expression(column: str, kind: str) -> str:
    name = quoted(column)
    if kind == "f":
        return f"nullif({name}, 'nan'::DOUBLE) AS {name}"
    # Where all texts of a column are missing, the database cannot infer its type, so it is stated.
    return f"{name}::{'BIGINT' if kind in 'iu' else 'VARCHAR'} AS {name}"
