"""`capflow run --runs N`: an ensemble as a folder, a sweep whose only point is the scenario as it is."""

from __future__ import annotations

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
from sim.scenario.load import load


@dataclass(frozen=True)
class Ensemble:
    """An ensemble in its folder.

    Attributes:
        sweep: the folder.
        outcomes: outcome -> its summary over the seeds.
        seconds: that the call took, the report included.
    """

    sweep: Sweep
    outcomes: dict[str, Summary]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """As plain data; numbers that there are not are None."""
        design, manifest, report = self.sweep.design, self.sweep.manifest, self.sweep.report
        told = {
            "run_dir": self.sweep.path.absolute(),
            **{key: design[key] for key in ("scenario", "seed", "runs", "quarters", "engine")},
            "problems": manifest["problems"],
            "checks": {"largest_residual": manifest["largest_residual"]},
            "outcomes": {name: summary.to_dict() for name, summary in self.outcomes.items()},
            "timing": {"total_s": round(self.seconds, 3)},
            "report": report.absolute() if report else None,
        }
        return dict(finite(told))


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
    """Run a scenario with many seeds into a folder, or go on with it where it stopped.

    History number i is the one that `sim.run` gives with seed `seed + i`.

    Args:
        scenario: name or path.
        runs: how many histories.
        seed: of the first one, the next ones follow; the scenario's own if left out.
        quarters: length of the histories; the scenario's own if left out.
        changes: lever names or dotted keys, and the values they take.
        out: the folder; `runs/<scenario>-runs<runs>-seed<seed>` if left out, with a number where that is taken by
            another ensemble or a finished one.
        workers: processes; one per core, and no more than chunks, if left out.
        engine: "jax", "numpy", or "auto": JAX where it is installed and there are enough histories.
        report: whether to write the report.
        listener: functions that hear what happens; messages go to standard error if left out.

    Raises:
        ScenarioError, RunError, StorageError, FailedChunksError: as `sim.sweep` does.
    """
    began = time.perf_counter()
    wanted = levers.keys(changes or {})
    for key, given in (("run.seed", seed), ("run.quarters", quarters)):
        if given is not None:
            wanted[key] = given
    loaded = load(scenario, wanted)
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
    kept = {key: value for key, value in wanted.items() if key not in ("run.seed", "run.quarters")}
    name = f"{fit_name(loaded.name, 'run')}-runs{runs}-seed{seeds[0]}"
    folder = out if out is not None else _folder(Plan.make(design, kept, name), name)
    writes = write_sweep_report if report else None
    found = sweep(design, folder, workers, kept, listener=listener, report=writes, name=name)
    return Ensemble(found, summaries(found), time.perf_counter() - began)


def _folder(plan: Plan, name: str) -> Path:
    """Where an ensemble goes: where the same one stopped, or else a free folder."""
    for number in count(1):
        folder = runs_folder() / (name if number == 1 else f"{name}-{number}")
        if not (folder / DESIGN).is_file():
            break
        try:
            if Plan.read(folder).hash == plan.hash and not Sweep.open(folder).complete:
                return folder
        except RunError:
            continue  # Nothing that could be gone on with.
    return free_folder(runs_folder(), name)
