"""Compare two scenarios as twins: the same random numbers in both, so that a difference is an effect."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.engine.batch import Engine
from sim.engine.ensemble import seeds_from
from sim.errors import ScenarioError
from sim.experiments.compare.paired import effect
from sim.experiments.compare.results import Comparison
from sim.experiments.workers import Progress, Samples, run_seeds
from sim.scenario import levers
from sim.scenario.load import Scenario, changed, changed_keys, load

if TYPE_CHECKING:
    pass


def compare(
    a: str | Path | Scenario,
    b: str | Path | Scenario,
    runs: int = 100,
    seed: int | None = None,
    quarters: int | None = None,
    changes: Mapping[str, Any] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    engine: Engine = "auto",
) -> Comparison:
    """Run two scenarios with the same seeds, and compare their outcomes pair by pair.

    The random numbers of a history depend on its seed alone, so that the twins of a pair differ by what the
    scenarios say, and by nothing else.

    Args:
        a: the first scenario: its name, its path, or the scenario itself.
        b: the second.
        runs: pairs of histories, at least 2.
        seed: seed of the first pair, the next ones follow; that of `a` if left out.
        quarters: length of the histories; the scenarios' own if left out.
        changes: lever names or dotted keys, and the values they take in both scenarios.
        workers: processes to run in with NumPy; 1 is this process, None as many as there are processors and work
            for. The answer does not depend on it.
        progress: told after every history, or batch of histories.
        engine: "jax", "numpy" or "auto", as in `sim.experiments.workers.run_seeds`; answers agree to 1e-9.

    Returns:
        The comparison; its `save` writes a folder with figures and a report.

    Raises:
        ScenarioError: if a scenario, a change or `runs` is wrong, or the scenarios do not open in the same
            quarter or run for the same number of quarters.
        AccountingError: if an accounting identity is violated, naming scenario and seed.
        WorkerError: if a worker process dies.
    """
    began = time.perf_counter()
    wanted = levers.keys(changes or {})
    chosen, seeds = paired(a, b, runs, seed, quarters, wanted)
    samples = run_seeds(chosen, seeds, workers, progress, engine)
    return of_samples(chosen, seeds, samples, wanted, time.perf_counter() - began)


def paired(
    a: str | Path | Scenario,
    b: str | Path | Scenario,
    runs: int,
    seed: int | None = None,
    quarters: int | None = None,
    changes: Mapping[str, Any] | None = None,
) -> tuple[tuple[Scenario, Scenario], tuple[int, ...]]:
    """Two scenarios as twins, and the seeds of their pairs; arguments and errors as in `compare`."""
    given = {**(changes or {}), **({} if quarters is None else {"run.quarters": quarters})}
    first, second = (changed(c, given) if isinstance(c, Scenario) else load(c, given) for c in (a, b))
    chosen = _same_seed(first, second, runs, seed)
    _refuse_unlike(*chosen)
    return chosen, tuple(seeds_from(chosen[0].run.seed, runs))


def of_samples(
    twins: tuple[Scenario, Scenario],
    seeds: tuple[int, ...],
    samples: Sequence[Samples],
    changes: dict[str, Any],
    seconds: float,
) -> Comparison:
    """The comparison of twins whose outcomes are there already.

    Args:
        twins: the scenarios.
        seeds: of the pairs.
        samples: for each twin its outcomes, in the order of the seeds.
        changes: what both were given beside their own files: dotted key -> value.
        seconds: how long the histories took.
    """
    differs = {key: {"a": d["from"], "b": d["to"]} for key, d in changed_keys(*twins).items()}
    effects = {name: effect(samples[0][name], samples[1][name]) for name in samples[0]}
    return Comparison(*twins, seeds, differs, changes, effects, seconds)


def _same_seed(a: Scenario, b: Scenario, runs: int, seed: int | None) -> tuple[Scenario, Scenario]:
    if runs < 2:
        raise ScenarioError(f"--runs {runs}: a comparison takes at least 2 pairs of histories")
    seeded = changed(a, {"run.seed": a.run.seed if seed is None else seed})
    return seeded, changed(b, {"run.seed": seeded.run.seed})


def _refuse_unlike(a: Scenario, b: Scenario) -> None:
    if a.run.opening != b.run.opening:
        raise ScenarioError(
            f"{a.name} opens in {a.run.opening} and {b.name} in {b.run.opening}: twins must open at the same time"
        )
    if a.run.quarters != b.run.quarters:
        raise ScenarioError(
            f"{a.name} runs for {a.run.quarters} quarters and {b.name} for {b.run.quarters}: give --quarters to "
            "run both for as long"
        )
