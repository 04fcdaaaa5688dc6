"""Forecasts from past origins with what was known then, and how they compare with those of benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.engine.ensemble import checked_engine, chosen_engine, seeds_from
from sim.engine.progress import Progress
from sim.errors import ScenarioError
from sim.experiments.backtest.forecasts import Row, rows_of
from sim.experiments.backtest.in_sample import in_sample
from sim.experiments.backtest.known import known
from sim.experiments.backtest.model_forecasts import Histories, draw, run, simulator_to
from sim.experiments.backtest.results import Backtest
from sim.experiments.backtest.settings import Settings, load_settings
from sim.experiments.calibrate.history import Series, load_history
from sim.experiments.calibrate.problem import Problem, load_problem
from sim.experiments.calibrate.record import ESTIMATES, Record, load_record
from sim.scenario.schema import Quantity

FEWEST = 20
"""Draws: with fewer there is nothing outside the ends of a 90 percent band."""


def backtest(
    origins: Sequence[str] | None = None,
    draws: int | None = None,
    seed: int = 1,
    estimates: Path | str | None = None,
    engine: str = "auto",
    progress: Progress | None = None,
) -> Backtest:
    """Forecast from past origins, and score the forecasts with what came.

    Args:
        origins: quarters at whose end a forecast is made; those of `configs/backtest.toml` if left out.
        draws: forecasts at each origin, each with parameters from the estimate and a seed of its own.
        seed: of the first history, and of all that is drawn.
        estimates: folder of the records of estimates, one for each origin; those that ship if left out.
        engine: as in `sim.ensemble`.
        progress: told after every origin.

    Returns:
        Forecasts and scores.

    Raises:
        ScenarioError: if an origin, a number or a record is wrong.
    """
    settings, history, problem = load_settings(), load_history(), load_problem()
    count = settings.draws if draws is None else draws
    if count < FEWEST:
        raise ScenarioError(f"--draws {count}: at least {FEWEST} are needed for a band of 90 percent")
    if seed < 0:
        raise ScenarioError(f"--seed {seed}: must not be negative")
    seeds_from(seed, count)
    chosen = chosen_engine(checked_engine(engine), count)
    wanted = settings.origins if origins is None else tuple(dict.fromkeys(origins))
    records = {origin: _record(origin, settings, estimates) for origin in wanted}
    series = {name: one for name, one in history.items() if one.group in settings.groups}
    _check(settings, series)
    longest = _longest(estimates)
    ran: dict[str, Histories] = {}
    for number, record in enumerate((*records.values(), longest)):
        if progress is not None:
            progress(number, len(records) + 1, record.last)
        if record.last not in ran:
            end = max(settings.last, record.last)
            simulator = simulator_to(problem, history, end, record.last, chosen)
            ran[record.last] = run(simulator, record, count, seed)
    rows: list[Row] = []
    for origin in records:
        there = {name: known(one, origin, settings.benchmarks.first) for name, one in series.items()}
        rows += rows_of(origin, there, draw(ran[origin], there, origin, settings.last, seed), settings)
    fit = in_sample(ran[longest.last], history, longest, seed)
    unusable = {quarter: histories.unusable for quarter, histories in ran.items()}
    if progress is not None:
        progress(len(records) + 1, len(records) + 1, "")
    return Backtest(
        settings, tuple(records), count, seed, series, tuple(rows), fit, _set_by_hand(problem), unusable
    )


def _record(origin: str, settings: Settings, estimates: Path | str | None) -> Record:
    """The estimate at an origin, which must know nothing later.

    Raises:
        ScenarioError: if there is none, or it is of another quarter.
    """
    if origin >= settings.last or origin not in settings.origins:
        allowed = ", ".join(settings.origins)
        raise ScenarioError(f"--origin {origin}: expected one of {allowed} (configs/backtest.toml)")
    return _fitted_to(origin, estimates)


def _fitted_to(quarter: str, estimates: Path | str | None) -> Record:
    path = _folder(estimates) / f"{quarter}.json"
    record = load_record(path)
    if record.last != quarter:
        raise ScenarioError(f"{path}: fitted to {record.last}, where an estimate fitted to {quarter} should be")
    return record


def _longest(estimates: Path | str | None) -> Record:
    """The estimate that was fitted to most quarters, of those that are there."""
    quarters = [path.stem for path in _folder(estimates).glob("[0-9][0-9][0-9][0-9]Q[1-4].json")]
    return _fitted_to(max(quarters), estimates)


def _folder(estimates: Path | str | None) -> Path:
    return ESTIMATES if estimates is None else Path(estimates)


def _check(settings: Settings, series: Mapping[str, Series]) -> None:
    """Refuse names that are no series of the groups.

    Raises:
        ScenarioError: naming the first one.
    """
    for where, names in (("headlines", settings.headlines), ("diebold_mariano", settings.diebold_mariano.series)):
        for name in names:
            if name not in series:
                groups = ", ".join(settings.groups)
                raise ScenarioError(f"backtest.toml: {where}: {name!r} is no series of the groups {groups}")


def _set_by_hand(problem: Problem) -> tuple[str, ...]:
    """Keys of the scenario whose values were chosen with later data, and are not estimated anew at an origin."""

    def walk(part: object, at: str) -> list[str]:
        if isinstance(part, Quantity):
            return [at] if part.kind == "calibrated" else []
        if isinstance(part, Mapping):
            return [key for name, one in part.items() for key in walk(one, f"{at}.{name}" if at else str(name))]
        fields = getattr(type(part), "model_fields", {})
        return [key for name in fields for key in walk(getattr(part, name), f"{at}.{name}" if at else name)]

    return tuple(key for key in walk(problem.scenario, "") if key not in problem.keys)
