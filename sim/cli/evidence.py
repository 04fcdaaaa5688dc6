"""The commands `capflow validate`, `capflow backtest` and `capflow calibrate`: the model and the data."""

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import Engine, Json, NewFolder, Runs, ScenarioName, Sets, answer, parsed


def validate(
    scenario: ScenarioName = "baseline",
    runs: Runs = 40,
    seed: Annotated[int | None, typer.Option(help="Seed of the first; the scenario's own if left out.")] = None,
    changes: Sets = None,
    facts: Annotated[Path | None, typer.Option(help="A file of facts; configs/data/facts.toml if left out.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; one per core if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Compare the model with the facts: what an article says, what the evidence says, what the model gives."""
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
        typer.Option(
            metavar="QUARTER", help="Quarter to forecast from, such as 2024Q4; may be repeated; all if left out."
        ),
    ] = None,
    draws: Annotated[
        int | None, typer.Option(help="Forecasts drawn at each origin; as in configs/backtest.toml if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first history, and of all that is drawn.")] = 1,
    estimates: Annotated[
        Path | None,
        typer.Option(help="Folder of estimates, one QUARTER.json for each origin; those that ship if left out."),
    ] = None,
    engine: Engine = "auto",
    out: NewFolder = None,
    as_json: Json = False,
) -> None:
    """Forecast from past quarters with what was known then, and compare with simple benchmarks."""
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
    file: Annotated[Path | None, typer.Argument(help="Calibration file; the one that ships if left out.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Last quarter that is fitted, such as 2024Q4; the file's own if left out.")
    ] = None,
    trials: Annotated[
        int | None, typer.Option(help="Histories with known parameters that must be recovered; 0 leaves that out.")
    ] = None,
    history: Annotated[
        Path | None, typer.Option(help="File of the observed history; the one that ships if left out.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder; one that stopped goes on.")] = None,
    as_json: Json = False,
) -> None:
    """Estimate the behavioural parameters on what was observed, and say which of them can be known."""
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
