"""Batches of histories: their starts and results, and the NumPy engine that steps one after the other.

A history follows from its start: the opening economy, the parameters, and random numbers drawn in advance.
`sim.engine.jax_batch` steps the same starts in JAX, and reads the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from sim.economy.arrays import Scalar, namespace
from sim.economy.books import measures
from sim.economy.books.checks import TOLERANCE, identities
from sim.economy.books.flows import FLOWS, ORIGINS, OWN
from sim.economy.books.ledger import Books
from sim.economy.parameters import Parameters
from sim.economy.state import Draws, Economy
from sim.engine import pytrees
from sim.engine.decisions import Behaviour
from sim.engine.outcomes import readings, reduced
from sim.engine.stepping import Read, walk
from sim.errors import ScenarioError
from sim.opening.open_economy import draws_for, open_economy
from sim.scenario.load import Scenario

Engine = Literal["auto", "jax", "numpy"]
ENGINES: tuple[Engine, ...] = ("auto", "jax", "numpy")
FLOW_COLUMNS = ("usd_bn", *(f"from_{origin}" for origin in ORIGINS))
"""Numbers of each kind of flow in a quarter: the whole, and the part of each origin, USD bn."""
Counter = Callable[[int], None]
"""Called with the number of histories that have just been finished."""


@pytrees.register
@dataclass(frozen=True)
class Start:
    """Everything that determines a history.

    Attributes:
        economy: balances at the close of the opening quarter.
        parameters: parameters and traits.
        draws: random numbers, data and events, with a leading quarter axis.
    """

    economy: Economy
    parameters: Parameters
    draws: Draws


@dataclass(frozen=True)
class Histories:
    """The results of histories.

    Attributes:
        names: the names of the readings, as in `sim.engine.outcomes.readings`.
        paths: readings by quarter, the opening first.
        identities: the names of the accounting identities.
        residuals: largest relative residual of each identity over the quarters.
        flows: flows by quarter, kind (in the order of `FLOWS`) and `FLOW_COLUMNS`, USD bn; None if not requested.
        agents: measures of every agent by quarter, the opening first, in the order of `agent_measures`; None if
            not requested.
        problems: for each history the reason why its numbers cannot be used, or None.
    """

    names: tuple[str, ...]
    paths: Float[NDArray[np.float64], "run quarter reading"]
    identities: tuple[str, ...]
    residuals: Float[NDArray[np.float64], "run identity"]
    flows: Float[NDArray[np.float64], "run quarter flow column"] | None
    agents: Float[NDArray[np.float64], "run quarter number"] | None
    problems: tuple[str | None, ...]

    def outcomes(self) -> dict[str, NDArray[np.float64]]:
        """Return outcome -> one number per history; NaN where there is a problem."""
        outcomes = reduced({name: self.paths[..., index] for index, name in enumerate(self.names)})
        bad = np.array([problem is not None for problem in self.problems])
        return {name: np.where(bad, np.nan, numbers) for name, numbers in outcomes.items()}

    def select(self, chosen: slice | NDArray[np.bool_]) -> Histories:
        """Return some of the histories, by a slice or by a mask, `(run,)`."""
        return replace(
            self,
            paths=self.paths[chosen],
            residuals=self.residuals[chosen],
            flows=None if self.flows is None else self.flows[chosen],
            agents=None if self.agents is None else self.agents[chosen],
            problems=tuple(np.array(self.problems, dtype=object)[chosen]),
        )


def start(scenario: Scenario, seed: int, quarters: int | None = None) -> Start:
    """Open the economy of a scenario, and draw everything random for one seed.

    Args:
        scenario: the scenario; the sizes of synthetic agents follow from its `run.seed`.
        seed: the seed of the history.
        quarters: the length of the history; the scenario's own if left out.

    Raises:
        ScenarioError: if the opening balance sheets do not close, or the data end too early.
    """
    opening = open_economy(scenario)
    length = scenario.run.quarters if quarters is None else quarters
    return Start(opening.economy, opening.parameters, draws_for(scenario, opening.names, seed, length))


def seeded(scenario: Scenario, seed: int) -> Scenario:
    """Return a scenario with another seed, from which the sizes of its synthetic agents follow too."""
    return scenario.model_copy(update={"run": scenario.run.model_copy(update={"seed": seed})})


def behaviour(scenario: Scenario, decisions: Mapping[str, Any] | None = None) -> Behaviour:
    """Return the decision rules of a scenario, with some replaced.

    Raises:
        ScenarioError: if a decision is unknown, or its function cannot be found.
    """
    parameters = Behaviour(open_economy(scenario).names, scenario.decisions)
    parameters.update(decisions or {})
    return parameters


def in_numpy(
    starts: Iterable[Start],
    decisions: Behaviour,
    flows: bool = False,
    finished: Counter | None = None,
    agents: bool = False,
) -> Histories:
    """Step histories one after the other in NumPy.

    Args:
        starts: starts of the histories, all of the same length and with the same agents.
        decisions: decision rules in force.
        flows: whether to record the flows.
        finished: called after every history.
        agents: whether to record the measures of agents.
    """
    remaining = iter(starts)
    first = next(remaining)
    parts, failures = [], []
    for start in chain([first], remaining):
        part, failure = _in_numpy(start, decisions, flows, agents)
        parts.append(part)
        failures.append(failure)
        if finished is not None:
            finished(1)
    return gathered(first, parts, failures)


def _in_numpy(start: Start, decisions: Behaviour, flows: bool, agents: bool) -> tuple[dict[str, Any], str | None]:
    """Step one history; quarters after the failure of a decision are NaN."""
    length = len(start.draws.rate)
    opening = list(quarter_readings(start.economy, start.economy).values())
    count = len(identities(start.economy.books, start.economy.books))
    rows: list[dict[str, Any]] = []
    failure: str | None = None
    try:
        rows.extend(walk(start.economy, start.parameters, start.draws, decisions, reader(flows, agents)))
    except ScenarioError as error:
        failure = str(error)

    def table(part: str, shape: tuple[int, ...], first: Sequence[Any] = ()) -> Any:
        """Return the rows of one part after those of the opening, with a leading axis of one run."""
        numbers = np.full((1, len(first) + length, *shape), np.nan)
        for place, row in enumerate([*first, *(row[part] for row in rows)]):
            numbers[0, place] = row
        return numbers

    parts = {
        "readings": table("readings", (len(opening),), [opening]),
        "residuals": table("residuals", (count,)).max(axis=1),
    }
    if flows:
        parts["flows"] = table("flows", (len(FLOWS), len(FLOW_COLUMNS)))
    if agents:
        at_opening = agent_numbers(start.economy)
        parts["agents"] = table("agents", at_opening.shape, [at_opening])
    return parts, failure


def gathered(first: Start, parts: Sequence[Mapping[str, Any]], failures: Iterable[str | None]) -> Histories:
    """Join the results of batches, and find histories whose numbers cannot be used.

    Args:
        first: the start of the first history.
        parts: for each batch `readings`, `residuals` and, if recorded, `flows` and `agents`.
        failures: for each history why a decision failed, or None.
    """
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    paths, residuals = whole["readings"], whole["residuals"]
    names = tuple(identities(first.economy.books, first.economy.books))
    problems = tuple(
        failure or unusable(path, names, worst) for failure, path, worst in zip(failures, paths, residuals, strict=True)
    )
    readings = tuple(quarter_readings(first.economy, first.economy))
    return Histories(readings, paths, names, residuals, whole.get("flows"), whole.get("agents"), problems)


def reader(flows: bool, agents: bool) -> Read[dict[str, Any]]:
    """Return the function that reads the numbers of `Histories` from a quarter, in NumPy or JAX."""

    def read(before: Economy, after: Economy, residuals: Mapping[str, Scalar]) -> dict[str, Any]:
        xp = namespace(after.books.cash[OWN])
        parts = {
            "readings": xp.stack(list(quarter_readings(before, after).values())),
            "residuals": xp.stack(list(residuals.values())),
        }
        if flows:
            parts["flows"] = flow_table(after.books)
        if agents:
            parts["agents"] = agent_numbers(after)
        return parts

    return read


def quarter_readings(before: Economy, after: Economy) -> dict[str, Any]:
    """Return every reading of one quarter; both economies are the opening for the opening quarter."""
    series = measures.series(after) | measures.origin_series(before.books, after.books)
    return readings(before, after, series)


def agent_measures(economy: Economy) -> dict[tuple[str, str], slice]:
    """Return the places of measures in `agent_numbers`: (population, measure) -> slice."""
    places: dict[tuple[str, str], slice] = {}
    at = 0
    for population, table in measures.agents(economy).items():
        for name, numbers in table.items():
            places[population, name] = slice(at, at + len(numbers))
            at += len(numbers)
    return places


def agent_numbers(economy: Economy) -> Any:
    """Return every measure of every agent at the close of one quarter, `(number,)`."""
    xp = namespace(economy.books.cash[OWN])
    return xp.concat([numbers for table in measures.agents(economy).values() for numbers in table.values()])


def flow_table(books: Books) -> Any:
    """Return the quarter's flows by kind, whole and by origin, `(flow, column)`, USD bn; zero for none."""
    xp = namespace(books.cash[OWN])
    rows = []
    for kind in FLOWS:
        flow = books.journal.flows.get(kind)
        if flow is None:
            rows.append(xp.zeros(len(FLOW_COLUMNS)))
        else:
            by_origin = (flow.amount[:, :, None] * flow.origins).sum(axis=(0, 1))
            rows.append(xp.concat([flow.amount.sum()[None], by_origin]))
    return xp.stack(rows)


def unusable(path: NDArray[np.float64], identities: Sequence[str], worst: NDArray[np.float64]) -> str | None:
    """Return why a history cannot be used: an identity is violated, or readings are not numbers; else None."""
    for name, residual in zip(identities, worst, strict=True):
        if not residual <= TOLERANCE:
            limit = f"tolerance {TOLERANCE:g}"
            return f"identity {name} is violated: largest relative residual {residual:.3g}, {limit}"
    if np.isnan(path).any():
        return f"quarter {int(np.argwhere(np.isnan(path).any(axis=1))[0, 0])} has readings that are not numbers"
    return None
