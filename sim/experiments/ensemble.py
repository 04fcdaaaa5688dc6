"""Runs an ensemble into a folder (`capflow run --runs N`): a sweep whose only point is the scenario as it is."""

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
    """An ensemble in its folder.

    Attributes:
        sweep: the folder.
        outcomes: outcome -> its summary over the seeds.
        seconds: the duration of the call, the report included.
    """

    sweep: Sweep
    outcomes: dict[str, Summary]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the metadata and the summaries as plain data for JSON; None for a number that does not exist."""
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
    """Run a scenario with many seeds into a folder, or continue an ensemble that was interrupted.

    History number i is the one that `sim.run` gives with seed `seed + i`.

    Args:
        scenario: the scenario's name or path.
        runs: the number of histories.
        seed: the seed of the first history, which the others follow; the scenario's own if left out.
        quarters: the number of quarters; the scenario's own if left out.
        changes: lever names or dotted keys, and the values they take.
        out: the folder; `runs/<scenario>-runs<runs>-seed<seed>` if left out, with a number where that holds
            another ensemble or a finished one.
        workers: the number of processes; one per core, and no more than chunks, if left out.
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
    # Seed and length are the design's; the rest of the changes hold in all histories.
    everywhere = {k: v for k, v in levers.keys(changes or {}).items() if k not in ("run.seed", "run.quarters")}
    name = f"{fit_name(loaded.name, 'run')}-runs{runs}-seed{seeds[0]}"
    folder = out if out is not None else _folder(Plan.make(design, everywhere, name), name)
    writer = write_sweep_report if report else None
    finished = sweep(design, folder, workers, everywhere, listener=listener, report=writer, name=name)
    return Ensemble(finished, summaries(finished), time.perf_counter() - began)


def _folder(plan: Plan, name: str) -> Path:
    """Return the folder of the same ensemble if it was interrupted, or else a free folder."""
    for number in count(1):
        folder = runs_folder() / (name if number == 1 else f"{name}-{number}")
        if not (folder / DESIGN).is_file():
            break
        try:
            if Plan.read(folder).hash == plan.hash and not Sweep.open(folder).complete:
                return folder
        except RunError:
            continue  # A damaged folder cannot be continued.
    return free_folder(runs_folder(), name)
