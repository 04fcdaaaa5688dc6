"""Who does the work: executors with the contract of `concurrent.futures`.

`Here` works in this process, `Processes` in processes of this machine, `Cluster` on the workers of a Dask
scheduler. All take as many chunks at a time as their `width` says. A worker that dies fails the future of its
chunk, in a way that `is_loss` knows, and the executor can be used on. Imports nothing heavy: worker processes
start with this module.
"""

from __future__ import annotations

import contextvars
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from sim.errors import ScenarioError, needs
from sim.experiments.parent_watch import end_with

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

ONE_THREAD = {
    # Libraries read these when first imported, which in a worker is before any code of ours runs.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NPROC": "1",  # JAX on a processor
}
WAIT_FOR_SCHEDULER = 10.0
WAIT_FOR_THREAD = 2.0
LOGGERS = ("distributed.client", "tornado.application")
"""Of Dask, in the process that hands out the chunks."""
AHEAD = 2
"""Chunks handed to a cluster for each of its threads, so that none waits for the next."""


class ClusterLostError(RuntimeError):
    """The scheduler is gone; the message is one line."""


class _StoppedError(BaseException):
    """The chunk is given up; no error of the chunk."""


class Here(Executor):
    """Work in a thread of this process, one chunk at a time.

    The thread of the caller stays free to hear Ctrl-C, also while a program compiles.
    """

    width = 1

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._now = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Start on a chunk."""
        future: Future[Any] = Future()
        self._now = 0
        context = contextvars.copy_context()
        chunk_work = (self._work, future, fn, args, kwargs)
        thread = threading.Thread(target=context.run, args=chunk_work, daemon=True)
        thread.start()
        self._thread = thread
        return future

    def running(self) -> int:
        """Histories finished of chunks that are not."""
        return self._now

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop after the history, or batch of histories, that is being run."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(None if wait else WAIT_FOR_THREAD)

    def _work(self, future: Future[Any], fn: Callable[..., Any], args: Any, kwargs: Any) -> None:
        from sim.experiments.sweep.chunk_work import progress

        progress.set(self._count)
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)

    def _count(self, histories: int) -> None:
        self._now += histories
        if self._stopped.is_set():
            raise _StoppedError


@dataclass
class _Slot:
    """A place for one worker process."""

    core: int | None
    pool: ProcessPoolExecutor | None = None
    at: Future[Any] | None = None


class Processes(Executor):
    """Work in processes of this machine, each with a thread of its own to calculate in.

    Each process has an executor to itself, so that one that dies loses its own chunk only, and is replaced.
    Where the processes are as many as the cores, each stays on its own.

    Args:
        count: of processes.
    """

    def __init__(self, count: int) -> None:
        # Not fork: other threads may hold locks, of BLAS or of a server, that the copy would wait for in vain.
        self._context = get_context("spawn")
        self._watched, self._held = self._context.Pipe(duplex=False)
        usable = cores()
        # Fewer than there are cores are not bound: another sweep on this machine would choose the same ones.
        bound = usable if count >= len(usable) and hasattr(os, "sched_setaffinity") else [None]
        self._slots = [_Slot(bound[index % len(bound)]) for index in range(count)]
        self._counts = self._context.RawArray("q", count)
        self.width = count

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Give a chunk to a process that has none."""
        index = next(index for index, slot in enumerate(self._slots) if slot.at is None or slot.at.done())
        slot = self._slots[index]
        self._counts[index] = 0
        with _single_threaded(), _deaf_to_interrupts():
            if slot.pool is None or (slot.at is not None and _lost(slot.at)):
                slot.pool = self._new_pool(index)
            try:
                slot.at = slot.pool.submit(fn, *args, **kwargs)
            except BrokenExecutor:
                # It died while it had nothing to do.
                slot.pool = self._new_pool(index)
                slot.at = slot.pool.submit(fn, *args, **kwargs)
        return slot.at

    def running(self) -> int:
        """Histories finished of chunks that are not."""
        return sum(
            count
            for count, slot in zip(self._counts, self._slots, strict=True)
            if slot.at is not None and not slot.at.done()
        )

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: when they have finished if `wait`, else at once."""
        if not wait:
            self._held.close()
        for slot in self._slots:
            if slot.pool is not None:
                slot.pool.shutdown(wait=True, cancel_futures=cancel_futures)
        self._held.close()
        self._watched.close()

    def _new_pool(self, index: int) -> ProcessPoolExecutor:
        told = (self._watched, self._slots[index].core, self._counts, index)
        return ProcessPoolExecutor(1, mp_context=self._context, initializer=_begin, initargs=told)


class Cluster(Executor):
    """Work on the workers of a Dask scheduler, which see the same folder at the same place.

    The scheduler gives the chunk of a worker that died to another one.

    Args:
        address: of the scheduler, such as tcp://host:8786.

    Raises:
        MissingExtraError: if Dask is not installed.
        ScenarioError: if the scheduler does not answer.
    """

    def __init__(self, address: str) -> None:
        needs("distributed", extra="cluster")
        from distributed import Client

        try:
            self._client = Client(address, timeout=WAIT_FOR_SCHEDULER, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            told = " ".join(str(error).split()) or type(error).__name__
            raise ScenarioError(f"--scheduler {address}: no Dask scheduler answers there ({told})") from None
        self.address = address
        # What they log of a scheduler that dies would bury the line that says so.
        self._levels = {name: logging.getLogger(name).level for name in LOGGERS}
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._executor = self._client.get_executor(pure=False)
        self._width, self._asked = 1, 0.0

    @property
    def width(self) -> int:
        """Chunks that it takes; workers may come and go."""
        if time.monotonic() - self._asked > WAIT_FOR_SCHEDULER / 2:
            self._width, self._asked = AHEAD * self.threads(), time.monotonic()
        return self._width

    def threads(self) -> int:
        """How many chunks its workers can work on at once now, at least 1.

        Raises:
            ClusterLostError: if the scheduler is gone.
        """
        try:
            return max(1, sum(self._client.nthreads().values()))
        except (OSError, TimeoutError, CancelledError):
            raise self.lost() from None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a chunk to the scheduler."""
        return self._executor.submit(fn, *args, **kwargs)

    def running(self) -> int:
        """Not known: workers tell of whole chunks."""
        return 0

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; what it has been handed and not begun is taken back."""
        self._executor.shutdown(wait=wait)
        with suppress(Exception):  # a scheduler that is gone cannot be told goodbye
            self._client.close(timeout=1)
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)

    def lost(self) -> ClusterLostError:
        """What to raise when the scheduler is gone."""
        return ClusterLostError(f"the Dask scheduler at {self.address} is gone")


Crew = Here | Processes | Cluster


def cores() -> list[int]:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def is_loss(error: BaseException) -> bool:
    """Whether an error says that the worker of a chunk died."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


@contextmanager
def crew(workers: int, scheduler: str | None) -> Iterator[Crew]:
    """Workers, that end when the block is left: at once if it is left by an error.

    Args:
        workers: processes on this machine; 1 is this process.
        scheduler: address of a Dask scheduler in their place.
    """
    made = Cluster(scheduler) if scheduler else Here() if workers <= 1 else Processes(workers)
    try:
        yield made
    except BaseException:
        # An interrupt may come in the middle of handing out a chunk: what is half begun must not hide it.
        with suppress(Exception):
            made.shutdown(wait=False, cancel_futures=True)
        raise
    made.shutdown(wait=True)


def _lost(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


def _begin(watched: Connection, core: int | None, counts: Any, index: int) -> None:
    """What a worker process does first, before anything heavy is imported."""
    end_with(watched)
    if core is not None:
        os.sched_setaffinity(0, {core})
    from sim.experiments.sweep import chunk_work

    def count(histories: int) -> None:
        counts[index] += histories

    chunk_work.progress.set(count)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Processes started here calculate in one thread each."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes started here leave Ctrl-C to this process, which ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
