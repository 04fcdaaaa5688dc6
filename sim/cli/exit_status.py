"""How a command ends: exit status, signals, and errors told in one line, which names the option that was typed."""

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
"""Argument of a function of the public API -> the option of the command that sets it."""
FAULTS = ("AccountingError", "ClusterLostError", "FailedChunksError", "WorkerError")
"""Names of errors that are no mistake of the user, and are still explained in one line."""


class TerminatedError(SystemExit):
    """Raised when the process is asked to end; it is no Exception, so handlers of ordinary errors do not catch it."""


def status_of(error: Exception) -> int | None:
    """Return the exit status for an error that one line explains; None for a bug, whose traceback is shown."""
    from sim.errors import MissingExtraError, RunError, ScenarioError

    if isinstance(error, (typer.TyperException, MissingExtraError, RunError, ScenarioError)):
        return 2
    # An OSError, such as a full disk, is not a bug of capflow, and its message is clear in one line.
    if type(error).__name__ in FAULTS or isinstance(error, OSError):
        return 1
    return None


def in_options(error: Exception, arguments: Sequence[str]) -> Exception:
    """Return the same error with the option that was typed in place of the argument or key of the public API."""
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
    """Return the keys of the scenario that the options `--set` in these arguments change."""
    from sim.scenario.levers import BY_NAME

    after = [value for option, value in pairwise(arguments) if option == "--set"]
    joined = [argument.removeprefix("--set=") for argument in arguments if argument.startswith("--set=")]
    names = {change.partition("=")[0].strip() for change in (*after, *joined)}
    return {BY_NAME[name].key if name in BY_NAME else name for name in names}


def line_of(error: Exception) -> str:
    """Return the message of an error, as one line."""
    error = in_options(error, sys.argv[1:])
    format_message = getattr(error, "format_message", None)
    return " ".join(str(format_message() if format_message else error).split())


def stop(message: str, status: int) -> NoReturn:
    """Print a message on standard error, and end the process with an exit status."""
    print(f"capflow: {message}", file=sys.stderr)
    sys.exit(status)


def terminate(_number: int, _frame: Any) -> None:
    """Handle the signal that asks the process to end."""
    raise TerminatedError


@contextmanager
def resumable(name: str) -> Iterator[Listener]:
    """Show the progress of a sweep; an interrupt ends the process with one line that says how to resume the sweep."""
    from sim.experiments.sweep import console

    try:
        with console.listening(name) as listener:
            yield listener
    except (KeyboardInterrupt, TerminatedError) as stopped:
        # `os._exit` ends the process at once: a compilation in progress would delay an ordinary exit.
        terminated = isinstance(stopped, TerminatedError)
        word = "terminated" if terminated else "interrupted"
        print(f"capflow: {word}; finished chunks are kept; repeat the command to resume", file=sys.stderr, flush=True)
        os._exit(TERMINATED if terminated else INTERRUPTED)
