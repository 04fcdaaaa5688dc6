"""Many histories at once in JAX: the same quarters, compiled, `vmap` over histories and `scan` over quarters.

Histories go in batches of a fixed size, and rules, balances and draws are data of the compiled program: another
point of a sweep, another seed, or another scenario with as many agents and quarters, compiles nothing. Compiled
programs are kept on disk between invocations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from itertools import chain, islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sim.economy import parameters, state
from sim.economy.books import ledger
from sim.economy.books.checks import identities
from sim.economy.books.ledger import EMPTY_JOURNAL
from sim.economy.coins import weekly_rounds
from sim.economy.decisions import DECISIONS, RULES
from sim.economy.phase import DecisionRule
from sim.economy.quarter import quarter
from sim.economy.state import Economy
from sim.engine.batch import Histories, Progress, Start, agent_numbers, flow_table, taken, unusable
from sim.engine.decisions import ROUNDING, Behaviour, expected_result
from sim.engine.jax_cache import compiler_options, keep_programs, one_at_a_time
from sim.errors import CannotCompileError, ScenarioError

BATCH = {"cpu": 256, "gpu": 4096, "tpu": 4096}
"""Histories in a batch: on a processor, as many as make up for the start of each operation and still
fit its cache; on an accelerator, enough to fill it."""
Replacement = tuple[str, DecisionRule, tuple[int, ...]]
"""A replaced decision: its name, the function, and the shape of what it returns."""
_compiled: set[tuple[Any, ...]] = set()
"""Programs of this process, with the shapes that they were compiled for."""

for _module in (ledger, parameters, state, weekly_rounds):
    for _item in vars(_module).values():
        own = _module is parameters or getattr(_item, "__module__", "") == _module.__name__
        if own and isinstance(_item, type) and is_dataclass(_item):
            jax.tree_util.register_dataclass(_item, [field.name for field in fields(_item)], [])


def in_jax(
    starts: Iterable[Start],
    decisions: Behaviour,
    flows: bool = False,
    progress: Progress | None = None,
    agents: bool = False,
) -> Histories:
    """Step histories in batches, compiled; on a GPU where JAX sees one.

    Args:
        starts: of the histories, all of the same length and the same agents; taken one batch at a time.
        decisions: decision rules in force.
        flows: whether to keep the flows.
        progress: told after every batch.
        agents: whether to keep the measures of agents.

    Raises:
        CannotCompileError: if a replaced decision cannot be traced.
    """
    keep_programs()
    size = BATCH[jax.default_backend()]
    left = iter(starts)
    first = next(left)
    names = tuple(taken(first.economy, first.economy))
    identity_names = tuple(identities(first.economy.books, first.economy.books))
    replaced = tuple((name, decisions.unchecked()[name], decisions.shape(name)) for name in decisions.replaced())
    found: list[tuple[Any, ...]] = []
    program = _program(replaced, flows, agents)
    with jax.enable_x64(True):
        for count, told in _one_ahead(_run_batches(chain([first], left), size, program, replaced)):
            found.append(tuple(np.asarray(part)[:count] for part in told))
            if progress is not None:
                progress(count)
    paths, residuals, wrong, *kept = (np.concatenate(parts) for parts in zip(*found, strict=True))
    problems = tuple(
        _misdecided(replaced, bad) or unusable(path, identity_names, worst)
        for path, worst, bad in zip(paths, residuals, wrong, strict=True)
    )
    measured = kept.pop() if agents else None
    return Histories(names, paths, identity_names, residuals, kept[0] if flows else None, measured, problems)


def history(
    economy: Economy,
    given: parameters.Parameters,
    draws: state.Draws,
    replaced: tuple[Replacement, ...],
    flows: bool,
    agents: bool = False,
) -> tuple[Any, ...]:
    """One whole history as a traceable function.

    Returns:
        Readings `(quarter + 1, reading)` with the opening first, the largest residual of each identity, 1 for
        each watched decision that was not of its form, and, if asked for, the flows, and the measures of agents,
        the opening first.
    """
    watch: list[Any] = []
    decisions = {**RULES, **{name: _watched(name, rule, shape, watch) for name, rule, shape in replaced}}

    def beside(after: Economy, residuals: Mapping[str, Any]) -> tuple[Any, ...]:
        wrong = jnp.stack([jnp.zeros(()), *watch]).max()
        watch.clear()
        told = [jnp.stack(list(residuals.values())), wrong]
        if flows:
            told.append(flow_table(after.books))
        if agents:
            told.append(agent_numbers(after))
        return tuple(told)

    path, residuals, wrong, *kept = _through(economy, given, draws, decisions, beside)
    if agents:
        kept[-1] = jnp.concatenate([agent_numbers(_carried(economy))[None], kept[-1]])
    return path, residuals.max(axis=0), wrong.max(), *kept


def paths_alone(
    economy: Economy, given: parameters.Parameters, draws: state.Draws, decisions: Mapping[str, DecisionRule]
) -> Any:
    """The readings of `history` and nothing else, for programs that differentiate, which checks would swell."""
    return _through(economy, given, draws, decisions, lambda after, residuals: ())[0]


def _through(
    economy: Economy,
    given: parameters.Parameters,
    draws: state.Draws,
    decisions: Mapping[str, DecisionRule],
    beside: Callable[[Economy, Mapping[str, Any]], tuple[Any, ...]],
) -> tuple[Any, ...]:
    """Readings by quarter, the opening first, and by quarter whatever `beside` takes from it and its residuals."""

    def step(before: Economy, today: state.Draws) -> tuple[Economy, tuple[Any, ...]]:
        after, residuals = quarter(before, given, today, decisions)
        return _carried(after), (jnp.stack(list(taken(before, after).values())), *beside(after, residuals))

    opening = _carried(economy)
    first = jnp.stack(list(taken(opening, opening).values()))
    _, (path, *others) = jax.lax.scan(step, opening, draws)
    return jnp.concatenate([first[None], path]), *others


def _carried(economy: Economy) -> Economy:
    """What one quarter hands to the next: everything but the journal, as numbers of double precision."""
    bare = replace(economy, books=replace(economy.books, journal=EMPTY_JOURNAL))
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=jnp.float64), bare)


@cache
def _program(replaced: tuple[Replacement, ...], flows: bool, agents: bool) -> Callable[..., Any]:
    def histories(economy: Economy, given: parameters.Parameters, draws: state.Draws) -> tuple[Any, ...]:
        return history(economy, given, draws, replaced, flows, agents)

    return jax.jit(jax.vmap(histories), compiler_options=compiler_options())


def _run_batches(
    starts: Iterator[Start], size: int, program: Any, replaced: tuple[Replacement, ...]
) -> Iterator[tuple[int, Any]]:
    """Number of histories and what the program gives, batch by batch; not yet waited for."""
    while batch := list(islice(starts, size)):
        # Slots that are left over repeat a history: the program has one shape.
        full = batch + batch[-1:] * (size - len(batch))
        stacked = jax.tree.map(_stacked, *((s.economy, s.parameters, s.draws) for s in full))
        try:
            shapes = (program, *(np.shape(leaf) for leaf in jax.tree.leaves(stacked)))
            if shapes in _compiled:
                found = program(*stacked)
            else:
                # Traced side by side by all processes that wait for it; the trace is kept for the call.
                program.lower(*stacked)
                with one_at_a_time():
                    found = program(*stacked)
                _compiled.add(shapes)
            yield len(batch), found
        except ScenarioError as error:
            # Said again, without what JAX adds about its own frames.
            raise type(error)(str(error)) from None
        except jax.errors.JAXTypeError as error:
            raise CannotCompileError(_untraceable(replaced, error)) from error


def _one_ahead(batches: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    """Hand out each batch after the next one has been started, so that preparing it costs no time."""
    pending = next(batches, None)
    while pending is not None:
        following = next(batches, None)
        yield pending
        pending = following


def _stacked(*leaves: Any) -> Any:
    if all(leaf is leaves[0] for leaf in leaves):
        return np.broadcast_to(np.asarray(leaves[0], dtype=np.float64), (len(leaves), *np.shape(leaves[0])))
    return np.stack(leaves, dtype=np.float64)


def _watched(name: str, rule: DecisionRule, shape: tuple[int, ...], watch: list[Any]) -> DecisionRule:
    """Make a replaced rule note whether it was of its form, and take rounding away as `Replaced` does."""
    decision = DECISIONS[name]

    def noted(economy: Any, given: Any) -> Any:
        numbers = jnp.asarray(rule(economy, given), dtype=jnp.float64)
        if numbers.shape != shape:
            wanted = expected_result(name, shape)
            raise ScenarioError(f"decisions.{name} returned shape {numbers.shape}; expected {wanted}")
        fits = jnp.isfinite(numbers) & (numbers >= 0.0)
        if decision.most is not None:
            fits = fits & (numbers <= decision.most + ROUNDING)
            numbers = jnp.minimum(numbers, decision.most)
        total = numbers.sum(axis=-1)
        if decision.shares:
            fits = fits & (total <= 1.0 + ROUNDING)[..., None]
            numbers = numbers / jnp.maximum(total, 1.0)[..., None]
        watch.append(1.0 - fits.all())
        return numbers

    return noted


def _misdecided(replaced: tuple[Replacement, ...], bad: float) -> str | None:
    if not bad > 0.0:
        return None
    return (
        f"a replaced decision ({', '.join(name for name, *_ in replaced)}) returned numbers that it must not; a "
        "single history says which"
    )


def _untraceable(replaced: tuple[Replacement, ...], error: Exception) -> str:
    which = ", ".join(f"decisions.{name}" for name, *_ in replaced)
    return f"{which} cannot be compiled ({str(error).splitlines()[0]}); it runs in single histories and in NumPy"
