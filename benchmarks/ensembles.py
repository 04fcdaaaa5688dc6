"""How fast ensembles and sweeps are, where their time goes, and what memory they take.

    python benchmarks/ensembles.py throughput     an ensemble against mesa.batch_run
    python benchmarks/ensembles.py scaling        cost and memory of sweeps from hundreds of runs to 100,000
    python benchmarks/ensembles.py workers        two workers against one
    python benchmarks/ensembles.py compile        tracing, compiling, and loading from disk
    python benchmarks/ensembles.py phases         time, bytes and operations by phase of a quarter

Without a word, all of them. Linux only: every measurement is a process of its own, bound to its cores. Figures
of one machine are in `benchmarks/README.md`; nothing here is a test.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")
REPLICATES = 16
DESIGN = """
title = "Benchmark"
scenario = "baseline"
method = "latin_hypercube"
samples = {points}
replicates = {replicates}
quarters = {quarters}
keep = ["outcomes"]
[vary]
terminal_rate = {{ low = 0.0, high = 0.06 }}
demand_growth = {{ low = 0.0, high = 0.7 }}
payout_ratio = {{ low = 0.0, high = 1.0 }}
revenue_diffusion = {{ low = 0.1, high = 0.6 }}
"""
EVERY = 0.05
"""Seconds between two looks at memory."""


# What a process of its own measures. Each takes numbers and returns some.


def mesa_batch(histories: int, quarters: int, repeats: int) -> dict[str, float]:
    """Seconds a history of `mesa.batch_run` over seeds, in this process; the fastest repeat."""
    import inspect

    import mesa
    from single_history import best

    from sim.engine.mesa_model import CapitalFlowModel

    seeds = list(range(1, histories + 1))
    given: dict[str, Any] = {"parameters": {"config": [{"run.quarters": quarters}]}}
    if "rng" in inspect.signature(mesa.batch_run).parameters:
        given["rng"] = seeds
    else:
        given["parameters"]["rng"] = seeds
    CapitalFlowModel(rng=1).step()
    seconds = best(
        lambda: mesa.batch_run(
            CapitalFlowModel, **given, number_processes=1, max_steps=quarters, display_progress=False
        ),
        repeats,
    )
    return {"each": seconds / histories}


def ensemble(runs: int, quarters: int, repeats: int) -> dict[str, float]:
    """Seconds a history of `capflow.ensemble`, with the program compiled; the fastest repeat."""
    from single_history import best

    import capflow

    capflow.ensemble("baseline", runs=1, quarters=quarters, engine="jax")
    seconds = best(lambda: capflow.ensemble("baseline", runs=runs, quarters=quarters, engine="jax"), repeats)
    return {"each": seconds / runs}


def sweep(runs: int, quarters: int, workers: int) -> dict[str, float]:
    """A whole sweep: seconds of all of it, and from the first chunk's start to the last one's end."""
    import capflow
    from sim.experiments.sweep.runner import Listener
    from sim.experiments.sweep.status import lines

    # Every worker finds the program on disk.
    capflow.ensemble("baseline", runs=1, quarters=quarters, engine="jax")
    replicates = min(runs, REPLICATES)
    with tempfile.TemporaryDirectory(prefix="capflow-") as home:
        file = Path(home) / "benchmark.toml"
        file.write_text(DESIGN.format(points=runs // replicates, replicates=replicates, quarters=quarters))
        began = time.perf_counter()
        done = capflow.sweep(
            file, out=Path(home) / "sweep", workers=workers, listener=Listener(line=lambda _text: None)
        )
        whole = time.perf_counter() - began
        at = [datetime.fromisoformat(line["time"]) for line in lines(done.path)]
        size = sum(file.stat().st_size for file in done.path.rglob("*") if file.is_file())
        told = {"problems": done.manifest["problems"], "runs": done.manifest["runs"]}
    return {"whole": whole, "chunks": (max(at) - min(at)).total_seconds(), "bytes": size, **told}


def first_call(quarters: int) -> dict[str, float]:
    """Seconds to trace, to lower, and to compile the program or load it from disk; and of a whole first call."""
    began = time.perf_counter()
    import jax
    import numpy as np

    from sim.engine import jax_batch
    from sim.engine.ensemble import starts
    from sim.scenario.load import load

    jax_batch.keep_programs()
    batch = jax_batch.BATCH["cpu"]
    scenario = load("baseline", {"run.quarters": quarters})
    given = list(starts(scenario, range(batch)))
    imported = time.perf_counter() - began
    with jax.enable_x64(True):
        parts = zip(*((one.economy, one.parameters, one.draws) for one in given), strict=True)
        full = [jax.tree.map(lambda *leaves: np.stack(leaves, dtype=np.float64), *part) for part in parts]
        program = jax_batch._program((), False, False)
        marks = [time.perf_counter()]
        traced = program.trace(*full)
        marks.append(time.perf_counter())
        lowered = traced.lower()
        marks.append(time.perf_counter())
        made = lowered.compile()
        marks.append(time.perf_counter())
        jax.block_until_ready(made(*full))
        marks.append(time.perf_counter())
    names = ("trace", "lower", "compile", "run")
    return {"import": imported, **{n: b - a for n, a, b in zip(names, marks, marks[1:], strict=False)}}


# Processes, their cores and their memory.


def apart(
    what: str, cores: int, one_thread: bool = True, cache: str | None = None, **given: int
) -> tuple[dict[str, float], float]:
    """Measure in a process of its own, bound to so many cores.

    Returns:
        What it measured, and the most memory that it and its children had resident at a time, in bytes. Pages
        that processes share are counted once for each.
    """
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < cores:
        raise SystemExit(f"{what}: {cores} cores are needed, this machine has {len(usable)}")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment |= dict.fromkeys(ONE_THREAD, "1") if one_thread else {}
    environment |= {"CAPFLOW_CACHE": cache} if cache else {}
    process = subprocess.Popen(
        [sys.executable, __file__, "measure", what, json.dumps(given)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=lambda: os.sched_setaffinity(0, usable[:cores]),
    )
    most, over = [0], threading.Event()
    watch = threading.Thread(target=_watch, args=(process.pid, most, over))
    watch.start()
    out, _ = process.communicate()
    over.set()
    watch.join()
    if process.returncode:
        raise SystemExit(f"{what} failed with status {process.returncode}")
    return json.loads(out.splitlines()[-1]), float(most[0])


def _watch(pid: int, most: list[int], over: threading.Event) -> None:
    while not over.wait(EVERY):
        most[0] = max(most[0], sum(_resident(one) for one in _family(pid)))


def _family(pid: int) -> list[int]:
    """A process and everything it has started."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for one in threads for child in (one / "children").read_text().split()]
    except OSError:
        return []
    return [pid, *(one for child in children for one in _family(child))]


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


# What is printed.


def throughput(given: argparse.Namespace) -> None:
    """An ensemble against Mesa's batch runner."""
    long = {"quarters": given.quarters, "repeats": given.repeats}
    mesa, _ = apart("mesa_batch", 1, histories=given.histories, **long)
    one, _ = apart("ensemble", 1, runs=given.runs, **long)
    every, _ = apart("ensemble", len(os.sched_getaffinity(0)), False, runs=given.runs, **long)
    print(f"{given.quarters} quarters, milliseconds a history, best of {given.repeats}")
    print(f"  mesa.batch_run, one process, {given.histories} histories    {1e3 * mesa['each']:9.2f}")
    for where, found in (("one core", one), (f"{len(os.sched_getaffinity(0))} cores", every)):
        print(
            f"  capflow.ensemble on {where}, {given.runs} histories    {1e3 * found['each']:9.2f}"
            f"   {mesa['each'] / found['each']:6.1f} times as fast"
        )


def scaling(given: argparse.Namespace) -> None:
    """Cost of a history and memory by the number of runs."""
    print(f"sweeps of {given.quarters} quarters that keep outcomes, {REPLICATES} seeds a point")
    print(f"workers: {given.workers}, each on a core of its own")
    print("    runs   s in all   ms a history: in all   of chunks   peak memory MB   bytes a run")
    for runs in given.sizes:
        found, memory = apart("sweep", given.workers, runs=runs, quarters=given.quarters, workers=given.workers)
        count = found["runs"]
        print(
            f"{count:8.0f}   {found['whole']:8.1f}   {1e3 * found['whole'] / count:20.2f}"
            f"   {1e3 * found['chunks'] / count:9.2f}   {memory / 1e6:14.0f}   {found['bytes'] / count:11.0f}",
            flush=True,
        )


def workers(given: argparse.Namespace) -> None:
    """Two workers against one, each on a core of its own, the same sweep."""
    found = {}
    for count in (1, 2):
        tried = [
            apart("sweep", count, runs=given.runs, quarters=given.quarters, workers=count)[0]
            for _ in range(given.repeats)
        ]
        found[count] = {part: min(one[part] for one in tried) for part in ("whole", "chunks")}
    print(f"a sweep of {given.runs} runs, {given.quarters} quarters, seconds, best of {given.repeats}")
    for part, words in (("whole", "the whole call"), ("chunks", "from the first chunk's start to the last's end")):
        one, two = found[1][part], found[2][part]
        print(f"  {words:48s} one worker {one:7.1f}   two {two:7.1f}   {one / two:.2f} times as fast")


def compiling(given: argparse.Namespace) -> None:
    """The first call of a process, with nothing on disk and with the program there."""
    print(f"seconds of a first call, {given.quarters} quarters, one core")
    with tempfile.TemporaryDirectory(prefix="capflow-") as cache:
        for words in ("nothing on disk", "program on disk"):
            found, _ = apart("first_call", 1, cache=cache, quarters=given.quarters)
            told = "   ".join(f"{name} {seconds:6.2f}" for name, seconds in found.items())
            print(f"  {words}   {told}", flush=True)
        size = sum(file.stat().st_size for file in Path(cache).rglob("*") if file.is_file())
    print(f"  the folder of programs holds {size / 1e6:.1f} MB")


def phases(given: argparse.Namespace) -> None:
    """Where the time of a quarter goes; `by_phase.py` measures it."""
    found, _ = apart("by_phase", 1, batch=given.batch)
    print(found["text"])


PARTS = {"throughput": throughput, "scaling": scaling, "workers": workers, "compile": compiling, "phases": phases}


def main() -> None:
    """Print what was asked for."""
    if sys.argv[1:2] == ["measure"]:
        import by_phase

        measured = {**globals(), "by_phase": by_phase.by_phase}[sys.argv[2]](**json.loads(sys.argv[3]))
        print(json.dumps(measured))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--quarters", type=int, default=28, help="length of the histories")
    parser.add_argument("--histories", type=int, default=6, help="for mesa.batch_run")
    parser.add_argument("--runs", type=int, default=4096, help="of an ensemble, and of a sweep for two workers")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 1024, 10240, 102400], help="of sweeps")
    parser.add_argument("--workers", type=int, default=1, help="of sweeps of those sizes")
    parser.add_argument("--batch", type=int, default=256, help="histories in a phase's program")
    parser.add_argument("--repeats", type=int, default=2, help="of which the fastest counts")
    given = parser.parse_args()
    unknown = [part for part in given.part if part not in PARTS]
    if unknown:
        parser.error(f"unknown part {unknown[0]!r}; there are {', '.join(PARTS)}")
    print(f"Python {platform.python_version()}, {platform.machine()}, {len(os.sched_getaffinity(0))} cores")
    for part in given.part or PARTS:
        print(f"\n{part}")
        PARTS[part](given)


if __name__ == "__main__":
    main()
