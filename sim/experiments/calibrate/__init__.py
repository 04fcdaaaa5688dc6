"""Estimation of behavioural parameters on the observed history: `calibrate` and its `Calibration`."""

from dataclasses import dataclass, replace
from pathlib import Path

from sim.engine.progress import Progress
from sim.errors import ScenarioError, needs
from sim.experiments.calibrate.estimate import estimate, observed
from sim.experiments.calibrate.folder import JOURNAL, LOG, RECORD, open_folder, record_of
from sim.experiments.calibrate.history import load_history
from sim.experiments.calibrate.history import targets as targets_of
from sim.experiments.calibrate.recovery import identification, run_trials
from sim.experiments.calibrate.results import Record, load_record
from sim.experiments.calibrate.settings import changed_window, load_problem
from sim.experiments.calibrate.simulator import Simulator
from sim.experiments.calibrate.words import words
from sim.runs.folders import json_text
from sim.runs.run import reported

__all__ = ["Calibration", "Record", "calibrate", "load_record"]


@dataclass(frozen=True)
class Calibration:
    """A finished calibration: the folder that it was saved to while it ran, and the record of its estimate."""

    path: Path
    record: Record

    @property
    def words(self) -> list[str]:
        """Sentences on how well the model fits, and on the figures that it misses."""
        return words(self.record)


def calibrate(
    path: Path | str | None = None,
    until: str | None = None,
    trials: int | None = None,
    history: Path | str | None = None,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """Estimate the parameters that a calibration file lists.

    First, trials on simulated histories with known parameters show which parameters can be recovered. Then these
    are estimated; parameters that cannot be recovered keep their priors.

    Args:
        path: the calibration file; `configs/calibration.toml` if left out.
        until: the last quarter that is fitted; the one in the calibration file if left out.
        trials: the number of trials with known parameters; the one in the calibration file if left out. With 0
            trials, all parameters are estimated, and no parameter is called identified.
        history: the file of the observed history; `configs/history.toml` if left out.
        out: the folder to write to; `runs/calibrate-<last quarter>` if left out. A calibration that was stopped is
            resumed if it is started again with the same folder.
        progress: called after every trial and every generation of the search.

    Raises:
        ScenarioError: if a file or a number is wrong.
        RunError: if the folder belongs to another calibration, or cannot be written to.
    """
    needs("optuna", "cmaes", extra="calibrate")
    problem = changed_window(load_problem(path), until)
    count = problem.plan.recovery.trials if trials is None else trials
    if count < 0:
        raise ScenarioError("must not be negative", "trials", count, "0 or more")
    window = problem.plan.window
    series = load_history(history)
    every = targets_of(series, window.first, window.held_out)
    fitted = tuple(target for target in every if target.series.fitted and target.last <= window.last)
    if not fitted:
        raise ScenarioError(f"no figure to fit was observed from {window.first} to this quarter", "until", window.last)
    folder = open_folder(problem, series, count, Path(out) if out is not None else None)
    simulator = Simulator(problem, fitted)
    steps = count + problem.plan.search.generations

    def advance(before: int) -> Progress | None:
        """Return a callback that counts steps of the whole calibration, for a part that `before` steps precede."""
        return progress and (lambda done, _, words: progress(before + done, steps, words))

    with reported(f"cannot write a calibration to {folder}"):
        judged = None
        if count:
            judged = identification(run_trials(simulator, count, folder / LOG, advance(0)), problem.plan.recovery)
        free = None if judged is None else judged.identified
        if free is not None and not free.any():
            raise ScenarioError("no parameter can be recovered, so nothing is estimated (0 trials skip this check)")
        best = estimate(simulator, observed(fitted), free, journal=folder / JOURNAL, progress=advance(count))
        if judged is not None:
            best = replace(best, posterior=best.posterior.stretched(judged.stretch, judged.identified))
        record = record_of(best, judged, count, Simulator(problem, every))
        (folder / RECORD).write_text(json_text(record, indent=1) + "\n", encoding="utf8")
    return Calibration(folder, Record(record))
