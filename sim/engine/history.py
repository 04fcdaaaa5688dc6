"""One history in memory with the economy of every quarter, from which pages, stories and networks are drawn.

    run = run_of(history(load("baseline"), seed=1))
    run.series, run.agents, run.flows, run.exposures, run.events, run.manifest

NumPy steps it through the Mesa model, or a compiled program (`warm`) does, some ten times faster once it is ready.
Several threads may call every function here at once, and share a `History`, which is never changed.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sim.economy.books.checks import identities
from sim.economy.books.ledger import Books
from sim.economy.state import Economy
from sim.engine import pytrees
from sim.engine.batch import Engine, Start, seeded
from sim.engine.ensemble import checked_engine, chosen_engine, seeds_from
from sim.engine.happenings import announced, happened
from sim.engine.mesa_model import CapitalFlowModel, enforced
from sim.engine.stepping import Close, close_of
from sim.errors import ScenarioError
from sim.opening.open_economy import Opening, draws_for, open_economy
from sim.scenario.load import Scenario
from sim.scenario.quarters import later


@dataclass(frozen=True)
class History:
    """One history as its economies.

    Attributes:
        scenario: the scenario, with the seed.
        engine: the engine that stepped it, "numpy" or "jax".
        names: population -> names of its agents, in the order of the arrays.
        labels: the labels of the quarters, the opening first.
        opening: the close of the opening quarter, whose journal is empty.
        closes: the closes of the quarters after it in one: every leaf has a leading quarter axis.
        happenings: events of each quarter, the opening (which has none) first.
        checks: identity -> largest relative residual over the quarters.
        replaced: replaced decisions -> the `module:function` that decides.
    """

    scenario: Scenario
    engine: Engine
    names: dict[str, tuple[str, ...]]
    labels: tuple[str, ...]
    opening: Close
    closes: Close
    happenings: Sequence[list[dict[str, Any]]]
    checks: dict[str, float]
    replaced: dict[str, str]

    @property
    def seed(self) -> int:
        """The seed of the history."""
        return self.scenario.run.seed

    @cached_property
    def economies(self) -> tuple[Economy, ...]:
        """The economies at each close, the opening first, with the journals of their quarters."""
        return (self.opening.economy, *pytrees.unstacked(self.closes.economy))

    def opening_books(self, quarter: int) -> Books:
        """Return the books at the start of a quarter, counted from the opening, whose books are its own."""
        return self.economies[max(quarter - 1, 0)].books


Program = Callable[[Start], Close]
"""A compiled history: from its start to its closes."""
_ready: dict[tuple[tuple[int, ...], ...], Program] = {}
_compiling = threading.Lock()


def history(scenario: Scenario, seed: int, engine: Engine = "auto") -> History:
    """Run one history and record every economy; both engines give the same numbers, to 1e-9.

    Args:
        scenario: the scenario to run.
        seed: the seed, in place of the scenario's own.
        engine: "numpy"; "jax", which compiles first where `warm` has not; or "auto": JAX where a compiled program
            is ready and no decision is replaced, else NumPy.

    Raises:
        ScenarioError: if the opening balance sheets do not close, a decision or the seed is wrong, or JAX is
            required and is missing or cannot run the scenario.
        AccountingError: if an accounting identity is violated.
    """
    scenario = seeded(scenario, seeds_from(seed, 1)[0])
    if checked_engine(engine) == "numpy" or (scenario.decisions and engine == "auto"):
        return _in_numpy(scenario)
    opening, start = _opened(scenario)
    program = _ready.get(_shapes(start)) if engine == "auto" else _program(scenario, start)
    return _in_numpy(scenario) if program is None else _compiled(scenario, opening, start, program)


def warm(scenario: Scenario) -> None:
    """Prepare the compiled program for the agents and quarters of a scenario, so that "auto" uses it.

    That takes half a minute where the program was never compiled on this machine, a few seconds where it was, and
    no time where this process has it. For a background thread: meanwhile histories run in NumPy.

    Raises:
        ScenarioError: if JAX is missing, a decision is replaced, or the opening balance sheets do not close.
    """
    _program(scenario, _opened(scenario)[1])


def _program(scenario: Scenario, start: Start) -> Program:
    """Return the program for a start; one thread compiles or loads it if necessary, while others wait."""
    if scenario.decisions:
        problem = f"the scenario replaces decisions ({', '.join(scenario.decisions)}), which JAX cannot run here"
        raise ScenarioError(problem, "engine", "jax", "numpy", scenario.name)
    chosen_engine("jax")
    shapes = _shapes(start)
    with _compiling:
        if shapes not in _ready:
            from sim.engine.jax_history import compile_history

            _ready[shapes] = compile_history(start)
        return _ready[shapes]


def _shapes(start: Start) -> tuple[tuple[int, ...], ...]:
    """Return the shapes for which a program is compiled, those of agents and quarters."""
    return tuple(np.shape(leaf) for leaf in pytrees.leaves(start))


def _opened(scenario: Scenario) -> tuple[Opening, Start]:
    opening = open_economy(scenario)
    draws = draws_for(scenario, opening.names, scenario.run.seed, scenario.run.quarters)
    return opening, Start(opening.economy, opening.parameters, draws)


def _compiled(scenario: Scenario, opening: Opening, start: Start, program: Program) -> History:
    labels = tuple(later(scenario.run.opening, step) for step in range(scenario.run.quarters + 1))
    books = opening.economy.books
    first = close_of(opening.economy, opening.economy, identities(books, books))
    closes = program(start)
    residuals = {name: [first.residuals[name], *path] for name, path in closes.residuals.items()}
    for quarter, label in enumerate(labels):
        enforced(label, {name: path[quarter] for name, path in residuals.items()})
    checks = {name: float(max(path)) for name, path in residuals.items()}
    economies = [opening.economy, *pytrees.unstacked(closes.economy)]
    happenings: list[list[dict[str, Any]]] = [[]]
    for label, before, after in zip(labels[1:], economies, economies[1:], strict=False):
        happenings.append(announced(label, scenario) + happened(label, before, after, opening.names))
    return History(scenario, "jax", opening.names, labels, first, closes, happenings, checks, {})


def _in_numpy(scenario: Scenario) -> History:
    model = CapitalFlowModel(scenario, rng=scenario.run.seed)
    labels, closes, happenings = [], [], []
    while True:
        labels.append(model.label)
        closes.append(Close(model.economy, model.checks, model.series, model.measured))
        happenings.append(model.happenings)
        if not model.running:
            break
        model.step()
    checks = {name: max(close.residuals[name] for close in closes) for name in model.checks}
    return History(
        scenario,
        "numpy",
        model.names,
        tuple(labels),
        closes[0],
        pytrees.stacked(closes[1:]),
        happenings,
        checks,
        model.decisions.replaced(),
    )
