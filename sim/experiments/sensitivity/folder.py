"""The folder of a sensitivity analysis: numbers, figures and a report, written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import RunError, suggestion
from sim.experiments.sensitivity.sections import draw, sections
from sim.experiments.sweep.methods import METHODS
from sim.report.html import REPORT, write_parts
from sim.runs.folders import WholeFolder, free_folder, json_text
from sim.runs.kinds import DESIGN, SENSITIVITY
from sim.runs.place import runs_folder

if TYPE_CHECKING:
    from sim.experiments.sensitivity.results import Findings


def write(found: Findings, numbers: Mapping[str, Any], out: Path | None) -> Path:
    """Write `sensitivity.json`, the figures and `report.html`.

    Args:
        found: the analysis.
        numbers: the analysis as plain data, words included.
        out: the folder; `sensitivity` in the sweep's folder, or a free name like it, if None.

    Returns:
        The folder.

    Raises:
        RunError: if the folder exists or cannot be written; nothing is left behind.
    """
    with WholeFolder(out or free_folder(found.sample.folder, "sensitivity"), "a sensitivity analysis") as whole:
        (whole.path / SENSITIVITY).write_text(json_text(numbers, indent=2) + "\n", encoding="utf-8")
        figures = whole.path / "figures"
        figures.mkdir()
        paths = draw(found, figures)
        design = found.sample.design
        method = METHODS[found.method].analysis
        title = f"What {design['title']} depends on"
        body = [
            f"<p class='note'>capflow: {escape(method)} of {escape(found.sample.told())}</p>",
            f"<h1>{escape(str(design['title']))}: what matters</h1>",
            *sections(found, paths),
            "<h2>How to read this</h2>",
            READING,
        ]
        write_parts(whole.path / REPORT, title, body)
        return whole.commit()


def find_sweep(name: str) -> Path:
    """The folder of a sweep given by path, or by name under `runs/`.

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


READING = (
    "<p>Every number is of the ranges that the sweep varies, with all values in them equally likely: other "
    "ranges, other answers. What is not varied cannot matter. Replicates share their seeds over all points, so "
    "that luck which is the same everywhere cancels when points are compared; luck that differs from point to "
    "point stays in the means, and looks like an interaction. Intervals are those of resampled points. They say "
    "how far the number would move with other points, and nothing of whether the model is right.</p>"
)
"""How to read an analysis, as HTML."""
