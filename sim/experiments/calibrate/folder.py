"""The folder of a calibration: its plan, the log of a stopped run, and the record of the estimate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import RunError
from sim.experiments.calibrate.estimate import Estimate
from sim.experiments.calibrate.history import HISTORY
from sim.experiments.calibrate.recovery import Identification
from sim.experiments.calibrate.settings import Problem
from sim.experiments.calibrate.simulator import Simulator
from sim.runs.folders import json_text, runs_folder
from sim.runs.kinds import CALIBRATION, CALIBRATION_RECORD
from sim.runs.run import reported
from sim.scenario.data import CONFIGS

RECORD, JOURNAL, LOG, PLAN = CALIBRATION_RECORD, "search.log", "trials.jsonl", CALIBRATION
DIGITS = 6
"""Significant digits in a record: far beyond what an estimate knows."""


def open_folder(problem: Problem, series: Any, count: int, out: Path | None) -> Path:
    """Make the folder of a calibration, or take up the folder of the same calibration.

    Raises:
        RunError: if the folder belongs to something else, or cannot be written.
    """
    whole = problem.plan.model_dump_json() + repr(problem.scenario) + repr(series) + str(count)
    mark = hashlib.sha256(whole.encode()).hexdigest()
    folder = out if out is not None else runs_folder() / f"calibrate-{problem.plan.window.last}"
    plan = folder / PLAN
    if plan.is_file():
        try:
            same = json.loads(plan.read_text(encoding="utf8"))["hash"] == mark
        except (ValueError, KeyError, TypeError):
            raise RunError(f"{plan}: is damaged; give another folder") from None
        if not same:
            raise RunError(f"{folder}: belongs to another calibration; give another folder")
        return folder
    if folder.exists() and any(folder.iterdir()):
        raise RunError(f"{folder}: is not empty, and no calibration; give another folder")
    with reported(f"cannot write a calibration to {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        plan.write_text(json_text({"hash": mark, "plan": problem.plan.model_dump()}, indent=1) + "\n")
    return folder


def record_of(estimate: Estimate, judged: Identification | None, trials: int, whole: Simulator) -> dict[str, Any]:
    """Write an estimate as plain data, with the model beside every figure.

    Args:
        estimate: the estimate.
        judged: which parameters can be recovered; None where it was not tried.
        trials: the number of trials behind that.
        whole: the simulator of all figures, fitted or not.
    """
    plan = estimate.problem.plan
    seeds = range(plan.search.first_seed, plan.search.first_seed + plan.search.scatter_seeds)
    modelled = whole.each(estimate.values[None], seeds)[0]
    compared = whole.compared(estimate.values[None], seeds)[0]
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
    return _written(estimate, judged, trials, rows, _sources())


def _use(fitted: bool, last: str, window: str) -> str:
    if last > window:
        return "held out"
    return "fitted" if fitted else "judged"


def _sources() -> dict[str, str]:
    """Return the SHA-256 of the files that a record depends on."""
    files = [HISTORY, *sorted((CONFIGS / "data").glob("*.csv"))]
    return {file.relative_to(CONFIGS).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _written(
    estimate: Estimate,
    judged: Identification | None,
    trials: int,
    targets: list[dict[str, Any]],
    sources: Mapping[str, str],
) -> dict[str, Any]:
    problem, plan = estimate.problem, estimate.problem.plan
    low, high = estimate.posterior.interval(problem)
    parameters: dict[str, Any] = {}
    for place, (key, prior) in enumerate(plan.parameters.items()):
        row: dict[str, Any] = {
            "estimate": estimate.values[place],
            "low": low[place],
            "high": high[place],
            "unit": problem.axes[place].unit,
            "place": estimate.posterior.middle[place],
            "deviation": estimate.posterior.deviation[place],
            "prior": {"low": prior.low, "high": prior.high, "scale": prior.scale},
            "identified": None,
        }
        if judged is not None:
            row["identified"] = bool(judged.identified[place])
            row["stretch"] = judged.stretch[place]
            row["coverage"] = judged.coverage[place]
            row["width_of_prior"] = judged.width[place]
        parameters[key] = row
    uses: dict[str, list[float]] = {"fitted": [], "judged": [], "held out": []}
    for target in targets:
        uses[target["use"]].append(target["gap_in_errors"])
    record = {
        "title": plan.title,
        "scenario": plan.scenario,
        "window": plan.window.model_dump(),
        "search": {**plan.search.model_dump(), "candidates_tried": estimate.candidates, "steps": estimate.steps},
        "recovery": {**plan.recovery.model_dump(), "trials": trials},
        "distance": estimate.distance,
        "misfit": estimate.misfit,
        "inflation": estimate.posterior.inflation,
        "root_mean_square_gap": {
            use: float(np.sqrt(np.mean(np.square(gaps)))) if gaps else None for use, gaps in uses.items()
        },
        "parameters": parameters,
        "targets": targets,
        "covariance": estimate.posterior.covariance.tolist(),
        "sources": dict(sources),
    }
    return dict(_rounded(record))


def _rounded(part: Any) -> Any:
    """Round the numbers of plain data to `DIGITS` digits."""
    if isinstance(part, Mapping):
        return {key: _rounded(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_rounded(value) for value in part]
    if isinstance(part, float | np.floating):
        return float(f"{float(part):.{DIGITS}g}") if np.isfinite(part) else None
    return part
