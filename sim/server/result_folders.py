"""The results folders under `runs/`, as the server lists and reads them: their kinds, metadata and files.

Names of folders and files come from addresses and are never made into paths: a name is looked up in the listing of a
folder, so that `..`, absolute paths and links that lead elsewhere are not found.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sim.errors import RunError
from sim.runs.folders import runs_folder
from sim.runs.kinds import CALIBRATION_RECORD, DESIGN, KINDS, MANIFEST, SENSITIVITY, kind_of
from sim.runs.run import Run, read_json
from sim.server.address import LONGEST

if TYPE_CHECKING:
    from sim.experiments.sweep import Sweep

HEADLINES = ("interest_usd_bn", "interest_funded_gpu_usd_bn", "failures")
"""Outcomes that the list of folders shows for a run."""
MOST_FOLDERS = 200
"""Most folders that a page lists."""
MOST_FILES = 200
"""Most files of a folder that a page lists; files that are not listed can still be downloaded by name."""
DEPTH = 3
"""Most levels of folders, one inside the other, in which files of a results folder are looked for."""

NUMBER = int | float | None
"""The types of a number in metadata; an infinite one is written as null."""
SIDE = {"scenario": str, "title": str}
OUTCOME = {"label": str, "unit": str, "interval_90": list} | dict.fromkeys(
    ("mean_a", "mean_b", "mean_difference"), NUMBER
)
SWEEP = dict.fromkeys(("scenario", "method", "opening", "vary", "set"), object) | dict.fromkeys(
    ("points", "seed", "replicates", "quarters", "runs", "chunks"), NUMBER
)
REQUIRED: dict[str, dict[str, Any]] = {
    "run": dict.fromkeys(("scenario", "seed", "quarters", "created"), object)
    | {"changes": {}, "outcomes": dict.fromkeys(HEADLINES, NUMBER)},
    "comparison": {"a": SIDE, "b": SIDE, "changes": {}, "differs": {}, "outcomes": {}}
    | dict.fromkeys(("runs", "seed", "quarters", "created", "words"), object),
    "sensitivity": dict.fromkeys(("sweep", "levers", "points", "replicates", "notes", "words"), object),
    "backtest": dict.fromkeys(("origins", "draws", "seed", "words"), object),
    "calibration": {"plan": {"window": {"first": str, "last": str}}},
    "sweep": SWEEP,
    "ensemble": SWEEP,
}
"""Kind of a folder -> the metadata keys that pages read, each with the type of its value or the keys inside it."""


@dataclass(frozen=True)
class Entry:
    """A results folder under `runs/`, readable or not.

    Attributes:
        path: the path of the folder.
        kind: the name of its kind, one of `sim.runs.kinds.KINDS`, or "broken".
        metadata: the content of its marker file; empty if broken.
        created: when the folder was finished, or last written to.
        reason: why the folder cannot be read; empty if it can.
    """

    path: Path
    kind: str
    metadata: dict[str, Any]
    created: datetime
    reason: str = ""

    @property
    def name(self) -> str:
        """The name in addresses: that of the folder, after that of the sweep's folder if it lies inside one."""
        return "/".join(self.path.parts[len(runs_folder().parts) :])

    @property
    def noun(self) -> str:
        """The noun for a folder of this kind."""
        return "broken" if self.kind == "broken" else KINDS[self.kind].noun

    def sweep(self) -> Sweep:
        """Return the sweep or ensemble in this folder; raises RunError if the folder holds neither."""
        from sim.experiments.sweep import Sweep

        self._check_kind("sweep", "ensemble")
        return Sweep.open(self.path)

    def run(self) -> Run:
        """Return the run in this folder; raises RunError if the folder holds no run."""
        self._check_kind("run")
        return Run.open(self.path)

    def _check_kind(self, *kinds: str) -> None:
        if self.kind not in kinds:
            noun = "folder that cannot be read" if self.kind == "broken" else self.noun
            raise RunError(f"runs: {self.name!r} is not a {kinds[0]}, but a {noun}")


@dataclass(frozen=True)
class File:
    """A file of a folder: its name, with `/` between folders, and its size in bytes."""

    name: str
    size: int


def entries() -> tuple[list[Entry], int]:
    """Return the newest folders, unreadable ones included, newest first, and the number of all folders."""
    folders = sorted([*_folders(), *_analyses_in_sweeps()], key=_changed, reverse=True)
    newest = [_entry(folder) for folder in folders[:MOST_FOLDERS]]
    return sorted(newest, key=lambda entry: entry.created, reverse=True), len(folders)


def find(name: str) -> Entry:
    """Return the results folder with this name.

    Raises:
        RunError: if no folder has this name; a path is not a name.
    """
    outer, _, inner = name.partition("/")
    for folder in _analyses_in_sweeps(outer) if inner else _folders():
        if folder.name == (inner or name):
            return _entry(folder)
    raise RunError(f"runs: there is no {name[:LONGEST]!r} under {runs_folder()}/")


def files(entry: Entry) -> tuple[list[File], int]:
    """Return the first files of a folder, and the number of all its files."""
    if entry.path.is_symlink():
        return [], 0
    every = sorted(_files(entry.path), key=lambda file: ("/" in file.name, file.name))
    return every[:MOST_FILES], len(every)


def has(entry: Entry, name: str) -> bool:
    """Return whether a folder has a file with this name."""
    try:
        _path_of(entry, name)
    except RunError:
        return False
    return True


def open_file(entry: Entry, name: str) -> IO[bytes]:
    """Return a file of a folder, open for reading.

    Args:
        entry: the folder.
        name: the name of the file, as in `files`.

    Raises:
        RunError: if the folder has no regular file with this name.
    """
    path = _path_of(entry, name)
    try:
        # If a link has replaced the file meanwhile, it is refused; a pipe does not make the server wait.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise RunError(f"runs: {entry.name}/{name[:LONGEST]}: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _no_file(entry, name)
    return os.fdopen(descriptor, "rb")


def stamp(path: Path) -> tuple[int, int]:
    """Return modification time and size; one of them changes when a file, or the listing of a folder, changes."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return status.st_mtime_ns, status.st_size


def _listing(folder: Path) -> list[os.DirEntry[str]]:
    """Return the entries of a folder, except those that start with a dot, which are hidden or still being written."""
    with os.scandir(folder) as listing:
        return [inner for inner in listing if not inner.name.startswith(".")]


def _folders() -> list[os.DirEntry[str]]:
    """Return the folders under `runs/`, and links to folders."""
    return [inner for inner in _listing(runs_folder()) if inner.is_dir()] if runs_folder().is_dir() else []


def _analyses_in_sweeps(name: str = "") -> Iterator[os.DirEntry[str]]:
    """Yield the folders of sensitivity analyses that lie inside the folder of their sweep, for all sweeps or one."""
    for folder in _folders():
        if (name and folder.name != name) or folder.is_symlink() or not _plain(Path(folder.path) / DESIGN):
            continue
        for inner in _listing(Path(folder.path)):
            if inner.is_dir(follow_symlinks=False) and _plain(Path(inner.path) / SENSITIVITY):
                yield inner


def _changed(folder: os.DirEntry[str]) -> float:
    try:
        return folder.stat(follow_symlinks=False).st_mtime
    except OSError:
        return 0.0


def _entry(folder: os.DirEntry[str]) -> Entry:
    path = Path(folder.path)
    try:
        if folder.is_symlink():
            raise RunError(f"{path}: a link, which is not followed; open the folder itself")
        return _read(path)
    except (RunError, OSError) as error:
        reason = str(error)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{path}: not in the format that capflow writes; it may be damaged or edited: {error!r}"[:300]
    return Entry(path, "broken", {}, datetime.fromtimestamp(_changed(folder), UTC), reason)


def _read(path: Path) -> Entry:
    # A folder of unknown kind is opened as a run, so that the error message says what is missing.
    kind = kind_of(path) or KINDS["run"]
    marker, record = path / kind.marker, path / CALIBRATION_RECORD
    if kind.marker == DESIGN:
        return _sweep(path, kind.name)
    metadata = _metadata(path, kind.name, stamp(marker))
    written = marker
    if kind.name == "calibration" and _plain(record):
        metadata, written = {**metadata, "record": _checked(read_json(record), {}, record)}, record
    if kind.name == "calibration" or "created" not in metadata:
        return Entry(path, kind.name, metadata, datetime.fromtimestamp(written.stat().st_mtime, UTC))
    created = datetime.fromisoformat(metadata["created"])
    return Entry(path, kind.name, metadata, created if created.tzinfo else created.replace(tzinfo=UTC))


@lru_cache(maxsize=4 * MOST_FOLDERS)
def _metadata(path: Path, kind: str, _stamp: tuple[int, int]) -> dict[str, Any]:
    """Check the marker file of a folder and return its content."""
    marker = path / KINDS[kind].marker
    document = Run.open(path).manifest if kind == "run" else read_json(marker)
    metadata = _checked(document, REQUIRED[kind], marker)
    if kind == "comparison":
        for outcome in metadata["outcomes"].values():
            if len(_checked(outcome, OUTCOME, marker)["interval_90"]) != 2:
                raise RunError(f"{marker}: interval_90 must have two numbers, the lower and the upper end")
    return metadata


def _sweep(path: Path, kind: str) -> Entry:
    """Read a sweep. It is not cached, because more runs may have been written since the last reading."""
    from sim.experiments.sweep import Sweep
    from sim.experiments.sweep.axes import levers_of

    sweep = Sweep.open(path)
    levers_of(_checked(sweep.design, REQUIRED[kind], path / DESIGN))
    parts = [path / DESIGN, path / MANIFEST, path / "outcomes"]
    written = max(part.stat().st_mtime for part in parts if part.exists())
    metadata = {**sweep.design, "done": sweep.done, "complete": sweep.complete}
    if sweep.complete:
        metadata["problems"] = int(sweep.manifest["problems"])
    return Entry(path, kind, metadata, datetime.fromtimestamp(written, UTC))


def _checked(document: Any, required: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return a document if it has all required keys with values of the right types; raises RunError otherwise."""
    if not isinstance(document, dict):
        raise RunError(f"{path}: not in the format that capflow writes; it may be damaged or edited")
    for key in required:
        if key not in document:
            raise RunError(f"{path}: missing {key}")
    for key, kind in required.items():
        value = document[key]
        if isinstance(kind, dict):
            _checked(value, kind, path)
        elif not isinstance(value, kind) or (kind is NUMBER and isinstance(value, bool)):
            noun = {NUMBER: "number", str: "text", list: "list"}[kind]
            raise RunError(f"{path}: {key} is not a {noun}")
    return document


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _files(folder: Path, depth: int = DEPTH) -> Iterator[File]:
    """Yield the regular files of a folder and of the folders inside it, but no links and no hidden files."""
    try:
        listing = _listing(folder)
    except OSError:
        return
    for inner in listing:
        if inner.is_file(follow_symlinks=False):
            yield File(inner.name, inner.stat(follow_symlinks=False).st_size)
        elif depth > 1 and inner.is_dir(follow_symlinks=False):
            for file in _files(Path(inner.path), depth - 1):
                yield File(f"{inner.name}/{file.name}", file.size)


def _path_of(entry: Entry, name: str) -> Path:
    """Return the path of a file; each part of its name is looked up in the listing of the folder before it."""
    path, parts = entry.path, name.split("/")
    if path.is_symlink() or len(parts) > DEPTH:
        raise _no_file(entry, name)
    for level, part in enumerate(parts, start=1):
        try:
            inner = {inner.name: inner for inner in _listing(path)}.get(part)
        except OSError as error:
            raise RunError(f"runs: {entry.name}: {error.strerror}") from None
        if inner is None or not (inner.is_file if level == len(parts) else inner.is_dir)(follow_symlinks=False):
            raise _no_file(entry, name)
        path = Path(inner.path)
    return path


def _no_file(entry: Entry, name: str) -> RunError:
    return RunError(f"runs: {entry.name} has no file {name[:LONGEST]!r}")
