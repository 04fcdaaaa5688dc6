"""One history in memory, with the whole economy of every quarter: pages, stories and networks are made from it.

    run = run_of(history(load("baseline"), seed=1))
    run.series, run.agents, run.flows, run.exposures, run.events, run.manifest

The history is run by the Mesa model in NumPy or, some ten times faster, by a JAX program, which `warm` compiles.
Several threads may call these functions at once, and share a `History`, which is never changed.
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
    """One history: the economy at the close of every quarter, and what was read from it.

    Attributes:
        scenario: the scenario, with the seed of this history.
        engine: the engine that ran the history, "numpy" or "jax".
        names: population -> names of its agents, in the order of the arrays.
        labels: labels of the quarters, such as "2024Q1", starting with the opening quarter.
        opening: the results at the close of the opening quarter, whose journal is empty.
        closes: the results at the closes of all later quarters in one `Close`: every array has a leading quarter axis.
        happenings: events of each quarter, starting with the opening quarter, which has no events.
        checks: identity -> largest relative residual in any quarter.
        replaced: name of each replaced decision -> the `module:function` that takes the place of its rule.
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
        """The economy at the close of each quarter, with that quarter's journal, starting with the opening quarter."""
        return (self.opening.economy, *pytrees.unstacked(self.closes.economy))

    def opening_books(self, quarter: int) -> Books:
        """Return the books when a quarter began; for quarter 0, the opening, return its own books."""
        return self.economies[max(quarter - 1, 0)].books


Program = Callable[[Start], Close]
"""A compiled program: given the start of a history, it returns the closes of all its quarters."""
_ready: dict[tuple[tuple[int, ...], ...], Program] = {}
_compiling = threading.Lock()


def history(scenario: Scenario, seed: int, engine: Engine = "auto") -> History:
    """Run one history and record the economy of every quarter; both engines give the same numbers, to 1e-9.

    Args:
        scenario: the scenario to run.
        seed: the seed of the history, used instead of the scenario's own.
        engine: "numpy"; "jax", which compiles a program first if `warm` has not; or "auto", which is JAX if a
            compiled program is ready and the scenario replaces no decision, and NumPy otherwise.

    Raises:
        ScenarioError: if the opening balance sheets do not balance, a decision or the seed is wrong, or the engine
            is "jax" and JAX is not installed or cannot run the scenario.
        AccountingError: if an accounting identity is violated.
    """
    scenario = seeded(scenario, seeds_from(seed, 1)[0])
    if checked_engine(engine) == "numpy" or (scenario.decisions and engine == "auto"):
        return _in_numpy(scenario)
    opening, start = _opened(scenario)
    program = _ready.get(_shapes(start)) if engine == "auto" else _program(scenario, start)
    return _in_numpy(scenario) if program is None else _compiled(scenario, opening, start, program)


def warm(scenario: Scenario) -> None:
    """Prepare the JAX program for as many agents and quarters as a scenario has, so that the engine "auto" uses it.

    That takes half a minute if the program was never compiled on this machine, a few seconds if it was, and no time
    if this process has it already. Call it in a background thread: meanwhile, "auto" runs histories in NumPy.

    Raises:
        ScenarioError: if JAX is missing, a decision is replaced, or the opening balance sheets do not balance.
    """
    _program(scenario, _opened(scenario)[1])


def _program(scenario: Scenario, start: Start) -> Program:
    """Return the compiled program for a start. One thread at a time compiles or loads a program; the others wait."""
    if scenario.decisions:
        names = ", ".join(scenario.decisions)
        problem = f"the scenario replaces decisions ({names}), which JAX cannot run in a single history"
        raise ScenarioError(problem, "engine", "jax", "numpy", scenario.name)
    chosen_engine("jax")
    shapes = _shapes(start)
    with _compiling:
        if shapes not in _ready:
            from sim.engine.jax_history import compile_history

            _ready[shapes] = compile_history(start)
        return _ready[shapes]


def _shapes(start: Start) -> tuple[tuple[int, ...], ...]:
    """Return the shapes of the arrays of a start, each set of which needs a compiled program of its own."""
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
