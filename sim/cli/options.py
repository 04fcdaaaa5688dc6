"""What several commands share: options, the parsing of `--set`, and the printing of answers as JSON."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

ScenarioName = Annotated[str, typer.Argument(help="Name of a scenario, or path of a TOML file.")]
Runs = Annotated[int, typer.Option(help="Number of histories, whose seeds are consecutive.")]
Engine = Annotated[str, typer.Option(help="Engine that runs the histories: jax, numpy or auto.")]
NewFolder = Annotated[Path | None, typer.Option(help="Folder to make; it must not exist.")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on standard output.")]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a lever (see `capflow list levers`) or any key of the scenario, given by its dotted path.",
    ),
]


def answer(document: Any) -> None:
    """Print an answer as JSON."""
    json.dump(document, sys.stdout, indent=2)
    print()


def parsed(changes: list[str] | None) -> dict[str, Any]:
    """Return the changes that `--set` gives: lever name or dotted key -> new value.

    Raises:
        ScenarioError: if a change is not in the form KEY=VALUE.
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
