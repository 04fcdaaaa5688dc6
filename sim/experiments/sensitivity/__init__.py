"""Sensitivity analysis: which levers the outcomes of a sweep depend on, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sim.engine.outcomes import HEADLINES
from sim.experiments.sensitivity.analysis import findings
from sim.experiments.sensitivity.folder import write
from sim.experiments.sensitivity.results import Finding, Findings
from sim.experiments.sensitivity.sweep_report import write_sweep_report
from sim.experiments.sensitivity.words import words
from sim.experiments.sweep.folder import Sweep
from sim.experiments.sweep.methods.estimates import Estimate
from sim.experiments.sweep.sample import Sample

__all__ = ["Estimate", "Finding", "Sensitivity", "analyse", "sensitivity", "write_sweep_report"]


@dataclass(frozen=True)
class Sensitivity(Findings):
    """What the outcomes of a sweep depend on: the numbers, in words, and as a folder."""

    @cached_property
    def words(self) -> list[str]:
        """Paragraphs: what was left out, one for each outcome, and the outcomes that cannot be analysed."""
        return words(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers and the words as plain data for JSON."""
        return {**super().to_dict(), "words": list(self.words)}

    def save(self, out: Path | None = None) -> Path:
        """Write a folder with the numbers, the figures and a report, and return it.

        Args:
            out: the folder; a free name in the sweep's folder if None.

        Raises:
            RunError: if the folder exists or cannot be written.
        """
        return write(self, self.to_dict(), out)


def sensitivity(sweep_folder: Path | str, outcomes: Sequence[str] | None = None) -> Sensitivity:
    """Analyse what the outcomes of a sweep depend on.

    By the method of the design: Sobol indices, Morris screening, or standardised rank regression; with the mean at
    both ends of each lever, and the seed's share of the variance. Replicates are averaged at each point.

    Args:
        sweep_folder: the folder of a finished sweep.
        outcomes: the names of the outcomes; the headline outcomes if left out.

    Raises:
        RunError: if it is not a sweep folder, or its points cannot be analysed.
        ScenarioError: if there is no such outcome.
    """
    return analyse(Sweep.open(sweep_folder).sample(list(dict.fromkeys(outcomes or HEADLINES))))


def analyse(sample: Sample) -> Sensitivity:
    """Analyse what the outcomes of a sample depend on, which may combine several sweeps.

    Raises:
        RunError: if its points cannot be analysed.
    """
    return Sensitivity(**vars(findings(sample)))
