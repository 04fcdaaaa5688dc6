"""The command line: a thin layer over the public API.

Answers go to standard output, progress and messages to standard error. Exit 0: done; 2: the user's mistake, in one
line; 130 or 143: interrupted; 1: anything else.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.experiments.sweep.runner import Told
    from sim.runs import Run

app = typer.Typer(
    name="capflow",
    help="How stablecoin interest becomes AI infrastructure, with every dollar accounted for.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable answer on standard output.")]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a lever (see `capflow list levers`) or any key of the scenario by its dotted path.",
    ),
]


INTERRUPTED, TERMINATED = 130, 143
FAULTS = ("AccountingError", "ClusterLostError", "FailedChunksError", "WorkerError")
"""Errors that are nobody's mistake, and explained in one line."""


class TerminatedError(SystemExit):
    """The process was asked to end. No handler of ordinary errors, of ours or of a library, stands in its way."""


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="Name of a scenario, or path of a TOML file.")] = "baseline",
    seed: Annotated[int | None, typer.Option(help="Seed of the history; the scenario's own if left out.")] = None,
    quarters: Annotated[int | None, typer.Option(help="Quarters to run; the scenario's own if left out.")] = None,
    changes: Sets = None,
    runs: Annotated[int, typer.Option(help="Histories, with seeds that follow each other.")] = 1,
    workers: Annotated[int | None, typer.Option(help="With --runs: processes; one per core if left out.")] = None,
    engine: Annotated[str, typer.Option(help="With --runs: jax, numpy or auto.")] = "auto",
    out: Annotated[
        Path | None, typer.Option(help="Run folder to make; must not exist, but an ensemble that stopped goes on.")
    ] = None,
    figures: Annotated[bool, typer.Option(help="Draw the figures and write the report.")] = True,
    as_json: Json = False,
) -> None:
    """Run one history, or with --runs many; leave a folder with tables, figures and a report."""
    from sim.ensembles import refuse_for_one, seeds_from
    from sim.single import run as run_history
    from sim.terminal import progress_bar

    if runs != 1:
        from sim.experiments.ensemble_runs import run_ensemble

        seeds_from(seed or 0, runs)
        with _taken_up_later(f"{scenario}: {runs:,} histories") as told:
            found = run_ensemble(
                scenario, runs, seed, quarters, _parsed(changes), out, workers, engine, figures, told
            )
        if as_json:
            _answer(found.to_dict())
        else:
            from sim.terminal import show_ensemble

            show_ensemble(found)
        return
    refuse_for_one(engine, workers)
    with progress_bar(scenario) as progress:
        finished = run_history(
            scenario,
            seed=seed,
            quarters=quarters,
            changes=_parsed(changes),
            out=out,
            progress=progress,
            figures=figures,
        )
    if as_json:
        _answer({"run_dir": str(finished.path.resolve()), **_summary(finished)})
    else:
        from sim.terminal import show_run

        show_run(finished)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="Name of the first scenario, or path of a TOML file.")],
    b: Annotated[str, typer.Argument(help="The second: differences are the first less the second.")],
    runs: Annotated[int, typer.Option(help="Pairs of histories, at least 2.")] = 100,
    seed: Annotated[int | None, typer.Option(help="Seed of the first pair; that of A if left out.")] = None,
    quarters: Annotated[int | None, typer.Option(help="Quarters to run; the scenarios' own if left out.")] = None,
    changes: Sets = None,
    out: Annotated[Path | None, typer.Option(help="Folder to make; must not exist.")] = None,
    workers: Annotated[int | None, typer.Option(help="Run in NumPy, in so many processes.")] = None,
    engine: Annotated[str, typer.Option(help="jax, numpy or auto.")] = "auto",
    as_json: Json = False,
) -> None:
    """Run two scenarios with the same random numbers, and say what their differences cause.

    A change given by --set applies to both.
    """
    from sim.ensembles import checked_engine
    from sim.experiments.compare import compare as compare_scenarios
    from sim.folders import finite, refuse_homeless, refuse_taken
    from sim.terminal import progress_bar

    if out is not None:
        refuse_taken(out)
        refuse_homeless(out)
    with progress_bar(f"{a} and {b}", "histories") as progress:
        found = compare_scenarios(
            a, b, runs, seed, quarters, _parsed(changes), workers, progress, checked_engine(engine)
        )
        folder = found.save(out)
    if as_json:
        _answer({"comparison_dir": str(folder.resolve()), **finite(found.to_dict())})
    else:
        from sim.terminal import show_comparison

        show_comparison(found, folder)


@app.command()
def validate(
    scenario: Annotated[str, typer.Argument(help="Name of a scenario, or path of a TOML file.")] = "baseline",
    runs: Annotated[int, typer.Option(help="Histories, with seeds that follow each other.")] = 40,
    seed: Annotated[int | None, typer.Option(help="Seed of the first; the scenario's own if left out.")] = None,
    changes: Sets = None,
    facts: Annotated[
        Path | None, typer.Option(help="A file of facts; configs/data/facts.toml if left out.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; one per core if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Set the model beside the facts: what an article says, what the evidence says, what the model gives."""
    from sim.experiments.validate import validate as check
    from sim.folders import finite
    from sim.terminal import progress_bar

    with progress_bar(scenario, "histories") as progress:
        found = check(scenario, runs, seed, _parsed(changes), facts, workers, progress)
    if as_json:
        _answer(finite(found.to_dict()))
    else:
        from sim.experiments.validate.console import show

        show(found)


@app.command()
def sweep(
    design: Annotated[str, typer.Argument(help="Name of a design under configs/sweeps/, or path of a TOML file.")],
    out: Annotated[Path | None, typer.Option(help="Sweep folder; runs/<name of the design> if left out.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the folder under runs/, in place of --out.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; one per processor if left out (one for a shard).")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler to use, such as tcp://host:8786.")
    ] = None,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Run part I of N, I from 1; every part is a call of its own.")
    ] = None,
    changes: Sets = None,
    report: Annotated[bool, typer.Option(help="Write the report once the sweep is complete.")] = True,
    as_json: Json = False,
) -> None:
    """Run a sweep; the same command again goes on where it stopped."""
    from sim.experiments.sweep import console, runner
    from sim.single import RUNS

    if name is not None and out is not None:
        raise typer.BadParameter("--name and --out: give one of them")
    folder = RUNS / name if name is not None else out
    part = _shard(shard)
    with _taken_up_later(Path(design).stem) as told:
        found = runner.sweep(design, folder, workers, _parsed(changes), scheduler, part, told, report)
    if as_json:
        _answer(found.summary())
    else:
        console.show(found)


@app.command()
def compact(
    folder: Annotated[Path, typer.Argument(help="Folder of a complete sweep.")],
    as_json: Json = False,
) -> None:
    """Put the many files of a sweep's tables into one file each."""
    from sim.experiments.sweep import compact as put_together
    from sim.experiments.sweep import console

    found = put_together(folder)
    if as_json:
        _answer(found.summary())
    else:
        console.show(found)


@app.command()
def sensitivity(
    sweep_run: Annotated[str, typer.Argument(metavar="RUN", help="Folder of a sweep, or its name under runs/.")],
    outcome: Annotated[
        list[str] | None,
        typer.Option(help="Outcome to analyse, such as gpus_bought; a dozen headlines if left out."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make; must not exist. In the sweep's folder if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which levers the outcomes of a sweep depend on, and how surely."""
    from sim.experiments.sensitivity import find_sweep
    from sim.experiments.sensitivity import sensitivity as analyse
    from sim.folders import finite, refuse_homeless, refuse_taken

    if out is not None:
        refuse_taken(out)
        refuse_homeless(out)
    found = analyse(find_sweep(sweep_run), outcome)
    folder = found.save(out)
    if as_json:
        _answer({"sensitivity_dir": str(folder.resolve()), **finite(found.to_dict())})
    else:
        from sim.experiments.sensitivity.console import show

        show(found, folder)


@app.command()
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
    engine: Annotated[str, typer.Option(help="jax, numpy or auto.")] = "auto",
    out: Annotated[Path | None, typer.Option(help="Folder to make; must not exist.")] = None,
    as_json: Json = False,
) -> None:
    """Forecast from past quarters with what was known then, and compare with simple benchmarks."""
    from sim.experiments.backtest import backtest as forecast
    from sim.folders import finite, refuse_homeless, refuse_taken
    from sim.terminal import progress_bar

    if out is not None:
        refuse_taken(out)
        refuse_homeless(out)
    with progress_bar("backtest", "origins") as progress:
        found = forecast(origin, draws, seed, estimates, engine, progress)
        folder = found.save(out)
    if as_json:
        _answer({"backtest_dir": str(folder.resolve()), **finite(found.to_dict())})
    else:
        from sim.experiments.backtest.console import show

        show(found, folder)


@app.command()
def calibrate(
    file: Annotated[Path | None, typer.Argument(help="Calibration file; the one that ships if left out.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Last quarter that is fitted, such as 2024Q4; the file's own if left out.")
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(help="Histories with known parameters that must be found again; 0 leaves that out."),
    ] = None,
    history: Annotated[
        Path | None, typer.Option(help="File of the observed history; the one that ships if left out.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder; one that stopped goes on.")] = None,
    as_json: Json = False,
) -> None:
    """Estimate the behavioural parameters on what was observed, and say which of them can be known."""
    from sim.experiments.calibrate import calibrate as run_calibration
    from sim.experiments.calibrate import console

    with console.told() as told:
        found = run_calibration(file, until, trials, history, out, told)
    if as_json:
        _answer({"calibration_dir": str(found.path.resolve()), **found.record.raw})
    else:
        console.show(found)


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen at; any but this machine's own needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at; 0 takes a free one.")] = 8765,
    token: Annotated[
        str | None, typer.Option(envvar="CAPFLOW_TOKEN", help="What everyone who asks must know.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve the pages: watch the money move, turn levers, compare worlds."""
    from sim.server.serve import serve as serve_pages

    serve_pages(host, port, token, _served if as_json else None)


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="scenarios, levers, runs, or all of them")] = "all",
    as_json: Json = False,
) -> None:
    """List scenarios, levers and runs."""
    from sim.listing import listing

    found = listing(what)
    if as_json:
        _answer(found)
    else:
        from sim.terminal import show_listing

        show_listing(found)


@app.command()
def query(
    sql: Annotated[
        str,
        typer.Argument(
            help="SQL over the tables of a run (series, agents, flows, exposures) or the views of a sweep "
            "(points, outcomes, runs, problems, series, flows)."
        ),
    ],
    folder: Annotated[
        Path | None, typer.Option("--run", help="Folder of a run or a sweep; the newest run if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask a run or a sweep a question in SQL (DuckDB)."""
    from sim.listing import newest_run, opened

    chosen = opened(folder) if folder is not None else newest_run()
    table = chosen.query(sql)
    if as_json:
        _answer({"run_dir": str(chosen.path.resolve()), "rows": json.loads(table.to_json(orient="records"))})
    else:
        from sim.terminal import show_table

        show_table(table, str(chosen.path))


def main() -> None:
    """Run the command line; turn the user's mistakes into one line and exit status 2."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        status = app(standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        _stop("interrupted; nothing was written", INTERRUPTED)
    except TerminatedError:
        _stop("terminated; nothing was written", TERMINATED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        status = _status(error)
        if status is None:
            raise
        _stop(_line(error), status)
    # Typer turns Ctrl-C into this status instead of letting the interrupt through.
    if status == INTERRUPTED:
        _stop("interrupted; nothing was written", INTERRUPTED)


def _status(error: Exception) -> int | None:
    """Exit status of an error that is explained in one line; None for a fault of ours, shown in full."""
    from sim.errors import ScenarioError
    from sim.runs import RunError

    if isinstance(error, (typer.TyperException, RunError, ScenarioError)):
        return 2
    # A full disk is not ours to mend, and clear in a line.
    if type(error).__name__ in FAULTS or isinstance(error, OSError):
        return 1
    return None


def _line(error: Exception) -> str:
    format_message = getattr(error, "format_message", None)
    return " ".join(str(format_message() if format_message else error).split())


def _stop(message: str, status: int) -> None:
    print(f"capflow: {message}", file=sys.stderr)
    sys.exit(status)


def _terminate(number: int, frame: Any) -> None:
    raise TerminatedError


def _answer(found: Any) -> None:
    json.dump(found, sys.stdout, indent=2)
    print()


def _served(url: str) -> None:
    print(json.dumps({"url": url}), flush=True)


def _shard(text: str | None) -> tuple[int, int] | None:
    from sim.errors import ScenarioError

    if text is None:
        return None
    part, slash, of = text.partition("/")
    if not slash or not part.isdecimal() or not of.isdecimal():
        raise ScenarioError(f"--shard {text}: expected i/N with i from 1 to N, such as 3/8")
    return int(part), int(of)


def _parsed(changes: list[str] | None) -> dict[str, Any]:
    from sim.errors import ScenarioError
    from sim.scenario import parse_value

    pairs = {}
    for change in changes or []:
        key, sign, text = change.partition("=")
        if not sign or not key.strip():
            raise ScenarioError(f"--set {change}: expected KEY=VALUE")
        pairs[key.strip()] = parse_value(text.strip())
    return pairs


def _summary(finished: Run) -> dict[str, Any]:
    keys = ("scenario", "seed", "quarters", "checks", "outcomes", "timing")
    return {key: finished.manifest[key] for key in keys}


@contextmanager
def _taken_up_later(name: str) -> Iterator[Told]:
    """Tell how far a sweep is; an interrupt ends the process with one line."""
    from sim.experiments.sweep import console

    try:
        with console.told(name) as told:
            yield told
    except (KeyboardInterrupt, TerminatedError) as stopped:
        # At once: a program that is being compiled would hold the process.
        terminated = isinstance(stopped, TerminatedError)
        word = "terminated" if terminated else "interrupted"
        print(f"capflow: {word}; finished chunks are kept, the same command goes on", file=sys.stderr, flush=True)
        os._exit(TERMINATED if terminated else INTERRUPTED)
