"""Which parameters can be recovered at all: trials that estimate known parameters from simulated histories.

Each trial draws parameters from the priors, runs one history with a seed that no estimate uses, adds random errors
to its figures, and estimates the parameters from them. A parameter is called identified if the truth lies in its 90
percent interval in about 90 percent of the trials, and if these intervals are clearly narrower than the prior's: an
interval as wide as the prior's contains the truth nine times in ten whatever the data say.
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
"""The seed of the first trial's history, far from the seeds that estimates use."""


@dataclass(frozen=True)
class Trial:
    """Known parameters, their estimates, and the standard deviations of these estimates, each `(parameter,)`.

    All are places: measured from the middle of the priors, in standard deviations of the priors.
    """

    truth: Numbers
    estimate: Numbers
    deviation: Numbers

    @property
    def miss(self) -> Numbers:
        """How far the truth lies from the estimate, in standard deviations of the estimate, `(parameter,)`."""
        return np.asarray(np.abs(self.truth - self.estimate) / self.deviation)


def trial(simulator: Simulator, number: int) -> Trial:
    """Run the trial with a given number; the number decides the true parameters and all random draws.

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
    """Return `count` trials; run those not yet in the log, a file with one line for each finished trial."""
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
    """Return number -> trial from a log, and cut an unfinished last line off the file."""
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
    """What the trials say on each parameter; all attributes are `(parameter,)`.

    Attributes:
        stretch: the factor by which intervals must be wider than the formula in `posterior` says.
        coverage: the share of trials with the truth in the 90 percent interval; the intervals of each trial are
            stretched by the factor that the other trials give.
        width: the mean width of the stretched intervals divided by the width of the prior's.
        identified: whether the parameter can be recovered.
    """

    stretch: Numbers
    coverage: Numbers
    width: Numbers
    identified: Flags


def identification(trials: Sequence[Trial], rule: Recovery) -> Identification:
    """Judge every parameter by at least one trial; the rule says what counts as identified."""
    misses = np.array([trial.miss for trial in trials])
    every = stretch(misses)
    others = [stretch(np.delete(misses, place, axis=0)) if len(trials) > 1 else every for place in range(len(trials))]
    coverage = (misses <= NINETY * np.array(others)).mean(axis=0)
    width = every * np.mean([trial.deviation for trial in trials], axis=0)
    right = (coverage >= rule.least_coverage) & (coverage <= rule.most_coverage)
    return Identification(every, coverage, width, right & (width <= rule.most_width))


def stretch(misses: Numbers) -> Numbers:
    """Return the factors that make intervals hold nine truths in ten (calibrated intervals; Loh 1987), `(parameter,)`.

    The formula of an interval assumes that the model is linear around the estimate, which it is not: deals happen or
    do not. So each parameter's interval is widened as far as its own misses, `(trial, parameter)`, require, but no
    further than the misses of all parameters together require: fifty trials say little about one parameter's tails.
    """
    own = np.quantile(misses, 0.9, axis=0) / NINETY
    together = float(np.quantile(misses, 0.9)) / NINETY
    return np.asarray(np.clip(own, 1.0, max(1.0, together)))
