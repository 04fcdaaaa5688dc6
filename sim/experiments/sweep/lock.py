"""The lock on the folder of a sweep, which the system releases when its process dies."""

import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from sim.errors import RunError

LOCK = ".lock"
HOLDER = ".lock-holder"
"""A file next to each lock that names the process that has it, for messages."""
SHARDS = ".lock-[0-9]*-of-*"
MOMENT = 1.0
"""Seconds to wait for a process that only tests whether the sweep is free."""


@contextmanager
def locked(folder: Path, shard: tuple[int, int] | None = None) -> Iterator[None]:
    """Lock a sweep: the whole of it, or one shard, next to which other shards may run.

    Args:
        folder: the folder of the sweep.
        shard: the number of the shard and the number of shards; None for the whole sweep.

    Raises:
        RunError: if another process has the lock; the message names it.
    """
    whole = folder / LOCK
    mine = whole if shard is None else folder / f"{LOCK}-{shard[0]}-of-{shard[1]}"
    with _acquired(mine):
        for path in folder.glob(SHARDS) if shard is None else [whole]:
            with _acquired(path):
                pass
        with suppress(OSError):
            holder = {"pid": os.getpid(), "host": platform.node()}
            _signature(mine).write_text(json.dumps(holder), encoding="utf-8")
        yield


@contextmanager
def _acquired(path: Path) -> Iterator[None]:
    """Acquire one lock; where the system has none, warn and go on."""
    lock = FileLock(path, timeout=MOMENT if path.name == LOCK else 0.0)
    try:
        lock.acquire()
    except Timeout:
        raise RunError(f"{path.parent}: {_process(path)} is running this sweep; wait, or stop it") from None
    except (OSError, NotImplementedError) as error:
        print(
            f"capflow: {path.parent} cannot be locked ({error}); make sure that nobody else runs this sweep",
            file=sys.stderr,
        )
    try:
        yield
    finally:
        lock.release()


def _process(path: Path) -> str:
    try:
        holder = json.loads(_signature(path).read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _signature(path: Path) -> Path:
    return path.with_name(path.name.replace(LOCK, HOLDER, 1))
