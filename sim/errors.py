"""What can go wrong, as values: a wrong request, a folder that cannot be used, books that do not balance."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib import util
from typing import Any

NOT_GIVEN: Any = object()
"""Stands for a value that an error does not name."""
CHANGES = "changes"
"""Where a mistake stands that is in the changes to a scenario."""


class ScenarioError(ValueError):
    """A mistake in a request: a scenario, a change to it, or an argument of an experiment.

    Args:
        problem: what is wrong, in one line; a whole sentence where no key is given.
        key: the dotted key or the argument that is wrong, such as `run.quarters`.
        value: the value it was given.
        allowed: what would be allowed, such as "1 to 160".
        where: the file or the argument in which it stands, such as "baseline.toml" or `CHANGES`.
    """

    def __init__(
        self, problem: str, key: str = "", value: Any = NOT_GIVEN, allowed: str = "", where: str = ""
    ) -> None:
        super().__init__(problem, key, value, allowed, where)
        self.problem, self.key, self.value, self.allowed, self.where = problem, key, value, allowed, where

    def __str__(self) -> str:
        shown = self.key if self.value is NOT_GIVEN else f"{self.key} = {self.value!r}"
        parts = (self.where, shown if self.key else "", self.problem)
        message = ": ".join(part for part in parts if part)
        return f"{message}; allowed: {self.allowed}" if self.allowed else message

    def inside(self, where: str, prefix: str = "") -> ScenarioError:
        """Return the same mistake as it stands in something larger.

        Args:
            where: the file, or the part of it, that holds what is wrong.
            prefix: what goes before the key there, such as "set.".
        """
        place = f"{where}: {self.where}" if self.where and self.where != CHANGES else where
        return ScenarioError(self.problem, f"{prefix}{self.key}", self.value, self.allowed, place)

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the error cross processes; a missing value stays missing."""
        given = () if self.value is NOT_GIVEN else (self.value,)
        return _again, (type(self), self.problem, self.key, self.allowed, self.where, *given)


def _again(
    kind: type[ScenarioError], problem: str, key: str, allowed: str, where: str, value: Any = NOT_GIVEN
) -> ScenarioError:
    return kind(problem, key, value, allowed, where)


class CannotCompileError(ScenarioError):
    """A replaced decision cannot be compiled by JAX; in NumPy it can be run."""


class RunError(Exception):
    """A run folder cannot be written, read or queried; the message is one line for the user."""


class AccountingError(RuntimeError):
    """An accounting identity does not hold: the books are wrong, and so would be the results."""


class MissingExtraError(ImportError):
    """An optional library is not installed; the message is one line that says what to install."""


def needs(*libraries: str, extra: str) -> None:
    """Refuse to go on without optional libraries; called by what is about to import them.

    Args:
        libraries: the names under which the libraries are imported, such as "dash".
        extra: the extra of capflow that installs them, such as "server".

    Raises:
        MissingExtraError: if one of them is not installed.
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
