"""The runs of a sweep with the lowest and the highest outcome, with their addresses on the live page."""

from typing import Any

from sim.errors import ScenarioError
from sim.experiments.sweep import Sweep
from sim.runs.run import quoted
from sim.server.replay import LEVER_OF, Replay, replay
from sim.server.responses import Rows
from sim.server.sweeps.axes import LeverAxis, axes_of
from sim.server.sweeps.choice import Choice, outcome_display
from sim.server.sweeps.words import in_words

CASES = 10
"""Number of runs shown with the lowest, and with the highest, outcome."""


def cases(sweep: Sweep, choice: Choice) -> dict[str, Any]:
    """Return the runs with the lowest and the highest outcome.

    Returns:
        `outcome`, `levers`, `lowest`, `highest` (for each run: `run`, `point`, `seed`, `value`, its `words`, `levers`
        in the units shown, `values` in their own units, and `href`, the address on the live page, or null), and
        `reason`, why no run has such an address.
    """
    axes = axes_of(sweep.design)
    live = replay(sweep.path, str(sweep.design["scenario"]), {axis.name: axis.lever.key for axis in axes})
    outcome = outcome_display(choice.about)
    ends = {
        end: [_case(row, axes, live, outcome) for row in _rows(sweep, choice.outcome, axes, order)]
        for end, order in (("highest", "DESC"), ("lowest", "ASC"))
    }
    return {
        "outcome": outcome,
        "levers": [axis.to_dict() for axis in axes],
        **ends,
        "reason": live.reason,
        "quarter": live.quarter,
    }


def table(document: dict[str, Any]) -> Rows:
    """Return the extreme runs as rows of a table."""
    names = [lever["name"] for lever in document["levers"]]
    return [
        {
            "end": end,
            **{key: case[key] for key in ("run", "point", "seed")},
            document["outcome"]["name"]: case["value"],
            **dict(zip(names, case["values"], strict=True)),
        }
        for end in ("highest", "lowest")
        for case in document[end]
    ]


def _rows(sweep: Sweep, outcome: str, axes: tuple[LeverAxis, ...], order: str) -> list[dict[str, Any]]:
    name = quoted(outcome)
    # The extreme runs are found in the column of the outcome alone; only these are joined with their points.
    picked = (
        f"SELECT run, point, seed, {name} AS value FROM outcomes WHERE problem IS NULL AND isfinite({name}) "
        f"ORDER BY value {order}, run LIMIT {CASES}"
    )
    columns = "".join(f", p.{quoted(axis.name)} AS v{place}" for place, axis in enumerate(axes))
    joined = f"SELECT o.*{columns} FROM ({picked}) o JOIN points p USING (point) ORDER BY value {order}, run"
    return [dict(row) for row in sweep.query(joined).to_dict("records")]


def _case(row: dict[str, Any], axes: tuple[LeverAxis, ...], live: Replay, outcome: dict[str, Any]) -> dict[str, Any]:
    cells = [row[f"v{place}"] for place in range(len(axes))]
    values = [cell if axis.lever.words else float(cell) for axis, cell in zip(axes, cells, strict=True)]
    href, reason = None, live.reason
    if not reason:
        try:
            turned = {LEVER_OF[axis.lever.key]: value for axis, value in zip(axes, values, strict=True)}
            href = live.address(int(row["seed"]), turned)
        except ScenarioError as error:
            reason = str(error)
    return {
        **{key: int(row[key]) for key in ("run", "point", "seed")},
        "value": float(row["value"]),
        "words": in_words(row["value"], outcome),
        "levers": [axis.text(value) for axis, value in zip(axes, values, strict=True)],
        "values": values,
        "href": href,
        "reason": reason,
    }
