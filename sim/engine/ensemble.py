"""Ensembles: many histories of one scenario, each with its own random numbers; and the choice of their engine."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.economy.phase import DecisionRule
from sim.engine.batch import ENGINES, Counter, Engine, Histories, Start, behaviour, in_numpy, seeded, start
from sim.engine.progress import Progress
from sim.errors import AccountingError, ScenarioError, needs
from sim.scenario.load import Scenario, resolved
from sim.scenario.quarters import later

if TYPE_CHECKING:
    import xarray as xr

    from sim.engine.decisions import Behaviour

LAST_SEED = 2**63 - 1
WORTH_COMPILING = 32
"""The engine "auto" is JAX for at least this many histories. NumPy takes 0.4 s for a history of 28 quarters. JAX
takes 25 s or more to compile, or seconds to load a cached program; then a batch of 256 takes as long as one history."""


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
        runs: the number of histories, at least 1.
        seed: the seed of the first history, if left out that of the scenario; the next has `seed + 1`, and so on.
        quarters: the number of quarters of each history; if left out, that of the scenario.
        changes: lever names or dotted keys -> new values.
        decisions: decision -> the function (or `module:function`) that replaces it.
        engine: "jax" (compiled, on a GPU if there is one), "numpy" (one history after the other) or "auto", which
            is JAX if JAX is installed and `runs` is at least 32: for fewer histories, compiling takes longer.
        progress: called after every history (NumPy) or every batch of histories (JAX).

    Returns:
        A dataset with the variables `series` (run, quarter, measure), `outcomes` (run, outcome) and `residuals`
        (run, identity: the largest relative residual of each accounting identity), and the coordinate `seed`.

    Raises:
        ScenarioError: if the scenario, a change, a decision or a number is wrong.
        AccountingError: if an accounting identity is violated; the message names the seed.
    """
    import xarray as xr

    scenario = resolved(config, seed, quarters, changes)
    seeds = seeds_from(scenario.run.seed, runs)
    rules = behaviour(scenario, decisions)
    chosen = chosen_engine(engine, runs)
    done = 0

    def finished(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, runs, scenario.name)

    histories = run_histories(starts(scenario, seeds), rules, engine=chosen, finished=finished)
    refuse_problems(histories, scenario.name, seeds)
    outcomes = histories.outcomes()
    labels = [later(scenario.run.opening, step) for step in range(scenario.run.quarters + 1)]
    return xr.Dataset(
        {
            "series": (("run", "quarter", "measure"), histories.paths),
            "outcomes": (("run", "outcome"), np.stack(list(outcomes.values()), axis=1)),
            "residuals": (("run", "identity"), histories.residuals),
        },
        coords={
            "run": np.arange(runs),
            "seed": ("run", np.array(seeds)),
            "quarter": labels,
            "measure": list(histories.names),
            "outcome": list(outcomes),
            "identity": list(histories.identities),
        },
        attrs={"scenario": scenario.name, "title": scenario.title},
    )


def seeds_from(first: int, runs: int) -> range:
    """Return the seeds of an ensemble; raise a ScenarioError if `runs` is below 1 or the last seed is too large."""
    if runs < 1:
        raise ScenarioError("at least 1 history is needed", "runs", runs)
    if first + runs - 1 > LAST_SEED:
        raise ScenarioError(f"the last of {runs} seeds would be above {LAST_SEED}", "seed", first)
    return range(first, first + runs)


def starts(scenario: Scenario, seeds: Iterable[int]) -> Iterable[Start]:
    """Yield a `Start` for each seed: the opening, the parameters and the random numbers of one history."""
    for seed in seeds:
        yield start(seeded(scenario, seed), seed)


def run_histories(
    starts: Iterable[Start],
    decisions: Behaviour,
    flows: bool = False,
    engine: Engine = "auto",
    finished: Counter | None = None,
    agents: bool = False,
) -> Histories:
    """Run histories with an engine, named as in `ensemble`; the other arguments are those of `in_numpy`.

    Raises:
        ScenarioError: if the engine is unknown or not installed, or a decision cannot be compiled.
    """
    if chosen_engine(engine) == "numpy":
        return in_numpy(starts, decisions, flows, finished, agents)
    from sim.engine.jax_batch import in_jax

    return in_jax(starts, decisions, flows, finished, agents)


def chosen_engine(engine: Engine, histories: int | None = None) -> Engine:
    """Return "numpy" or "jax", the engine that will run.

    "auto" is NumPy for few histories, and JAX for many; if JAX is not installed, it is NumPy, and a message says so.

    Args:
        engine: the engine that the user chose.
        histories: the number of histories in all; if left out, many are assumed.

    Raises:
        ScenarioError: if the engine is unknown.
        MissingExtraError: if the engine is "jax" and JAX is not installed.
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
    """Return the name of an engine unchanged; raise a ScenarioError if there is no engine of that name."""
    for known in ENGINES:
        if engine == known:
            return known
    raise ScenarioError("unknown engine", "engine", engine, ", ".join(ENGINES))


def refuse_for_one(engine: str, workers: int | None) -> None:
    """Raise a ScenarioError for settings that a single history cannot use: NumPy runs it, in this process."""
    if checked_engine(engine) == "jax":
        problem, allowed = "a single history runs in NumPy", "numpy; jax needs 2 runs or more"
        raise ScenarioError(problem, "engine", "jax", allowed)
    if workers is not None and workers != 1:
        problem, allowed = "a single history runs in one process", "1; several workers need 2 runs or more"
        raise ScenarioError(problem, "workers", workers, allowed)


def refuse_problems(histories: Histories, name: str, seeds: Sequence[int]) -> None:
    """Raise an AccountingError for the first history that has a problem; it names the scenario and the seed."""
    for seed, problem in zip(seeds, histories.problems, strict=True):
        if problem is not None:
            raise AccountingError(f"{name}, seed {seed}: {problem}")
