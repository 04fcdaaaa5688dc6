"""The address of a comparison: two scenarios with their levers, the number of pairs of histories, and their length."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlencode

from sim.errors import ScenarioError
from sim.scenario import levers
from sim.scenario.load import Scenario, changed
from sim.server import address
from sim.server.address import ADDRESS, HOME, HistoryRequest, shipped, whole_number

FEWEST, MOST, USUAL = 4, 500, 100
"""Number of pairs of histories in a comparison: least, most and default."""
LONGEST_HISTORY = 28
"""Most quarters that a history of a comparison may have."""
AGAINST = "no-redeployment"
"""The scenario to compare with if the address names one scenario and turns no lever."""
SIDES = ("a", "b")
SIDE_KEYS = ("scenario", *levers.BY_NAME)
KEYS = (*SIDE_KEYS, "seed", "runs", "quarters")


@dataclass(frozen=True)
class ComparisonRequest:
    """A comparison that an address names.

    Attributes:
        a: the first history.
        b: the second, with the same seed.
        runs: the number of pairs; the first pair has the seed of `a` and `b`, each further pair the next seed.
        quarters: the length of the histories; None keeps the length of the scenarios.
    """

    a: HistoryRequest
    b: HistoryRequest
    runs: int
    quarters: int | None = None
    kind: ClassVar[str] = "compare"
    """Kind of the background job that runs the comparison."""

    @property
    def query(self) -> str:
        """The query of the address."""
        query: dict[str, object] = {}
        for side, history in zip(SIDES, (self.a, self.b), strict=True):
            query[f"{side}.scenario"] = history.scenario
            query |= {f"{side}.{name}": value for name, value in history.turned}
        query |= {"seed": self.a.seed, "runs": self.runs}
        if self.quarters is not None:
            query["quarters"] = self.quarters
        return urlencode(query)

    def check(self) -> None:
        """Raise ScenarioError if the comparison cannot be run, as `specs` does."""
        self.specs()

    def specs(self) -> tuple[Scenario, Scenario]:
        """Return the two scenarios to run, validated.

        Raises:
            ScenarioError: if a value is out of range, or an event lies beyond the last quarter.
        """
        length = {} if self.quarters is None else {"run.quarters": self.quarters}
        return changed(self.a.spec(), length), changed(self.b.spec(), length)


def read(query: Mapping[str, str]) -> ComparisonRequest:
    """Read the address of a comparison.

    An address names both histories, each with its prefix (`a.scenario`, `b.terminal_rate`), or one without a prefix.
    That one is compared with its scenario with no lever turned or, if it turns no lever itself, with `AGAINST`.

    Raises:
        ScenarioError: in one line, if a key or value is unknown or out of range, or the two do not fit together.
    """
    for key, text in query.items():
        if key not in KEYS and not (key[:2] in ("a.", "b.") and key[2:] in SIDE_KEYS):
            raise address.unknown_key(key, text, KEYS)
    prefixed = any("." in key for key in query)
    for key in SIDE_KEYS:
        if prefixed and key in query:
            problem = "needs a prefix, a. or b., as the other parts of this address have"
            raise ScenarioError(problem, key, query[key][: address.LONGEST], where=ADDRESS)
    if prefixed:
        a, b = (_side(query, side, f"{side}.") for side in SIDES)
    else:
        a = _side(query, "a", "")
        b = a.untouched if a.turned else _usual_twin(a)
    runs, quarters = query.get("runs"), query.get("quarters")
    request = ComparisonRequest(
        a,
        replace(b, seed=a.seed),
        whole_number("runs", runs, FEWEST, MOST) if runs else USUAL,
        whole_number("quarters", quarters, 1, LONGEST_HISTORY) if quarters else None,
    )
    _check_pair(request)
    return request


def _side(query: Mapping[str, str], side: str, prefix: str) -> HistoryRequest:
    own = {key: query[f"{prefix}{key}"] for key in SIDE_KEYS if f"{prefix}{key}" in query}
    seed = {"seed": query["seed"]} if "seed" in query else {}
    try:
        return address.read({**own, **seed})
    except ScenarioError as error:
        raise error.inside(f"scenario {side.upper()}") from None


def _usual_twin(a: HistoryRequest) -> HistoryRequest:
    """Return what an untouched scenario is compared with: no redeployment, or the baseline for `AGAINST` itself."""
    if a.scenario == AGAINST:
        return replace(a, scenario=HOME)
    own, other = (shipped(name).run for name in (a.scenario, AGAINST))
    if (own.opening, own.quarters) == (other.opening, other.quarters):
        return replace(a, scenario=AGAINST)
    return replace(a, turned=(("redeployment", 0.0),))


def _check_pair(request: ComparisonRequest) -> None:
    """Raise ScenarioError if the histories start in different quarters, or their scenarios differ in length."""
    first, second = request.a.scenario, request.b.scenario
    a, b = shipped(first).run, shipped(second).run
    if a.opening != b.opening:
        problem = f"it starts in {b.opening}, {first} in {a.opening}; both must start in the same quarter"
        raise ScenarioError(problem, "b.scenario", second, where=ADDRESS)
    if request.quarters is None and a.quarters != b.quarters:
        problem = f"{first} runs for {a.quarters}, {second} for {b.quarters}: choose a number of quarters for both"
        raise ScenarioError(problem, "quarters", allowed=f"1 to {LONGEST_HISTORY}", where=ADDRESS)
