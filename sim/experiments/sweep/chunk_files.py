"""Files of chunks: written whole or not at all, under a name that carries the checksum of the content.

A file is written under a temporary name, synced, and renamed to `<chunk>-<checksum>.parquet`, so that a chunk
whose file has its final name is on disk, and whoever reads it can tell whether it is what was written.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.runs.folders import machine_name, process_alive, sync
from sim.runs.run import literal, quoted

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("outcomes", "series", "flows")
"""What can be kept of histories, each in a folder of its own. Outcomes are always kept, and written last."""
ASIDE = "aside"
"""Where files go whose content is not what was written."""
WHOLE = "all"
"""Takes the place of the chunk's number in the name of a compacted table."""
CHECKSUM_DIGITS = 16
COPY_OPTIONS = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"
MEMORY_LIMIT = "1GB"
"""Of one writer; a chunk takes far less."""

_NAME = re.compile(rf"(\d{{6,}}|{WHOLE})-([0-9a-f]{{{CHECKSUM_DIGITS}}})\.parquet")


class StorageError(OSError):
    """The disk refuses (full, read-only, broken); the message is one line that says where and why."""


@dataclass(frozen=True)
class ChunkFile:
    """A file of a table.

    Attributes:
        path: of the file.
        chunk: number of the chunk; None for a whole table, compacted.
        checksum: that its content must have.
    """

    path: Path
    chunk: int | None
    checksum: str

    def intact(self) -> bool:
        """Whether the content is what was written.

        Raises:
            StorageError: if the file cannot be read.
        """
        try:
            return checksum(self.path) == self.checksum
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror or error}") from error


def files(folder: Path, table: str) -> list[ChunkFile]:
    """Every file of a table with a final name, in the order of the chunks; a compacted table comes last.

    Args:
        folder: of the sweep.
        table: one of `TABLES`.
    """
    found = []
    with suppress(FileNotFoundError), os.scandir(folder / table) as entries:
        for entry in entries:
            if told := _NAME.fullmatch(entry.name):
                chunk = None if told[1] == WHOLE else int(told[1])
                found.append(ChunkFile(Path(entry.path), chunk, told[2]))
    return sorted(found, key=lambda file: (file.chunk is None, file.chunk or 0, file.checksum))


def compacted(folder: Path, kept: Iterable[str]) -> dict[str, ChunkFile]:
    """Table -> the file that holds the whole of it, for the tables that have one."""
    whole = {table: [file for file in files(folder, table) if file.chunk is None] for table in kept}
    return {table: found[0] for table, found in whole.items() if found}


def finished(folder: Path, kept: Sequence[str]) -> dict[int, tuple[ChunkFile, ...]]:
    """Chunks that have exactly one file of each table kept: chunk -> its files.

    Two files of one table can only come from two machines that do not calculate alike, and none of them counts.
    """
    by_table: list[dict[int, list[ChunkFile]]] = []
    for table in kept:
        by_chunk: dict[int, list[ChunkFile]] = {}
        for file in files(folder, table):
            if file.chunk is not None:
                by_chunk.setdefault(file.chunk, []).append(file)
        by_table.append(by_chunk)
    return {
        chunk: tuple(found[chunk][0] for found in by_table)
        for chunk in sorted(by_table[0])
        if all(len(found.get(chunk, ())) == 1 for found in by_table)
    }


def write(folder: Path, name: str, tables: Mapping[str, pd.DataFrame]) -> dict[str, Path]:
    """Write the tables of one chunk; outcomes last.

    The bytes depend on the tables alone. Texts of which there are few are best given as categories.

    Args:
        folder: of the sweep.
        name: the chunk's part of the names, from `chunk_name`.
        tables: table -> its rows, integers, numbers and texts; NaN is no value.

    Returns:
        Table -> the file.

    Raises:
        StorageError: if the disk refuses; nothing that was half written has a final name.
    """
    written = {}
    for table in sorted(tables, key=TABLES.index, reverse=True):
        columns = ", ".join(_expression(column, kind.kind) for column, kind in tables[table].dtypes.items())
        written[table] = copy(folder / table, name, f"SELECT {columns} FROM rows", {"rows": tables[table]})
    return written


def chunk_name(chunk: int) -> str:
    """Return the chunk's part of the names of its files."""
    return f"{chunk:06d}"


def copy(home: Path, name: str, sql: str, frames: Mapping[str, pd.DataFrame] | None = None) -> Path:
    """Write the answer to a query as a Parquet file: whole, synced, and named after its content.

    Args:
        home: folder of the table, made if need be.
        name: first part of the file's name.
        sql: the query.
        frames: tables that it reads, by name.

    Returns:
        The file.

    Raises:
        StorageError: if the disk refuses.
    """
    import duckdb

    temporary = home / f".{name}.{writer()}.partial"
    try:
        home.mkdir(exist_ok=True)
        # One thread keeps rows in order, and so the bytes the same from one process to the next.
        options = {"threads": 1, "memory_limit": MEMORY_LIMIT, "temp_directory": ""}
        with duckdb.connect(config=options) as db:
            for given, frame in (frames or {}).items():
                db.register(given, frame)
            db.execute(f"COPY ({sql}) TO '{literal(temporary)}' ({COPY_OPTIONS})")
        sync(temporary)
        path = home / f"{name}-{checksum(temporary)}.parquet"
        os.replace(temporary, path)
        sync(home)
    except (OSError, duckdb.IOException) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise StorageError(f"cannot write {home}: {reason}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def write_text(path: Path, text: str) -> None:
    """Write a small file: whole, synced, in the place of an older one.

    Raises:
        StorageError: if the disk refuses.
    """
    temporary = path.parent / f".{path.name}.{writer()}.partial"
    try:
        temporary.write_text(text, encoding="utf-8")
        sync(temporary)
        os.replace(temporary, path)
        sync(path.parent)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def put_aside(folder: Path, file: ChunkFile) -> Path:
    """Move a file whose content is not what was written out of the way, to be looked at.

    Raises:
        StorageError: if the disk refuses.
    """
    target = folder / ASIDE / f"{file.path.parent.name}-{file.path.name}"
    try:
        target.parent.mkdir(exist_ok=True)
        os.replace(file.path, target)
    except OSError as error:
        raise StorageError(f"cannot move {file.path} to {target}: {error.strerror or error}") from error
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
    """Return the names of this machine, process and thread, as in names of temporary files."""
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
