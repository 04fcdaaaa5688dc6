"""Reads and writes the address of a history: its scenario, the levers that differ from the scenario, and its seed.

An address names a scenario under `configs/`, levers with their values, and a seed; no part of it names a file or
loads code. Levers are checked by the same schema as on the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlencode

from sim.errors import ScenarioError, suggestion
from sim.scenario import levers
from sim.scenario.load import Scenario, changed, load, names

HOME = "baseline"
"""Scenario of an address that names no scenario."""
KEYS = (*levers.BY_NAME, "scenario", "seed")
LONGEST = 64
"""Most characters of a value in an address, and of a value that a message quotes; no lever's value needs as many."""
ADDRESS = "address"
"""Place that error messages give for a mistake in an address."""


@dataclass(frozen=True)
class HistoryRequest:
    """A history that an address names.

    Attributes:
        scenario: the name of a scenario under configs/.
        turned: the levers that differ from the scenario, with their values, in the order of `sim.scenario.levers`.
        seed: the seed of the history.
    """

    scenario: str
    turned: tuple[tuple[str, float | str], ...]
    seed: int
    kind: ClassVar[str] = "facts"
    """Kind of the background job about this history: the table of facts from many histories with successive seeds."""

    @property
    def query(self) -> str:
        """The query of the address, without levers and seed that are equal to those of the scenario."""
        query: dict[str, Any] = {"scenario": self.scenario, **dict(self.turned)}
        if self.seed != shipped(self.scenario).run.seed:
            query["seed"] = self.seed
        return urlencode(query)

    @property
    def untouched(self) -> HistoryRequest:
        """The same scenario and seed with no lever turned."""
        return HistoryRequest(self.scenario, (), self.seed)

    def check(self) -> None:
        """Raise ScenarioError if the history cannot be run."""
        self.spec()

    def spec(self) -> Scenario:
        """Return the scenario to run, validated."""
        return changed(shipped(self.scenario), {**levers.keys(dict(self.turned)), "run.seed": self.seed})


@lru_cache(maxsize=128)
def shipped(name: str) -> Scenario:
    """Return a scenario under configs/, unchanged.

    Raises:
        ScenarioError: if no scenario has this name; a path is not a name.
    """
    if name not in names():
        short = name[:LONGEST]
        problem = f"unknown scenario{suggestion(short, names())}"
        raise ScenarioError(problem, "scenario", short, ", ".join(sorted(names())), ADDRESS)
    return load(name)


@lru_cache(maxsize=128)
def own_values(scenario: str) -> Mapping[str, float | str]:
    """Return the value of each lever in a scenario, unchanged."""
    spec = shipped(scenario)
    numbers = {lever.name: levers.quantity(spec, lever).value for lever in levers.LEVERS}
    words = {lever.name: levers.choice(spec, lever) for lever in levers.CHOICES}
    return MappingProxyType({**numbers, **words})


def read(query: Mapping[str, str], others: tuple[str, ...] = ()) -> HistoryRequest:
    """Read an address.

    Args:
        query: the query of the address.
        others: further keys, used by the page itself, that the address may have.

    Raises:
        ScenarioError: in one line, if a key or value is unknown, a number is missing, or one is out of range.
    """
    for key, text in query.items():
        if key not in KEYS and key not in others:
            raise unknown_key(key, text, KEYS)
        if len(text) > LONGEST and key not in others:
            raise ScenarioError(f"longer than {LONGEST} characters", key, where=ADDRESS)
    scenario = query.get("scenario") or HOME
    own = own_values(scenario)
    values = {
        name: query[name] if lever.choices else _number(name, query[name])
        for name, lever in levers.BY_NAME.items()
        if name in query
    }
    turned = tuple((name, value) for name, value in values.items() if value != own[name])
    seed = whole_number("seed", query["seed"]) if query.get("seed") else shipped(scenario).run.seed
    history = HistoryRequest(scenario, turned, seed)
    history.check()
    return history


def unknown_key(key: str, text: str, keys: Iterable[str]) -> ScenarioError:
    """Return the error for a key that is not one of `keys`, the keys that the address may have."""
    short = key[:LONGEST]
    problem = f"no such lever{suggestion(short, keys)}"
    return ScenarioError(problem, short, text[:LONGEST], ", ".join(keys), ADDRESS)


def whole_number(key: str, text: str, low: int = 0, high: int | None = None) -> int:
    """Return a value of an address as a whole number; raises ScenarioError if it is none or is out of range."""
    if not text.isdecimal() or len(text) > LONGEST or int(text) < low or (high is not None and int(text) > high):
        allowed = f"{low} or more" if high is None else f"{low} to {high}"
        raise ScenarioError("expected a whole number", key, text[:LONGEST], allowed, ADDRESS)
    return int(text)


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ScenarioError("expected a number", key, text, where=ADDRESS) from None
