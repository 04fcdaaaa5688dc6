"""Ensembles: one scenario, many histories, each with its own random numbers."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.economy.phase import DecisionRule
from sim.engine.batch import ENGINES, Engine, Histories, Progress, Start, behaviour, in_numpy, seeded, start
from sim.errors import AccountingError, ScenarioError, needs
from sim.scenario.load import Scenario, resolved
from sim.scenario.quarters import later

if TYPE_CHECKING:
    import xarray as xr

    from sim.engine.decisions import Behaviour

LAST_SEED = 2**63 - 1
WORTH_COMPILING = 32
"""Histories from which "auto" compiles. NumPy takes 0.4 s for one of 28 quarters, and so some ten seconds for
fewer than these; the compiled program takes 25 s or more to compile, seconds to load where it is kept, and then as
long for one history as for a batch of 256."""


def ensemble(
    config: str | Path | Scenario = "baseline",
    runs: int = 100,
    seed: int | None = None,
    quarters: int | None = None,
    changes: Mapping[str, Any] | None = None,
    decisions: Mapping[str, DecisionRule | str] | None = None,
    engine: Engine = "auto",
    progress: Progress | None = None,
) -> xr.Dataset:
    """Run many histories of a scenario that differ in their random numbers.

    History number i is the one that `sim.run` gives with seed `seed + i`, to 1e-9.

    Args:
        config: a scenario's name or path, or a loaded scenario.
        runs: how many histories, at least 1.
        seed: of the first history, the next ones follow; the scenario's own if left out.
        quarters: length of the histories; the scenario's own if left out.
        changes: lever names or dotted keys, and the values they take.
        decisions: decision -> the function (or `module:function`) that takes its place.
        engine: "jax" (compiled, on a GPU where there is one), "numpy" (one history after the other) or "auto":
            JAX where it is installed and there are at least 32 histories; fewer do not pay for compiling.
        progress: told how many histories have just been finished.

    Returns:
        A dataset with the variables `series` (run, quarter, measure), `outcomes` (run, outcome) and `residuals`
        (run, identity: the largest relative residual of each accounting identity), and the coordinate `seed`.

    Raises:
        ScenarioError: if the scenario, a change, a decision or a number is wrong.
        AccountingError: if an accounting identity is violated, naming the seed.
    """
    import xarray as xr

    scenario = resolved(config, seed, quarters, changes)
    seeds = seeds_from(scenario.run.seed, runs)
    parameters = behaviour(scenario, decisions)
    chosen = chosen_engine(engine, runs)
    found = run_histories(starts(scenario, seeds), parameters, engine=chosen, progress=progress)
    refuse_problems(found, scenario.name, seeds)
    outcomes = found.outcomes()
    labels = [later(scenario.run.opening, step) for step in range(scenario.run.quarters + 1)]
    return xr.Dataset(
        {
            "series": (("run", "quarter", "measure"), found.paths),
            "outcomes": (("run", "outcome"), np.stack(list(outcomes.values()), axis=1)),
            "residuals": (("run", "identity"), found.residuals),
        },
        coords={
            "run": np.arange(runs),
            "seed": ("run", np.array(seeds)),
            "quarter": labels,
            "measure": list(found.names),
            "outcome": list(outcomes),
            "identity": list(found.identities),
        },
        attrs={"scenario": scenario.name, "title": scenario.title},
    )


def seeds_from(first: int, runs: int) -> range:
    """Seeds of an ensemble.

    Raises:
        ScenarioError: if there are no runs, or the last seed would be too large.
    """
    if runs < 1:
        raise ScenarioError("at least 1 history is needed", "runs", runs)
    if first + runs - 1 > LAST_SEED:
        raise ScenarioError(f"the last of {runs} seeds would be above {LAST_SEED}", "seed", first)
    return range(first, first + runs)


def starts(scenario: Scenario, seeds: Iterable[int]) -> Iterable[Start]:
    """Return the starts of the histories of one scenario, one for each seed."""
    for seed in seeds:
        yield start(seeded(scenario, seed), seed)


def run_histories(
    given: Iterable[Start],
    decisions: Behaviour,
    flows: bool = False,
    engine: Engine = "auto",
    progress: Progress | None = None,
    agents: bool = False,
) -> Histories:
    """Step histories with the engine asked for.

    Args:
        given: starts of the histories.
        decisions: decision rules in force.
        flows: whether to keep the flows.
        engine: as in `ensemble`.
        progress: told how many histories have just been finished.
        agents: whether to keep the measures of agents.

    Raises:
        ScenarioError: if the engine is unknown or not there, or a decision cannot be compiled.
    """
    if chosen_engine(engine) == "numpy":
        return in_numpy(given, decisions, flows, progress, agents)
    from sim.engine.jax_batch import in_jax

    return in_jax(given, decisions, flows, progress, agents)


def chosen_engine(engine: Engine, histories: int | None = None) -> Engine:
    """Return the engine to use. "auto" is NumPy for few histories, else JAX, or NumPy with a message without JAX.

    Args:
        engine: asked for.
        histories: how many there are in all; many if left out.

    Raises:
        ScenarioError: if the engine is unknown.
        MissingExtraError: if JAX is asked for and not installed.
    """
    engine = checked_engine(engine)
    few = engine == "auto" and histories is not None and histories < WORTH_COMPILING
    if engine == "numpy" or few:
        return "numpy"
    if engine == "jax":
        needs("jax", extra="jax")
    if util.find_spec("jax") is not None:
        return "jax"
    print("capflow: JAX is not installed; running in NumPy, one history at a time (slower)", file=sys.stderr)
    return "numpy"


def checked_engine(engine: str) -> Engine:
    """Return the name of an engine, known to be one.

    Raises:
        ScenarioError: if it is none.
    """
    for known in ENGINES:
        if engine == known:
            return known
    raise ScenarioError("unknown engine", "engine", engine, ", ".join(ENGINES))


def refuse_for_one(engine: str, workers: int | None) -> None:
    """Refuse what a single history, which is stepped in this process in NumPy, has no use for.

    Raises:
        ScenarioError: if the compiled engine or several processes are asked for.
    """
    if checked_engine(engine) == "jax":
        raise ScenarioError("a single history runs in NumPy", "engine", "jax", "numpy; jax with 2 runs or more")
    if workers is not None and workers != 1:
        problem = "a single history runs in 1 process"
        raise ScenarioError(problem, "workers", workers, "1; more with 2 runs or more")


def refuse_problems(found: Histories, name: str, seeds: Sequence[int]) -> None:
    """Raise the first problem there is.

    Raises:
        AccountingError: naming scenario and seed.
    """
    for seed, problem in zip(seeds, found.problems, strict=True):
        if problem is not None:
            raise AccountingError(f"{name}, seed {seed}: {problem}")
