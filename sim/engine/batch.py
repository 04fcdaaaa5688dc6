"""Many histories at once: what starts one, and what is kept of it.

A history is decided by its start alone: the opening economy, the rules, and everything random, drawn before it.
`in_numpy` steps a list of starts in NumPy, `sim.engine.jax_batch` in JAX; both read the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
"""What is kept of each kind of flow in a quarter: the whole, and the part of each origin, USD bn."""


@pytrees.register
@dataclass(frozen=True)
class Start:
    """Everything that decides a history.

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
    """What is kept of histories.

    Attributes:
        names: of the readings, as in `sim.engine.outcomes.readings`.
        paths: readings by quarter, the opening first.
        identities: names of the accounting identities.
        residuals: largest relative residual of each identity over the quarters.
        flows: by quarter, kind of flow (in the order of `FLOWS`) and `FLOW_COLUMNS`, USD bn, where asked for.
        agents: measures of every agent by quarter, the opening first, in the order of `agent_measures`, where
            asked for.
        problems: for each history why its numbers cannot be used, or None.
    """

    names: tuple[str, ...]
    paths: Float[NDArray[np.float64], "run quarter reading"]
    identities: tuple[str, ...]
    residuals: Float[NDArray[np.float64], "run identity"]
    flows: Float[NDArray[np.float64], "run quarter flow column"] | None
    agents: Float[NDArray[np.float64], "run quarter number"] | None
    problems: tuple[str | None, ...]

    def outcomes(self) -> dict[str, NDArray[np.float64]]:
        """Outcome -> one number per history; NaN where there is a problem."""
        found = reduced({name: self.paths[..., index] for index, name in enumerate(self.names)})
        bad = np.array([problem is not None for problem in self.problems])
        return {name: np.where(bad, np.nan, numbers) for name, numbers in found.items()}

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


Progress = Callable[[int], None]
"""Called with the number of histories that have just been finished."""


def start(scenario: Scenario, seed: int, quarters: int | None = None) -> Start:
    """Open the economy of a scenario, and draw everything random for one seed.

    Args:
        scenario: what to run; its `run.seed` decides the sizes of synthetic agents.
        seed: of the history.
        quarters: how long it is; the scenario's own length if left out.

    Raises:
        ScenarioError: if the opening balance sheets do not close, or the data do not reach far enough.
    """
    opening = open_economy(scenario)
    length = scenario.run.quarters if quarters is None else quarters
    return Start(opening.economy, opening.parameters, draws_for(scenario, opening.names, seed, length))


def seeded(scenario: Scenario, seed: int) -> Scenario:
    """Return a scenario with another seed, which is part of it: sizes of synthetic agents are drawn from it."""
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
    progress: Progress | None = None,
    agents: bool = False,
) -> Histories:
    """Step histories one after the other in NumPy.

    Args:
        starts: starts of the histories, all of the same length and the same agents.
        decisions: decision rules in force.
        flows: whether to keep the flows.
        progress: called after every history.
        agents: whether to keep the measures of agents.
    """
    histories = []
    for start in starts:
        histories.append(_in_numpy(start, decisions, flows, agents))
        if progress is not None:
            progress(1)
    return _joined(histories)


def _in_numpy(start: Start, decisions: Behaviour, flows: bool, agents: bool) -> Histories:
    """Step one history; quarters that a failing decision leaves out are NaN."""
    length = len(start.draws.rate)
    opening = taken(start.economy, start.economy)
    names = tuple(identities(start.economy.books, start.economy.books))
    rows: list[dict[str, Any]] = []
    problem: str | None = None
    try:
        rows.extend(walk(start.economy, start.parameters, start.draws, decisions, reader(flows, agents)))
    except ScenarioError as error:
        problem = str(error)

    def table(part: str, shape: tuple[int, ...], first: Sequence[Any] = ()) -> Any:
        """Return the rows of one part after those of the opening, with a leading axis of one run."""
        numbers = np.full((1, len(first) + length, *shape), np.nan)
        for place, row in enumerate([*first, *(row[part] for row in rows)]):
            numbers[0, place] = row
        return numbers

    paths = table("readings", (len(opening),), [list(opening.values())])
    worst = table("residuals", (len(names),)).max(axis=1)
    at_opening = agent_numbers(start.economy) if agents else np.zeros(0)
    return Histories(
        tuple(opening),
        paths,
        names,
        worst,
        table("flows", (len(FLOWS), len(FLOW_COLUMNS))) if flows else None,
        table("agents", at_opening.shape, [at_opening]) if agents else None,
        (problem or unusable(paths[0], names, worst[0]),),
    )


def reader(flows: bool, agents: bool) -> Read[dict[str, Any]]:
    """Make the function that reads from a quarter, in NumPy or JAX, what `Histories` keep of it."""

    def read(before: Economy, after: Economy, residuals: Mapping[str, Scalar]) -> dict[str, Any]:
        xp = namespace(after.books.cash[OWN])
        parts = {
            "readings": xp.stack(list(taken(before, after).values())),
            "residuals": xp.stack(list(residuals.values())),
        }
        if flows:
            parts["flows"] = flow_table(after.books)
        if agents:
            parts["agents"] = agent_numbers(after)
        return parts

    return read


def _joined(parts: Sequence[Histories]) -> Histories:
    def whole(name: str) -> Any:
        tables = [getattr(part, name) for part in parts]
        return None if tables[0] is None else np.concatenate(tables)

    return Histories(
        parts[0].names,
        whole("paths"),
        parts[0].identities,
        whole("residuals"),
        whole("flows"),
        whole("agents"),
        tuple(problem for part in parts for problem in part.problems),
    )


def taken(before: Economy, after: Economy) -> dict[str, Any]:
    """Every reading of one quarter; both are the opening for the opening quarter."""
    series = measures.series(after) | measures.origin_series(before.books, after.books)
    return readings(before, after, series)


def agent_measures(economy: Economy) -> dict[tuple[str, str], slice]:
    """Where the measures of a population's agents stand in `agent_numbers`: (population, measure) -> places."""
    found: dict[tuple[str, str], slice] = {}
    at = 0
    for population, table in measures.agents(economy).items():
        for name, numbers in table.items():
            found[population, name] = slice(at, at + len(numbers))
            at += len(numbers)
    return found


def agent_numbers(economy: Economy) -> Any:
    """Every measure of every agent at the close of one quarter, `(number,)`."""
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
    """Why a history's numbers cannot be used: an identity that does not hold, or readings that are no numbers."""
    for name, residual in zip(identities, worst, strict=True):
        if not residual <= TOLERANCE:
            limit = f"tolerance {TOLERANCE:g}"
            return f"identity {name} is violated: largest relative residual {residual:.3g}, {limit}"
    if np.isnan(path).any():
        return f"quarter {int(np.argwhere(np.isnan(path).any(axis=1))[0, 0])} has readings that are not numbers"
    return None
