"""Compiled programs: how they are compiled, and how they are kept on disk between invocations."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import jax

QUICKER_TO_COMPILE = {"xla_cpu_use_fusion_emitters": False, "xla_backend_optimization_level": 1}
"""Halves the time to compile on a processor and costs no speed (benchmarks/README.md)."""
CACHE = "CAPFLOW_CACHE"
"""Environment variable: folder for compiled programs, in place of the user's cache folder."""


def keep_programs() -> None:
    """Keep compiled programs on disk, unless the user of JAX has said where (or that they are not kept)."""
    settings: Any = jax.config
    if settings.jax_compilation_cache_dir is None and settings.jax_enable_compilation_cache:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        jax.config.update("jax_compilation_cache_dir", str(os.environ.get(CACHE) or Path(home) / "capflow"))


@cache
def compiler_options() -> dict[str, Any] | None:
    """Options for `jax.jit`, or None where this compiler does not know them."""
    if jax.default_backend() != "cpu":
        return None
    try:
        jax.jit(lambda x: x + 1.0, compiler_options=QUICKER_TO_COMPILE)(1.0)
    except jax.errors.JaxRuntimeError:
        return None
    return QUICKER_TO_COMPILE


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process compile while the others wait, to load what it compiled: less work, and less memory.

    Where files cannot be locked, all compile.
    """
    settings: Any = jax.config
    folder = settings.jax_compilation_cache_dir
    try:
        import fcntl

        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(Path(folder) / ".compiling", os.O_RDWR | os.O_CREAT, 0o644)
    except (ImportError, OSError, TypeError):
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        _give_back_memory()
    finally:
        os.close(descriptor)


def _give_back_memory() -> None:
    """Return to the system what compiling or loading took and freed, a third of a gigabyte."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
