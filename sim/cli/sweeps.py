"""The commands `capflow sweep`, `capflow compact` and `capflow sensitivity`, for sweeps over many points."""

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.exit_status import resumable
from sim.cli.options import Json, Sets, answer, parsed


def sweep(
    design: Annotated[str, typer.Argument(help="Name of a design under configs/sweeps/, or path of a TOML file.")],
    out: Annotated[Path | None, typer.Option(help="Sweep folder; if left out, runs/<name of the design>.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the folder under runs/; instead of --out.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Number of processes; if left out, one per processor (one for a shard).")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler to use, such as tcp://host:8786.")
    ] = None,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Run only part I of N, counted from 1; each part needs a command.")
    ] = None,
    changes: Sets = None,
    report: Annotated[bool, typer.Option(help="Write the report once the sweep is complete.")] = True,
    as_json: Json = False,
) -> None:
    """Run a sweep; if it stopped before the end, the same command resumes it."""
    from sim.experiments.sensitivity import write_sweep_report
    from sim.experiments.sweep import console, runner
    from sim.runs.folders import runs_folder

    if name is not None and out is not None:
        raise typer.BadParameter("give only one of --name and --out")
    folder = runs_folder() / name if name is not None else out
    part = _shard_of(shard)
    writes = write_sweep_report if report else None
    with resumable(Path(design).stem) as listener:
        result = runner.sweep(design, folder, workers, parsed(changes), scheduler, part, listener, writes)
    if as_json:
        answer(result.summary())
    else:
        console.show(result)


def compact(folder: Annotated[Path, typer.Argument(help="Folder of a complete sweep.")], as_json: Json = False) -> None:
    """Merge the many files of a sweep into one file for each table."""
    from sim.experiments.sweep import compact as put_together
    from sim.experiments.sweep import console

    compacted = put_together(folder)
    if as_json:
        answer(compacted.summary())
    else:
        console.show(compacted)


def sensitivity(
    sweep_run: Annotated[str, typer.Argument(metavar="RUN", help="Folder of a sweep, or its name under runs/.")],
    outcome: Annotated[
        list[str] | None,
        typer.Option(help="Outcome to analyse, such as gpus_bought; repeatable; if left out, a dozen."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make; it must not exist. If left out, it is in the sweep's folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which levers the outcomes of a sweep depend on, and how certain that is."""
    from sim.experiments.catalogue import find_sweep
    from sim.experiments.sensitivity import sensitivity as analyse
    from sim.runs.folders import finite, refuse_unusable

    refuse_unusable(out)
    analysis = analyse(find_sweep(sweep_run), outcome)
    folder = analysis.save(out)
    if as_json:
        answer({"sensitivity_dir": str(folder.resolve()), **finite(analysis.to_dict())})
    else:
        from sim.cli.printing import show_sensitivity

        show_sensitivity(analysis, folder)


def _shard_of(text: str | None) -> tuple[int, int] | None:
    """Return the number of the part, and the number of parts, that `--shard` gives.

    Raises:
        ScenarioError: if the text is not I/N.
    """
    from sim.errors import ScenarioError

    if text is None:
        return None
    part, slash, of = text.partition("/")
    if not slash or not part.isdecimal() or not of.isdecimal():
        raise ScenarioError(f"--shard {text}: expected i/N with i from 1 to N, such as 3/8")
    return int(part), int(of)
