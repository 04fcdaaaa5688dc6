"""Files of chunks: written whole or not at all, under a name that holds the checksum of the content.

A file is written under a temporary name, synced, and renamed to `<chunk>-<checksum>.parquet`, so that a file with
a final name is on disk, and every reader can verify its content.
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
"""Tables of a sweep, each in a folder of its own. Outcomes are always written, and written last."""
ASIDE = "aside"
"""The folder for corrupt files."""
WHOLE = "all"
"""Takes the place of the chunk's number in the name of a compacted table."""
CHECKSUM_DIGITS = 16
COPY_OPTIONS = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"
MEMORY_LIMIT = "1GB"
"""Memory limit of one writer; a chunk takes far less."""

_NAME = re.compile(rf"(\d{{6,}}|{WHOLE})-([0-9a-f]{{{CHECKSUM_DIGITS}}})\.parquet")


class StorageError(OSError):
    """The disk refuses (full, read-only, broken); the message is one line that says where and why."""


@dataclass(frozen=True)
class ChunkFile:
    """A file of a table; `chunk` is None where it holds the whole table, compacted."""

    path: Path
    chunk: int | None
    checksum: str

    def intact(self) -> bool:
        """Return whether the content has the checksum in the name; raise a StorageError if it cannot be read."""
        with _storage(str(self.path)):
            return checksum(self.path) == self.checksum


@contextmanager
def _storage(doing: str) -> Iterator[None]:
    """Turn errors of the disk into a StorageError whose message begins with what was being done."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{doing}: {error.strerror or error}") from error


def files(folder: Path, table: str) -> list[ChunkFile]:
    """Return every file of a table with a final name, in the order of the chunks; a compacted table comes last."""
    if not (folder / table).is_dir():
        return []
    matches = [match for entry in os.scandir(folder / table) if (match := _NAME.fullmatch(entry.name))]
    listed = [
        ChunkFile(folder / table / match[0], None if match[1] == WHOLE else int(match[1]), match[2])
        for match in matches
    ]
    return sorted(listed, key=lambda file: (file.chunk is None, file.chunk or 0, file.checksum))


def compacted(folder: Path, tables: Iterable[str]) -> dict[str, ChunkFile]:
    """Return table -> the file that holds the whole of it, for the tables that have one."""
    return {table: file for table in tables for file in reversed(files(folder, table)) if file.chunk is None}


def finished(folder: Path, tables: Sequence[str]) -> dict[int, tuple[ChunkFile, ...]]:
    """Return the chunks that have exactly one file of each table: chunk -> its files.

    Two files of one table can only come from two machines that calculate differently, and neither of them counts.
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
    """Write the tables of one chunk; outcomes last.

    The bytes depend on the tables alone. Texts with few different values are best given as categories.

    Args:
        folder: the folder of the sweep.
        chunk: the number of the chunk.
        tables: table -> its rows, integers, numbers and texts; NaN becomes a missing value.

    Returns:
        Table -> the file.

    Raises:
        StorageError: if the disk refuses; nothing that was half written has a final name.
    """
    written = {}
    for table in sorted(tables, key=TABLES.index, reverse=True):
        columns = ", ".join(_expression(column, kind.kind) for column, kind in tables[table].dtypes.items())
        written[table] = copy(folder / table, f"{chunk:06d}", f"SELECT {columns} FROM rows", tables[table])
    return written


def copy(folder: Path, name: str, sql: str, rows: pd.DataFrame | None = None) -> Path:
    """Write the answer to a query as a Parquet file: whole, synced, and named after its content.

    Args:
        folder: the folder of the table, made if need be.
        name: the first part of the file's name.
        sql: the query.
        rows: the table `rows` of the query.

    Raises:
        StorageError: if the disk refuses.
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
    """Write a small file: whole, synced, in the place of an older one; raise a StorageError if that fails."""
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
    """Remove temporary files and folders that dead processes of this machine left."""
    for path in [*folder.glob(".*.partial"), *folder.glob("*/.*.partial")]:
        machine, _, rest = path.name.removesuffix(".partial").rpartition(".")[2].rpartition("_")
        pid = rest.partition("-")[0]
        if machine == machine_name() and pid.isdecimal() and not process_alive(int(pid)):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def writer() -> str:
    """Return the names of this machine, process and thread, for the names of temporary files."""
    return f"{machine_name()}_{os.getpid()}-{threading.get_ident()}"


def checksum(path: Path) -> str:
    """Return the checksum of a file's content, as in its name."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:CHECKSUM_DIGITS]


def _expression(column: str, kind: str) -> str:
    name = quoted(column)
    if kind == "f":
        return f"nullif({name}, 'nan'::DOUBLE) AS {name}"
    # A column of texts that are all missing has no type of its own.
    return f"{name}::{'BIGINT' if kind in 'iu' else 'VARCHAR'} AS {name}"
