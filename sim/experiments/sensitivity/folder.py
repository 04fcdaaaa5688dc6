"""The folder of a sensitivity analysis: numbers, figures and a report, written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.errors import RunError, suggestion
from sim.experiments.sensitivity.results import Findings
from sim.experiments.sensitivity.sections import draw, page_values
from sim.experiments.sweep.methods import METHODS
from sim.report.html import REPORT, write_page
from sim.runs.folders import WholeFolder, free_folder, json_text, runs_folder
from sim.runs.kinds import DESIGN, SENSITIVITY


def write(findings: Findings, numbers: Mapping[str, Any], out: Path | None) -> Path:
    """Write `sensitivity.json`, the figures and `report.html`.

    Args:
        findings: the analysis.
        numbers: the analysis as plain data, words included.
        out: the folder; `sensitivity` in the sweep's folder, or a free name like it, if None.

    Returns:
        The folder.

    Raises:
        RunError: if the folder exists or cannot be written; nothing is left behind.
    """
    with WholeFolder(out or free_folder(findings.sample.folder, "sensitivity"), "a sensitivity analysis") as whole:
        (whole.path / SENSITIVITY).write_text(json_text(numbers, indent=2) + "\n", encoding="utf-8")
        figures = whole.path / "figures"
        figures.mkdir()
        paths = draw(findings, figures)
        design = findings.sample.design
        write_page(
            whole.path / REPORT,
            "experiments/sensitivity/report.html.j2",
            title=f"What {design['title']} depends on",
            heading=design["title"],
            source=findings.sample.source,
            method=METHODS[findings.method].analysis,
            **page_values(findings, paths),
        )
        return whole.commit()


def find_sweep(name: str) -> Path:
    """Return the folder of a sweep given by path, or by name under `runs/`.

    Raises:
        RunError: if there is none.
    """
    for folder in (Path(name), runs_folder() / name):
        if (folder / DESIGN).is_file():
            return folder
    if Path(name).is_dir():
        raise RunError(f"{name}: not a sweep folder: no {DESIGN}")
    known = sorted(path.parent.name for path in runs_folder().glob(f"*/{DESIGN}"))
    there = f"there are {', '.join(known)}" if known else f"there are none under {runs_folder()}/ yet"
    raise RunError(f"{name}: no such sweep{suggestion(name, known)}; {there}")
