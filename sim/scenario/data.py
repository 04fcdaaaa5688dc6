"""Reading the data files of `configs/data`."""

from __future__ import annotations

import csv
from functools import cache
from typing import Any

from sim.errors import ScenarioError
from sim.scenario.shipped import shipped

CONFIGS = shipped("configs")


@cache
def _data_table(name: str) -> dict[tuple[str, str, str], float]:
    path = CONFIGS / "data" / f"{name}.csv"
    try:
        with path.open(newline="", encoding="utf8") as handle:
            return {
                (line["entity"], line["quarter"], line["metric"]): float(line["value"])
                for line in csv.DictReader(handle)
            }
    except FileNotFoundError:
        raise ScenarioError(f"data file {path} is missing") from None
    except (KeyError, ValueError, csv.Error) as error:
        raise ScenarioError(f"data file {path} is damaged: {error}") from None


def read_data(reference: str) -> float:
    """Return the value of a data row: `file|entity|quarter|metric`, or `file|quarter|column` of a wide file.

    Raises:
        ValueError: if there is no such row.
        ScenarioError: if the file is missing or damaged.
    """
    parts = tuple(part.strip() for part in reference.split("|"))
    if len(parts) == 3:
        try:
            return read_series(parts[0])[parts[1]][parts[2]]
        except KeyError:
            raise ValueError(f"no data {reference!r} in configs/data/{parts[0]}.csv") from None
    if len(parts) != 4:
        raise ValueError(
            f"data row {reference!r} is not of the form file|entity|quarter|metric or file|quarter|column"
        )
    table = _data_table(parts[0])
    if parts[1:] not in table:
        raise ValueError(f"no data row {reference!r} in configs/data/{parts[0]}.csv")
    return table[parts[1:]]


@cache
def read_series(name: str) -> dict[str, dict[str, float]]:
    """Return a wide data file (`rates`, `assets`) as quarter -> column -> number; text and gaps are left out.

    Raises:
        ScenarioError: if the file is missing or damaged.
    """
    path = CONFIGS / "data" / f"{name}.csv"
    series: dict[str, dict[str, float]] = {}
    try:
        with path.open(newline="", encoding="utf8") as handle:
            for line in csv.DictReader(handle):
                series[line["quarter"]] = {key: float(text) for key, text in line.items() if _is_number(text)}
    except FileNotFoundError:
        raise ScenarioError(f"data file {path} is missing") from None
    except (KeyError, csv.Error) as error:
        raise ScenarioError(f"data file {path} is damaged: no column {error}") from None
    return series


def _is_number(text: Any) -> bool:
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return True
