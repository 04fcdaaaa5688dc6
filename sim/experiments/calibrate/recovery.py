"""Which parameters can be recovered at all: histories with known parameters, estimated like the observed one.

Each trial draws parameters from the priors, runs one history with a seed that no estimate uses, disturbs its
figures by their errors, and estimates. A parameter is called identified if the truth lies in its 90 percent
interval about as often as it should, and the intervals are clearly narrower than the prior's: an interval that is
as wide as the prior is right nine times in ten whatever the data say.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.engine.progress import Progress
from sim.experiments.calibrate.estimate import errors, estimate
from sim.experiments.calibrate.settings import NINETY, Flags, Numbers, Recovery
from sim.experiments.calibrate.simulator import Simulator

FIRST_TRUTH = 1_000_000
"""Seed of the first trial's history: far from those that estimates use."""


@dataclass(frozen=True)
class Trial:
    """Known parameters, their estimates, and the standard deviations of these estimates, each `(parameter,)`.

    All are in standard deviations of the priors.
    """

    truth: Numbers
    estimate: Numbers
    deviation: Numbers

    @property
    def miss(self) -> Numbers:
        """The distance of the truth from the estimate, in standard deviations of the estimate, `(parameter,)`."""
        return np.asarray(np.abs(self.truth - self.estimate) / self.deviation)


def trial(simulator: Simulator, number: int) -> Trial:
    """Run the trial of a number, which decides the truth and all chance.

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
    """Run those of `count` trials that are not in the log yet, which has one line for each finished trial."""
    done = _logged(log)
    with log.open("a", encoding="utf8") as handle:
        for number in range(count):
            if number not in done:
                made = done[number] = trial(simulator, number)
                parts = {"truth": made.truth, "found": made.estimate, "deviation": made.deviation}
                line = {"trial": number, **{name: list(part) for name, part in parts.items()}}
                handle.write(json.dumps(line) + "\n")
                handle.flush()
            if progress is not None:
                progress(number + 1, count, f"trial {number + 1} with known parameters")
    return [done[number] for number in range(count)]


def _logged(log: Path) -> dict[int, Trial]:
    """Read the trials of a log, and cut off a line that was not finished."""
    text = log.read_text(encoding="utf8") if log.is_file() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        log.write_text(whole, encoding="utf8")
    lines = [json.loads(line) for line in whole.splitlines()]
    return {
        int(line["trial"]): Trial(*(np.array(line[name]) for name in ("truth", "found", "deviation"))) for line in lines
    }


@dataclass(frozen=True)
class Identification:
    """The verdict of trials on each parameter; all `(parameter,)`.

    Attributes:
        stretch: the factor by which intervals must be wider than their formula says.
        coverage: the share of trials with the truth in the 90 percent interval; each trial's intervals are
            stretched by what the others say.
        width: the mean width of the stretched intervals over that of the prior.
        identified: whether the parameter can be recovered.
    """

    stretch: Numbers
    coverage: Numbers
    width: Numbers
    identified: Flags


def identification(trials: Sequence[Trial], rule: Recovery) -> Identification:
    """Judge every parameter by the trials, at least one; the rule says what counts as identified."""
    misses = np.array([trial.miss for trial in trials])
    every = stretch(misses)
    others = [stretch(np.delete(misses, place, axis=0)) if len(trials) > 1 else every for place in range(len(trials))]
    coverage = (misses <= NINETY * np.array(others)).mean(axis=0)
    width = every * np.mean([trial.deviation for trial in trials], axis=0)
    right = (coverage >= rule.least_coverage) & (coverage <= rule.most_coverage)
    return Identification(every, coverage, width, right & (width <= rule.most_width))


def stretch(misses: Numbers) -> Numbers:
    """Return the factor by which intervals must widen to hold nine truths in ten (calibrated intervals; Loh 1987).

    The formula of an interval takes the model as linear around the estimate, and deals make it anything but. Each
    parameter's interval is widened as far as its own misses, `(trial, parameter)`, require, and no further than
    those of all parameters together do: fifty trials of one say little of its tails.
    """
    own = np.quantile(misses, 0.9, axis=0) / NINETY
    together = float(np.quantile(misses, 0.9)) / NINETY
    return np.asarray(np.clip(own, 1.0, max(1.0, together)))
