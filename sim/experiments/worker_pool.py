"""Pools for tasks of any kind: a thread of this process, or worker processes of this machine.

Both pools have the interface of `concurrent.futures` and run as many tasks at a time as their `width` says. When a
worker dies, the future of its task fails with an error for which `is_loss` is true, and a new worker takes its place.
Workers end when the process that started them ends, in whatever way. This module imports nothing heavy, because every
worker process imports it first.
"""

from __future__ import annotations

import contextvars
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from multiprocessing import Pipe
from typing import TYPE_CHECKING, Any

from loky.process_executor import ProcessPoolExecutor

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

ONE_THREAD = {
    # Libraries read these variables when first imported, which in a worker is before any code of ours runs.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NPROC": "1",  # JAX on a processor
}
WAIT_FOR_THREAD = 2.0
QUIET_TRACKER = "ignore:resource_tracker"
"""Silences loky's tracker of semaphores, which warns when this process is killed before it can release them."""

count_histories: ContextVar[Callable[[int], None] | None] = ContextVar("count_histories", default=None)
"""A function that tasks call with the number of histories they have just finished; their pool sets it."""


class _StoppedError(BaseException):
    """Stops a task because the pool was shut down; the task itself made no error."""


class ThreadPool(Executor):
    """Runs tasks in a thread of this process, one at a time.

    Meanwhile the thread of the caller can receive Ctrl-C, even while a program is being compiled.
    """

    width = 1

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._histories = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Start a task."""
        future: Future[Any] = Future()
        self._histories = 0

        def work() -> None:
            count_histories.set(self._count)
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True)
        self._thread.start()
        return future

    def running(self) -> int:
        """Return the number of histories finished in tasks that are not."""
        return self._histories

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop the task after its current history, or its current batch of histories."""
        del cancel_futures  # No task ever waits.
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(None if wait else WAIT_FOR_THREAD)

    def _count(self, histories: int) -> None:
        self._histories += histories
        if self._stopped.is_set():
            raise _StoppedError


@dataclass
class _Slot:
    """A place for one worker process: its latest task, and how many histories of that task are finished."""

    core: int | None
    """The core to which the worker is bound; None if it may run on any core."""
    executor: ProcessPoolExecutor | None = None
    task: Future[Any] | None = None
    counts: Connection | None = None
    histories: int = 0

    @property
    def idle(self) -> bool:
        """Whether the worker has nothing to do."""
        return self.task is None or self.task.done()

    def read(self) -> None:
        """Add the histories that the worker has reported since the previous call of this method."""
        with suppress(EOFError, OSError):
            while self.counts is not None and self.counts.poll():
                self.histories += self.counts.recv()

    def close(self, kill: bool = False) -> None:
        """End the worker process, if there is one."""
        if self.executor is not None:
            self.executor.shutdown(wait=True, kill_workers=kill)
        if self.counts is not None:
            self.counts.close()


class ProcessPool(Executor):
    """Runs tasks in processes of this machine, each of which computes in one thread.

    Each process has its own executor, so that a process that dies loses only its own task, and is replaced. If
    there are as many processes as cores, each process is bound to a core.
    """

    def __init__(self, count: int) -> None:
        self._watched, self._open_end = Pipe(duplex=False)
        usable = cores()
        # Fewer processes than cores are not bound: another call on this machine would choose the same cores.
        bound = usable if count >= len(usable) and hasattr(os, "sched_setaffinity") else [None]
        self._slots = [_Slot(bound[index % len(bound)]) for index in range(count)]
        self.width = count

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Give a task to an idle process."""
        slot = next(slot for slot in self._slots if slot.idle)
        with _quiet_start():
            executor = slot.executor or self._new_executor(slot)
            try:
                future: Future[Any] = executor.submit(fn, *args, **kwargs)
            except BrokenExecutor:
                # The worker died during its previous task, or after it.
                future = self._new_executor(slot).submit(fn, *args, **kwargs)
        slot.read()
        slot.task, slot.histories = future, 0
        return future

    def running(self) -> int:
        """Return the number of histories finished in tasks that are not."""
        for slot in self._slots:
            slot.read()
        return sum(slot.histories for slot in self._slots if not slot.idle)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: once their tasks are finished if `wait` is true, otherwise at once."""
        if not wait:
            self._open_end.close()
        for slot in self._slots:
            slot.close(kill=cancel_futures)
        self._open_end.close()
        self._watched.close()

    def _new_executor(self, slot: _Slot) -> ProcessPoolExecutor:
        slot.close()
        slot.counts, counts = Pipe(duplex=False)
        start = (self._watched, slot.core, counts)
        slot.executor = ProcessPoolExecutor(1, initializer=_begin, initargs=start, env=ONE_THREAD)
        return slot.executor


def cores() -> list[int]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def is_loss(error: BaseException) -> bool:
    """Return whether an error means that the worker of a task died."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


def end_with(watched: Connection) -> None:
    """End this process when the other end of a pipe is closed, either on purpose or because its process has ended.

    Args:
        watched: the reading end of a pipe to which nobody writes.
    """

    def wait() -> None:
        watched.poll(None)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _begin(watched: Connection, core: int | None, counts: Connection) -> None:
    """Prepare a worker process, before anything heavy is imported."""
    end_with(watched)
    if core is not None:
        os.sched_setaffinity(0, {core})
    count_histories.set(counts.send)


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Make the processes started in this block ignore Ctrl-C; this process receives it and ends them."""
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = f"{before},{QUIET_TRACKER}" if before else QUIET_TRACKER
    can_mask = hasattr(signal, "pthread_sigmask")
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if can_mask else None
    try:
        yield
    finally:
        del os.environ["PYTHONWARNINGS"]
        if before is not None:
            os.environ["PYTHONWARNINGS"] = before
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def closing(pool: Executor) -> Iterator[None]:
    """Shut a pool down at the end of the block: at once after an error, otherwise when its tasks are finished."""
    try:
        yield
    except BaseException:
        # An interrupt may come while a task is being submitted; errors from the half-done submission must not hide it.
        with suppress(Exception):
            pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown(wait=True)
