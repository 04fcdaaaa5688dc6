"""Sweeps: many points in the space of the levers, with one or several histories at each point.

Names are imported when first used: reading a plan needs no sampling library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.experiments.sweep.compaction import compact
    from sim.experiments.sweep.folder import Sweep
    from sim.experiments.sweep.plan import Plan
    from sim.experiments.sweep.runner import sweep
    from sim.experiments.sweep.variants import Problem

_MODULES = {
    "Plan": "sim.experiments.sweep.plan",
    "Problem": "sim.experiments.sweep.variants",
    "Sweep": "sim.experiments.sweep.folder",
    "compact": "sim.experiments.sweep.compaction",
    "sweep": "sim.experiments.sweep.runner",
}

__all__ = ["Plan", "Problem", "Sweep", "compact", "sweep"]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'sim.experiments.sweep' has no attribute {name!r}")
