"""Runs an ensemble (`capflow run --runs N`) and writes its folder: a sweep whose only point is the scenario itself."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from sim.engine.ensemble import checked_engine, seeds_from
from sim.errors import RunError
from sim.experiments.sensitivity.sweep_report import write_sweep_report
from sim.experiments.sweep.folder import Sweep
from sim.experiments.sweep.plan import Plan
from sim.experiments.sweep.runner import Listener, sweep
from sim.experiments.sweep.summary import Summary, summaries
from sim.runs.folders import finite, fit_name, free_folder, runs_folder
from sim.runs.kinds import DESIGN
from sim.scenario import levers
from sim.scenario.load import resolved


@dataclass(frozen=True)
class Ensemble:
    """An ensemble that has been written to a folder.

    Attributes:
        sweep: the folder, opened as a sweep.
        outcomes: outcome -> its summary over the seeds.
        seconds: how long the call took, writing the report included.
    """

    sweep: Sweep
    outcomes: dict[str, Summary]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the metadata and the summaries as plain data for JSON, with None in place of NaN."""
        design, manifest, report = self.sweep.design, self.sweep.manifest, self.sweep.report
        numbers = {
            "run_dir": self.sweep.path.absolute(),
            **{key: design[key] for key in ("scenario", "seed", "runs", "quarters", "engine")},
            "problems": manifest["problems"],
            "checks": {"largest_residual": manifest["largest_residual"]},
            "outcomes": {name: summary.to_dict() for name, summary in self.outcomes.items()},
            "timing": {"total_s": round(self.seconds, 3)},
            "report": report.absolute() if report else None,
        }
        return dict(finite(numbers))


def run_ensemble(
    scenario: str,
    runs: int,
    seed: int | None = None,
    quarters: int | None = None,
    changes: Mapping[str, Any] | None = None,
    out: Path | None = None,
    workers: int | None = None,
    engine: str = "auto",
    report: bool = True,
    listener: Listener | None = None,
) -> Ensemble:
    """Run a scenario with many seeds and write the histories to a folder, or resume an interrupted ensemble.

    History number i (from 0) is the one that `sim.run` gives with seed `seed + i`.

    Args:
        scenario: the scenario's name or path.
        runs: the number of histories.
        seed: the seed of the first history; each later one has the next number. The scenario's own if left out.
        quarters: the number of quarters; the scenario's own if left out.
        changes: lever names or dotted keys, and the values they take.
        out: the folder; if left out, `runs/<scenario>-runs<runs>-seed<seed>`, with a number added to the name
            where that folder holds a different ensemble or a finished one.
        workers: the number of processes; if left out, one per core but no more than there are chunks.
        engine: "jax", "numpy", or "auto": JAX where it is installed and there are enough histories.
        report: whether to write the report.
        listener: functions that are called with progress and messages; standard error if left out.

    Raises:
        ScenarioError, RunError, StorageError, FailedChunksError: as `sim.sweep` does.
    """
    began = time.perf_counter()
    loaded = resolved(scenario, seed, quarters, changes)
    seeds = seeds_from(loaded.run.seed, runs)
    design = {
        "title": f"{loaded.title}: {runs:,} histories",
        "about": loaded.about,
        "scenario": scenario,
        "method": "seeds",
        "seed": seeds[0],
        "replicates": runs,
        "quarters": loaded.run.quarters,
        "keep": ["outcomes", "series"],
        "engine": checked_engine(engine),
    }
    # Seed and length are settings of the design; the other changes apply to all histories.
    everywhere = {k: v for k, v in levers.keys(changes or {}).items() if k not in ("run.seed", "run.quarters")}
    name = f"{fit_name(loaded.name, 'run')}-runs{runs}-seed{seeds[0]}"
    folder = out if out is not None else _folder(Plan.make(design, everywhere, name), name)
    writer = write_sweep_report if report else None
    finished = sweep(design, folder, workers, everywhere, listener=listener, report=writer, name=name)
    return Ensemble(finished, summaries(finished), time.perf_counter() - began)


def _folder(plan: Plan, name: str) -> Path:
    """Return the folder in which the same ensemble was interrupted; a new folder if there is none."""
    for number in count(1):
        folder = runs_folder() / (name if number == 1 else f"{name}-{number}")
        if not (folder / DESIGN).is_file():
            break
        try:
            if Plan.read(folder).hash == plan.hash and not Sweep.open(folder).complete:
                return folder
        except RunError:
            continue  # The ensemble in a damaged folder cannot be resumed.
    return free_folder(runs_folder(), name)
