"""What the outcomes of a sweep depend on, and how surely."""

from __future__ import annotations

from sim.experiments.sensitivity.analysis import find_sweep, sensitivity
from sim.experiments.sensitivity.results import Convergence, Ends, Estimate, Finding, Parts, Sensitivity

__all__ = ["Convergence", "Ends", "Estimate", "Finding", "Parts", "Sensitivity", "find_sweep", "sensitivity"]
