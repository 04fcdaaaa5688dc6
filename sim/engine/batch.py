"""Batches of histories: where each starts, what each gives, and the NumPy engine that runs them one by one.

A `Start` determines a history: the opening economy, the parameters, and random numbers drawn in advance. The JAX
engine, `sim.engine.jax_batch`, steps histories from the same starts and returns the same numbers.
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
"""Columns recorded for each kind of flow in a quarter, USD bn: the total, and the part from each origin of money."""
Counter = Callable[[int], None]
"""A callback that is given the number of histories just finished (not the number finished so far)."""


@pytrees.register
@dataclass(frozen=True)
class Start:
    """Everything that determines a history.

    Attributes:
        economy: balances at the close of the opening quarter.
        parameters: parameters of the model, and traits of the agents.
        draws: random numbers, data and events, with a leading quarter axis.
    """

    economy: Economy
    parameters: Parameters
    draws: Draws


@dataclass(frozen=True)
class Histories:
    """The results of histories.

    Attributes:
        names: names of the readings, which are the numbers that `sim.engine.outcomes.readings` takes each quarter.
        paths: readings in each quarter, starting with the opening quarter.
        identities: the names of the accounting identities.
        residuals: for each identity, the largest relative residual in any quarter.
        flows: USD bn in each quarter for each kind of flow (in the order of `FLOWS`) and each of `FLOW_COLUMNS`;
            None if not requested.
        agents: measures of every agent in each quarter, starting with the opening quarter; `agent_measures` gives
            the order. None if not requested.
        problems: for each history, why its numbers cannot be used; None if they can.
    """

    names: tuple[str, ...]
    paths: Float[NDArray[np.float64], "run quarter reading"]
    identities: tuple[str, ...]
    residuals: Float[NDArray[np.float64], "run identity"]
    flows: Float[NDArray[np.float64], "run quarter flow column"] | None
    agents: Float[NDArray[np.float64], "run quarter number"] | None
    problems: tuple[str | None, ...]

    def outcomes(self) -> dict[str, NDArray[np.float64]]:
        """Return outcome -> one number per history; NaN for histories that have a problem."""
        outcomes = reduced({name: self.paths[..., index] for index, name in enumerate(self.names)})
        bad = np.array([problem is not None for problem in self.problems])
        return {name: np.where(bad, np.nan, numbers) for name, numbers in outcomes.items()}

    def select(self, chosen: slice | NDArray[np.bool_]) -> Histories:
        """Return the histories that a slice, or a mask of the shape `(run,)`, selects."""
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
        scenario: the scenario; its `run.seed` determines the sizes of synthetic agents.
        seed: the seed of the history.
        quarters: the number of quarters to run; if left out, that of the scenario.

    Raises:
        ScenarioError: if the opening balance sheets do not balance, or the data end before the last quarter.
    """
    opening = open_economy(scenario)
    length = scenario.run.quarters if quarters is None else quarters
    return Start(opening.economy, opening.parameters, draws_for(scenario, opening.names, seed, length))


def seeded(scenario: Scenario, seed: int) -> Scenario:
    """Return a copy of a scenario with another seed, which also determines the sizes of its synthetic agents."""
    return scenario.model_copy(update={"run": scenario.run.model_copy(update={"seed": seed})})


def behaviour(scenario: Scenario, decisions: Mapping[str, Any] | None = None) -> Behaviour:
    """Return the decision rules of a scenario; those named in `decisions` are replaced.

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
    """Run histories in NumPy, one after the other.

    Args:
        starts: starts of the histories, all of the same length and with the same agents.
        decisions: decision rules in force.
        flows: whether to record the flows.
        finished: called after every history, with the number 1.
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
    """Run one history. If a decision fails, its message is returned too, and the later quarters are NaN."""
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
        """Return the rows of one part, those of the opening (`first`) first, with a leading axis of length one."""
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
    """Join the results of batches, and note which histories have numbers that cannot be used.

    Args:
        first: the start of the first history.
        parts: for each batch, the arrays `readings` and `residuals` and, if recorded, `flows` and `agents`.
        failures: for each history, the message of the decision that failed; None if no decision failed.
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
    """Return a function that extracts from one quarter, in NumPy or JAX, the numbers that `Histories` holds."""

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
    """Return every reading of one quarter; for the opening quarter, pass its economy as both arguments."""
    series = measures.series(after) | measures.origin_series(before.books, after.books)
    return readings(before, after, series)


def agent_measures(economy: Economy) -> dict[tuple[str, str], slice]:
    """Return where each measure lies in the vector of `agent_numbers`: (population, measure) -> slice."""
    places: dict[tuple[str, str], slice] = {}
    at = 0
    for population, table in measures.agents(economy).items():
        for name, numbers in table.items():
            places[population, name] = slice(at, at + len(numbers))
            at += len(numbers)
    return places


def agent_numbers(economy: Economy) -> Any:
    """Return every measure of every agent at the close of one quarter as one vector, `(number,)`."""
    xp = namespace(economy.books.cash[OWN])
    return xp.concat([numbers for table in measures.agents(economy).values() for numbers in table.values()])


def flow_table(books: Books) -> Any:
    """Return the total of each kind of flow and its parts by origin, `(flow, column)`, USD bn; 0 without payments."""
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
    """Return why a history cannot be used (an identity is violated, or a reading is NaN); None if it can."""
    for name, residual in zip(identities, worst, strict=True):
        if not residual <= TOLERANCE:
            limit = f"tolerance {TOLERANCE:g}"
            return f"identity {name} is violated: largest relative residual {residual:.3g}, {limit}"
    if np.isnan(path).any():
        return f"quarter {int(np.argwhere(np.isnan(path).any(axis=1))[0, 0])} has readings that are not numbers"
    return None
