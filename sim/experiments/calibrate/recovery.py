"""Which parameters can be recovered at all: histories with known parameters, estimated like the observed one.

Each trial draws parameters from the priors, runs one history with a seed that no estimate uses, disturbs its
figures by their errors, and estimates. A parameter is called identified if the truth lies in its 90 percent
interval about as often as it should, and the intervals are clearly narrower than the prior's: an interval that is
as wide as the prior is right nine times in ten whatever the data say.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from sim.engine.progress import Progress
from sim.experiments.calibrate.estimate import errors, estimate
from sim.experiments.calibrate.settings import NINETY, Recovery
from sim.experiments.calibrate.simulator import Simulator

FIRST_TRUTH = 1_000_000
"""Seed of the first trial's history: far from those that estimates use."""


@dataclass(frozen=True)
class Trial:
    """One history with known parameters, and their estimates.

    Attributes:
        truth: places, `(parameter,)`, in standard deviations of the priors.
        found: estimated places, `(parameter,)`.
        deviation: standard deviations of the estimates, `(parameter,)`.
    """

    truth: Float[NDArray[np.float64], " parameter"]
    found: Float[NDArray[np.float64], " parameter"]
    deviation: Float[NDArray[np.float64], " parameter"]

    @property
    def miss(self) -> Float[NDArray[np.float64], " parameter"]:
        """How far the truth is from the estimate, in standard deviations of the estimate."""
        return np.asarray(np.abs(self.truth - self.found) / self.deviation)


def trial(simulator: Simulator, number: int) -> Trial:
    """Run one trial.

    Args:
        simulator: the simulator of the figures to be fitted.
        number: the number of the trial, which decides the truth and all chance.

    Raises:
        ValueError: if the history with the true parameters cannot be used.
    """
    problem = simulator.problem
    generator = np.random.default_rng((FIRST_TRUTH, number))
    truth = np.clip(generator.standard_normal(len(problem.keys)), *problem.bounds)
    history = simulator.compared(problem.values(truth)[None], [FIRST_TRUTH + number])[0, 0]
    if not np.isfinite(history).all():
        raise ValueError(f"trial {number}: the history with the true parameters cannot be used")
    figures = history + errors(simulator.targets) * generator.standard_normal(len(history))
    made = estimate(simulator, figures, short=problem.plan.recovery)
    return Trial(truth, made.posterior.middle, made.posterior.deviation)


def run_trials(simulator: Simulator, count: int, log: Path, progress: Progress | None = None) -> list[Trial]:
    """Run trials that are not in the log yet.

    Args:
        simulator: the simulator of the figures to be fitted.
        count: the number of trials in all.
        log: the file with one line a trial, from which a stopped run goes on.
        progress: called after every trial.
    """
    done = _logged(log)
    with log.open("a", encoding="utf8") as handle:
        for number in range(count):
            if number not in done:
                made = done[number] = trial(simulator, number)
                parts = {"truth": made.truth, "found": made.found, "deviation": made.deviation}
                line = {"trial": number, **{name: list(part) for name, part in parts.items()}}
                handle.write(json.dumps(line) + "\n")
                handle.flush()
            if progress is not None:
                progress(number + 1, count, f"trial {number + 1} with known parameters")
    return [done[number] for number in range(count)]


def _logged(log: Path) -> dict[int, Trial]:
    """Read the trials of a log; a line that was cut off is left out."""
    finished: dict[int, Trial] = {}
    if not log.is_file():
        return finished
    text = log.read_text(encoding="utf8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        log.write_text(whole, encoding="utf8")
    for line in whole.splitlines():
        raw = json.loads(line)
        parts = (np.array(raw[name]) for name in ("truth", "found", "deviation"))
        finished[int(raw["trial"])] = Trial(*parts)
    return finished


@dataclass(frozen=True)
class Identification:
    """What trials say of each parameter.

    Attributes:
        stretch: by how much intervals must be wider than their formula says, `(parameter,)`.
        coverage: share of trials with the truth in the 90 percent interval, `(parameter,)`; each trial's intervals
            are stretched by what the others say.
        width: mean width of the stretched intervals over that of the prior, `(parameter,)`.
        identified: whether the parameter can be recovered, `(parameter,)`.
    """

    stretch: Float[NDArray[np.float64], " parameter"]
    coverage: Float[NDArray[np.float64], " parameter"]
    width: Float[NDArray[np.float64], " parameter"]
    identified: Bool[NDArray[np.bool_], " parameter"]


def identification(trials: Sequence[Trial], rule: Recovery) -> Identification:
    """Judge every parameter.

    Args:
        trials: the trials, at least one.
        rule: what counts as identified.
    """
    misses = np.array([trial.miss for trial in trials])
    every = stretch(misses)
    others = [
        stretch(np.delete(misses, place, axis=0)) if len(trials) > 1 else every for place in range(len(trials))
    ]
    coverage = (misses <= NINETY * np.array(others)).mean(axis=0)
    width = every * np.mean([trial.deviation for trial in trials], axis=0)
    right = (coverage >= rule.least_coverage) & (coverage <= rule.most_coverage)
    return Identification(every, coverage, width, right & (width <= rule.most_width))


def stretch(misses: Float[NDArray[np.float64], "trial parameter"]) -> Float[NDArray[np.float64], " parameter"]:
    """Return by how much intervals must be wider to hold nine truths in ten (calibrated intervals; Loh 1987).

    The formula of an interval takes the model as linear around the estimate, and deals make it anything but. Each
    parameter's is widened as far as its own trials ask, and no further than those of all parameters together do:
    fifty trials of one say little of its tails.
    """
    asked = np.quantile(misses, 0.9, axis=0) / NINETY
    together = float(np.quantile(misses, 0.9)) / NINETY
    return np.asarray(np.clip(asked, 1.0, max(1.0, together)))
