"""The process that runs the histories of one job: an address in, JSON lines out.

`python -m sim.server.ensemble_worker KIND QUERY` writes lines `{"progress": ...}` and a last line with `result` or
`failed`. It ends at once when its standard input closes, which it does however its server ends.
"""

from __future__ import annotations

import json
import os
import sys
import time
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qsl

from sim.experiments.worker_pool import end_with

NICE = 10
"""Steps by which pages go before this process."""
OFTEN = 0.2
"""Seconds between two lines of progress, at least."""


def main() -> None:
    """Answer the question in the arguments."""
    end_with(Connection(0, writable=False))
    if hasattr(os, "nice"):
        os.nice(NICE)
    from sim.errors import AccountingError, ScenarioError

    kind, query = sys.argv[1:]
    try:
        _tell(result=ANSWERS[kind](dict(parse_qsl(query))))
    except (ScenarioError, AccountingError) as error:
        _tell(failed=str(error))


def _compare(said: dict[str, str]) -> dict[str, Any]:
    from sim.engine.ensemble import chosen_engine
    from sim.experiments.compare import run_twins
    from sim.experiments.compare.twin_paths import DRAWN
    from sim.server import comparison_query
    from sim.server.views.comparison import document

    asked = comparison_query.read(said)
    compiled = chosen_engine("auto", 2 * asked.runs) == "jax"
    _tell(progress=_progress(0, 0, 2 * asked.runs, compiled))
    last = time.monotonic()

    drawn = done = 0

    def watch(count: int, whole: int, stage: str) -> None:
        nonlocal drawn, done, last
        drawn, done = (count, done) if stage == DRAWN else (drawn, count)
        if count == whole or time.monotonic() - last >= OFTEN:
            last = time.monotonic()
            _tell(progress=_progress(drawn, done, whole, compiled))

    a, b = asked.specs()
    found = run_twins(a, b, asked.runs, quarters=asked.quarters, progress=watch)
    return document(asked, found)


def _facts(said: dict[str, str]) -> dict[str, Any]:
    from sim.experiments.validate import validate
    from sim.server import facts_api

    asked = facts_api.read(said)

    def watch(done: int, whole: int, _label: str) -> None:
        _tell(progress=_progress(whole, done, whole, compiled=False))

    return validate(asked.world.spec(), facts_api.RUNS, progress=watch).to_dict()


def _progress(drawn: int, done: int, whole: int, compiled: bool) -> dict[str, Any]:
    """How far it is: `part` from 0 to 1, or None where that is not known, and words."""
    if drawn == 0:
        return {"part": 0.0, "words": "Getting ready"}
    if not compiled or done > 0:
        return {"part": done / whole, "words": f"{done} of {whole} histories done"}
    if drawn < whole:
        return {"part": drawn / whole, "words": f"Step 1 of 2: drawing random numbers, {drawn} of {whole}"}
    return {
        "part": None,
        "words": f"Step 2 of 2: running {whole} histories at once. The first time, the program is compiled, which "
        "takes half a minute",
    }


def _tell(**told: Any) -> None:
    print(json.dumps(told, allow_nan=False), flush=True)


ANSWERS = {"compare": _compare, "facts": _facts}
"""Kinds of jobs, and what does them: the query of a question -> the document."""

if __name__ == "__main__":
    main()
