"""Kinds of results folders: their names, and the file by which a folder of each kind is recognised."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MANIFEST = "manifest.json"
"""The metadata of a run; a sweep has one too, once it is complete."""
COMPARISON = "comparison.json"
DESIGN = "design.json"
SENSITIVITY = "sensitivity.json"
BACKTEST = "backtest.json"
CALIBRATION = "plan.json"
CALIBRATION_RECORD = "record.json"
"""The record that a calibration writes when it is finished."""
SEEDS = "seeds"
"""Method of a design with one point, whose histories differ only in their seeds."""


@dataclass(frozen=True)
class ResultKind:
    """A kind of results folder: its name, the file that marks it, its words, and the command that makes one."""

    name: str
    marker: str
    noun: str
    plural: str
    command: str


KINDS = {
    kind.name: kind
    for kind in (
        ResultKind("comparison", COMPARISON, "comparison", "comparisons", "compare"),
        ResultKind("ensemble", DESIGN, "ensemble", "ensembles", "run --runs"),
        ResultKind("sweep", DESIGN, "sweep", "sweeps", "sweep"),
        ResultKind("sensitivity", SENSITIVITY, "sensitivity analysis", "sensitivity analyses", "sensitivity"),
        ResultKind("backtest", BACKTEST, "backtest", "backtests", "backtest"),
        ResultKind("calibration", CALIBRATION, "calibration", "calibrations", "calibrate"),
        ResultKind("run", MANIFEST, "run", "runs", "run"),
    )
}
"""Every kind by its name. The first kind whose marker a folder has is its kind: a sweep has a manifest as well."""


def kind_of(folder: Path) -> ResultKind | None:
    """Return the kind of a folder by its marker, or None if it has none; links do not count as markers."""
    for kind in KINDS.values():
        marker = folder / kind.marker
        if marker.is_file() and not marker.is_symlink():
            if kind.marker == DESIGN:
                return KINDS["ensemble" if _method(marker) == SEEDS else "sweep"]
            return kind
    return None


def result_folders(root: Path) -> Iterator[tuple[Path, ResultKind]]:
    """Yield the folders of results under `root` with their kinds, by name.

    Sensitivity analyses inside the folders of their sweeps are included. Folders whose names start with a dot are
    being written, and left out; `root` need not exist.
    """
    for folder in _folders(root):
        kind = kind_of(folder)
        if kind is None:
            continue
        yield folder, kind
        if kind.marker == DESIGN:
            yield from ((inner, KINDS["sensitivity"]) for inner in _folders(folder) if _is_sensitivity(inner))


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def _is_sensitivity(folder: Path) -> bool:
    kind = kind_of(folder)
    return kind is not None and kind.name == "sensitivity"


def _method(design: Path) -> str:
    """Return the method of a design, or nothing where the file is damaged: opening the sweep says why."""
    try:
        return str(json.loads(design.read_text(encoding="utf-8"))["method"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
