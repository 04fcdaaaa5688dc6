"""The results folders under `runs/`: their list, their kinds and metadata, and the files in them.

Names come from addresses. They are never made into paths: a name is looked up in the listing of a folder, so that
`..`, absolute paths and links that lead elsewhere are not found.
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
"""Outcomes of a run in a line."""
MOST_FOLDERS = 200
"""Folders that a page lists."""
MOST_FILES = 200
"""Files of a folder that a page lists; all can be downloaded by name."""
DEPTH = 3
"""Levels of folders in a run folder."""

NUMBER = int | float | None
"""The type of a number; one without limit is written as null."""
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
"""Kind of a folder -> the keys of its metadata that pages read, each with its type or the keys of its table."""


@dataclass(frozen=True)
class Entry:
    """A folder under `runs/`.

    Attributes:
        path: the path of the folder.
        kind: the name of its kind, one of `sim.runs.kinds.KINDS`, or "broken".
        metadata: the content of its marker file; empty if broken.
        created: when it was finished, or last written to.
        reason: why it cannot be read; empty if it can.
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
        """What a folder of this kind is called."""
        return "broken" if self.kind == "broken" else KINDS[self.kind].noun

    def sweep(self) -> Sweep:
        """Return the folder as a sweep, which may be an ensemble; raises RunError if it is neither."""
        from sim.experiments.sweep import Sweep

        self._check_kind("sweep", "ensemble")
        return Sweep.open(self.path)

    def run(self) -> Run:
        """Return the folder as a run; raises RunError if it is not one."""
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
    """Return the newest folders, newest first, and how many there are in all. Broken ones are among them."""
    folders = sorted([*_folders(), *_analyses_in_sweeps()], key=_changed, reverse=True)
    newest = [_entry(folder) for folder in folders[:MOST_FOLDERS]]
    return sorted(newest, key=lambda entry: entry.created, reverse=True), len(folders)


def find(name: str) -> Entry:
    """Return the folder of that name.

    Raises:
        RunError: if no folder has this name; a path is not a name.
    """
    outer, _, inner = name.partition("/")
    for folder in _analyses_in_sweeps(outer) if inner else _folders():
        if folder.name == (inner or name):
            return _entry(folder)
    raise RunError(f"runs: there is no {name[:LONGEST]!r} under {runs_folder()}/")


def files(entry: Entry) -> tuple[list[File], int]:
    """Return the first files of a folder, and how many there are in all."""
    if entry.path.is_symlink():
        return [], 0
    every = sorted(_files(entry.path), key=lambda file: ("/" in file.name, file.name))
    return every[:MOST_FILES], len(every)


def has(entry: Entry, name: str) -> bool:
    """Return whether a folder has a file of that name."""
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
        RunError: if it is not a regular file in that folder.
    """
    path = _path_of(entry, name)
    try:
        # A link that took its place meanwhile is refused; a pipe does not keep anyone waiting.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise RunError(f"runs: {entry.name}/{name[:LONGEST]}: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _no_file(entry, name)
    return os.fdopen(descriptor, "rb")


def stamp(path: Path) -> tuple[int, int]:
    """Return two numbers of which one changes when a file or the list of a folder does: time and size."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return status.st_mtime_ns, status.st_size


def _listing(folder: Path) -> list[os.DirEntry[str]]:
    """Return what a folder holds, without names that start with a dot: these are hidden or being written."""
    with os.scandir(folder) as listing:
        return [inner for inner in listing if not inner.name.startswith(".")]


def _folders() -> list[os.DirEntry[str]]:
    """Return the folders under `runs/`, also links to folders."""
    return [inner for inner in _listing(runs_folder()) if inner.is_dir()] if runs_folder().is_dir() else []


def _analyses_in_sweeps(name: str = "") -> Iterator[os.DirEntry[str]]:
    """Yield the folders of sensitivity analyses inside the folder of their sweep, of all sweeps or of one."""
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
            raise RunError(f"{path}: a link; folders are read only where they are")
        return _read(path)
    except (RunError, OSError) as error:
        reason = str(error)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{path}: not as capflow writes it: {error!r}"[:300]
    return Entry(path, "broken", {}, datetime.fromtimestamp(_changed(folder), UTC), reason)


def _read(path: Path) -> Entry:
    kind = kind_of(path) or KINDS["run"]  # Opening a folder of no kind as a run says what is missing.
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
    """Return the content of the marker file of a folder, once it is checked."""
    marker = path / KINDS[kind].marker
    document = Run.open(path).manifest if kind == "run" else read_json(marker)
    metadata = _checked(document, REQUIRED[kind], marker)
    if kind == "comparison":
        for outcome in metadata["outcomes"].values():
            if len(_checked(outcome, OUTCOME, marker)["interval_90"]) != 2:
                raise RunError(f"{marker}: an interval must have two ends")
    return metadata


def _sweep(path: Path, kind: str) -> Entry:
    """Read a sweep; it is not cached, since more of it may have been written."""
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
    """Return a document that has all required keys, each with its type; raises RunError if it does not."""
    if not isinstance(document, dict):
        raise RunError(f"{path}: not as capflow writes it")
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
    """Yield the files of a folder and of those inside: no links, nothing hidden, regular files alone."""
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
    """Return the path of a file, which is looked up in the listing of each folder on its way."""
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
