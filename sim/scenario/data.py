"""Values from the data files in `configs/data`."""

import csv
from functools import cache

from sim.errors import ScenarioError
from sim.scenario.shipped import shipped

CONFIGS = shipped("configs")
FORM = "file|entity|quarter|metric, or file|quarter|column"
"""The two forms of a reference to a value: in a long data file, and in a wide one (`rates`, `assets`)."""


def read_data(reference: str) -> float:
    """Return the value that a reference names, `file|entity|quarter|metric` or `file|quarter|column`.

    Raises:
        ScenarioError: if there is no such value, or the file is missing or damaged.
    """
    name, *place = (part.strip() for part in reference.split("|"))
    if len(place) not in (2, 3):
        raise ScenarioError("not a reference to a value", "data", reference, FORM)
    try:
        return _long_table(name)[tuple(place)] if len(place) == 3 else read_series(name)[place[0]][place[1]]
    except KeyError:
        raise ScenarioError(f"configs/data/{name}.csv has no such value", "data", reference) from None


@cache
def _long_table(name: str) -> dict[tuple[str, ...], float]:
    try:
        return {(row["entity"], row["quarter"], row["metric"]): float(row["value"]) for row in _rows(name)}
    except (KeyError, ValueError) as error:
        raise _damaged(name, error) from None


@cache
def read_series(name: str) -> dict[str, dict[str, float]]:
    """Return a wide data file (`rates`, `assets`) as quarter -> column -> number, without text and empty cells.

    Raises:
        ScenarioError: if the file is missing or damaged.
    """
    try:
        return {
            row["quarter"]: {key: float(text) for key, text in row.items() if _is_number(text)} for row in _rows(name)
        }
    except KeyError as error:
        raise _damaged(name, error) from None


def _rows(name: str) -> list[dict[str, str]]:
    path = CONFIGS / "data" / f"{name}.csv"
    try:
        with path.open(newline="", encoding="utf8") as handle:
            return list(csv.DictReader(handle))
    except FileNotFoundError:
        raise ScenarioError(f"data file {path} is missing", value=name) from None
    except csv.Error as error:
        raise _damaged(name, error) from None


def _damaged(name: str, error: Exception) -> ScenarioError:
    reason = f"no column {error}" if isinstance(error, KeyError) else error
    return ScenarioError(f"data file {CONFIGS / 'data' / name}.csv is damaged: {reason}", value=name)


def _is_number(text: str | None) -> bool:
    try:
        float(text or "")
    except ValueError:
        return False
    return True
