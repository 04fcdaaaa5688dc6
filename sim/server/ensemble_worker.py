"""The process that runs the histories of one background job: it gets a query as argument, and prints JSON lines.

`python -m sim.server.ensemble_worker KIND QUERY` writes lines `{"progress": ...}` and a last line with `result` or
`failed`. The process ends at once when its standard input is closed, as happens however the server ends.
"""

import json
import os
import sys
import time
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qsl

from sim.experiments.worker_pool import end_with

NICE = 10
"""Niceness of this process, so that the server can answer pages first."""
INTERVAL = 0.2
"""Least number of seconds between two lines of progress."""


def main() -> None:
    """Run the job that the arguments name."""
    end_with(Connection(0, writable=False))
    if hasattr(os, "nice"):
        os.nice(NICE)
    from sim.errors import AccountingError, ScenarioError

    kind, query = sys.argv[1:]
    try:
        _write(result=DOCUMENTS[kind](dict(parse_qsl(query))))
    except (ScenarioError, AccountingError) as error:
        _write(failed=str(error))


def _compare(query: dict[str, str]) -> dict[str, Any]:
    from sim.engine.ensemble import chosen_engine
    from sim.experiments.compare import run_twins
    from sim.experiments.compare.twin_paths import DRAWN
    from sim.server import comparison_query
    from sim.server.views.comparison import document

    request = comparison_query.read(query)
    compiled = chosen_engine("auto", 2 * request.runs) == "jax"
    _write(progress=_progress(0, 0, 2 * request.runs, compiled))
    last = time.monotonic()
    drawn = done = 0

    def watch(count: int, whole: int, stage: str) -> None:
        nonlocal drawn, done, last
        drawn, done = (count, done) if stage == DRAWN else (drawn, count)
        if count == whole or time.monotonic() - last >= INTERVAL:
            last = time.monotonic()
            _write(progress=_progress(drawn, done, whole, compiled))

    twins = run_twins(*request.specs(), request.runs, quarters=request.quarters, progress=watch)
    return document(request, twins)


def _facts(query: dict[str, str]) -> dict[str, Any]:
    from sim.experiments.validate import validate
    from sim.server import address
    from sim.server.views import facts

    def watch(done: int, whole: int, _label: str) -> None:
        _write(progress=_progress(whole, done, whole, compiled=False))

    scenario = address.read(query).spec()
    return validate(scenario, facts.RUNS, progress=watch).to_dict()


def _progress(drawn: int, done: int, whole: int, compiled: bool) -> dict[str, Any]:
    """Return the progress: `part`, the finished part from 0 to 1 or None if unknown, and `words`."""
    if drawn == 0:
        return {"part": 0.0, "words": "Getting ready"}
    if not compiled or done > 0:
        return {"part": done / whole, "words": f"{done} of {whole} histories done"}
    if drawn < whole:
        return {"part": drawn / whole, "words": f"Step 1 of 2: drawing random numbers, {drawn} of {whole}"}
    words = "The first time, the simulation is compiled first, which takes half a minute"
    return {"part": None, "words": f"Step 2 of 2: running {whole} histories at once. {words}"}


def _write(**line: Any) -> None:
    print(json.dumps(line, allow_nan=False), flush=True)


DOCUMENTS = {"compare": _compare, "facts": _facts}
"""Kind of a job -> function that makes the document of its result from the query of the request."""

if __name__ == "__main__":
    main()
