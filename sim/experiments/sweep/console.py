"""What a person sees of a sweep: what it will take, how far it is, and what came out."""

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

if TYPE_CHECKING:
    from sim.experiments.sweep.folder import Sweep

EVERY = 30.0
"""Seconds between lines on progress where there is no terminal."""


@contextmanager
def listening(name: str) -> Iterator[Listener]:
    """Show what a sweep does on standard error: a live bar on a terminal, else a line now and then."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield Listener(lambda outlook: _line(_outlook(outlook)), _Lines().progress, _line)
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
        begun: list[float] = []

        def progress(done: int, total: int, _label: str) -> None:
            if not begun:
                begun.append(time.monotonic())
            spent = time.monotonic() - begun[0]
            rate = f"{done / spent:,.3g}/s" if done and spent else ""
            bar.update(task, completed=done, total=total, rate=rate)

        def line(text: str) -> None:
            bar.console.print(f"capflow: {text}", markup=False, soft_wrap=True)

        yield Listener(lambda outlook: line(_outlook(outlook)), progress, line)


def show(found: Sweep) -> None:
    """Say on standard output what there is."""
    design = found.design
    if not found.complete:
        print(f"{design['title']}: {found.done} of {design['chunks']} chunks are there, the rest is other shards'")
        print(f"Folder: {found.path}")
        return
    manifest = found.manifest
    print(f"{design['title']}: {manifest['runs']:,} runs at {design['points']:,} points")
    if manifest["problems"]:
        print(f"{manifest['problems']:,} runs have no numbers: the view problems says why")
    if manifest["largest_residual"] is not None:
        print(f"Books: largest relative residual of all runs {manifest['largest_residual']:.1e}")
    print(f"Folder: {found.path}")
    if found.report is not None:
        print(f"Report: {found.report}")


def duration(seconds: float) -> str:
    """Return a time in words: 40 s, 12 min, 3.5 h, 2 days."""
    for size, unit in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.2g} s" if seconds >= 1.0 else "a second"


def size(count: float) -> str:
    """Bytes in a unit of use."""
    for factor, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count / 1e3:.3g} kB"


def _outlook(outlook: Outlook) -> str:
    chunks = f"{outlook.chunks:,} chunks" if outlook.chunks > 1 else "1 chunk"
    start = f"{outlook.folder}: {outlook.runs:,} runs in {chunks}"
    if outlook.finished:
        start += f", {outlook.finished:,} chunks are there"
    if not outlook.to_run:
        return f"{start}; nothing is left to run"
    where = f"{outlook.workers} workers" if outlook.workers > 1 else "1 worker"
    cost = outlook.rehearsal
    if cost is None and outlook.to_run == outlook.runs:
        return f"{start}, on {where}"
    if cost is None:
        return f"{start}; {outlook.to_run:,} runs are left, on {where}"
    each = -(-outlook.runs // outlook.chunks)
    needed = cost.size(outlook.to_run, -(-outlook.to_run // each))
    spent = cost.seconds(outlook.to_run, outlook.workers)
    return f"{start}; about {duration(spent)} on {where}, {size(needed)} on disk"


class _Lines:
    """Progress as lines, the first after a while."""

    def __init__(self) -> None:
        self._begun = self._last = 0.0

    def progress(self, done: int, total: int, _label: str) -> None:
        """Print a line if the last one is old enough."""
        now = time.monotonic()
        if not self._begun:
            self._begun = self._last = now
        if now - self._last < EVERY:
            return
        self._last = now
        rate = done / (now - self._begun)
        left = f", {duration((total - done) / rate)} left" if rate else ""
        _line(f"{done:,} of {total:,} runs, {rate:,.3g}/s{left}")


def _line(text: str) -> None:
    print(f"capflow: {text}", file=sys.stderr, flush=True)
