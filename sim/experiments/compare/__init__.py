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
    """The outcomes of two scenarios that ran with the same seeds; it writes its own sentences and its folder."""

    @property
    def words(self) -> list[str]:
        """Paragraphs on interest and GPU purchases in the two scenarios, written from the numbers."""
        return words(self)

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers except those of single histories, as plain JSON types; money is in USD bn."""
        return {**self.to_numbers(), "words": self.words}

    def save(self, out: Path | str | None = None) -> Path:
        """Write JSON, the outcomes of each history as Parquet, figures and a report; return the new folder.

        Raises:
            RunError: if the folder exists already or cannot be written; no half-written folder is left behind.
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

    The random numbers of a history depend only on its seed. So the two histories of a pair, called twins, differ
    only because their scenarios make different assumptions.

    Args:
        a: the first scenario: its name, its path, or the scenario itself.
        b: the second scenario.
        runs: the number of pairs of histories, at least 2.
        seed: the seed of the first pair; the next pairs use the seeds after it. The seed of `a` if left out.
        quarters: the number of quarters in each history; the number that the scenarios state if left out.
        changes: lever name or dotted key -> the value that it takes in both scenarios.
        workers: the number of processes for the NumPy engine; 1 means this process alone, None as many as there
            are processors and work for. The results do not depend on this number.
        progress: called after every history, or after every batch of histories.
        engine: "jax", "numpy" or "auto", as in `sim.experiments.workers.run_seeds`; their results agree to 1e-9.

    Raises:
        ScenarioError: if a scenario, a change or `runs` is wrong, or the scenarios do not open in the same
            quarter or run for the same number of quarters.
        AccountingError: if an accounting identity is violated; the message names scenario and seed.
        WorkerError: if a worker process dies.
    """
    began = time.perf_counter()
    keys = levers.keys(changes or {})
    twins, seeds = twins_of(a, b, runs, seed, quarters, keys)
    samples = run_seeds(twins, seeds, workers, progress, engine)
    return Comparison.of_samples(twins, seeds, samples, keys, time.perf_counter() - began)
