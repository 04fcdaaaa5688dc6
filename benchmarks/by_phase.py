"""Each phase of a quarter as a compiled program of its own: time, bytes and operations. See `ensembles.py`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from sim.economy.books.checks import identities
from sim.economy.decisions import RULES
from sim.economy.quarter import PHASES, open_books, quarter
from sim.engine import jax_batch, jax_stepping
from sim.engine.batch import quarter_readings
from sim.engine.ensemble import starts
from sim.opening.draws import draws_of_quarter
from sim.scenario.load import load

AT = 10
"""Quarters run before the one that is measured, so that rounds, loans and deals are under way."""
DIFFERENT = 8
"""Histories that fill a batch, over and over."""
REPEATS = 20


class Cost(NamedTuple):
    """Of one call of a program for a whole batch.

    Attributes:
        seconds: the median of some calls.
        compiling: seconds to compile it.
        moved: bytes that its operations read and write, by XLA's own account.
        flops: arithmetic operations, by the same.
        started: operations that it starts one after the other, loops counted once.
        scratch: bytes of results that it holds in between.
    """

    seconds: float
    compiling: float
    moved: float
    flops: float
    started: int
    scratch: float


def by_phase(batch: int) -> dict[str, str]:
    """Measure every phase on this process's cores, and say it as a table."""
    with jax.enable_x64(True):
        return {"text": "\n".join(_lines(batch))}


def _lines(batch: int) -> list[str]:
    histories = list(starts(load("baseline"), range(1, DIFFERENT + 1)))
    agents = sum(len(names) for names in _names().values())
    before, draws, parameters = _under_way(histories)
    costs, economies = {}, before
    for name, phase in _steps().items():
        costs[name] = _cost(_changed(phase), batch, economies, parameters, draws)
        economies = [phase(*given) for given in zip(economies, parameters, draws, strict=True)]
    _same_as_quarter(before, parameters, draws, economies)
    costs["identities"] = _cost(lambda opened, closed: identities(opened.books, closed.books), batch, before, economies)
    costs["readings"] = _cost(quarter_readings, batch, before, economies)
    whole = {size: _cost(_whole_quarter, size, before, parameters, draws) for size in (batch // 4, batch)}
    return [
        *_table(costs, batch * agents),
        *_row("all of these", _added(costs), batch * agents, 1.0),
        *_row("one program", whole[batch], batch * agents, 1.0),
        "",
        *_bounds(whole, batch, agents),
    ]


def _steps() -> dict[str, Callable[..., Any]]:
    """The opening of the books and the phases, by name of the function."""
    steps = {phase.name: lambda *given, phase=phase: phase.function(*given, RULES) for phase in PHASES}
    return {"open_books": lambda economy, *_: open_books(economy), **steps}


def _names() -> dict[str, tuple[str, ...]]:
    from sim.opening.open_economy import open_economy

    return open_economy(load("baseline")).names


def _under_way(histories: list[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """Economies after some quarters in NumPy, the draws of the next, and the rules."""
    economies = []
    for one in histories:
        economy = one.economy
        for step in range(AT):
            economy, _ = quarter(economy, one.parameters, draws_of_quarter(one.draws, step))
        economies.append(jax_stepping.handed_on(economy))
    economies = [jax.tree.map(np.asarray, economy) for economy in economies]
    return economies, [draws_of_quarter(one.draws, AT) for one in histories], [one.parameters for one in histories]


def _changed(phase: Callable[..., Any]) -> Callable[..., Any]:
    """A phase that returns only what it changes: a program copies what it passes on, a whole quarter does not."""

    def part(economy: Any, parameters: Any, draws: Any) -> list[Any]:
        given = {id(leaf) for leaf in jax.tree.leaves(economy)}
        return [leaf for leaf in jax.tree.leaves(phase(economy, parameters, draws)) if id(leaf) not in given]

    return part


def _whole_quarter(economy: Any, parameters: Any, draws: Any) -> Any:
    after, residuals = quarter(economy, parameters, draws)
    return jax_stepping.handed_on(after), taken(economy, after), residuals


def _same_as_quarter(before: list[Any], parameters: list[Any], draws: list[Any], after: list[Any]) -> None:
    """Refuse to measure phases that are not those of a quarter."""
    for opened, given, today, closed in zip(before, parameters, draws, after, strict=True):
        expected = jax.tree.leaves(quarter(opened, given, today)[0])
        for one, other in zip(expected, jax.tree.leaves(closed), strict=True):
            np.testing.assert_array_equal(one, other)


def _cost(function: Callable[..., Any], batch: int, *given: list[Any]) -> Cost:
    full = [_batched(one, batch) for one in given]
    lowered = jax.jit(jax.vmap(function), compiler_options=jax_batch.compiler_options()).lower(*full)
    began = time.perf_counter()
    program = lowered.compile()
    compiling = time.perf_counter() - began
    told = program.cost_analysis()
    told = told[0] if isinstance(told, list) else told
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        jax.block_until_ready(program(*full))
        seconds.append(time.perf_counter() - began)
    return Cost(
        float(np.median(seconds)),
        compiling,
        told.get("bytes accessed", 0.0),
        told.get("flops", 0.0),
        _operations(program.as_text()),
        program.memory_analysis().temp_size_in_bytes,
    )


def _batched(given: list[Any], batch: int) -> Any:
    """Histories over and over until the batch is full, on the device."""
    whole = [given[index % len(given)] for index in range(batch)]
    return jax.tree.map(lambda *leaves: jax.device_put(np.stack(leaves, dtype=np.float64)), *whole)


def _operations(text: str) -> int:
    """Operations of the outermost computation that do something when the program runs."""
    free = (" parameter(", " constant(", " tuple(", " get-tuple-element(", " bitcast(")
    lines = text[text.index("\nENTRY ") :].splitlines()
    return sum(" = " in line and not any(word in line for word in free) for line in lines)


def _added(costs: dict[str, Cost]) -> Cost:
    return Cost(*map(sum, zip(*costs.values(), strict=True)))


def _table(costs: dict[str, Cost], agent_quarters: int) -> list[str]:
    whole = sum(cost.seconds for cost in costs.values())
    head = "phase                  share   ns an agent-quarter   bytes   flops   GB/s   operations   s to compile"
    rows = [_row(name, cost, agent_quarters, cost.seconds / whole)[0] for name, cost in costs.items()]
    return [head, *rows]


def _row(name: str, cost: Cost, agent_quarters: int, share: float) -> list[str]:
    return [
        f"{name:20s}{100 * share:6.1f} %   {1e9 * cost.seconds / agent_quarters:19.1f}"
        f"   {cost.moved / agent_quarters:5.0f}   {cost.flops / agent_quarters:5.0f}"
        f"   {cost.moved / cost.seconds / 1e9:4.1f}   {cost.started:10d}   {cost.compiling:12.1f}"
    ]


def _bounds(whole: dict[int, Cost], batch: int, agents: int) -> list[str]:
    """What a quarter would take if one thing alone were in its way."""
    cost, small = whole[batch], whole[batch // 4]
    each = (cost.seconds - small.seconds) / (batch - batch // 4)
    fixed = max(0.0, cost.seconds - batch * each)
    memory, cache, rate = copied(1 << 28), copied(1 << 18), multiplied(1 << 17)
    return [
        f"{agents} agents, {batch} histories: one quarter takes {1e3 * cost.seconds:.2f} ms",
        f"  {1e3 * fixed:.2f} ms of it whatever the batch is (from a batch of {batch // 4}): "
        f"{1e9 * fixed / cost.started:.0f} ns for each of {cost.started} operations",
        f"  {cost.scratch / 1e6:.1f} MB of results in between",
        f"  memory copies {memory / 1e9:.1f} GB/s, a cache {cache / 1e9:.1f} GB/s (reads and writes); "
        f"{cost.moved / agents / batch:.0f} bytes an agent-quarter would take "
        f"{1e3 * cost.moved / memory:.2f} ms from memory, {1e3 * cost.moved / cache:.2f} ms from cache",
        f"  NumPy multiplies {rate / 1e6:,.0f} million numbers a second in cache; "
        f"{cost.flops / agents / batch:.0f} flops an agent-quarter would take {1e3 * cost.flops / rate:.2f} ms",
    ]


def copied(size: int) -> float:
    """Bytes a second that a copy of an array of so many bytes reads and writes."""
    source = np.random.default_rng(0).random(size // 16)
    target = np.empty_like(source)
    return 2 * source.nbytes * _a_second(lambda: np.copyto(target, source))


def multiplied(size: int) -> float:
    """Products a second of two arrays, all three of so many bytes together."""
    one, other = np.random.default_rng(0).random((2, size // 24))
    target = np.empty_like(one)
    return one.size * _a_second(lambda: np.multiply(one, other, out=target))


def _a_second(run: Callable[[], Any]) -> float:
    """How often something is done in a second; the best of some tries."""
    found = []
    for _ in range(5):
        count, began = 0, time.perf_counter()
        while (passed := time.perf_counter() - began) < 0.2:
            for _ in range(8):
                run()
            count += 8
        found.append(count / passed)
    return max(found)
