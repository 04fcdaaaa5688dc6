"""Ensembles in the background: one process at a time, a few that wait, the latest results kept.

Each job has a process of its own, and not one of the worker pool: a process can be killed at once when its job is
cancelled or takes too long, its memory goes with it, and it ends when the server does.

A job is known by its question, so that everyone who asks the same sees the same job, and a page that is loaded
again finds it. The process ends with its server, however that ends (`sim.server.ensemble_worker`).
"""

from __future__ import annotations

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
from typing import Any, ClassVar, Literal, Protocol

from sim.experiments.worker_pool import ONE_THREAD
from sim.server.histories import BusyError

MOST_WAITING = 4
"""Jobs that may wait for the one that runs."""
MOST_KEPT = 32
"""Jobs that are over and kept, some 100 kB each."""
LONGEST = 900.0
"""Seconds after which a job is ended."""
HOME = Path(__file__).parents[2]


class JobRequest(Protocol):
    """What a job answers; equal questions have one job.

    Attributes:
        kind: of the job, a key of `sim.server.ensemble_worker.ANSWERS`.
        query: everything else, as an address.
    """

    kind: ClassVar[str]

    @property
    def query(self) -> str:
        """The address without its path."""

    def check(self) -> None:
        """Refuse what cannot be run: raises ScenarioError."""

    def __hash__(self) -> int: ...


State = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass
class Job:
    """One ensemble.

    Attributes:
        question: what is asked.
        state: how far it is.
        progress: `part` done, from 0 to 1 or None, and `words`.
        message: why it failed, in one line.
        result: the document, as JSON compressed with gzip.
        process: what runs it.
        began: when it was started, by the monotonic clock.
        seconds: that it took.
    """

    question: JobRequest
    state: State = "waiting"
    progress: dict[str, Any] = field(default_factory=lambda: {"part": 0.0, "words": "Starting"})
    message: str = ""
    result: bytes = b""
    process: subprocess.Popen[str] | None = None
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("done", "failed", "cancelled")


class Jobs:
    """The ensembles that the server knows of; may be used from several threads."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[JobRequest, Job] = OrderedDict()
        self._at_work: Job | None = None
        self._lock = threading.RLock()

    def start(self, question: JobRequest) -> None:
        """Ask for a job; one that waits, runs or is done already is not asked for again.

        Raises:
            ScenarioError: if it cannot be run.
            BusyError: if too many wait.
        """
        question.check()
        with self._lock:
            known = self._jobs.get(question)
            if known is not None and known.state in ("waiting", "running", "done"):
                return
            if sum(job.state == "waiting" for job in self._jobs.values()) >= MOST_WAITING:
                raise BusyError(f"busy: {MOST_WAITING} ensembles wait already; try again in a minute")
            self._jobs.pop(question, None)
            self._jobs[question] = Job(question)
            self._next()

    def state(self, question: JobRequest) -> dict[str, Any]:
        """How far a job is: `state`, and of `place`, `progress`, `seconds` and `message` what it has."""
        with self._lock:
            job = self._jobs.get(question)
            if job is None:
                return {"state": "none"}
            told: dict[str, Any] = {"state": job.state}
            if job.state == "waiting":
                told["place"] = 1 + [j for j in self._jobs.values() if j.state == "waiting"].index(job)
            elif job.state == "running":
                told |= {"progress": job.progress, "seconds": round(time.monotonic() - job.began, 1)}
            elif job.state == "failed":
                told["message"] = job.message
            elif job.state == "done":
                told["seconds"] = round(job.seconds, 1)
            return told

    def result(self, question: JobRequest) -> bytes | None:
        """Return the document of a job that is done, compressed with gzip, or None."""
        with self._lock:
            job = self._jobs.get(question)
            if job is None or job.state != "done":
                return None
            self._jobs.move_to_end(question)
            return job.result

    def cancel(self, question: JobRequest) -> None:
        """End a job that waits or runs, for everyone who asked for it."""
        with self._lock:
            job = self._jobs.get(question)
            if job is None or job.over:
                return
            job.state = "cancelled"
            _end(job)

    def close(self) -> None:
        """End all that waits or runs."""
        with self._lock:
            for question in list(self._jobs):
                self.cancel(question)

    def _next(self) -> None:
        """Start the job that has waited longest, if none runs; forget the oldest that are over."""
        jobs = list(self._jobs.values())
        over = [job.question for job in jobs if job.over]
        for question in over[: max(len(over) - MOST_KEPT, 0)]:
            del self._jobs[question]
        waiting = [job for job in jobs if job.state == "waiting"]
        # A process that was cancelled counts until it is gone.
        if not waiting or self._at_work is not None:
            return
        job = self._at_work = waiting[0]
        job.state, job.began = "running", time.monotonic()
        try:
            job.process = _process(job.question)
        except OSError as error:
            job.state, job.message, self._at_work = "failed", f"no process could be started: {error}", None
            return
        threading.Thread(target=self._follow, args=(job, job.process), name="ensemble", daemon=True).start()

    def _follow(self, job: Job, process: subprocess.Popen[str]) -> None:
        """Take what the process of a job says until it ends."""
        limit = threading.Timer(LONGEST, self._too_long, (job,))
        limit.daemon = True
        limit.start()
        said: dict[str, Any] = {}
        assert process.stdout is not None
        assert process.stdin is not None
        for line in process.stdout:
            # A process that is killed may leave half a line.
            with suppress(json.JSONDecodeError):
                said = json.loads(line)
                job.progress = said.get("progress", job.progress)
        status = process.wait()
        limit.cancel()
        process.stdout.close()
        process.stdin.close()
        result = gzip.compress(json.dumps(said["result"]).encode()) if "result" in said else b""
        with self._lock:
            job.process = self._at_work = None
            job.seconds = time.monotonic() - job.began
            if job.state == "running":
                job.state, job.result = ("done" if result else "failed"), result
                job.message = str(said.get("failed") or _died(status))
            self._next()

    def _too_long(self, job: Job) -> None:
        with self._lock:
            if job.state == "running":
                job.state, job.message = "failed", f"it was ended after {LONGEST / 60:.0f} minutes"
                _end(job)


def _process(question: JobRequest) -> subprocess.Popen[str]:
    environment = {**os.environ, **ONE_THREAD}
    path = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = f"{HOME}{os.pathsep}{path}" if path else str(HOME)
    return subprocess.Popen(
        # -P: nothing is imported from the folder that the server happens to be started in.
        [sys.executable, "-P", "-m", "sim.server.ensemble_worker", question.kind, question.query],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        # A group of its own: Ctrl-C is for the server, and a cancel ends whatever the process has started.
        start_new_session=True,
    )


def _end(job: Job) -> None:
    if job.process is None:
        return
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(job.process.pid, signal.SIGKILL)
        else:
            job.process.kill()


def _died(status: int) -> str:
    if status < 0:
        return (
            f"the process that ran it was ended by signal {-status} ({signal.Signals(-status).name}): killed, or "
            "out of memory"
        )
    return f"the process that ran it ended with status {status}; the server's log says why"
