"""What the compare page is asked: two worlds, how many pairs of histories, how long; read from an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlencode

from sim.errors import ScenarioError, suggestion
from sim.scenario import levers
from sim.scenario.load import Scenario, changed
from sim.server import address
from sim.server.address import HOME, LONGEST, HistoryRequest, shipped

FEWEST, MOST, USUAL = 4, 500, 100
"""Pairs of histories of a comparison."""
LONGEST_HISTORY = 28
"""Quarters that a history may have here."""
AGAINST = "no-redeployment"
"""What a world is compared with that has no lever turned."""
SIDES = ("a", "b")
OF_A_WORLD = ("scenario", *levers.BY_NAME)
OF_BOTH = ("seed", "runs", "quarters")


@dataclass(frozen=True)
class ComparisonRequest:
    """A comparison as an address says it.

    Attributes:
        a: the first world.
        b: the second, with the same seed.
        runs: pairs of histories; the first has the seed of the worlds, the next ones follow.
        quarters: length of the histories; None is the scenarios' own.
    """

    a: HistoryRequest
    b: HistoryRequest
    runs: int
    quarters: int | None = None
    kind: ClassVar[str] = "compare"

    @property
    def query(self) -> str:
        """The address."""
        said: dict[str, object] = {}
        for side, world in zip(SIDES, (self.a, self.b), strict=True):
            said[f"{side}.scenario"] = world.scenario
            said |= {f"{side}.{name}": value for name, value in world.turned}
        said |= {"seed": self.a.seed, "runs": self.runs}
        if self.quarters is not None:
            said["quarters"] = self.quarters
        return urlencode(said)

    def check(self) -> None:
        """Refuse what cannot be run; raises as `specs` does."""
        self.specs()

    def specs(self) -> tuple[Scenario, Scenario]:
        """Return the two scenarios to run, validated.

        Raises:
            ScenarioError: if a value is out of range, or an event lies beyond the last quarter.
        """
        length = {} if self.quarters is None else {"run.quarters": self.quarters}
        return changed(self.a.spec(), length), changed(self.b.spec(), length)


def read(said: Mapping[str, str]) -> ComparisonRequest:
    """Read the address of a comparison.

    Both worlds may be told, each with its prefix (`a.scenario`, `b.terminal_rate`), or one without: it is compared
    with its own scenario as that is, or with `AGAINST` if no lever is turned.

    Raises:
        ScenarioError: in one line, for what is unknown, is no number, is out of range, or does not fit together.
    """
    bare = {key: text for key, text in said.items() if key in OF_A_WORLD}
    sides = {side: _side(said, side) for side in SIDES}
    told = any(sides.values())
    for key in said:
        if key not in OF_BOTH and key not in bare and key.partition(".")[0] not in SIDES:
            short = key[:LONGEST]
            raise ScenarioError(f"address: {short!r} is no lever{suggestion(short, OF_A_WORLD)}")
        if told and key in bare:
            raise ScenarioError(
                f"address: {key} needs a prefix, a. or b., as the other parts of this address have"
            )
    if told:
        a, b = (_world(sides[side], said, side) for side in SIDES)
    else:
        a = _world(bare, said, "a")
        b = a.untouched if a.turned else _usual_twin(a)
    seed = a.seed
    found = ComparisonRequest(
        a, replace(b, seed=seed), _runs(said.get("runs", "")), _quarters(said.get("quarters", ""))
    )
    _refuse_unlike(found)
    return found


def _usual_twin(a: HistoryRequest) -> HistoryRequest:
    """Return what to compare an untouched scenario with: no redeployment, or the baseline if it has none."""
    if a.scenario == AGAINST:
        return replace(a, scenario=HOME)
    own, other = (shipped(name).run for name in (a.scenario, AGAINST))
    if (own.opening, own.quarters) == (other.opening, other.quarters):
        return replace(a, scenario=AGAINST)
    return replace(a, turned=(("redeployment", 0.0),))


def _side(said: Mapping[str, str], side: str) -> dict[str, str]:
    start = f"{side}."
    return {key.removeprefix(start): text for key, text in said.items() if key.startswith(start)}


def _world(own: Mapping[str, str], said: Mapping[str, str], side: str) -> HistoryRequest:
    for key in own:
        if key not in OF_A_WORLD:
            short = key[:LONGEST]
            raise ScenarioError(f"address: {side}.{short} is no lever{suggestion(short, OF_A_WORLD)}")
    shared = {"seed": said["seed"]} if "seed" in said else {}
    try:
        return address.read({"scenario": HOME, **own, **shared})
    except ScenarioError as error:
        raise ScenarioError(f"world {side.upper()}: {error}") from None


def _whole(name: str, text: str, low: int, high: int) -> int:
    if not text.isdecimal() or len(text) > LONGEST or not low <= int(text) <= high:
        raise ScenarioError(f"address: {name} = {text[:LONGEST]!r}: expected a whole number from {low} to {high}")
    return int(text)


def _runs(text: str) -> int:
    return _whole("runs", text, FEWEST, MOST) if text else USUAL


def _quarters(text: str) -> int | None:
    return _whole("quarters", text, 1, LONGEST_HISTORY) if text else None


def _refuse_unlike(found: ComparisonRequest) -> None:
    a, b = (shipped(world.scenario).run for world in (found.a, found.b))
    if a.opening != b.opening:
        raise ScenarioError(
            f"{found.a.scenario} opens in {a.opening} and {found.b.scenario} in {b.opening}: only worlds that "
            "open in the same quarter can be compared"
        )
    if found.quarters is None and a.quarters != b.quarters:
        raise ScenarioError(
            f"{found.a.scenario} runs for {a.quarters} quarters and {found.b.scenario} for {b.quarters}: choose a "
            "number of quarters for both"
        )
