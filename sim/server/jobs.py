"""Background jobs: each runs many histories (an ensemble) in its own process, one job at a time; results are kept.

A job is identified by its request: everyone who makes the same request gets the same job, and a reloaded page finds it.
Its process (`sim.server.ensemble_worker`) is not one of the worker pool: it can be killed at once, with all its memory,
when the job is cancelled or takes too long, and it ends when the server ends.
"""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sim.experiments.worker_pool import ONE_THREAD
from sim.server.address import HistoryRequest
from sim.server.comparison_query import ComparisonRequest
from sim.server.histories import BusyError

MOST_WAITING = 4
"""Most jobs that may wait for the running one."""
MOST_KEPT = 32
"""Most ended jobs whose results are kept, at some 100 kB each."""
LONGEST = 900.0
"""Seconds after which a running job is ended."""
ROOT = Path(__file__).parents[2]


JobRequest = ComparisonRequest | HistoryRequest
"""What a job computes: a comparison, or the table of facts of a history and of histories with the next seeds."""
State = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass
class Job:
    """One background job, which runs an ensemble.

    Attributes:
        request: what is to be computed.
        state: waiting, running, or how it ended.
        progress: `part`, the finished part from 0 to 1 or None if unknown, and `words`.
        message: why the job failed, in one line; empty otherwise.
        result: the document, as JSON compressed with gzip.
        process: the process that runs it.
        began: when the process was started, on the monotonic clock.
        seconds: how long the process ran.
    """

    request: JobRequest
    state: State = "waiting"
    progress: dict[str, Any] = field(default_factory=lambda: {"part": 0.0, "words": "Starting"})
    message: str = ""
    result: bytes = b""
    process: subprocess.Popen[str] | None = None
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    @property
    def over(self) -> bool:
        """Whether the job is done, failed or cancelled."""
        return self.state in ("done", "failed", "cancelled")

    def kill(self) -> None:
        """End the process of the job at once, with all processes that it has started."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()


class Jobs:
    """The background jobs of the server; several threads may use this object."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[JobRequest, Job] = OrderedDict()
        self._running: Job | None = None
        self._lock = threading.RLock()

    def start(self, request: JobRequest) -> None:
        """Start a job, unless the same job waits, runs or is done already.

        Raises:
            ScenarioError: if the request cannot be run.
            BusyError: if too many jobs wait.
        """
        request.check()
        with self._lock:
            job = self._jobs.get(request)
            if job is not None and job.state in ("waiting", "running", "done"):
                return
            if len(self._waiting()) >= MOST_WAITING:
                raise BusyError(f"the server is busy: {MOST_WAITING} jobs wait already; try again in a minute")
            self._jobs.pop(request, None)
            self._jobs[request] = Job(request)
            self._next()

    def state(self, request: JobRequest) -> dict[str, Any]:
        """Return the `state` of a job and, where known, `place` in line, `progress`, `seconds` and `message`."""
        with self._lock:
            job = self._jobs.get(request)
            if job is None:
                return {"state": "none"}
            details: dict[str, Any] = {}
            if job.state == "waiting":
                details = {"place": 1 + self._waiting().index(job)}
            elif job.state == "running":
                details = {"progress": job.progress, "seconds": round(time.monotonic() - job.began, 1)}
            elif job.state == "failed":
                details = {"message": job.message}
            elif job.state == "done":
                details = {"seconds": round(job.seconds, 1)}
            return {"state": job.state, **details}

    def result(self, request: JobRequest) -> bytes | None:
        """Return the document of a job, compressed with gzip, or None unless the job is done."""
        with self._lock:
            job = self._jobs.get(request)
            if job is None or job.state != "done":
                return None
            self._jobs.move_to_end(request)
            return job.result

    def cancel(self, request: JobRequest) -> None:
        """End a job that waits or runs; it is ended for everyone who requested it."""
        with self._lock:
            job = self._jobs.get(request)
            if job is None or job.over:
                return
            job.state = "cancelled"
            job.kill()

    def close(self) -> None:
        """End all jobs that wait or run."""
        with self._lock:
            for request in list(self._jobs):
                self.cancel(request)

    def _waiting(self) -> list[Job]:
        return [job for job in self._jobs.values() if job.state == "waiting"]

    def _next(self) -> None:
        """Start the job that has waited longest, if no job runs; forget the ended jobs that are oldest."""
        over = [job.request for job in self._jobs.values() if job.over]
        for request in over[: max(len(over) - MOST_KEPT, 0)]:
            del self._jobs[request]
        waiting = self._waiting()
        # The process of a cancelled job counts as running until it has ended.
        if not waiting or self._running is not None:
            return
        job = self._running = waiting[0]
        job.state, job.began = "running", time.monotonic()
        try:
            job.process = _start_process(job.request)
        except OSError as error:
            job.state, job.message, self._running = "failed", f"the process did not start: {error}", None
            return
        threading.Thread(target=self._follow, args=(job, job.process), name="ensemble", daemon=True).start()

    def _follow(self, job: Job, process: subprocess.Popen[str]) -> None:
        """Read the lines that the process of a job writes, until that process ends."""
        limit = threading.Timer(LONGEST, self._too_long, (job,))
        limit.daemon = True
        limit.start()
        line: dict[str, Any] = {}
        assert process.stdout is not None
        assert process.stdin is not None
        for text in process.stdout:
            # A process that is killed may leave half a line.
            with suppress(json.JSONDecodeError):
                line = json.loads(text)
                job.progress = line.get("progress", job.progress)
        status = process.wait()
        limit.cancel()
        process.stdout.close()
        process.stdin.close()
        result = gzip.compress(json.dumps(line["result"]).encode()) if "result" in line else b""
        with self._lock:
            job.process = self._running = None
            job.seconds = time.monotonic() - job.began
            if job.state == "running":
                job.state, job.result = ("done" if result else "failed"), result
                job.message = str(line.get("failed") or _died(status))
            self._next()

    def _too_long(self, job: Job) -> None:
        with self._lock:
            if job.state == "running":
                job.state, job.message = "failed", f"it was ended after {LONGEST / 60:.0f} minutes, the time limit"
                job.kill()


def _start_process(request: JobRequest) -> subprocess.Popen[str]:
    environment = {**os.environ, **ONE_THREAD}
    path = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{path}" if path else str(ROOT)
    return subprocess.Popen(
        # -P: nothing is imported from the folder that the server happens to be started in.
        [sys.executable, "-P", "-m", "sim.server.ensemble_worker", request.kind, request.query],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        # A process group of its own: Ctrl-C reaches only the server, and cancelling ends all that the process started.
        start_new_session=True,
    )


def _died(status: int) -> str:
    if status < 0:
        return (
            f"the process that ran it was ended by signal {-status} ({signal.Signals(-status).name}): killed, or "
            "out of memory"
        )
    return f"the process that ran it ended with status {status}; the server's log says why"
