"""The commands `capflow run` and `capflow compare`: histories of one scenario, or of two with the same random draws."""

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.exit_status import resumable
from sim.cli.options import Engine, Json, NewFolder, Runs, ScenarioName, Sets, answer, parsed


def run(
    scenario: ScenarioName = "baseline",
    seed: Annotated[int | None, typer.Option(help="Seed of the history; the scenario's own if left out.")] = None,
    quarters: Annotated[int | None, typer.Option(help="Quarters to run; the scenario's own if left out.")] = None,
    changes: Sets = None,
    runs: Runs = 1,
    workers: Annotated[
        int | None, typer.Option(help="With --runs: processes to use; one per core if left out.")
    ] = None,
    engine: Annotated[str, typer.Option(help="With --runs: the engine, jax, numpy or auto.")] = "auto",
    out: Annotated[
        Path | None, typer.Option(help="Folder to make; it must not exist, but an unfinished ensemble is resumed.")
    ] = None,
    figures: Annotated[bool, typer.Option(help="Draw the figures and write the report.")] = True,
    as_json: Json = False,
) -> None:
    """Run one history, or many with --runs, and write a folder with tables, figures and a report."""
    from sim.cli.printing import progress_bar
    from sim.engine.ensemble import refuse_for_one, seeds_from
    from sim.experiments.run import run as run_history

    if runs != 1:
        from sim.experiments.ensemble import run_ensemble

        seeds_from(seed or 0, runs)
        with resumable(f"{scenario}: {runs:,} histories") as listener:
            ensemble = run_ensemble(
                scenario, runs, seed, quarters, parsed(changes), out, workers, engine, figures, listener
            )
        if as_json:
            answer(ensemble.to_dict())
        else:
            from sim.cli.printing import show_ensemble

            show_ensemble(ensemble)
        return
    refuse_for_one(engine, workers)
    with progress_bar(scenario) as progress:
        finished = run_history(
            scenario, seed, quarters, changes=parsed(changes), out=out, progress=progress, figures=figures
        )
    if as_json:
        keys = ("scenario", "seed", "quarters", "checks", "outcomes", "timing")
        answer({"run_dir": str(finished.path.resolve()), **{key: finished.manifest[key] for key in keys}})
    else:
        from sim.cli.printing import show_run

        show_run(finished)


def compare(
    a: Annotated[str, typer.Argument(help="Name of the first scenario, or path of a TOML file.")],
    b: Annotated[str, typer.Argument(help="The second scenario; differences are the first minus the second.")],
    runs: Annotated[int, typer.Option(help="Number of pairs of histories, at least 2.")] = 100,
    seed: Annotated[int | None, typer.Option(help="Seed of the first pair; if left out, that of scenario A.")] = None,
    quarters: Annotated[int | None, typer.Option(help="Quarters to run; the scenarios' own if left out.")] = None,
    changes: Sets = None,
    out: NewFolder = None,
    workers: Annotated[int | None, typer.Option(help="Number of processes; with it, histories run in NumPy.")] = None,
    engine: Engine = "auto",
    as_json: Json = False,
) -> None:
    """Run two scenarios with the same random numbers, and say what the differences between them cause.

    Changes given with --set apply to both scenarios.
    """
    from sim.cli.printing import progress_bar
    from sim.engine.ensemble import checked_engine
    from sim.experiments.compare import compare as compare_scenarios
    from sim.runs.folders import finite, refuse_unusable

    refuse_unusable(out)
    with progress_bar(f"{a} and {b}", "histories") as progress:
        comparison = compare_scenarios(
            a, b, runs, seed, quarters, parsed(changes), workers, progress, checked_engine(engine)
        )
        folder = comparison.save(out)
    if as_json:
        answer({"comparison_dir": str(folder.resolve()), **finite(comparison.to_dict())})
    else:
        from sim.cli.printing import show_comparison

        show_comparison(comparison, folder)
