"""How a command ends before its time: exit statuses, signals, and errors in one line."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.experiments.sweep.runner import Told

INTERRUPTED, TERMINATED = 130, 143
FAULTS = ("AccountingError", "ClusterLostError", "FailedChunksError", "WorkerError")
"""Errors that are nobody's mistake, and explained in one line."""

OPTIONS = ("workers", "scheduler", "shard")
"""Arguments of experiments that are options of commands under the same name."""


class TerminatedError(SystemExit):
    """The process was asked to end. No handler of ordinary errors, of ours or of a library, stands in its way."""


def status_of(error: Exception) -> int | None:
    """Exit status of an error that is explained in one line; None for a fault of ours, shown in full."""
    from sim.errors import MissingExtraError, RunError, ScenarioError

    if isinstance(error, (typer.TyperException, MissingExtraError, RunError, ScenarioError)):
        return 2
    # A full disk is not ours to mend, and clear in a line.
    if type(error).__name__ in FAULTS or isinstance(error, OSError):
        return 1
    return None


def line_of(error: Exception) -> str:
    """An error in one line; an argument that is an option of the command is called by its option."""
    format_message = getattr(error, "format_message", None)
    text = str(format_message() if format_message else error)
    key, value = getattr(error, "key", ""), getattr(error, "value", "")
    if key in OPTIONS and text.startswith(f"{key} = "):
        text = text.replace(f"{key} = {value!r}", f"--{key} {value}", 1)
    return " ".join(text.split())


def stop(message: str, status: int) -> NoReturn:
    """Say why on standard error, and end the process."""
    print(f"capflow: {message}", file=sys.stderr)
    sys.exit(status)


def terminate(number: int, frame: Any) -> None:
    """Handle the signal that asks the process to end."""
    raise TerminatedError


@contextmanager
def taken_up_later(name: str) -> Iterator[Told]:
    """Tell how far a sweep is; an interrupt ends the process with one line."""
    from sim.experiments.sweep import console

    try:
        with console.told(name) as told:
            yield told
    except (KeyboardInterrupt, TerminatedError) as stopped:
        # At once: a program that is being compiled would hold the process.
        terminated = isinstance(stopped, TerminatedError)
        word = "terminated" if terminated else "interrupted"
        print(f"capflow: {word}; finished chunks are kept, the same command goes on", file=sys.stderr, flush=True)
        os._exit(TERMINATED if terminated else INTERRUPTED)
