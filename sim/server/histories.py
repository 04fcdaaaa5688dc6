"""Histories by address: computed once, kept as long as there is room, the same for everyone who asks."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from sim.server.address import HistoryRequest

if TYPE_CHECKING:
    from sim.runs.run import Run

MOST_RUNS = 12
"""Histories kept with all their tables, a few megabytes each."""
MOST_DOCUMENTS = 400
"""Histories kept as browsers get them, some 100 kB each."""
AT_ONCE = 2
"""Histories computed at a time: as many as there are cores on a small machine."""
MOST_WAITING = 200
"""Requests that may wait for a history."""
PATIENCE = 60.0
"""Seconds that a request waits at most."""

Key = TypeVar("Key", bound=Hashable)
Kept = TypeVar("Kept")


class BusyError(Exception):
    """Too many histories are asked for at once."""


class Cache(Generic[Key, Kept]):
    """A bounded cache in which everyone who asks for the same thing at the same time waits for one computation.

    Args:
        most: how many answers are kept; the longest unused is dropped first.
        make: computes an answer; what it raises is raised to all who wait, and is not kept.
    """

    def __init__(self, most: int, make: Callable[[Key], Kept]) -> None:
        self._most, self._make = most, make
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._making: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def kept(self, key: Key) -> Kept | None:
        """Return the answer to a key if it is kept."""
        with self._lock:
            return self._kept.get(key)

    def keep(self, key: Key, made: Kept) -> Kept:
        """Keep an answer that was computed elsewhere."""
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made

    def get(self, key: Key) -> Kept:
        """Return the answer to a key, computed if it is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            mine = self._making.setdefault(key, threading.Lock())
        with mine:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            try:
                made = self.keep(key, self._make(key))
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return made


class HistoryStore:
    """The histories that the server has at hand."""

    def __init__(self) -> None:
        self._runs: Cache[HistoryRequest, Run] = Cache(MOST_RUNS, self._compute)
        self._documents: Cache[HistoryRequest, bytes] = Cache(MOST_DOCUMENTS, self._write)
        self._working = threading.BoundedSemaphore(AT_ONCE)
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)

    def run(self, world: HistoryRequest) -> Run:
        """Return a history with all its tables.

        Raises:
            BusyError: if too many wait already, or for too long.
            AccountingError: if its books do not hold.
        """
        return self._runs.get(world)

    def document(self, world: HistoryRequest) -> bytes:
        """Return a history as browsers get it: JSON, compressed with gzip. Raises as `run` does."""
        return self._documents.get(world)

    def _compute(self, world: HistoryRequest) -> Run:
        with self._turn():
            return _run(world)

    def _write(self, world: HistoryRequest) -> bytes:
        from sim.server.history_json import document

        with self._turn():
            run = self._runs.kept(world) or self._runs.keep(world, _run(world))
            return gzip.compress(document(world, run), compresslevel=4)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for one's turn: many threads at a time would only take the interpreter from each other."""
        if not self._waiting.acquire(blocking=False):
            raise BusyError("too many histories are being computed; try again in a moment")
        try:
            if not self._working.acquire(timeout=PATIENCE):
                raise BusyError(f"no history could be computed within {PATIENCE:.0f} seconds; try again")
            try:
                yield
            finally:
                self._working.release()
        finally:
            self._waiting.release()


def _run(world: HistoryRequest) -> Run:
    from sim.engine.history import history
    from sim.experiments.run import run_of

    return run_of(history(world.spec(), world.seed), outcomes=False)
