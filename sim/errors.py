"""Mistakes of the user, told in one line, and books that are wrong."""

from __future__ import annotations

import difflib
from typing import Any


class ScenarioError(ValueError):
    """A mistake in a scenario, in one line."""


def suggestion(word: str, choices: Any) -> str:
    """Return ", did you mean 'x'?" for a likely misspelling, or an empty string."""
    close = difflib.get_close_matches(word, list(choices), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


class CannotCompileError(ScenarioError):
    """A replaced decision cannot be compiled by JAX; in NumPy it can be run."""


class AccountingError(RuntimeError):
    """An accounting identity does not hold: the books are wrong, and so would be the results."""
