"""Makes the workers of a Dask scheduler a pool with the interface of `concurrent.futures`."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from contextlib import suppress
from typing import Any

from sim.errors import ScenarioError, needs

WAIT_FOR_SCHEDULER = 10.0
LOGGERS = ("distributed.client", "tornado.application")
"""Loggers silenced because, when a scheduler dies, their messages would bury the line that says so."""
AHEAD = 2
"""Chunks submitted at a time for each thread of a cluster, so that no thread waits for its next chunk."""


class ClusterLostError(RuntimeError):
    """The connection to the scheduler is lost; the message is one line."""


class Cluster(Executor):
    """The workers of a Dask scheduler; each must see the folder of the sweep at the same path.

    When a worker dies, the scheduler gives its chunk to another worker.

    Args:
        address: the address of the scheduler, such as tcp://host:8786.

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
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ScenarioError(f"no Dask scheduler answers at this address ({reason})", "scheduler", address) from None
        self.address = address
        self._levels = {name: logging.getLogger(name).level for name in LOGGERS}
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._executor = self._client.get_executor(pure=False)
        self._width, self._asked = 1, 0.0

    @property
    def width(self) -> int:
        """The number of chunks to submit at a time; workers may come and go."""
        if time.monotonic() - self._asked > WAIT_FOR_SCHEDULER / 2:
            self._width, self._asked = AHEAD * self.threads(), time.monotonic()
        return self._width

    def threads(self) -> int:
        """Return how many threads the workers have now, at least 1; raise ClusterLostError if the scheduler is gone."""
        try:
            return max(1, sum(self._client.nthreads().values()))
        except (OSError, TimeoutError, CancelledError):
            raise self.lost() from None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a chunk to the scheduler."""
        return self._executor.submit(fn, *args, **kwargs)

    def running(self) -> int:
        """Return 0, because workers on a cluster report only finished chunks, not single histories."""
        return 0

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Disconnect from the cluster; chunks that no worker has begun are withdrawn."""
        del cancel_futures  # Dask by itself withdraws tasks that nobody waits for.
        self._executor.shutdown(wait=wait)
        with suppress(Exception):  # the scheduler may be gone
            self._client.close(timeout=1)
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)

    def lost(self) -> ClusterLostError:
        """Return the error to raise when the scheduler is gone."""
        return ClusterLostError(f"the Dask scheduler at {self.address} is gone")
