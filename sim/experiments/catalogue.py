"""Lists the scenarios, the levers and the results of every kind; finds and opens the folder of a result."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import RunError, ScenarioError, suggestion
from sim.runs.folders import runs_folder
from sim.runs.kinds import CALIBRATION_RECORD, DESIGN, KINDS, ResultKind, kind_of, result_folders
from sim.runs.run import Run, list_runs, read_json
from sim.scenario import levers
from sim.scenario.load import load, names

if TYPE_CHECKING:
    from sim.experiments.sweep import Sweep

LISTS = ("scenarios", "levers", "runs")


def listing(what: str = "all") -> dict[str, list[dict[str, Any]]]:
    """List the scenarios, the levers or the results, or all three.

    Args:
        what: "scenarios", "levers", "runs" (which means results of every kind), or "all" (everything).

    Returns:
        The name of each list -> its rows. Each kind of result has a list named by its plural, such as "runs"; ensembles
        are listed among the sweeps.

    Raises:
        ScenarioError: if no list has the name `what`.
    """
    if what not in (*LISTS, "all"):
        allowed = ", ".join((*LISTS, "all"))
        raise ScenarioError(f"unknown list{suggestion(what, LISTS)}", "what", what, allowed)
    rows: dict[str, list[dict[str, Any]]] = {}
    if what in ("scenarios", "all"):
        rows["scenarios"] = [
            {"name": s.name, "title": s.title, "about": s.about, "quarters": s.run.quarters} for s in map(load, names())
        ]
    if what in ("levers", "all"):
        rows["levers"] = _levers()
    if what in ("runs", "all"):
        rows |= _results()
    return rows


def newest_run() -> Run:
    """Open the newest run in the folder of runs.

    Raises:
        RunError: if the folder of runs holds no run.
    """
    runs = list_runs(runs_folder())
    if not runs:
        raise RunError(f"no runs under {runs_folder()}/ yet: make one with `capflow run`")
    return Run.open(runs[0].path)


def open_result(folder: Path) -> Run | Sweep:
    """Open the folder of a run or a sweep.

    Raises:
        RunError: if the folder is neither that of a run nor that of a sweep.
    """
    kind = kind_of(folder)
    if kind is not None and kind.marker == DESIGN:
        from sim.experiments.sweep import Sweep

        return Sweep.open(folder)
    return Run.open(folder)


def find_sweep(name: str) -> Path:
    """Return the folder of a sweep, given the path of that folder or its name in the folder of runs.

    Raises:
        RunError: if there is no such sweep.
    """
    for folder in (Path(name), runs_folder() / name):
        if (folder / DESIGN).is_file():
            return folder
    if Path(name).is_dir():
        raise RunError(f"{name}: not a sweep folder: it has no file {DESIGN}")
    known = sorted(path.parent.name for path in runs_folder().glob(f"*/{DESIGN}"))
    available = f"available: {', '.join(known)}" if known else f"{runs_folder()}/ has no sweeps yet"
    raise RunError(f"{name}: no such sweep{suggestion(name, known)}; {available}")


def _levers() -> list[dict[str, Any]]:
    baseline = load("baseline")
    rows = []
    for lever in levers.LEVERS:
        number = levers.quantity(baseline, lever)
        low, high = number.range or (None, None)
        rows.append({**asdict(lever), "unit": number.unit, "default": number.value, "low": low, "high": high})
    choices = [{**asdict(lever), "default": levers.choice(baseline, lever)} for lever in levers.CHOICES]
    return [*rows, *choices]


def _results() -> dict[str, list[dict[str, Any]]]:
    """Return the results: plural of a kind -> the rows of all results of that kind."""
    from sim.experiments.sweep import Sweep

    rows: dict[str, list[dict[str, Any]]] = {
        "runs": [
            {**asdict(run), "path": str(run.path), "created": run.created.isoformat(timespec="seconds")}
            for run in list_runs(runs_folder())
        ],
        "sweeps": [],
    }
    rows |= {kind.plural: [] for kind in KINDS.values() if kind.marker != DESIGN and kind.name != "run"}
    for folder, kind in result_folders(runs_folder()):
        if kind.marker == DESIGN:
            rows["sweeps"].append({**Sweep.open(folder).summary(), "kind": kind.name})
        elif kind.name != "run":
            rows[kind.plural].append(_result(folder, kind))
    return rows


def _result(folder: Path, kind: ResultKind) -> dict[str, Any]:
    """Return the row of a result folder that holds neither a run nor a sweep."""
    marker = folder / kind.marker
    written = datetime.fromtimestamp(marker.stat().st_mtime, UTC).isoformat(timespec="seconds")
    document = read_json(marker)
    created = document.get("created", written) if isinstance(document, dict) else written
    complete = kind.name != "calibration" or (folder / CALIBRATION_RECORD).is_file()
    return {"path": str(folder), "created": str(created), "complete": complete}
