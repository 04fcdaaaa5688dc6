"""Options that several commands share, how they are read, and how a command answers in JSON."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Machine-readable answer on standard output.")]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a lever (see `capflow list levers`) or any key of the scenario by its dotted path.",
    ),
]


def answer(document: Any) -> None:
    """Print an answer as JSON."""
    json.dump(document, sys.stdout, indent=2)
    print()


def parsed(changes: list[str] | None) -> dict[str, Any]:
    """Return the changes that `--set` gives.

    Raises:
        ScenarioError: if one is not KEY=VALUE.
    """
    from sim.errors import ScenarioError
    from sim.scenario.load import parse_value

    pairs = {}
    for change in changes or []:
        key, sign, text = change.partition("=")
        if not sign or not key.strip():
            raise ScenarioError(f"--set {change}: expected KEY=VALUE")
        pairs[key.strip()] = parse_value(text.strip())
    return pairs
