"""Folders of results that are there whole or not at all, and never overwrite another.

Everything goes into a temporary folder beside the final one, which is renamed when it is complete.
"""

from __future__ import annotations

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

# Temporary folders of this process: what else carries its pid was left by an earlier process of that pid.
_being_written: set[Path] = set()


class WholeFolder:
    """A folder in the making; a context manager.

    `commit` renames the temporary folder. Leaving the context without it, by an error or Ctrl-C, removes it; one
    that a killed process left is removed by the next writer of the same folder.

    Args:
        out: The final folder. It must not exist, or be empty.
        what: What it is, for messages, such as "a run".

    Attributes:
        out: The final folder.
        path: The temporary folder.

    Raises:
        RunError: `out` is taken, or its parent cannot be created.
    """

    def __init__(self, out: Path, what: str = "a run") -> None:
        self.out = Path(out).resolve()
        self.doing = f"cannot write {what} to {self.out}"
        with reported(self.doing):
            refuse_taken(self.out)
            self.out.parent.mkdir(parents=True, exist_ok=True)
        self.path = self.out.parent / f"{_partial_prefix(self.out)}{os.getpid()}"

    def __enter__(self) -> Self:
        """Create the temporary folder, and remove those that dead processes left.

        Raises:
            RunError: The folder cannot be created, or this process is already writing it.
        """
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
        """Give the folder its final name.

        Returns:
            The final folder.

        Raises:
            RunError: The final name was taken meanwhile, or the disk refuses.
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
    """Return a free name for a folder: `name`, with -2, -3 and so on where that is taken.

    Args:
        root: The folder to put it into; it need not exist.
        name: What it should be called; what is not fit for a name becomes a hyphen.

    Returns:
        A folder that does not exist and that nobody is writing.
    """
    first, count = root / fit_name(name, "run"), 1
    while True:
        out = first if count == 1 else root / f"{first.name}-{count}"
        if not os.path.lexists(out) and not any(map(_in_progress, _partials(out))):
            return out
        count += 1


def fit_name(text: str, otherwise: str) -> str:
    """Return a text as the name of a folder: what is not fit for one becomes a hyphen.

    Args:
        text: what it should be called.
        otherwise: the name if nothing is left of it.
    """
    return re.sub(r"[^\w.-]+", "-", text).strip("-.") or otherwise


def json_text(value: Any, **layout: Any) -> str:
    """JSON with NaN and infinity as null.

    Raises:
        RunError: A value cannot be written as JSON.
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
    """Refuses a folder that has something in it, or is none.

    Raises:
        RunError: `out` is taken.
    """
    if out.is_dir():
        if any(out.iterdir()):
            raise RunError(f"{out} exists and is not empty; choose another folder")
    elif out.exists():
        raise RunError(f"{out} exists and is not a folder")


def refuse_homeless(out: Path) -> None:
    """Refuses a folder that could not be made where it would be, before work is done that would be lost.

    Raises:
        RunError: where `out` would be made is no folder, or none that can be written.
    """
    home = next(folder for folder in out.absolute().parents if folder.exists())
    if not home.is_dir():
        raise RunError(f"{out} cannot be made: {home} is not a folder")
    if not os.access(home, os.W_OK):
        raise RunError(f"{out} cannot be made: {home} cannot be written")


def refuse_unusable(out: Path | None) -> None:
    """Refuses a folder that was asked for, before work is done that would be lost; None is a free one.

    Raises:
        RunError: `out` is taken, or could not be made.
    """
    if out is not None:
        refuse_taken(out)
        refuse_homeless(out)


def _partial_prefix(out: Path) -> str:
    # A pid means something on one machine only; folders are shared between machines on clusters.
    return f".{out.name}.partial-{machine_name()}-"


def _partials(out: Path) -> list[Path]:
    """Return the temporary folders of this run that processes of this machine made, alive or dead."""
    prefix = _partial_prefix(out)
    if not out.parent.is_dir():
        return []
    return [
        path
        for path in out.parent.iterdir()
        if path.name.startswith(prefix) and path.name.removeprefix(prefix).isdecimal()
    ]


def _in_progress(partial: Path) -> bool:
    """Whether the process that made a temporary folder still writes it."""
    pid = int(partial.name.rpartition("-")[2])
    if pid == os.getpid():
        return partial.resolve() in _being_written
    return process_alive(pid)


def machine_name() -> str:
    """Return the name of this machine, in letters that fit a file's name."""
    return re.sub(r"\W+", "-", platform.node())[:40] or "here"


def process_alive(pid: int) -> bool:
    """Whether a process of this machine is alive; taken as alive where the system cannot be asked.

    A process that was killed, and whose parent has not asked for its exit status yet, is not.
    """
    if os.name != "posix":
        return True  # there, signal 0 is not a question
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
