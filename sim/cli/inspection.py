"""The commands `capflow serve`, `capflow list` and `capflow query`, which show scenarios, levers and results."""

import json
from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import Json, answer


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen at; one that other machines can reach needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at; 0 picks a free one.")] = 8765,
    token: Annotated[
        str | None, typer.Option(envvar="CAPFLOW_TOKEN", help="Secret text that every request must carry.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve web pages on which to watch the money move, turn levers and compare scenarios."""
    from sim.server.serve import serve as serve_pages

    serve_pages(host, port, token, _served if as_json else None)


def list_(
    what: Annotated[str, typer.Argument(help="scenarios, levers, runs (that is, all results), or all.")] = "all",
    as_json: Json = False,
) -> None:
    """List scenarios, levers and results of every kind."""
    from sim.experiments.catalogue import listing

    rows = listing(what)
    if as_json:
        answer(rows)
    else:
        from sim.cli.printing import show_listing

        show_listing(rows)


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
    from sim.experiments.catalogue import newest_run, open_result

    chosen = open_result(folder) if folder is not None else newest_run()
    table = chosen.query(sql)
    if as_json:
        answer({"run_dir": str(chosen.path.resolve()), "rows": json.loads(table.to_json(orient="records"))})
    else:
        from sim.cli.printing import show_table

        show_table(table, str(chosen.path))


def _served(url: str) -> None:
    print(json.dumps({"url": url}), flush=True)
