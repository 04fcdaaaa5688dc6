"""What there is: scenarios, levers, runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import RunError, ScenarioError, suggestion
from sim.runs.place import runs_folder
from sim.runs.run import DESIGN, Run, list_runs
from sim.scenario import levers
from sim.scenario.load import load, names

if TYPE_CHECKING:
    from sim.experiments.sweep import Sweep

KINDS = ("scenarios", "levers", "runs")


def listing(what: str = "all") -> dict[str, list[dict[str, Any]]]:
    """List scenarios, levers or runs, or all three.

    Raises:
        ScenarioError: if `what` is none of them.
    """
    if what not in (*KINDS, "all"):
        raise ScenarioError(f"list {what}: unknown{suggestion(what, KINDS)}; there are {', '.join(KINDS)} and all")
    makers = {"scenarios": _scenarios, "levers": _levers, "runs": _runs}
    found = {kind: makers[kind]() for kind in (KINDS if what == "all" else (what,))}
    if "runs" in found:
        found["sweeps"] = _sweeps()
    return found


def newest_run() -> Run:
    """Open the newest run under `runs/`.

    Raises:
        RunError: if there is none.
    """
    found = list_runs(runs_folder())
    if not found:
        raise RunError(f"no runs under {runs_folder()}/ yet: make one with `capflow run`, or name one with --run")
    return Run.open(found[0].path)


def opened(folder: Path) -> Run | Sweep:
    """Open a run folder, or a sweep folder.

    Raises:
        RunError: if it is neither.
    """
    if (folder / DESIGN).is_file():
        from sim.experiments.sweep import Sweep

        return Sweep.open(folder)
    return Run.open(folder)


def _scenarios() -> list[dict[str, Any]]:
    loaded = [load(name) for name in names()]
    return [{"name": s.name, "title": s.title, "about": s.about, "quarters": s.run.quarters} for s in loaded]


def _levers() -> list[dict[str, Any]]:
    baseline = load("baseline")
    rows = []
    for lever in levers.LEVERS:
        number = levers.quantity(baseline, lever)
        low, high = number.range or (None, None)
        rows.append({**asdict(lever), "unit": number.unit, "default": number.value, "low": low, "high": high})
    for lever in levers.CHOICES:
        rows.append({**asdict(lever), "default": levers.choice(baseline, lever)})
    return rows


def _runs() -> list[dict[str, Any]]:
    return [
        {**asdict(found), "path": str(found.path), "created": found.created.isoformat(timespec="seconds")}
        for found in list_runs(runs_folder())
    ]


def _sweeps() -> list[dict[str, Any]]:
    """Sweeps among the runs: their size, and how many of their chunks are there."""
    from sim.experiments.sweep import Sweep

    folders = sorted(path.parent for path in runs_folder().glob(f"*/{DESIGN}"))
    return [Sweep.open(folder).summary() for folder in folders if not folder.name.startswith(".")]
