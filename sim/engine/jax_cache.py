"""Options of the JAX compiler, and the cache of compiled programs on disk."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import jax
from filelock import FileLock
from platformdirs import user_cache_dir

QUICKER_TO_COMPILE = {"xla_cpu_use_fusion_emitters": False, "xla_backend_optimization_level": 1}
"""Options that halve the time to compile for a CPU; compiled programs are not slower (benchmarks/README.md)."""
CACHE = "CAPFLOW_CACHE"
"""Environment variable that names the folder for compiled programs; if unset, the user's cache folder is used."""


def keep_programs() -> None:
    """Make JAX keep compiled programs on disk, unless the user has configured its cache."""
    settings: Any = jax.config
    if settings.jax_compilation_cache_dir is None and settings.jax_enable_compilation_cache:
        folder = os.environ.get(CACHE) or user_cache_dir("capflow", appauthor=False)
        jax.config.update("jax_compilation_cache_dir", folder)


@cache
def compiler_options() -> dict[str, Any] | None:
    """Return options for `jax.jit` that speed up compilation; None if this compiler does not know them."""
    if jax.default_backend() != "cpu":
        return None
    try:
        jax.jit(lambda x: x + 1.0, compiler_options=QUICKER_TO_COMPILE)(1.0)
    except jax.errors.JaxRuntimeError:
        return None
    return QUICKER_TO_COMPILE


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process compile while others wait to load its program; if files cannot be locked, each one compiles."""
    settings: Any = jax.config
    folder = settings.jax_compilation_cache_dir
    with ExitStack() as stack:
        with suppress(OSError, NotImplementedError):
            if folder is not None:
                Path(folder).mkdir(parents=True, exist_ok=True)
                stack.enter_context(FileLock(Path(folder) / ".compiling"))
        yield
        _give_back_memory()


def _give_back_memory() -> None:
    """Return to the system the memory that compiling or loading used and then freed, about a third of a gigabyte."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
