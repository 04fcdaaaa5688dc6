"""The status log of a sweep, for people: the events of each chunk, one JSON object a line."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sim.experiments.sweep.chunk_files import StorageError

STATUS = "status.jsonl"
State = Literal["started", "done", "failed", "again"]
"""State of a chunk; "again" where it is run once more."""


def note(folder: Path, chunk: int, state: State, **details: Any) -> None:
    """Add a line on the new state of a chunk; many processes do so, each in one write to the end of the file.

    Raises:
        StorageError: if the file cannot be written, for example because the disk is full.
    """
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "chunk": chunk,
        "state": state,
        **details,
        "worker": f"{platform.node()}:{os.getpid()}",
    }
    _append(folder / STATUS, json.dumps(line, ensure_ascii=False) + "\n")


def close_torn_line(folder: Path) -> None:
    """End a line that a full disk or a power cut left unfinished."""
    path = folder / STATUS
    if path.exists() and path.stat().st_size:
        with path.open("rb") as log:
            log.seek(-1, os.SEEK_END)
            last = log.read()
        if last != b"\n":
            _append(path, "\n")


def lines(folder: Path) -> Iterator[dict[str, Any]]:
    """Return the entries of the log, in order; torn lines are left out."""
    path = folder / STATUS
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as log:
        for text in log:
            with suppress(ValueError):
                yield json.loads(text)


def _append(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error
