"""The cache of histories: each is computed once for all requests, and kept until the cache is full."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from sim.server.address import HistoryRequest

if TYPE_CHECKING:
    from sim.runs.run import Run

MOST_RUNS = 12
"""Most histories kept with all their tables, at a few megabytes each."""
MOST_DOCUMENTS = 400
"""Most histories kept in the form that browsers get, at some 100 kB each."""
AT_ONCE = 2
"""Most histories or results computed at the same time, as many as a small machine has cores."""
MOST_WAITING = 200
"""Most requests that may wait for a computation."""
PATIENCE = 60.0
"""Most seconds that a request waits."""

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BusyError(Exception):
    """Too many requests wait, or one has waited for too long."""


class SharedCache(Generic[Key, Value]):
    """A bounded cache in which requests for the same key at the same time wait for a single computation.

    Args:
        most: how many values are kept; the value that has been unused for longest is dropped first.
        make: computes a value from its key; an error that it raises reaches every waiting request, and is not kept.
    """

    def __init__(self, most: int, make: Callable[[Key], Value]) -> None:
        self._most, self._make = most, make
        self._values: OrderedDict[Key, Future[Value]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Key) -> Value:
        """Return the value of a key; compute it if the cache does not have it."""
        with self._lock:
            known = self._values.get(key)
            future = self._values.setdefault(key, Future())
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
        if known is None:
            try:
                future.set_result(self._make(key))
            except BaseException as error:
                with self._lock:
                    self._values.pop(key, None)
                future.set_exception(error)
        return future.result()


class Turns:
    """A limit on the threads that compute at the same time: more would only slow each other down in the interpreter."""

    def __init__(self) -> None:
        self._working = threading.BoundedSemaphore(AT_ONCE)
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn; raises BusyError if too many threads wait already, or this one waits for too long."""
        if not self._waiting.acquire(blocking=False):
            raise BusyError("too many requests are waiting; try again in a moment")
        try:
            if not self._working.acquire(timeout=PATIENCE):
                raise BusyError(f"the server was too busy for {PATIENCE:.0f} seconds; try again in a minute")
            try:
                yield
            finally:
                self._working.release()
        finally:
            self._waiting.release()


class HistoryStore:
    """The histories that the server keeps.

    Both methods raise BusyError if too many requests wait already or one waits for too long, and AccountingError if
    the books of the history do not balance.
    """

    def __init__(self) -> None:
        self._runs: SharedCache[HistoryRequest, Run] = SharedCache(MOST_RUNS, self._compute)
        self._documents: SharedCache[HistoryRequest, bytes] = SharedCache(MOST_DOCUMENTS, self._write)
        self._turns = Turns()

    def run(self, history: HistoryRequest) -> Run:
        """Return a history with all its tables."""
        return self._runs.get(history)

    def document(self, history: HistoryRequest) -> bytes:
        """Return a history in the form that browsers get: JSON, compressed with gzip."""
        return self._documents.get(history)

    def _compute(self, request: HistoryRequest) -> Run:
        from sim.engine.history import history
        from sim.experiments.run import run_of

        with self._turns.turn():
            return run_of(history(request.spec(), request.seed), outcomes=False)

    def _write(self, history: HistoryRequest) -> bytes:
        from sim.server.views.history import document

        run = self.run(history)
        with self._turns.turn():
            return gzip.compress(document(history, run), compresslevel=4)
