"""The search for the best parameters by CMA-ES (Hansen 2006) in Optuna, which writes the search to a journal file.

Every candidate is run with the same seeds, so that candidates differ only in their parameters. The journal is
written after every generation: a search that was stopped is resumed after its last finished generation.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.engine.progress import Progress
from sim.experiments.calibrate.moments import Moments
from sim.experiments.calibrate.settings import Flags, Numbers
from sim.experiments.calibrate.simulator import Simulator

if TYPE_CHECKING:
    import optuna

FIRST_STEP = 0.5
"""The spread of the first candidates around the middle of the priors, in standard deviations of the priors."""
WORST = 1e12
"""The distance given to parameters whose histories cannot be used, because Optuna needs a finite number."""


@dataclass(frozen=True)
class Candidate:
    """The places of the best parameters, `(parameter,)`, their distance, and the number of candidates tried."""

    places: Numbers
    distance: float
    candidates: int


def search(
    simulator: Simulator,
    moments: Moments,
    seeds: range,
    seed: int,
    free: Flags,
    journal: Path | None = None,
    progress: Progress | None = None,
) -> Candidate:
    """Search for the parameters with the smallest distance.

    Args:
        simulator: the simulator that runs the candidates.
        moments: the figures with which the candidates are compared, and their weights.
        seeds: the seeds of every candidate's histories.
        seed: the seed of the choice of candidates.
        free: the parameters that are varied, `(parameter,)`; the others stay at the middle of their priors.
        journal: the file that the search is written to, and from which a stopped search is resumed.
        progress: called after every generation.
    """
    from optuna.distributions import BaseDistribution, FloatDistribution

    problem, plan = simulator.problem, simulator.problem.plan.search
    ends = zip(problem.keys, *problem.bounds, free, strict=True)
    space: dict[str, BaseDistribution] = {
        key: FloatDistribution(float(low), float(high)) for key, low, high, varied in ends if varied
    }
    with _quiet():
        study = _study(list(space), plan.candidates, seed, journal)
        for step in range(_finished(study) // plan.candidates, plan.generations):
            trials = [study.ask(space) for _ in range(plan.candidates)]
            places = np.array([[trial.params.get(key, 0.0) for key in problem.keys] for trial in trials])
            modelled = simulator.compared(problem.values(places), seeds)
            distances = np.minimum(moments.misfit(modelled) + (places**2).sum(axis=1), WORST)
            for trial, distance in zip(trials, distances, strict=True):
                study.tell(trial, float(distance))
            if progress is not None:
                progress(step + 1, plan.generations, f"search, smallest distance {study.best_value:.1f}")
        best = np.array([study.best_params.get(key, 0.0) for key in problem.keys])
        return Candidate(best, float(study.best_value), _finished(study))


def _study(keys: list[str], candidates: int, seed: int, journal: Path | None) -> optuna.Study:
    import optuna

    storage = None
    if journal is not None:
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        storage = JournalStorage(JournalFileBackend(str(journal)))
    sampler = optuna.samplers.CmaEsSampler(
        x0=dict.fromkeys(keys, 0.0),
        sigma0=FIRST_STEP,
        seed=seed,
        popsize=candidates,
        n_startup_trials=0,
        warn_independent_sampling=False,
    )
    study = optuna.create_study(study_name="search", storage=storage, sampler=sampler, load_if_exists=True)
    # These candidates were not finished when the search was stopped.
    for trial in study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.RUNNING]):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _finished(study: optuna.Study) -> int:
    import optuna

    return len(study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE]))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna from logging every trial, and from warning about features that are used on purpose."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            # Optuna calls setting a start for CMA-ES deprecated, but offers nothing instead.
            warnings.simplefilter("ignore", category=FutureWarning)
            warnings.simplefilter("ignore", category=optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
