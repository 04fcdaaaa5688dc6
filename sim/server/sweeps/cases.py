"""The runs of a sweep with the lowest and the highest outcome, and where each can be seen live."""

from __future__ import annotations

from typing import Any

from sim.errors import ScenarioError
from sim.experiments.sweep import Sweep
from sim.runs.run import quoted
from sim.server.replay import LEVER_OF, Replay, replay
from sim.server.sweeps.choice import Choice, outcome_display
from sim.server.sweeps.sides import Axis, axes_of
from sim.server.sweeps.words import in_words

CASES = 10
"""Runs at each end."""


def cases(sweep: Sweep, choice: Choice) -> dict[str, Any]:
    """Return the extreme runs.

    Returns:
        `outcome`, `levers`, `lowest` and `highest` (each with `run`, `point`, `seed`, `value` and the same in
        `words`, `levers` as shown, `values` as they are, and `href`, the address of the live page, or null), and
        `reason`, why there is none.
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


def table(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the runs as rows."""
    names = [lever["name"] for lever in found["levers"]]
    return [
        {
            "end": end,
            **{key: case[key] for key in ("run", "point", "seed")},
            found["outcome"]["name"]: case["value"],
            **dict(zip(names, case["values"], strict=True)),
        }
        for end in ("highest", "lowest")
        for case in found[end]
    ]


def _rows(sweep: Sweep, outcome: str, axes: tuple[Axis, ...], order: str) -> list[dict[str, Any]]:
    name = quoted(outcome)
    # The runs are found in one column; only theirs are joined with their points.
    picked = (
        f"SELECT run, point, seed, {name} AS value FROM outcomes WHERE problem IS NULL AND isfinite({name}) "
        f"ORDER BY value {order}, run LIMIT {CASES}"
    )
    columns = "".join(f", p.{quoted(axis.name)} AS v{place}" for place, axis in enumerate(axes))
    found = sweep.query(
        f"SELECT o.*{columns} FROM ({picked}) o JOIN points p USING (point) ORDER BY value {order}, run"
    )
    return [dict(row) for row in found.to_dict("records")]


def _case(row: dict[str, Any], axes: tuple[Axis, ...], live: Replay, outcome: dict[str, Any]) -> dict[str, Any]:
    values = [row[f"v{place}"] for place in range(len(axes))]
    values = [value if axis.lever.words else float(value) for axis, value in zip(axes, values, strict=True)]
    href, reason = None, live.reason
    if not reason:
        try:
            turned = {LEVER_OF[axis.lever.key]: value for axis, value in zip(axes, values, strict=True)}
            href = live.address(int(row["seed"]), turned)
        except ScenarioError as error:
            reason = str(error)
    return {
        "run": int(row["run"]),
        "point": int(row["point"]),
        "seed": int(row["seed"]),
        "value": float(row["value"]),
        "words": in_words(row["value"], outcome),
        "levers": [axis.text(value) for axis, value in zip(axes, values, strict=True)],
        "values": values,
        "href": href,
        "reason": reason,
    }
