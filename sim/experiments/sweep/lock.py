"""A lock on the folder of a sweep, which the system releases when its holder dies."""

from __future__ import annotations

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
"""Beside each lock: which process holds it, for the one that is refused."""
SHARDS = ".lock-[0-9]*-of-*"
MOMENT = 1.0
"""Seconds to wait for a process that looks whether the sweep is free, which takes a moment."""


@contextmanager
def locked(folder: Path, shard: tuple[int, int] | None = None) -> Iterator[None]:
    """Hold a sweep: all of it alone, or one shard of it beside the other shards.

    Args:
        folder: the folder of the sweep.
        shard: which shard of how many; None for the whole sweep.

    Raises:
        RunError: if another process holds it, naming it.
    """
    whole = folder / LOCK
    if shard is None:
        with _held(whole, MOMENT):
            for path in folder.glob(SHARDS):
                with _held(path):
                    pass
            _sign(whole)
            yield
    else:
        mine = folder / f"{LOCK}-{shard[0]}-of-{shard[1]}"
        with _held(mine):
            with _held(whole, MOMENT):
                pass
            _sign(mine)
            yield


@contextmanager
def _held(path: Path, timeout: float = 0.0) -> Iterator[None]:
    """Hold one lock; where the system has none, say so and go on."""
    lock = FileLock(path, timeout=timeout)
    try:
        lock.acquire()
    except Timeout:
        raise RunError(f"{path.parent}: {_holder(path)} is running this sweep; wait, or stop it") from None
    except (OSError, NotImplementedError) as error:
        print(
            f"capflow: {path.parent} cannot be locked ({error}); make sure that nobody else runs this sweep",
            file=sys.stderr,
        )
    try:
        yield
    finally:
        lock.release()


def _sign(path: Path) -> None:
    """Leave beside a lock which process holds it."""
    with suppress(OSError):
        _signature(path).write_text(json.dumps({"pid": os.getpid(), "host": platform.node()}), encoding="utf-8")


def _holder(path: Path) -> str:
    try:
        holder = json.loads(_signature(path).read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _signature(path: Path) -> Path:
    return path.with_name(path.name.replace(LOCK, HOLDER, 1))
