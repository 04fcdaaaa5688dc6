"""Comparison of two scenarios on the same random numbers: `compare`, and the `Comparison` that it returns."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.engine.batch import Engine
from sim.engine.progress import Progress
from sim.experiments.compare.results import PairedOutcomes
from sim.experiments.compare.settings import twins_of
from sim.experiments.compare.twin_paths import TwinPaths, run_twins
from sim.experiments.compare.words import words
from sim.experiments.workers import run_seeds
from sim.scenario import levers
from sim.scenario.load import Scenario

__all__ = ["Comparison", "TwinPaths", "compare", "run_twins"]


class Comparison(PairedOutcomes):
    """Two scenarios that ran with the same seeds, with their sentences and their folder."""

    @property
    def words(self) -> list[str]:
        """Paragraphs on interest and GPUs, made from the numbers."""
        return words(self)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the single histories, with JSON's own types; money is USD bn."""
        return {**self.to_numbers(), "words": self.words}

    def save(self, out: Path | str | None = None) -> Path:
        """Write JSON, the single outcomes as Parquet, figures and a report into a new folder, and return it.

        Raises:
            RunError: if the folder exists or cannot be written; nothing is left behind.
        """
        from sim.experiments.compare.folder import write

        return write(self, self.to_dict(), out)


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

    The random numbers of a history depend on its seed alone: the twins of a pair differ by what the scenarios
    assume, and by nothing else.

    Args:
        a: the first scenario: its name, its path, or the scenario itself.
        b: the second scenario.
        runs: the number of pairs of histories, at least 2.
        seed: the seed of the first pair, which the next ones follow; the seed of `a` if left out.
        quarters: the length of the histories; the scenarios' own if left out.
        changes: lever names or dotted keys, and the values they take in both scenarios.
        workers: the number of processes to run in with NumPy; 1 is this process, None as many as there are
            processors and work for. The answer does not depend on it.
        progress: called after every history, or batch of histories.
        engine: "jax", "numpy" or "auto", as in `sim.experiments.workers.run_seeds`; answers agree to 1e-9.

    Raises:
        ScenarioError: if a scenario, a change or `runs` is wrong, or the scenarios do not open in the same
            quarter or run for the same number of quarters.
        AccountingError: if an accounting identity is violated, naming scenario and seed.
        WorkerError: if a worker process dies.
    """
    began = time.perf_counter()
    keys = levers.keys(changes or {})
    twins, seeds = twins_of(a, b, runs, seed, quarters, keys)
    samples = run_seeds(twins, seeds, workers, progress, engine)
    return Comparison.of_samples(twins, seeds, samples, keys, time.perf_counter() - began)
