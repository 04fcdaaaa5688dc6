"""Kinds of folders of results: the name of each kind, and the file by which a folder of that kind is recognised."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MANIFEST = "manifest.json"
"""File with the metadata of a run; a sweep has a file of this name too, once it is complete."""
COMPARISON = "comparison.json"
DESIGN = "design.json"
SENSITIVITY = "sensitivity.json"
BACKTEST = "backtest.json"
CALIBRATION = "plan.json"
CALIBRATION_RECORD = "record.json"
"""File that a calibration writes when it is finished, with its results."""
SEEDS = "seeds"
"""The method of a design that has one point only, so that its histories differ only in their seeds."""


@dataclass(frozen=True)
class ResultKind:
    """A kind of folder of results: name, file that marks it, noun in singular and plural, command that makes one."""

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
"""Kinds by name. A folder is of the first kind whose marker it contains: a sweep, for one, has a manifest as well."""


def kind_of(folder: Path) -> ResultKind | None:
    """Return the kind of a folder, which a marker file tells; None without a marker. A symbolic link is no marker."""
    for kind in KINDS.values():
        marker = folder / kind.marker
        if marker.is_file() and not marker.is_symlink():
            if kind.marker == DESIGN:
                return KINDS["ensemble" if _method(marker) == SEEDS else "sweep"]
            return kind
    return None


def result_folders(root: Path) -> Iterator[tuple[Path, ResultKind]]:
    """Yield each folder of results in `root` with its kind, in the order of the folders' names.

    Sensitivity analyses inside the folders of their sweeps are included. Folders whose names start with a dot are
    left out, because they are still being written; `root` need not exist.
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
    """Return the method of a design; an empty text if the file is damaged, which opening the sweep will report."""
    try:
        return str(json.loads(design.read_text(encoding="utf-8"))["method"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
