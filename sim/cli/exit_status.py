"""The end of a command: exit status, signals, and errors in one line that names the option that was typed."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.experiments.sweep.runner import Listener

INTERRUPTED, TERMINATED = 130, 143
SAME_NAMES = "draws engine host outcome port quarters runs scheduler seed shard token trials until workers"
OPTIONS = {name: f"--{name}" for name in SAME_NAMES.split()} | {"origins": "--origin", "outcomes": "--outcome"}
"""An argument of a function -> the option of the command that gives it."""
FAULTS = ("AccountingError", "ClusterLostError", "FailedChunksError", "WorkerError")
"""Errors that are not the user's mistake but are explained in one line."""


class TerminatedError(SystemExit):
    """The process was asked to end; handlers of ordinary errors do not catch this."""


def status_of(error: Exception) -> int | None:
    """Return the exit status of an error that is explained in one line; None for a bug, which is shown in full."""
    from sim.errors import MissingExtraError, RunError, ScenarioError

    if isinstance(error, (typer.TyperException, MissingExtraError, RunError, ScenarioError)):
        return 2
    # An OSError, such as a full disk, is not a bug of capflow and is clear in a line.
    if type(error).__name__ in FAULTS or isinstance(error, OSError):
        return 1
    return None


def in_options(error: Exception, arguments: Sequence[str]) -> Exception:
    """Return an error that names the option that was typed, in place of a change, a key or an argument."""
    from sim.errors import CHANGES, NOT_GIVEN, ScenarioError

    if not isinstance(error, ScenarioError):
        return error
    if error.where == CHANGES:
        return ScenarioError(error.problem, f"--set {error.key}", error.value, error.allowed)
    words = [argument.partition("=")[0] for argument in arguments]
    option = OPTIONS.get(error.key.removeprefix("run."))
    if option is not None and (option in words or not error.where):
        typed = option if error.value is NOT_GIVEN else f"{option} {error.value}"
        return ScenarioError(error.problem, typed, allowed=error.allowed)
    if error.key in _changed(arguments):
        return ScenarioError(error.problem, f"--set {error.key}={error.value}", allowed=error.allowed)
    return error


def _changed(arguments: Sequence[str]) -> set[str]:
    """Return the keys of the scenario that `--set` changes."""
    from sim.scenario.levers import BY_NAME

    after = [value for option, value in pairwise(arguments) if option == "--set"]
    joined = [argument.removeprefix("--set=") for argument in arguments if argument.startswith("--set=")]
    names = {change.partition("=")[0].strip() for change in (*after, *joined)}
    return {BY_NAME[name].key if name in BY_NAME else name for name in names}


def line_of(error: Exception) -> str:
    """Say an error in one line."""
    error = in_options(error, sys.argv[1:])
    format_message = getattr(error, "format_message", None)
    return " ".join(str(format_message() if format_message else error).split())


def stop(message: str, status: int) -> NoReturn:
    """Print why on standard error, and end the process."""
    print(f"capflow: {message}", file=sys.stderr)
    sys.exit(status)


def terminate(_number: int, _frame: Any) -> None:
    """Handle the signal that asks the process to end."""
    raise TerminatedError


@contextmanager
def resumable(name: str) -> Iterator[Listener]:
    """Show the progress of a sweep; an interrupt ends the process with one line that says how to go on."""
    from sim.experiments.sweep import console

    try:
        with console.listening(name) as listener:
            yield listener
    except (KeyboardInterrupt, TerminatedError) as stopped:
        # End at once: a program that is being compiled would hold the process.
        terminated = isinstance(stopped, TerminatedError)
        word = "terminated" if terminated else "interrupted"
        print(f"capflow: {word}; finished chunks are kept, the same command goes on", file=sys.stderr, flush=True)
        os._exit(TERMINATED if terminated else INTERRUPTED)
