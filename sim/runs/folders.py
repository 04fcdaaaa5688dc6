"""Folders of results: where they go, and how one is written completely or not at all.

Everything goes into a temporary folder next to the final one, which is renamed when it is complete and replaces
no other.
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
"""The environment variable that names the folder of all results."""
# Temporary folders of this process: others that carry its pid were left by an earlier process of that pid.
_being_written: set[Path] = set()


def runs_folder() -> Path:
    """Return the folder of all results: `$CAPFLOW_RUNS`, or `runs` in the working directory."""
    return Path(os.environ.get(RUNS_VARIABLE) or "runs")


class WholeFolder:
    """A folder that is being written; a context manager.

    `commit` renames the temporary folder. Leaving the context without it, by an error or Ctrl-C, removes it; one
    that a killed process left is removed by the next writer of the same folder.

    Args:
        out: the final folder; it must not exist, or be empty.
        what: its content, for messages, such as "a run".

    Attributes:
        out: the final folder.
        path: the temporary folder.

    Raises:
        RunError: if `out` is taken, or its parent cannot be created.
    """

    def __init__(self, out: Path, what: str = "a run") -> None:
        self.out = Path(out).resolve()
        self.doing = f"cannot write {what} to {self.out}"
        with reported(self.doing):
            refuse_taken(self.out)
            self.out.parent.mkdir(parents=True, exist_ok=True)
        self.path = self.out.parent / f"{_partial_prefix(self.out)}{os.getpid()}"

    def __enter__(self) -> Self:
        """Create the temporary folder, and remove those that dead processes left."""
        for leftover in _partials(self.out):
            if not _in_progress(leftover):
                shutil.rmtree(leftover, ignore_errors=True)
        if self.path in _being_written:
            raise RunError(f"{self.doing}: this process is already writing it")
        with reported(self.doing):
            self.path.mkdir()
            _being_written.add(self.path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove whatever was not committed."""
        self.discard()

    def commit(self) -> Path:
        """Give the folder its final name, and return its path.

        Raises:
            RunError: if the final name was taken in the meantime, or the disk refuses.
        """
        with reported(self.doing):
            # On disk before the rename is, so that a power cut cannot leave the name without the content.
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
    """Return a path in `root` that does not exist and that no process is writing.

    It is called `name`, with -2, -3 and so on where that is taken; `root` need not exist.
    """
    first, count = root / fit_name(name, "run"), 1
    while True:
        out = first if count == 1 else root / f"{first.name}-{count}"
        if not os.path.lexists(out) and not any(map(_in_progress, _partials(out))):
            return out
        count += 1


def fit_name(text: str, otherwise: str) -> str:
    """Return a text with a hyphen for all that is unfit for a name of a folder; `otherwise` if nothing is left."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.") or otherwise


def json_text(value: Any, **layout: Any) -> str:
    """Return a value as JSON, with NaN and infinity as null.

    Raises:
        RunError: if the value cannot be written as JSON.
    """
    try:
        return json.dumps(finite(value), allow_nan=False, ensure_ascii=False, **layout)
    except (TypeError, ValueError) as error:
        raise RunError(f"cannot be written as JSON: {error}") from error


def finite(value: Any) -> Any:
    """Return a value in JSON's own types: NumPy scalars as numbers, paths as text, NaN and infinity as null."""
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
        raise RunError(f"{out} exists and is not a folder")


def require_writable_parent(out: Path) -> None:
    """Raise a RunError early, before any work is lost, if `out` cannot be created."""
    parent = next(folder for folder in out.absolute().parents if folder.exists())
    if not parent.is_dir():
        raise RunError(f"{out} cannot be created: {parent} is not a folder")
    if not os.access(parent, os.W_OK):
        raise RunError(f"{out} cannot be created: {parent} is not writable")


def refuse_unusable(out: Path | None) -> None:
    """Raise a RunError early if results cannot be written to `out`; None stands for a free folder."""
    if out is not None:
        refuse_taken(out)
        require_writable_parent(out)


def _partial_prefix(out: Path) -> str:
    # A pid means something on one machine only; folders are shared between machines on clusters.
    return f".{out.name}.partial-{machine_name()}-"


def _partials(out: Path) -> list[Path]:
    """Return the temporary folders of `out` that processes of this machine made, alive or dead."""
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
    """Return the name of this machine, in characters that are fit for the name of a file."""
    return re.sub(r"\W+", "-", platform.node())[:40] or "here"


def process_alive(pid: int) -> bool:
    """Tell whether a process of this machine is alive; assume so where the system cannot be asked.

    A process that was killed, but whose parent has not asked for its exit status yet, is dead.
    """
    if os.name != "posix":
        return True  # elsewhere, signal 0 is not a question
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # alive, and another user's
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True  # a system without /proc


def sync(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
