"""What is in `runs/`, and the only door to its files.

Names come from addresses. They are never made into paths: a name is looked up in the listing of a folder, so that
`..`, absolute paths and links that lead elsewhere are simply not there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sim.errors import RunError
from sim.runs.folders import runs_folder
from sim.runs.kinds import (
    CALIBRATION,
    CALIBRATION_RECORD,
    COMPARISON,
    DESIGN,
    KINDS,
    MANIFEST,
    SEEDS,
    SENSITIVITY,
    kind_of,
)
from sim.runs.run import Run, read_json

if TYPE_CHECKING:
    from sim.experiments.sweep import Sweep

HEADLINES = ("interest_usd_bn", "interest_funded_gpu_usd_bn", "failures")
"""Outcomes of a run in a line."""
MOST_FOLDERS = 200
"""Folders that a page lists."""
MOST_FILES = 200
"""Files of a folder that a page lists; all can be downloaded by name."""
DEPTH = 3
"""Levels of folders in a run folder."""
SHOWN = 64
"""Characters of a name in a message."""


@dataclass(frozen=True)
class Entry:
    """A folder under `runs/`.

    Attributes:
        path: of the folder.
        kind: the name of its kind, one of `sim.runs.kinds.KINDS`, or "broken".
        metadata: the metadata, as its marker file has it; empty if broken.
        created: when it was finished, or last written to.
        reason: why it cannot be used, if it cannot.
    """

    path: Path
    kind: str
    metadata: dict[str, Any]
    created: datetime
    reason: str = ""

    @property
    def name(self) -> str:
        """The name in addresses: that of the folder, after that of its sweep where it lies in one."""
        return "/".join(self.path.parts[len(runs_folder().parts) :])

    @property
    def noun(self) -> str:
        """What it is called."""
        return "broken" if self.kind == "broken" else KINDS[self.kind].noun

    def sweep(self) -> Sweep:
        """Return the folder as a sweep; ensembles are sweeps of one point.

        Raises:
            RunError: if it is none.
        """
        from sim.experiments.sweep import Sweep

        if self.kind not in ("sweep", "ensemble"):
            raise RunError(f"runs: {self.name!r} is no sweep but a {self.noun}")
        return Sweep.open(self.path)

    def run(self) -> Run:
        """Return the folder as a run.

        Raises:
            RunError: if it is none.
        """
        if self.kind != "run":
            raise RunError(f"runs: {self.name!r} is no run but a {self.noun}")
        return Run.open(self.path)


@dataclass(frozen=True)
class File:
    """A file of a folder: its name, with `/` between folders, and its size in bytes."""

    name: str
    size: int


def entries() -> tuple[list[Entry], int]:
    """Return the newest folders, newest first, and how many there are in all. Broken ones are among them."""
    found = sorted([*_folders(), *_analyses_in_sweeps()], key=_changed, reverse=True)
    shown = [_entry(Path(folder.path), folder) for folder in found[:MOST_FOLDERS]]
    return sorted(shown, key=lambda entry: entry.created, reverse=True), len(found)


def find(name: str) -> Entry:
    """Return the folder of that name.

    Raises:
        RunError: if there is none; paths are no names.
    """
    outer, _, inner = name.partition("/")
    folders = _folders() if not inner else _analyses_in_sweeps(outer)
    for folder in folders:
        if folder.name == (inner or name):
            return _entry(Path(folder.path), folder)
    raise RunError(f"runs: there is no {name[:SHOWN]!r} under {runs_folder()}/")


def files(entry: Entry) -> tuple[list[File], int]:
    """Return the first files of a folder, and how many there are in all."""
    if entry.path.is_symlink():
        return [], 0
    found = sorted(_regular(entry.path, ""), key=lambda file: ("/" in file.name, file.name))
    return found[:MOST_FILES], len(found)


def has(entry: Entry, name: str) -> bool:
    """Whether a folder has a file of that name."""
    try:
        _inside(entry, name)
    except RunError:
        return False
    return True


def opened(entry: Entry, name: str) -> IO[bytes]:
    """Return a file of a folder, open for reading.

    Args:
        entry: the folder.
        name: as `files` tells it.

    Raises:
        RunError: if it is not a regular file in that folder.
    """
    path = _inside(entry, name)
    try:
        # A link that took its place meanwhile is refused; a pipe does not keep anyone waiting.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise RunError(f"runs: {entry.name}/{name[:SHOWN]}: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _no_file(entry, name)
    return os.fdopen(descriptor, "rb")


def _folders() -> Iterator[os.DirEntry[str]]:
    """Folders under `runs/`, also links to folders; what is being written, which has a dot, is left out."""
    if not runs_folder().is_dir():
        return
    with os.scandir(runs_folder()) as found:
        yield from (entry for entry in found if not entry.name.startswith(".") and entry.is_dir())


def _analyses_in_sweeps(name: str = "") -> Iterator[os.DirEntry[str]]:
    """Yield the folders of sensitivity analyses inside the folder of their sweep, of all sweeps or of one."""
    for folder in _folders():
        if (name and folder.name != name) or folder.is_symlink() or not _plain(Path(folder.path) / DESIGN):
            continue
        with os.scandir(folder.path) as listed:
            inside = [inner for inner in listed if inner.is_dir(follow_symlinks=False)]
        yield from (inner for inner in inside if _plain(Path(inner.path) / SENSITIVITY))


def _changed(folder: os.DirEntry[str]) -> float:
    try:
        return folder.stat(follow_symlinks=False).st_mtime
    except OSError:
        return 0.0


def _entry(path: Path, folder: os.DirEntry[str]) -> Entry:
    changed = datetime.fromtimestamp(_changed(folder), UTC)
    try:
        if folder.is_symlink():
            raise RunError(f"{path}: a link; folders are read only where they are")
        return _read(path)
    except (RunError, OSError) as error:
        return Entry(path, "broken", {}, changed, str(error))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return Entry(path, "broken", {}, changed, f"{path}: not as capflow writes it: {error!r}"[:300])


def _read(path: Path) -> Entry:
    kind = kind_of(path)
    if kind is None:
        return _run(path, _stamp(path / MANIFEST))  # Says what is missing.
    if kind.marker == DESIGN:
        return _sweep(path)
    if kind.name == "calibration":
        return _calibration(path)
    return {"run": _run, "comparison": _comparison}.get(kind.name, _analysis)(path, _stamp(path / kind.marker))


@lru_cache(maxsize=2 * MOST_FOLDERS)
def _analysis(path: Path, _state: tuple[int, int]) -> Entry:
    """Read a sensitivity analysis or a backtest."""
    kind = kind_of(path)
    assert kind is not None
    marker = path / kind.marker
    document = _table(read_json(marker), marker)
    keys = {
        "sensitivity": ("sweep", "levers", "points", "replicates", "notes"),
        "backtest": ("origins", "draws", "seed"),
    }
    for key in (*keys[kind.name], "words"):
        if key not in document:
            raise RunError(f"{marker}: missing {key}")
    written = datetime.fromtimestamp(marker.stat().st_mtime, UTC)
    created = _moment(document["created"]) if "created" in document else written
    return Entry(path, kind.name, document, created)


def _calibration(path: Path) -> Entry:
    """Read a calibration, finished or not; its record is read each time."""
    plan, record = path / CALIBRATION, path / CALIBRATION_RECORD
    document = _table(read_json(plan), plan)
    window = _table(_table(document.get("plan"), plan).get("window"), plan)
    _texts(window, ("first", "last"), plan)
    last = record if _plain(record) else plan
    if last is record:
        document["record"] = _table(read_json(record), record)
    return Entry(path, "calibration", document, datetime.fromtimestamp(last.stat().st_mtime, UTC))


@lru_cache(maxsize=2 * MOST_FOLDERS)
def _run(path: Path, _state: tuple[int, int]) -> Entry:
    told = Run.open(path).manifest
    for key in ("scenario", "seed", "quarters", "created", "changes", "outcomes"):
        if key not in told:
            raise RunError(f"{path / MANIFEST}: missing {key}")
    _table(told["changes"], path / MANIFEST)
    _numbers(told["outcomes"], HEADLINES, path / MANIFEST)
    return Entry(path, "run", told, _moment(told["created"]))


@lru_cache(maxsize=2 * MOST_FOLDERS)
def _comparison(path: Path, _state: tuple[int, int]) -> Entry:
    told = _table(read_json(path / COMPARISON), path / COMPARISON)
    for key in ("a", "b", "runs", "seed", "quarters", "created", "changes", "differs", "outcomes", "words"):
        if key not in told:
            raise RunError(f"{path / COMPARISON}: missing {key}")
    for key in ("a", "b", "changes", "differs", "outcomes"):
        _table(told[key], path / COMPARISON)
    for side in ("a", "b"):
        _texts(told[side], ("scenario", "title"), path / COMPARISON)
    for found in told["outcomes"].values():
        _texts(found, ("label", "unit"), path / COMPARISON)
        _numbers(found, ("mean_a", "mean_b", "mean_difference"), path / COMPARISON)
        if len(found["interval_90"]) != 2:
            raise RunError(f"{path / COMPARISON}: an interval has two ends")
    return Entry(path, "comparison", told, _moment(told["created"]))


def _sweep(path: Path) -> Entry:
    """Read a sweep; not cached, since more of it may have been written."""
    from sim.experiments.sweep import Sweep
    from sim.experiments.sweep.axes import levers_of

    sweep = Sweep.open(path)
    for key in ("scenario", "method", "points", "seed", "replicates", "quarters", "opening", "vary", "set"):
        if key not in sweep.design:
            raise RunError(f"{path / DESIGN}: missing {key}")
    levers_of(sweep.design)
    _numbers(sweep.design, ("points", "seed", "replicates", "quarters", "runs", "chunks"), path / DESIGN)
    parts = [path / DESIGN, path / MANIFEST, path / "outcomes"]
    written = max(part.stat().st_mtime for part in parts if part.exists())
    kind = "ensemble" if sweep.design["method"] == SEEDS else "sweep"
    told = {**sweep.design, "done": sweep.done, "complete": sweep.complete}
    if sweep.complete:
        told["problems"] = int(sweep.manifest["problems"])
    return Entry(path, kind, told, datetime.fromtimestamp(written, UTC))


def _table(value: Any, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RunError(f"{path}: not as capflow writes it")
    return value


def _numbers(value: Any, keys: tuple[str, ...], path: Path) -> None:
    """Refuse what lacks numbers that pages show; one without limit is written as null."""
    found = _table(value, path)
    for key in keys:
        if key not in found or isinstance(found[key], bool) or not isinstance(found[key], int | float | None):
            raise RunError(f"{path}: {key} is no number")


def _texts(value: Any, keys: tuple[str, ...], path: Path) -> None:
    found = _table(value, path)
    for key in keys:
        if not isinstance(found.get(key), str):
            raise RunError(f"{path}: {key} is no text")


def _stamp(path: Path) -> tuple[int, int]:
    """Return a number pair that changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_size


def _moment(text: Any) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _regular(folder: Path, at: str) -> Iterator[File]:
    """Files and those of folders inside: no links, nothing with a dot, nothing that is no file."""
    try:
        with os.scandir(folder) as found:
            inside = [entry for entry in found if not entry.name.startswith(".")]
    except OSError:
        return
    for entry in inside:
        name = f"{at}{entry.name}"
        if entry.is_file(follow_symlinks=False):
            yield File(name, entry.stat(follow_symlinks=False).st_size)
        elif entry.is_dir(follow_symlinks=False) and name.count("/") < DEPTH - 1:
            yield from _regular(Path(entry.path), f"{name}/")


def _inside(entry: Entry, name: str) -> Path:
    """Return the path of a file, found by going through the listings of folders."""
    parts = name.split("/")
    if entry.path.is_symlink() or len(parts) > DEPTH:
        raise _no_file(entry, name)
    at = entry.path
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        try:
            with os.scandir(at) as listed:
                found = next((one for one in listed if one.name == part and not part.startswith(".")), None)
        except OSError as error:
            raise RunError(f"runs: {entry.name}: {error.strerror}") from None
        if found is None or not (found.is_file if last else found.is_dir)(follow_symlinks=False):
            raise _no_file(entry, name)
        at = Path(found.path)
    return at


def _no_file(entry: Entry, name: str) -> RunError:
    return RunError(f"runs: {entry.name} has no file {name[:SHOWN]!r}")
