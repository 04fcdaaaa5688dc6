"""Exceptions that the package raises: wrong request, unusable folder, unbalanced books, missing library."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib import util
from typing import Any

NOT_GIVEN: Any = object()
"""Marks an error that has no wrong value to show."""
CHANGES = "changes"
"""The location `where` of a mistake in the changes to a scenario."""


class ScenarioError(ValueError):
    """A mistake in a request: a scenario, a change to it, or an argument of an experiment.

    Args:
        problem: what is wrong, in one line; without a key, a phrase that is clear on its own.
        key: the dotted key or the argument whose value is wrong, such as `run.quarters`.
        value: the wrong value.
        allowed: the allowed values, such as "1 to 160".
        where: the file or the argument that contains the key, such as "baseline.toml" or `CHANGES`.
    """

    def __init__(self, problem: str, key: str = "", value: Any = NOT_GIVEN, allowed: str = "", where: str = "") -> None:
        super().__init__(problem, key, value, allowed, where)
        self.problem, self.key, self.value, self.allowed, self.where = problem, key, value, allowed, where

    def __str__(self) -> str:
        shown = self.key if self.value is NOT_GIVEN else f"{self.key} = {self.value!r}"
        parts = (self.where, shown if self.key else "", self.problem)
        message = ": ".join(part for part in parts if part)
        return f"{message}; allowed: {self.allowed}" if self.allowed else message

    def inside(self, where: str, prefix: str = "") -> ScenarioError:
        """Return the same mistake as one inside a larger file or argument.

        Args:
            where: the file, or the part of it, that contains the mistake.
            prefix: what to put before the key, such as "set.".
        """
        place = f"{where}: {self.where}" if self.where and self.where != CHANGES else where
        return ScenarioError(self.problem, f"{prefix}{self.key}", self.value, self.allowed, place)

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the error pass between processes (by pickling); an error without a value stays without one."""
        value = () if self.value is NOT_GIVEN else (self.value,)
        return _again, (type(self), self.problem, self.key, self.allowed, self.where, *value)


def _again(
    kind: type[ScenarioError], problem: str, key: str, allowed: str, where: str, value: Any = NOT_GIVEN
) -> ScenarioError:
    return kind(problem, key, value, allowed, where)


class CannotCompileError(ScenarioError):
    """JAX cannot compile a replaced decision; NumPy can run it."""


class RunError(Exception):
    """A run folder cannot be written, read or queried; the message is one line for the user."""


class AccountingError(RuntimeError):
    """An accounting identity does not hold, so the books, and any results from them, would be wrong."""


class MissingExtraError(ImportError):
    """An optional library is not installed; the message is one line that says what to install."""


def needs(*libraries: str, extra: str) -> None:
    """Raise a MissingExtraError if a library is not installed; to be called before the library is imported.

    Args:
        libraries: the names under which the libraries are imported, such as "dash".
        extra: the optional extra of capflow that installs the libraries, such as "server".
    """
    for library in libraries:
        if util.find_spec(library) is None:
            raise MissingExtraError(
                f"this needs {library}, which is not installed: pip install 'capflow[{extra}]'", name=library
            )


def suggestion(word: str, choices: Iterable[str]) -> str:
    """Return ", did you mean 'x'?" for a likely misspelling, or an empty string."""
    close = difflib.get_close_matches(word, list(choices), n=1)
    return f", did you mean {close[0]!r}?" if close else ""
