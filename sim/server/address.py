"""The address is the state: which history a link means.

An address names a scenario under `configs/`, levers with their values, and a seed: nothing else decides a history
here, and no part of it names a file or loads code. Levers are checked by the same schema as on the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from sim.errors import ScenarioError, suggestion
from sim.scenario import levers
from sim.scenario.load import Scenario, changed, load, names

HOME = "baseline"
"""Scenario of an address that names none."""
KNOWN = (*levers.BY_NAME, "scenario", "seed")
LONGEST = 64
"""Characters of a value in an address; no number of a lever needs as many."""


@dataclass(frozen=True)
class HistoryRequest:
    """A history as an address says it.

    Attributes:
        scenario: name of a scenario under configs/.
        turned: levers that differ from the scenario, with their values, in the order of `sim.scenario.levers`.
        seed: of the history.
    """

    scenario: str
    turned: tuple[tuple[str, float | str], ...]
    seed: int

    @property
    def query(self) -> str:
        """The address, without what is as the scenario has it."""
        said: dict[str, Any] = {"scenario": self.scenario, **dict(self.turned)}
        if self.seed != shipped(self.scenario).run.seed:
            said["seed"] = self.seed
        return urlencode(said)

    @property
    def untouched(self) -> HistoryRequest:
        """The same scenario and seed with no lever turned."""
        return HistoryRequest(self.scenario, (), self.seed)

    def spec(self) -> Scenario:
        """Return the scenario to run, validated."""
        return changed(shipped(self.scenario), {**levers.keys(dict(self.turned)), "run.seed": self.seed})


@lru_cache(maxsize=128)
def shipped(name: str) -> Scenario:
    """Return a scenario under configs/ as it is there.

    Raises:
        ScenarioError: if there is none of that name; paths are none.
    """
    if name not in names():
        there = ", ".join(sorted(names()))
        short = name[:LONGEST]
        raise ScenarioError(f"address: unknown scenario {short!r}{suggestion(short, names())}; there are {there}")
    return load(name)


@lru_cache(maxsize=128)
def own_values(scenario: str) -> Mapping[str, float | str]:
    """Levers and their values in a scenario as it is."""
    spec = shipped(scenario)
    numbers = {lever.name: levers.quantity(spec, lever).value for lever in levers.LEVERS}
    words = {lever.name: levers.choice(spec, lever) for lever in levers.CHOICES}
    return MappingProxyType({**numbers, **words})


def read(said: Mapping[str, str], others: tuple[str, ...] = ()) -> HistoryRequest:
    """Read an address.

    Args:
        said: the query of the address.
        others: what else the page knows in its address.

    Raises:
        ScenarioError: in one line, for what is unknown, is no number, or is out of range.
    """
    for key, text in said.items():
        if key not in KNOWN and key not in others:
            short = key[:LONGEST]
            there = ", ".join(KNOWN)
            raise ScenarioError(f"address: {short!r} is no lever{suggestion(short, KNOWN)}; there are {there}")
        if len(text) > LONGEST and key not in others:
            raise ScenarioError(f"address: {key} is longer than {LONGEST} characters")
    scenario = said.get("scenario") or HOME
    own = own_values(scenario)
    turned = []
    for name, lever in levers.BY_NAME.items():
        if name not in said:
            continue
        value = said[name] if lever.choices else _number(name, said[name])
        if value != own[name]:
            turned.append((name, value))
    seed = _seed(said["seed"]) if said.get("seed") else shipped(scenario).run.seed
    world = HistoryRequest(scenario, tuple(turned), seed)
    world.spec()
    return world


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ScenarioError(f"address: {name} = {text!r}: expected a number") from None


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise ScenarioError(f"address: seed = {text!r}: expected a whole number from 0 on")
    return int(text)
