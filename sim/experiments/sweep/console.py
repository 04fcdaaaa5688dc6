"""Messages of a sweep on the terminal: how much is to be run, the progress, and the results."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn
from rich.progress import TimeRemainingColumn as TimeLeft

from sim.experiments.sweep.runner import Listener, Outlook
from sim.report import terminal

if TYPE_CHECKING:
    from sim.experiments.sweep.folder import Sweep

EVERY = 30.0
"""Seconds between two lines of progress where standard error is not a terminal."""


@contextmanager
def listening(name: str) -> Iterator[Listener]:
    """Show the progress of a sweep on standard error: as a live bar on a terminal, otherwise as a line now and then."""
    console = Console(stderr=True, highlight=False)
    rate = _Rate()
    if not console.is_terminal:
        yield Listener(lambda outlook: _line(_outlook(outlook)), rate.line, _line)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("runs  {task.fields[rate]}"),
        TimeLeft(compact=True),
        TextColumn("left"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(name, total=None, rate="")

        def progress(done: int, total: int, _label: str) -> None:
            bar.update(task, completed=done, total=total, rate=f"{rate.of(done):,.3g}/s" if rate.of(done) else "")

        def line(text: str) -> None:
            bar.console.print(f"capflow: {text}", markup=False, soft_wrap=True)

        yield Listener(lambda outlook: line(_outlook(outlook)), progress, line)


def show(sweep: Sweep) -> None:
    """Print the state and the results of a sweep."""
    design = sweep.design
    if sweep.complete:
        manifest = sweep.manifest
        problems, residual = manifest["problems"], manifest["largest_residual"]
        terminal.show(
            f"{design['title']}: {manifest['runs']:,} runs at {design['points']:,} points",
            f'{problems:,} runs have no numbers: see the reasons in the view "problems"' if problems else "",
            f"Books: largest relative residual of all runs {residual:.1e}" if residual is not None else "",
        )
    else:
        finished = f"{sweep.done} of {design['chunks']} chunks are finished"
        terminal.show(f"{design['title']}: {finished}; the others are left to other shards")
    for name, path in (("Folder", sweep.path), ("Report", sweep.report)):
        if path is not None:
            print(f"{name}: {path}")


def duration(seconds: float) -> str:
    """Return a time in words: 40 s, 12 min, 3.5 h, 2 days."""
    for size, unit in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.2g} s" if seconds >= 1.0 else "a second"


def size(count: float) -> str:
    """Return a number of bytes as text, in kB, MB, GB or a larger unit that suits it."""
    for factor, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count / 1e3:.3g} kB"


def _outlook(outlook: Outlook) -> str:
    chunks = f"{outlook.chunks:,} chunks" if outlook.chunks > 1 else "1 chunk"
    start = f"{outlook.folder}: {outlook.runs:,} runs in {chunks}"
    if outlook.finished:
        start += f", {outlook.finished:,} of them finished"
    if not outlook.to_run:
        return f"{start}; nothing is left to run"
    where = f"{outlook.workers} workers" if outlook.workers > 1 else "1 worker"
    cost = outlook.rehearsal
    if cost is None:
        left = f"; {outlook.to_run:,} runs are left" if outlook.to_run < outlook.runs else ""
        return f"{start}{left}, on {where}"
    each = -(-outlook.runs // outlook.chunks)
    needed = cost.size(outlook.to_run, -(-outlook.to_run // each))
    spent = cost.seconds(outlook.to_run, outlook.workers)
    return f"{start}; about {duration(spent)} on {where}, {size(needed)} on disk"


class _Rate:
    """The rate of a sweep in runs per second since the first call; reports it in a line now and then."""

    def __init__(self) -> None:
        self._begun = self._last = 0.0

    def of(self, done: int) -> float:
        """Return the rate once `done` runs are finished, or 0 if it is not known yet."""
        now = time.monotonic()
        self._begun = self._begun or now
        return done / (now - self._begun) if now > self._begun else 0.0

    def line(self, done: int, total: int, _label: str) -> None:
        """Print a line of progress if enough time has passed since the previous one."""
        rate, now = self.of(done), time.monotonic()
        self._last = self._last or now
        if now - self._last >= EVERY:
            self._last = now
            left = f", {duration((total - done) / rate)} left" if rate else ""
            _line(f"{done:,} of {total:,} runs, {rate:,.3g}/s{left}")


def _line(text: str) -> None:
    print(f"capflow: {text}", file=sys.stderr, flush=True)
