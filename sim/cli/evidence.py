"""The commands `capflow validate`, `capflow backtest` and `capflow calibrate`, which confront the model with data."""

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import Engine, Json, NewFolder, Runs, ScenarioName, Sets, answer, parsed


def validate(
    scenario: ScenarioName = "baseline",
    runs: Runs = 40,
    seed: Annotated[int | None, typer.Option(help="Seed of the first history; the scenario's own if left out.")] = None,
    changes: Sets = None,
    facts: Annotated[Path | None, typer.Option(help="File of facts; configs/data/facts.toml if left out.")] = None,
    workers: Annotated[int | None, typer.Option(help="Number of processes; one per core if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Compare the model with facts: what the article claims, what the evidence shows, what the model gives."""
    from sim.cli.printing import progress_bar
    from sim.experiments.validate import validate as check
    from sim.runs.folders import finite

    with progress_bar(scenario, "histories") as progress:
        table = check(scenario, runs, seed, parsed(changes), facts, workers, progress)
    if as_json:
        answer(finite(table.to_dict()))
    else:
        from sim.experiments.validate.console import show

        show(table)


def backtest(
    origin: Annotated[
        list[str] | None,
        typer.Option(metavar="QUARTER", help="Quarter to forecast from, such as 2024Q4; repeatable; if left out, all."),
    ] = None,
    draws: Annotated[
        int | None, typer.Option(help="Forecasts drawn from each quarter; as in configs/backtest.toml if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first history, and of all random draws.")] = 1,
    estimates: Annotated[
        Path | None, typer.Option(help="Folder of estimates, one QUARTER.json per quarter; if left out, capflow's own.")
    ] = None,
    engine: Engine = "auto",
    out: NewFolder = None,
    as_json: Json = False,
) -> None:
    """Forecast from past quarters with what was known then, and compare the errors with simple benchmarks."""
    from sim.cli.printing import progress_bar
    from sim.experiments.backtest import backtest as forecast
    from sim.runs.folders import finite, refuse_unusable

    refuse_unusable(out)
    with progress_bar("backtest", "origins") as progress:
        forecasts = forecast(origin, draws, seed, estimates, engine, progress)
        folder = forecasts.save(out)
    if as_json:
        answer({"backtest_dir": str(folder.resolve()), **finite(forecasts.to_dict())})
    else:
        from sim.experiments.backtest.console import show

        show(forecasts, folder)


def calibrate(
    file: Annotated[Path | None, typer.Argument(help="Calibration file; capflow's own if left out.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Last quarter to fit, such as 2024Q4; if left out, that of the calibration file.")
    ] = None,
    trials: Annotated[
        int | None, typer.Option(help="Test histories whose known parameters are to be recovered; 0 for none.")
    ] = None,
    history: Annotated[
        Path | None, typer.Option(help="File of the observed history; capflow's own if left out.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to make, or to resume if it is unfinished.")] = None,
    as_json: Json = False,
) -> None:
    """Estimate the behavioural parameters from observed data, and say which of them the data determine."""
    from sim.cli.printing import progress_bar
    from sim.experiments.calibrate import calibrate as run_calibration

    with progress_bar("calibration", "steps") as progress:
        calibration = run_calibration(file, until, trials, history, out, progress)
    if as_json:
        answer({"calibration_dir": str(calibration.path.resolve()), **calibration.record.raw})
    else:
        from sim.experiments.calibrate.console import show

        show(calibration.record)
        print(f"Record: {(calibration.path / 'record.json').resolve()}")
