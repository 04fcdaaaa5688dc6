"""`capflow calibrate`: recovery, estimate and record, in a folder from which a stopped run goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import RunError, ScenarioError
from sim.experiments.calibrate.estimate import Estimate, estimate, observed
from sim.experiments.calibrate.history import HISTORY, load_history, targets
from sim.experiments.calibrate.problem import Problem, changed_window, load_problem
from sim.experiments.calibrate.record import Record, written
from sim.experiments.calibrate.recovery import Identification, identification, trials
from sim.experiments.calibrate.simulator import Simulator
from sim.runs.folders import json_text
from sim.runs.place import runs_folder
from sim.runs.run import reported
from sim.scenario.data import CONFIGS

Progress = Callable[[str, int, int, str], None]
"""Called with the stage, what is done of it, what there is to do, and what was found, in words."""
RECORD, JOURNAL, LOG, PLAN = "record.json", "search.log", "trials.jsonl", "plan.json"


@dataclass(frozen=True)
class Calibration:
    """A finished calibration.

    Attributes:
        path: its folder.
        record: what was found.
    """

    path: Path
    record: Record


def calibrate(
    path: Path | str | None = None,
    until: str | None = None,
    trials_: int | None = None,
    history: Path | str | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """Estimate the parameters of a calibration file.

    First it is found which parameters can be recovered from histories in which they are known; those that cannot
    keep their priors, and the others are estimated.

    Args:
        path: the calibration file; the one that ships if left out.
        until: last quarter that is fitted; the file's own if left out.
        trials_: histories with known parameters; the file's own number if left out. With none, all parameters are
            estimated, and none is called identified.
        history: file of the observed history; the one that ships if left out.
        out: the folder; `runs/calibrate-<last quarter>` if left out. One that stopped goes on.
        progress: told how far it is.

    Returns:
        The record, and the folder that it is in.

    Raises:
        ScenarioError: if a file or a number is wrong.
        RunError: if the folder belongs to another calibration, or cannot be written.
    """
    problem = changed_window(load_problem(path), until)
    count = problem.plan.recovery.trials if trials_ is None else trials_
    if count < 0:
        raise ScenarioError(f"--trials {count}: cannot be negative")
    window = problem.plan.window
    series = load_history(history)
    every = targets(series, window.first, window.held_out)
    fitted = tuple(target for target in every if target.series.fitted and target.last <= window.last)
    if not fitted:
        raise ScenarioError(f"until {window.last}: nothing was observed from {window.first} to then")
    folder = _folder(problem, series, count, out)
    simulator = Simulator(problem, fitted)

    def tell(stage: str) -> Callable[[int, int, str], None] | None:
        return None if progress is None else lambda done, whole, words: progress(stage, done, whole, words)

    with reported(f"cannot write a calibration to {folder}"):
        judged = None
        if count:
            known = trials(simulator, count, folder / LOG, tell("recovery"))
            judged = identification(known, problem.plan.recovery)
        free = None if judged is None else judged.identified
        if free is not None and not free.any():
            raise ScenarioError("no parameter can be recovered: there is nothing to be estimated")
        found = estimate(simulator, observed(fitted), free, 0, folder / JOURNAL, progress=tell("search"))
        if judged is not None:
            found = replace(found, posterior=found.posterior.stretched(judged.stretch, judged.identified))
        record = _record(found, judged, count, Simulator(problem, every))
        (folder / RECORD).write_text(json_text(record, indent=1) + "\n", encoding="utf8")
    return Calibration(folder, Record(record))


def _folder(problem: Problem, series: Any, count: int, out: Path | None) -> Path:
    """The folder, new or that of the same calibration."""
    told = problem.plan.model_dump_json() + repr(problem.scenario) + repr(series) + str(count)
    mark = hashlib.sha256(told.encode()).hexdigest()
    folder = out if out is not None else runs_folder() / f"calibrate-{problem.plan.window.last}"
    plan = folder / PLAN
    if plan.is_file():
        try:
            same = json.loads(plan.read_text(encoding="utf8"))["hash"] == mark
        except (ValueError, KeyError, TypeError):
            raise RunError(f"{plan}: is damaged; give another folder with --out") from None
        if not same:
            raise RunError(f"{folder}: belongs to another calibration; give another folder with --out")
        return folder
    if folder.exists() and any(folder.iterdir()):
        raise RunError(f"{folder}: is not empty, and no calibration; give another folder with --out")
    with reported(f"cannot write a calibration to {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        plan.write_text(json_text({"hash": mark, "plan": problem.plan.model_dump()}, indent=1) + "\n")
    return folder


def _record(found: Estimate, judged: Identification | None, count: int, whole: Simulator) -> dict[str, Any]:
    """The record as plain data."""
    plan = found.problem.plan
    seeds = range(plan.search.first_seed, plan.search.first_seed + plan.search.scatter_seeds)
    modelled = whole.each(found.values[None], seeds)[0]
    compared = whole.compared(found.values[None], seeds)[0]
    rows = []
    for place, target in enumerate(whole.targets):
        gap = float(np.nanmean(compared[:, place])) - target.series.transformed(target.value)
        rows.append(
            {
                "series": target.name,
                "label": target.series.label,
                "group": target.series.group,
                "period": target.period,
                "unit": target.series.unit,
                "observed": target.value,
                "model": float(np.nanmean(modelled[:, place])),
                "low": float(np.nanquantile(modelled[:, place], 0.05)),
                "high": float(np.nanquantile(modelled[:, place], 0.95)),
                "error": target.series.error,
                "gap_in_errors": gap / target.series.error,
                "use": _use(target.series.fitted, target.last, plan.window.last),
            }
        )
    return written(found, judged, count, rows, _sources())


def _use(fitted: bool, last: str, window: str) -> str:
    if last > window:
        return "held out"
    return "fitted" if fitted else "judged"


def _sources() -> dict[str, str]:
    """Marks of the files that a record hangs on."""
    files = [HISTORY, *sorted((CONFIGS / "data").glob("*.csv"))]
    return {file.relative_to(CONFIGS).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
