"""One process at a time: a lock on a sweep's folder, which the system lets go of when its holder dies."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sim.errors import RunError

LOCK = ".lock"


@contextmanager
def locked(folder: Path, shard: tuple[int, int] | None = None) -> Iterator[None]:
    """Hold a sweep: all of it alone, or one shard of it beside the other shards.

    Args:
        folder: of the sweep.
        shard: which shard of how many; None for the whole sweep.

    Raises:
        RunError: if another process is at it, naming it.
    """
    with ExitStack() as held:
        if shard is None:
            held.enter_context(_held(folder / LOCK, alone=True))
        else:
            held.enter_context(_held(folder / LOCK, alone=False))
            held.enter_context(_held(folder / f"{LOCK}-{shard[0]}-of-{shard[1]}", alone=True))
        yield


@contextmanager
def _held(path: Path, alone: bool) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:
        _say_unlocked(path, "this system has no such locks")
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(f"{path.parent}: {_holder(path)} is running this sweep; wait, or stop it") from None
        except OSError as error:
            _say_unlocked(path, error.strerror or str(error))
        else:
            # Who holds it, for the one that is refused; the lock itself is the system's.
            told = json.dumps({"pid": os.getpid(), "host": platform.node()})
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, told.encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _holder(path: Path) -> str:
    try:
        told = json.loads(path.read_text())
        return f"process {told['pid']} on {told['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _say_unlocked(path: Path, why: str) -> None:
    print(
        f"capflow: {path.parent} cannot be locked ({why}); make sure that nobody else runs this sweep",
        file=sys.stderr,
    )
