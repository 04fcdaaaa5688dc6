"""Forecasts from past quarters, made with what was known then: `backtest`, and the `Backtest` that it returns."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.engine.ensemble import checked_engine, chosen_engine, seeds_from
from sim.engine.progress import Progress
from sim.errors import ScenarioError, needs
from sim.experiments.backtest.forecasts import Row, rows_of
from sim.experiments.backtest.known import known
from sim.experiments.backtest.model_forecasts import ModelHistories, draw, in_sample, run, simulator_to
from sim.experiments.backtest.results import ScoredForecasts
from sim.experiments.backtest.settings import load_settings, longest_record, record_at, set_by_hand
from sim.experiments.backtest.words import words
from sim.experiments.calibrate.history import load_history
from sim.experiments.calibrate.settings import load_problem

__all__ = ["Backtest", "backtest"]

FEWEST = 20
"""The smallest number of draws: with fewer, no draw lies outside a 90 percent band."""


class Backtest(ScoredForecasts):
    """Forecasts from past quarters and their scores; it writes its own sentences and its folder."""

    @property
    def words(self) -> list[str]:
        """What must be known before the numbers are used, in sentences."""
        return words(self)

    def to_dict(self) -> dict[str, Any]:
        """Return scores and sentences as plain data, without the single forecasts, which `forecasts` holds."""
        return {**self.to_numbers(), "words": self.words}

    def save(self, out: Path | str | None = None) -> Path:
        """Write `backtest.json`, `forecasts.parquet`, figures and `report.html` into a new folder, and return it.

        Raises:
            RunError: if the folder exists already or cannot be written; no half-written folder is left behind.
        """
        from sim.experiments.backtest.folder import write

        return write(self, self.to_dict(), out)


def backtest(
    origins: Sequence[str] | None = None,
    draws: int | None = None,
    seed: int = 1,
    estimates: Path | str | None = None,
    engine: str = "auto",
    progress: Progress | None = None,
) -> Backtest:
    """Forecast from past quarters, called origins, and score the forecasts by what happened later.

    Args:
        origins: the quarters at whose end a forecast is made; those of `configs/backtest.toml` if left out.
        draws: the number of forecasts at each origin, each with drawn parameters and a seed of its own.
        seed: the seed of the first history, and of all other random draws.
        estimates: the folder with one estimate for each origin; that with capflow's own estimates if left out.
        engine: "jax", "numpy" or "auto", as in `sim.ensemble`.
        progress: called after every origin.

    Raises:
        ScenarioError: if an origin, a number or a record is wrong.
    """
    needs("scoringrules", extra="calibrate")
    settings, history, problem = load_settings(), load_history(), load_problem()
    count = settings.draws if draws is None else draws
    if count < FEWEST:
        raise ScenarioError("too few draws for a 90 percent band", "draws", count, f"at least {FEWEST}")
    if seed < 0:
        raise ScenarioError("must not be negative", "seed", seed, "0 or more")
    seeds_from(seed, count)
    chosen = chosen_engine(checked_engine(engine), count)
    records = [record_at(origin, settings, estimates) for origin in dict.fromkeys(origins or settings.origins)]
    series = settings.select(history)
    longest = longest_record(estimates)
    histories: dict[str, ModelHistories] = {}
    for number, record in enumerate((*records, longest)):
        if progress is not None:
            progress(number, len(records) + 1, record.last)
        if record.last not in histories:
            simulator = simulator_to(problem, history, max(settings.last, record.last), record.last, chosen)
            histories[record.last] = run(simulator, record, count, seed)
    rows: list[Row] = []
    for record in records:
        there = {name: known(figures, record.last, settings.benchmarks.first) for name, figures in series.items()}
        drawn = draw(histories[record.last], there, record.last, settings.last, seed)
        rows += rows_of(record.last, there, drawn, settings)
    fit = in_sample(histories[longest.last], history, longest, seed)
    unusable = {quarter: each.unusable for quarter, each in histories.items()}
    if progress is not None:
        progress(len(records) + 1, len(records) + 1, "")
    quarters = tuple(record.last for record in records)
    return Backtest(settings, quarters, count, seed, series, tuple(rows), fit, set_by_hand(problem), unusable)
