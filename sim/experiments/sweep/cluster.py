"""The workers of a Dask scheduler as a pool with the contract of `concurrent.futures`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from contextlib import suppress
from typing import Any

from sim.errors import ScenarioError, needs

WAIT_FOR_SCHEDULER = 10.0
LOGGERS = ("distributed.client", "tornado.application")
"""Loggers of Dask in the process that hands out the chunks."""
AHEAD = 2
"""Chunks handed to a cluster for each of its threads, so that none waits for the next."""


class ClusterLostError(RuntimeError):
    """The scheduler is gone; the message is one line."""


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
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ScenarioError(f"no Dask scheduler answers there ({reason})", "scheduler", address) from None
        self.address = address
        # What they log of a scheduler that dies would bury the line that says so.
        self._levels = {name: logging.getLogger(name).level for name in LOGGERS}
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._executor = self._client.get_executor(pure=False)
        self._width, self._asked = 1, 0.0

    @property
    def width(self) -> int:
        """How many chunks it takes; workers may come and go."""
        if time.monotonic() - self._asked > WAIT_FOR_SCHEDULER / 2:
            self._width, self._asked = AHEAD * self.threads(), time.monotonic()
        return self._width

    def threads(self) -> int:
        """Return how many chunks its workers can work on at once now, at least 1.

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
        """Return 0: workers tell of whole chunks."""
        return 0

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; what it has been handed and not begun is taken back."""
        del cancel_futures  # Dask takes back what nobody waits for.
        self._executor.shutdown(wait=wait)
        with suppress(Exception):  # a scheduler that is gone cannot be told goodbye
            self._client.close(timeout=1)
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)

    def lost(self) -> ClusterLostError:
        """Return what to raise when the scheduler is gone."""
        return ClusterLostError(f"the Dask scheduler at {self.address} is gone")
