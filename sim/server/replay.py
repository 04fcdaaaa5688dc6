"""Whether a history that was run into a folder can be shown live, and at which address.

The live page knows the scenarios that ship, levers and seeds. A history that differs from a scenario that ships in
anything else has no address there.
"""

from __future__ import annotations

from collections.abc import Mapping
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
"""Keys that a reason names."""


@dataclass(frozen=True)
class Replay:
    """What the histories of a folder have in common, as an address would say it.

    Attributes:
        scenario: that ships; empty if there is no address.
        turned: levers and their values.
        quarter: at which the histories end, where the live ones go on; a longer history begins with a shorter one.
        reason: why they cannot be shown live, if so.
    """

    scenario: str
    turned: tuple[tuple[str, Any], ...] = ()
    quarter: str = ""
    reason: str = ""

    def address(self, seed: int, point: Mapping[str, Any] | None = None) -> str:
        """Return the address of one history.

        Args:
            seed: of the history.
            point: lever -> value, beside what they have in common.

        Raises:
            ScenarioError: if there is none; the message says why.
        """
        if self.reason:
            raise ScenarioError(self.reason)
        said = {"scenario": self.scenario, **dict(self.turned), **(point or {}), "seed": seed}
        query = address.read({key: str(value) for key, value in said.items()}).query
        return f"/?{query}" + (f"&{urlencode({'quarter': self.quarter})}" if self.quarter else "")


def replay(
    folder: Path, scenario: str, varied: Mapping[str, str] | None = None, decisions: bool = False
) -> Replay:
    """Whether the histories of a folder can be shown live.

    Args:
        folder: of a run or a sweep, with the scenario in full.
        scenario: its name.
        varied: for sweeps, what varies: name -> dotted key.
        decisions: whether a caller replaced decision rules.

    Returns:
        The replay; its `reason` says why there is none.
    """
    if scenario not in names():
        return Replay("", reason=f"{scenario} is no scenario that ships")
    if decisions:
        return Replay("", reason="its decision rules were replaced by other functions")
    try:
        ran = Scenario.model_validate(read_json(folder / FILE))
    except (RunError, ValidationError) as error:
        return Replay("", reason=f"its scenario cannot be read: {str(error).splitlines()[0]}")
    shipped = address.shipped(scenario)
    differs = {key: value["to"] for key, value in changed_keys(shipped, ran).items()}
    differs.pop("run.seed", None)
    quarters = differs.pop("run.quarters", None)
    other = [key for key in (*differs, *(varied or {}).values()) if key not in LEVER_OF]
    if other:
        more = f" and {len(other) - MOST_KEYS} more" if len(other) > MOST_KEYS else ""
        told = ", ".join(other[:MOST_KEYS]) + more
        return Replay("", reason=f"no lever of the live page turns {told}")
    if quarters is not None and quarters > shipped.run.quarters:
        return Replay("", reason=f"it runs for {quarters} quarters, the live page for {shipped.run.quarters}")
    end = "" if quarters is None else later(ran.run.opening, quarters)
    return Replay(scenario, tuple((LEVER_OF[key], value) for key, value in differs.items()), end)


def twin_addresses(comparison: Mapping[str, Any]) -> tuple[str, str]:
    """Addresses of the first pair of a comparison.

    Args:
        comparison: as `comparison.json` has it.

    Raises:
        ScenarioError: if its scenarios are not those that ship, with levers; the message says why.
    """
    changes, quarters = dict(comparison["changes"]), int(comparison["quarters"])
    changes.pop("run.quarters", None)
    other = [key for key in changes if key not in LEVER_OF]
    if other:
        raise ScenarioError(f"no lever of the live page turns {', '.join(other[:MOST_KEYS])}")
    worlds = []
    for side in ("a", "b"):
        name = str(comparison[side]["scenario"])
        if name not in names():
            raise ScenarioError(f"{name} is no scenario that ships")
        turned = {LEVER_OF[key]: str(value) for key, value in changes.items()}
        worlds.append(address.read({"scenario": name, **turned, "seed": str(comparison["seed"])}))
    first, second = (world.spec() for world in worlds)
    differs = {key: {"a": found["from"], "b": found["to"]} for key, found in changed_keys(first, second).items()}
    if differs != comparison["differs"]:
        raise ScenarioError("its scenarios are not those that ship now")
    if quarters > first.run.quarters:
        raise ScenarioError(f"it runs for {quarters} quarters, the live page for {first.run.quarters}")
    end = "" if quarters == first.run.quarters else later(first.run.opening, quarters)
    one, other_one = (f"/?{world.query}" + (f"&{urlencode({'quarter': end})}" if end else "") for world in worlds)
    return one, other_one
