"""The JAX engine for many histories: a compiled program runs a batch, by `vmap` over histories, `scan` over quarters.

Batches have a fixed size, and parameters, balances and draws are data of the compiled program. Another point of a
sweep, another seed, or another scenario with as many agents and quarters therefore needs no new compilation.
Compiled programs are kept on disk from one invocation to the next.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from functools import cache
from itertools import chain, islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sim.economy.decisions import DECISIONS, RULES
from sim.economy.parameters import Parameters
from sim.economy.phase import DecisionRule, DecisionRules
from sim.economy.state import Draws, Economy
from sim.engine.batch import Counter, Histories, Start, agent_numbers, gathered, quarter_readings, reader
from sim.engine.decisions import ROUNDING, Behaviour, expected_result
from sim.engine.jax_cache import compiler_options, keep_programs, one_at_a_time
from sim.engine.jax_stepping import handed_on, scan
from sim.errors import CannotCompileError, ScenarioError

BATCH = {"cpu": 256, "gpu": 4096, "tpu": 4096}
"""Number of histories in a batch, for each kind of device. On a CPU, it outweighs the fixed cost of each operation
and still fits the cache of the processor; on an accelerator, it occupies all of the device."""
Replacement = tuple[str, DecisionRule, tuple[int, ...]]
"""A replaced decision: the name of the decision, the user's function, and the shape of what the function returns."""
_compiled: set[tuple[Any, ...]] = set()
"""What this process has compiled: each entry is a program, followed by the shapes of its arguments."""


def in_jax(
    starts: Iterable[Start],
    decisions: Behaviour,
    flows: bool = False,
    finished: Counter | None = None,
    agents: bool = False,
) -> Histories:
    """Run histories in compiled batches, on a GPU if JAX finds one.

    The arguments are those of `sim.engine.batch.in_numpy`, but `starts` are consumed one batch at a time, and
    `finished` is called once after every batch.

    Raises:
        CannotCompileError: if JAX cannot compile a replaced decision.
    """
    keep_programs()
    size = BATCH[jax.default_backend()]
    remaining = iter(starts)
    first = next(remaining)
    replaced = tuple((name, decisions.unchecked()[name], decisions.shape(name)) for name in decisions.replaced())
    batches: list[dict[str, Any]] = []
    program = _program(replaced, flows, agents)
    with jax.enable_x64(True):
        for count, parts in _one_ahead(_run_batches(chain([first], remaining), size, program, replaced)):
            batches.append({name: np.asarray(part)[:count] for name, part in parts.items()})
            if finished is not None:
                finished(count)
    return gathered(first, batches, (_misdecided(replaced, bad) for batch in batches for bad in batch["misdecided"]))


def history(
    economy: Economy,
    parameters: Parameters,
    draws: Draws,
    replaced: tuple[Replacement, ...],
    flows: bool,
    agents: bool = False,
) -> dict[str, Any]:
    """Run one whole history, as a function that JAX can trace.

    Returns:
        A dictionary: `readings`, `(quarter + 1, reading)`, starting with the opening quarter; `residuals`, the largest
        of each identity; `misdecided`, which is 1 if a replaced decision returned invalid numbers and otherwise 0;
        and, if requested, `flows` by quarter, and `agents` by quarter, starting with the opening quarter.
    """
    watch: list[Any] = []
    decisions = {**RULES, **{name: _watched(name, rule, shape, watch) for name, rule, shape in replaced}}
    read_quarter = reader(flows, agents)

    def read(before: Economy, after: Economy, residuals: Mapping[str, Any]) -> dict[str, Any]:
        parts = {**read_quarter(before, after, residuals), "misdecided": jnp.stack([jnp.zeros(()), *watch]).max()}
        watch.clear()
        return parts

    parts = scan(economy, parameters, draws, decisions, read)
    parts |= {name: parts[name].max(axis=0) for name in ("residuals", "misdecided")}
    opening = handed_on(economy)
    parts["readings"] = _after(_readings(opening, opening, {}), parts["readings"])
    if agents:
        parts["agents"] = _after(agent_numbers(opening), parts["agents"])
    return parts


def paths_alone(economy: Economy, parameters: Parameters, draws: Draws, decisions: DecisionRules) -> Any:
    """Return only the readings of `history`, for derivatives: the checks would make that program much larger."""
    opening = handed_on(economy)
    return _after(_readings(opening, opening, {}), scan(economy, parameters, draws, decisions, _readings))


def _readings(before: Economy, after: Economy, _residuals: Mapping[str, Any]) -> Any:
    return jnp.stack(list(quarter_readings(before, after).values()))


def _after(first: Any, others: Any) -> Any:
    return jnp.concatenate([first[None], others])


@cache
def _program(replaced: tuple[Replacement, ...], flows: bool, agents: bool) -> Callable[..., Any]:
    def histories(economy: Economy, parameters: Parameters, draws: Draws) -> dict[str, Any]:
        return history(economy, parameters, draws, replaced, flows, agents)

    return jax.jit(jax.vmap(histories), compiler_options=compiler_options())


def _run_batches(
    starts: Iterator[Start], size: int, program: Any, replaced: tuple[Replacement, ...]
) -> Iterator[tuple[int, Any]]:
    """Yield, for each batch, the number of histories and the program's results, without waiting for the results."""
    while batch := list(islice(starts, size)):
        # Copies of the last history fill up a batch that is not full, because the program accepts one size only.
        full = batch + batch[-1:] * (size - len(batch))
        stacked = jax.tree.map(_stacked, *((s.economy, s.parameters, s.draws) for s in full))
        try:
            shapes = (program, *(np.shape(leaf) for leaf in jax.tree.leaves(stacked)))
            if shapes in _compiled:
                results = program(*stacked)
            else:
                # All processes that wait for the compiler trace at once; the trace is kept for the call.
                program.lower(*stacked)
                with one_at_a_time():
                    results = program(*stacked)
                _compiled.add(shapes)
            yield len(batch), results
        except ScenarioError as error:
            # A copy has no notes of JAX about its own frames.
            raise copy(error) from None
        except jax.errors.JAXTypeError as error:
            raise CannotCompileError(_untraceable(replaced, error)) from error


def _one_ahead(batches: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    """Yield each batch only after the next has been started, so that the next is prepared while this one runs."""
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
    """Return a replaced rule that notes in `watch` whether its result is invalid, and removes errors of rounding."""
    decision = DECISIONS[name]

    def recorded(economy: Any, parameters: Any) -> Any:
        numbers = jnp.asarray(rule(economy, parameters), dtype=jnp.float64)
        if numbers.shape != shape:
            allowed = expected_result(name, shape)
            raise ScenarioError(f"returned shape {numbers.shape}", f"decisions.{name}", allowed=allowed)
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

    return recorded


def _misdecided(replaced: tuple[Replacement, ...], bad: float) -> str | None:
    if not bad > 0.0:
        return None
    return (
        f"a replaced decision ({', '.join(name for name, *_ in replaced)}) returned invalid numbers; "
        "run this seed as a single history to see which decision and which numbers"
    )


def _untraceable(replaced: tuple[Replacement, ...], error: Exception) -> str:
    which = ", ".join(f"decisions.{name}" for name, *_ in replaced)
    reason = str(error).splitlines()[0]
    return f"{which} cannot be compiled ({reason}); run with the engine numpy, or one history, which runs in NumPy"
