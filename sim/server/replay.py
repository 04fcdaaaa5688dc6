"""The address at which the live page shows a history from a results folder, or the reason why it has no address.

The live page takes a scenario that ships with capflow, levers and a seed. A history that differs from such a scenario
in anything but levers and seed has no address on it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError

from sim.errors import RunError, ScenarioError
from sim.runs.run import read_json
from sim.scenario import levers
from sim.scenario.load import changed_keys, names
from sim.scenario.quarters import later
from sim.scenario.schema import Scenario
from sim.server import address

FILE = "scenario.json"
LEVER_OF = {lever.key: name for name, lever in levers.BY_NAME.items()}
"""Dotted key -> lever."""
MOST_KEYS = 3
"""Most keys that a reason names."""


@dataclass(frozen=True)
class Replay:
    """The part of the address that all histories of a folder have in common.

    Attributes:
        scenario: the name of a scenario that ships; empty if the histories have no address.
        turned: the levers that differ from the scenario, with their values.
        quarter: the quarter in which the histories end, if histories on the live page are longer; empty otherwise.
        reason: why the histories cannot be shown live; empty if they can.
    """

    scenario: str
    turned: tuple[tuple[str, Any], ...] = ()
    quarter: str = ""
    reason: str = ""

    def address(self, seed: int, point: Mapping[str, Any] | None = None) -> str:
        """Return the address of the history with this seed and, in a sweep, with these values of the levers.

        Raises:
            ScenarioError: if the history has no address; the message says why.
        """
        if self.reason:
            raise ScenarioError(self.reason)
        return _address(self.scenario, {**dict(self.turned), **(point or {}), "seed": seed}, self.quarter)


def replay(folder: Path, scenario: str, varied: Mapping[str, str] | None = None, decisions: bool = False) -> Replay:
    """Return how the live page can show the histories of a folder.

    Args:
        folder: the folder of a run or a sweep, with the scenario in full.
        scenario: the name of the scenario.
        varied: the levers that a sweep varies, name -> dotted key; empty for a run.
        decisions: whether the run replaced decision rules by other functions.
    """
    try:
        shipped = _shipped(scenario)
        if decisions:
            raise ScenarioError("its decision rules were replaced by other functions")
        spec = Scenario.model_validate(read_json(folder / FILE))
        differs = {key: value["to"] for key, value in changed_keys(shipped, spec).items()}
        differs.pop("run.seed", None)
        quarters = differs.pop("run.quarters", shipped.run.quarters)
        _check_levers((*differs, *(varied or {}).values()))
        turned = tuple((LEVER_OF[key], value) for key, value in differs.items())
        return Replay(scenario, turned, _last_quarter(shipped, quarters))
    except ScenarioError as error:
        return Replay("", reason=str(error))
    except (RunError, ValidationError) as error:
        return Replay("", reason=f"its scenario cannot be read: {str(error).splitlines()[0]}")


def twin_addresses(comparison: Mapping[str, Any]) -> tuple[str, str]:
    """Return the addresses of the first pair of a comparison.

    Args:
        comparison: the document in `comparison.json`.

    Raises:
        ScenarioError: if a scenario is not one that ships with capflow, changed by levers alone; the message says why.
    """
    changes = {key: value for key, value in comparison["changes"].items() if key != "run.quarters"}
    _check_levers(changes)
    levers_set = {LEVER_OF[key]: value for key, value in changes.items()}
    specs, addresses = [], []
    for side in ("a", "b"):
        scenario = str(comparison[side]["scenario"])
        quarter = _last_quarter(_shipped(scenario), int(comparison["quarters"]))
        values = {**levers_set, "seed": comparison["seed"]}
        addresses.append(_address(scenario, values, quarter))
        specs.append(_read(scenario, values).spec())
    differs = {key: {"a": value["from"], "b": value["to"]} for key, value in changed_keys(*specs).items()}
    if differs != comparison["differs"]:
        raise ScenarioError("its scenarios are not (or no longer) those that ship with capflow")
    return addresses[0], addresses[1]


def _shipped(scenario: str) -> Scenario:
    if scenario not in names():
        raise ScenarioError(f"{scenario} is not a scenario that ships with capflow")
    return address.shipped(scenario)


def _check_levers(keys: Iterable[str]) -> None:
    other = [key for key in keys if key not in LEVER_OF]
    if other:
        more = f" and {len(other) - MOST_KEYS} more" if len(other) > MOST_KEYS else ""
        raise ScenarioError(f"no lever of the live page turns {', '.join(other[:MOST_KEYS])}{more}")


def _last_quarter(shipped: Scenario, quarters: int) -> str:
    """Return the quarter in which the histories end, or nothing if those on the live page end in the same quarter."""
    if quarters > shipped.run.quarters:
        raise ScenarioError(f"it runs for {quarters} quarters, the live page for only {shipped.run.quarters}")
    return "" if quarters == shipped.run.quarters else later(shipped.run.opening, quarters)


def _read(scenario: str, values: Mapping[str, Any]) -> address.HistoryRequest:
    return address.read({"scenario": scenario, **{key: str(value) for key, value in values.items()}})


def _address(scenario: str, values: Mapping[str, Any], quarter: str) -> str:
    query = _read(scenario, values).query
    return f"/?{query}" + (f"&{urlencode({'quarter': quarter})}" if quarter else "")
