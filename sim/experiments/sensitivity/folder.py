"""Writes the folder of a sensitivity analysis, and finds the folder of a sweep by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.errors import RunError, suggestion
from sim.experiments.result_folder import write_result
from sim.experiments.sensitivity.results import Findings
from sim.experiments.sensitivity.sections import drawn_figures, page_values
from sim.experiments.sweep.methods import METHODS
from sim.runs.folders import free_folder, runs_folder
from sim.runs.kinds import DESIGN, KINDS


def write(findings: Findings, numbers: Mapping[str, Any], out: Path | None) -> Path:
    """Write `sensitivity.json`, the figures and `report.html`, and return their folder.

    Args:
        findings: the analysis.
        numbers: the analysis as plain data, words included.
        out: the folder; `sensitivity` in the sweep's folder, or with a number where that is taken, if None.

    Raises:
        RunError: if the folder exists or cannot be written; nothing is left behind.
    """
    sample = findings.sample
    title = sample.design["title"]
    return write_result(
        KINDS["sensitivity"],
        out or free_folder(sample.folder, "sensitivity"),
        "sensitivity",
        numbers,
        {},
        drawn_figures(findings),
        lambda pictures: {
            "title": f"What {title} depends on",
            "heading": title,
            "source": sample.source,
            "method": METHODS[findings.method].analysis,
            **page_values(findings, pictures),
        },
    )


def find_sweep(name: str) -> Path:
    """Return the folder of a sweep, which is named by its path or by its name in the folder of runs.

    Raises:
        RunError: if there is no such sweep.
    """
    for folder in (Path(name), runs_folder() / name):
        if (folder / DESIGN).is_file():
            return folder
    if Path(name).is_dir():
        raise RunError(f"{name}: not a sweep folder: no {DESIGN}")
    known = sorted(path.parent.name for path in runs_folder().glob(f"*/{DESIGN}"))
    available = f"available: {', '.join(known)}" if known else f"{runs_folder()}/ has no sweeps yet"
    raise RunError(f"{name}: no such sweep{suggestion(name, known)}; {available}")
