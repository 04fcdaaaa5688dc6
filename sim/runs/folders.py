"""Folders for results of every kind: where they are put, and how each is written completely or not at all.

Files are written into a temporary folder next to the final one. When it is complete, it is renamed; it never replaces
another folder. (`sim.runs.writer` says what goes into the folder of a run.)
"""

import json
import math
import os
import platform
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sim.errors import RunError
from sim.runs.run import reported

RUNS_VARIABLE = "CAPFLOW_RUNS"
"""The environment variable that names the folder in which all folders of results are put."""
# Temporary folders of this process. Others whose names end in its pid were left by an earlier process with that pid.
_being_written: set[Path] = set()


def runs_folder() -> Path:
    """Return the folder in which all results are put: `$CAPFLOW_RUNS`, or else `runs` in the working directory."""
    return Path(os.environ.get(RUNS_VARIABLE) or "runs")


class WholeFolder:
    """A folder that is being written under a temporary name; a context manager.

    `commit` gives the folder its final name. If the context is left without `commit`, through an error or Ctrl-C,
    the temporary folder is removed. If a process was killed, the next writer of the same folder removes it.

    Args:
        out: the final folder; it must be empty or not exist.
        what: what the folder will contain, for messages, such as "a run".

    Attributes:
        out: the final folder.
        path: the temporary folder.

    Raises:
        RunError: if `out` is a file or a folder that is not empty, or its parent folder cannot be created.
    """

    def __init__(self, out: Path, what: str = "a run") -> None:
        self.out = Path(out).resolve()
        self.doing = f"cannot write {what} to {self.out}"
        with reported(self.doing):
            refuse_taken(self.out)
            self.out.parent.mkdir(parents=True, exist_ok=True)
        self.path = self.out.parent / f"{_partial_prefix(self.out)}{os.getpid()}"

    def __enter__(self) -> Self:
        """Create the temporary folder, and remove temporary folders that dead processes left."""
        for leftover in _partials(self.out):
            if not _in_progress(leftover):
                shutil.rmtree(leftover, ignore_errors=True)
        if self.path in _being_written:
            raise RunError(f"{self.doing}: this process is already writing that folder")
        with reported(self.doing):
            self.path.mkdir()
            _being_written.add(self.path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the temporary folder, unless it was committed."""
        self.discard()

    def commit(self) -> Path:
        """Give the folder its final name, and return its path.

        Raises:
            RunError: if the final name was taken in the meantime, or the disk cannot be written.
        """
        with reported(self.doing):
            # The content must be on disk before the new name is, or a power cut could leave the name without it.
            for path in sorted(self.path.rglob("*"), reverse=True):
                sync(path)
            sync(self.path)
            refuse_taken(self.out)
            os.rename(self.path, self.out)
            sync(self.out.parent)
        return self.out

    def discard(self) -> None:
        """Remove the temporary folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        _being_written.discard(self.path)


def free_folder(root: Path, name: str) -> Path:
    """Return a path in `root` at which nothing exists and no process is writing a folder.

    Its last part is `name`, followed by -2, -3 and so on if that name is taken; `root` need not exist.
    """
    first, count = root / fit_name(name, "run"), 1
    while True:
        out = first if count == 1 else root / f"{first.name}-{count}"
        if not os.path.lexists(out) and not any(map(_in_progress, _partials(out))):
            return out
        count += 1


def fit_name(text: str, otherwise: str) -> str:
    """Return a text with hyphens for characters unfit for the name of a folder; `otherwise` if nothing is left."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.") or otherwise


def json_text(value: Any, **layout: Any) -> str:
    """Return a value as JSON, with NaN and infinity as null.

    Raises:
        RunError: if the value cannot be written as JSON.
    """
    try:
        return json.dumps(finite(value), allow_nan=False, ensure_ascii=False, **layout)
    except (TypeError, ValueError) as error:
        raise RunError(f"a value cannot be written as JSON: {error}") from error


def finite(value: Any) -> Any:
    """Convert a value to types that JSON has: NumPy scalars to numbers, paths to text, NaN and infinity to None."""
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):
        return finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def refuse_taken(out: Path) -> None:
    """Raise a RunError if `out` exists and is not an empty folder."""
    if out.is_dir():
        if any(out.iterdir()):
            raise RunError(f"{out} exists and is not empty; choose another folder")
    elif out.exists():
        raise RunError(f"{out} exists and is not a folder; choose another name")


def require_writable_parent(out: Path) -> None:
    """Raise a RunError if the folder `out` cannot be created: called before any work is done that would be lost."""
    parent = next(folder for folder in out.absolute().parents if folder.exists())
    if not parent.is_dir():
        raise RunError(f"{out} cannot be created: {parent} is not a folder")
    if not os.access(parent, os.W_OK):
        raise RunError(f"{out} cannot be created: {parent} is not writable")


def refuse_unusable(out: Path | None) -> None:
    """Raise a RunError, before any work, if results cannot be written to `out`; None means a free folder."""
    if out is not None:
        refuse_taken(out)
        require_writable_parent(out)


def _partial_prefix(out: Path) -> str:
    # A pid identifies a process on one machine only, but on clusters several machines share folders.
    return f".{out.name}.partial-{machine_name()}-"


def _partials(out: Path) -> list[Path]:
    """Return the temporary folders for `out` that processes of this machine, alive or dead, have made."""
    prefix = _partial_prefix(out)
    if not out.parent.is_dir():
        return []
    return [
        path
        for path in out.parent.iterdir()
        if path.name.startswith(prefix) and path.name.removeprefix(prefix).isdecimal()
    ]


def _in_progress(partial: Path) -> bool:
    """Tell whether the process that made a temporary folder is still writing it."""
    pid = int(partial.name.rpartition("-")[2])
    if pid == os.getpid():
        return partial.resolve() in _being_written
    return process_alive(pid)


def machine_name() -> str:
    """Return the name of this machine, with hyphens for characters that are unfit for the name of a file."""
    return re.sub(r"\W+", "-", platform.node())[:40] or "here"


def process_alive(pid: int) -> bool:
    """Tell whether a process of this machine is alive; on systems other than POSIX, True is assumed.

    A process that has ended counts as dead even if its parent has not yet asked for its exit status (a zombie).
    """
    if os.name != "posix":
        return True  # on other systems, sending signal 0 does not just ask
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # the process is alive, and belongs to another user
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True  # the system has no /proc


def sync(path: Path) -> None:
    """Wait until the operating system has written a file or folder to disk."""
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
