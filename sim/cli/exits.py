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


OPTIONS = ("engine", "quarters", "runs", "scheduler", "seed", "shard", "workers")
"""Arguments of functions that are options of the command, by the same names."""


def in_options(error: Exception) -> Exception:
    """Name the option that was typed, where an error names a change or an argument."""
    from sim.errors import CHANGES, NOT_GIVEN, ScenarioError

    if not isinstance(error, ScenarioError):
        return error
    if error.where == CHANGES:
        return ScenarioError(error.problem, f"--set {error.key}", error.value, error.allowed)
    if error.key in OPTIONS and not error.where:
        typed = f"--{error.key}" if error.value is NOT_GIVEN else f"--{error.key} {error.value}"
        return ScenarioError(error.problem, typed, allowed=error.allowed)
    return error


def line_of(error: Exception) -> str:
    """Say an error in one line."""
    error = in_options(error)
    format_message = getattr(error, "format_message", None)
    return " ".join(str(format_message() if format_message else error).split())


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
