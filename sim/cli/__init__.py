"""The command line `capflow`: each command calls the public API and prints the answer.

Answers go to standard output, progress and messages to standard error. The exit status is 0 when the command is done;
2 for a mistake of the user, which is explained in one line; 130 or 143 after an interrupt; 1 for anything else.
"""

import signal
import sys
from typing import Annotated

import typer

from sim import __version__
from sim.cli.evidence import backtest, calibrate, validate
from sim.cli.exit_status import INTERRUPTED, TERMINATED, TerminatedError, line_of, status_of, stop, terminate
from sim.cli.histories import compare, run
from sim.cli.inspection import list_, query, serve
from sim.cli.sweeps import compact, sensitivity, sweep

app = typer.Typer(
    name="capflow",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(wanted: bool) -> None:
    """Print the version and exit, if `wanted`."""
    if wanted:
        print(f"capflow {__version__}")
        raise typer.Exit


@app.callback()
def top_options(
    _version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """How stablecoin interest becomes AI infrastructure, with every dollar accounted for."""


# The help lists the commands in this order.
for command in (run, compare, validate, sweep, compact, sensitivity, backtest, calibrate, serve):
    app.command()(command)
app.command("list")(list_)
app.command()(query)


def main() -> None:
    """Run the command line; a mistake of the user ends it with a message of one line and exit status 2."""
    signal.signal(signal.SIGTERM, terminate)
    try:
        status = app(standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        stop("interrupted; nothing was written", INTERRUPTED)
    except TerminatedError:
        stop("terminated; nothing was written", TERMINATED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        status = status_of(error)
        if status is None:
            raise
        stop(line_of(error), status)
    # Typer may turn Ctrl-C into this status instead of raising KeyboardInterrupt.
    if status == INTERRUPTED:
        stop("interrupted; nothing was written", INTERRUPTED)
