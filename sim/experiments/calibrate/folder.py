"""The folder of a calibration: its plan, the files from which it is resumed, and the record of the estimate."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import RunError
from sim.experiments.calibrate.estimate import ParameterEstimate
from sim.experiments.calibrate.history import HISTORY, Target
from sim.experiments.calibrate.recovery import Identification
from sim.experiments.calibrate.settings import EstimationProblem
from sim.experiments.calibrate.simulator import Simulator
from sim.runs.folders import json_text, runs_folder
from sim.runs.kinds import CALIBRATION, CALIBRATION_RECORD
from sim.runs.run import reported
from sim.scenario.data import CONFIGS

RECORD, JOURNAL, LOG, PLAN = CALIBRATION_RECORD, "search.log", "trials.jsonl", CALIBRATION
DIGITS = 6
"""The significant digits of numbers in a record, many more than any estimate is certain of."""


def open_folder(problem: EstimationProblem, series: Any, trials: int, out: Path | None) -> Path:
    """Make the folder of a calibration, or return it as it is if the same calibration was started in it before.

    Raises:
        RunError: if the folder holds anything else, or cannot be written to.
    """
    whole = problem.plan.model_dump_json() + repr(problem.scenario) + repr(series) + str(trials)
    mark = hashlib.sha256(whole.encode()).hexdigest()
    folder = out if out is not None else runs_folder() / f"calibrate-{problem.plan.window.last}"
    plan = folder / PLAN
    if plan.is_file():
        try:
            same = json.loads(plan.read_text(encoding="utf8"))["hash"] == mark
        except (ValueError, KeyError, TypeError):
            raise RunError(f"{plan}: cannot be read as the plan of a calibration; choose another folder") from None
        if not same:
            raise RunError(f"{folder}: belongs to a calibration with other settings; choose another folder")
        return folder
    if folder.exists() and any(folder.iterdir()):
        raise RunError(f"{folder}: is not empty and is not the folder of a calibration; choose another folder")
    with reported(f"cannot write a calibration to {folder}"):
        folder.mkdir(parents=True, exist_ok=True)
        plan.write_text(json_text({"hash": mark, "plan": problem.plan.model_dump()}, indent=1) + "\n")
    return folder


def record_of(
    estimate: ParameterEstimate, judged: Identification | None, trials: int, whole: Simulator
) -> dict[str, Any]:
    """Return an estimate as plain data, with the model's number for every target of the simulator `whole`."""
    plan, around = estimate.problem.plan, estimate.posterior
    targets = _targets(estimate, whole)
    gaps = {
        use: [row["gap_in_errors"] for row in targets if row["use"] == use] for use in ("fitted", "judged", "held out")
    }
    files = [HISTORY, *sorted((CONFIGS / "data").glob("*.csv"))]
    record = {
        "title": plan.title,
        "scenario": plan.scenario,
        "window": plan.window.model_dump(),
        "search": {**plan.search.model_dump(), "candidates_tried": estimate.candidates, "steps": estimate.steps},
        "recovery": {**plan.recovery.model_dump(), "trials": trials},
        "distance": estimate.distance,
        "misfit": estimate.misfit,
        "inflation": around.inflation,
        "root_mean_square_gap": {
            use: float(np.sqrt(np.mean(np.square(each)))) if each else None for use, each in gaps.items()
        },
        "parameters": _parameters(estimate, judged),
        "targets": targets,
        "covariance": around.covariance.tolist(),
        "sources": {
            file.relative_to(CONFIGS).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files
        },
    }
    return dict(_rounded(record))


def _targets(estimate: ParameterEstimate, whole: Simulator) -> list[dict[str, Any]]:
    plan = estimate.problem.plan
    seeds = range(plan.search.first_seed, plan.search.first_seed + plan.search.scatter_seeds)
    each, compared = (read(estimate.values[None], seeds)[0].T for read in (whole.each, whole.compared))

    def row(target: Target, modelled: Any, scale: Any) -> dict[str, Any]:
        series = target.series
        gap = float(np.nanmean(scale)) - series.transformed(target.value)
        return {
            "series": target.name,
            "label": series.label,
            "group": series.group,
            "period": target.period,
            "unit": series.unit,
            "observed": target.value,
            "model": float(np.nanmean(modelled)),
            "low": float(np.nanquantile(modelled, 0.05)),
            "high": float(np.nanquantile(modelled, 0.95)),
            "error": series.error,
            "gap_in_errors": gap / series.error,
            "use": "held out" if target.last > plan.window.last else "fitted" if series.fitted else "judged",
        }

    return [row(*parts) for parts in zip(whole.targets, each, compared, strict=True)]


def _parameters(estimate: ParameterEstimate, judged: Identification | None) -> dict[str, dict[str, Any]]:
    problem, around = estimate.problem, estimate.posterior
    low, high = around.interval(problem)
    rows: dict[str, dict[str, Any]] = {}
    for place, (key, prior) in enumerate(problem.plan.parameters.items()):
        rows[key] = {
            "estimate": estimate.values[place],
            "low": low[place],
            "high": high[place],
            "unit": problem.axes[place].unit,
            "place": around.middle[place],
            "deviation": around.deviation[place],
            "prior": {"low": prior.low, "high": prior.high, "scale": prior.scale},
            "identified": None if judged is None else bool(judged.identified[place]),
        }
        if judged is not None:
            rows[key] |= {
                "stretch": judged.stretch[place],
                "coverage": judged.coverage[place],
                "width_of_prior": judged.width[place],
            }
    return rows


def _rounded(part: Any) -> Any:
    """Round the numbers in plain data to `DIGITS` significant digits; numbers that are not finite become None."""
    if isinstance(part, Mapping):
        return {key: _rounded(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_rounded(value) for value in part]
    if isinstance(part, float | np.floating):
        return float(f"{float(part):.{DIGITS}g}") if np.isfinite(part) else None
    return part
