"""The effect of each lever of a sweep on an outcome: tornado chart and sensitivity indices."""

from typing import Any

from sim.errors import RunError
from sim.experiments.sensitivity import sensitivity
from sim.experiments.sensitivity.analysis import LEVELS, OUTER
from sim.experiments.sensitivity.folder import MEASURES
from sim.experiments.sweep import Sweep
from sim.experiments.sweep.methods import METHODS
from sim.runs.folders import finite
from sim.runs.kinds import MANIFEST, SENSITIVITY
from sim.runs.run import read_json
from sim.server.responses import Rows
from sim.server.result_folders import stamp
from sim.server.sweeps.axes import LeverAxis, axes_of
from sim.server.sweeps.choice import Choice, outcome_display
from sim.server.sweeps.words import in_words, interval_words

MOST_RUNS = 200_000
"""Most runs of a sweep that the server analyses itself: the outcome of all of them is then held in memory."""
FOLDERS = "sensitivity*"
"""Folders inside that of a sweep in which `capflow sensitivity` leaves its analyses."""


def effects(sweep: Sweep, choice: Choice) -> dict[str, Any]:
    """Return the analysis of one outcome: one that `capflow sensitivity` has stored, or else one made now.

    Returns:
        `outcome`, `method`, and either `reason`, why there is no analysis, or `mean`, `bars` (by lever, the widest
        swing first: `label`, and for `low` and `high` the mean `value`, its `interval`, and in `at` the lever's
        values), `indices` (rows of lever, measure, value, low, high), `measures`, `words` and `notes`. Means and
        their intervals are in the outcome's own unit.
    """
    method = str(sweep.design["method"])
    empty: dict[str, list[Any]] = {key: [] for key in ("bars", "indices", "words", "notes")}
    about = {"outcome": outcome_display(choice.about), "method": METHODS[method].analysis, **empty, "reason": ""}
    try:
        analysis = _stored(sweep, choice.outcome) or _made(sweep, choice.outcome)
    except RunError as error:
        return {**about, "reason": str(error).removeprefix(f"{sweep.path}: ")}
    if choice.outcome in analysis["skipped"]:
        return {**about, "reason": f"it cannot be analysed: {analysis['skipped'][choice.outcome]}"}
    outcome = analysis["outcomes"][choice.outcome]
    axes = {axis.name: axis for axis in axes_of(sweep.design)}
    whole = not analysis["points_left_out"]
    bars = [_bar(axes[name], ends, method, whole) for name, ends in outcome["ends"].items()]
    return {
        **about,
        "mean": outcome["mean"],
        "bars": sorted(bars, key=lambda bar: _swing(bar, outcome["mean"]), reverse=True),
        "indices": [
            {"lever": name, "label": axes[name].label, "measure": measure, **_estimate(levers[name])}
            for name in outcome["ranking"]
            for measure, levers in outcome["indices"].items()
        ],
        "measures": {measure: MEASURES[measure] for measure in outcome["indices"]},
        "words": [words for words in analysis["words"] if words.startswith(f"{choice.about.label}:")],
        "notes": list(analysis["notes"]),
    }


def table(document: dict[str, Any]) -> Rows:
    """Return bars and indices as rows of a table."""
    bars = [
        {
            "lever": bar["name"],
            "measure": f"mean at the {end} end",
            "at": bar[end]["at"],
            "value": bar[end]["value"],
            **dict(zip(("low", "high"), bar[end]["interval"], strict=True)),
        }
        for bar in document["bars"]
        for end in ("low", "high")
    ]
    columns = ("lever", "measure", "value", "low", "high")
    return [*bars, *({"at": "", **{key: index[key] for key in columns}} for index in document["indices"])]


def _made(sweep: Sweep, outcome: str) -> dict[str, Any]:
    runs = int(sweep.design["runs"])
    if runs > MOST_RUNS:
        raise RunError(
            f"{runs:,} runs are more than this page analyses itself ({MOST_RUNS:,}): once `capflow sensitivity "
            f"{sweep.path}` has analysed the outcome {outcome}, its effects are shown here"
        )
    return dict(finite(sensitivity(sweep.path, [outcome]).to_dict()))


def _stored(sweep: Sweep, outcome: str) -> dict[str, Any] | None:
    """Find the newest analysis of an outcome in the folder of a sweep that is not older than the sweep."""
    if not sweep.complete:
        return None
    finished = stamp(sweep.path / MANIFEST)[0]
    for path in sorted(sweep.path.glob(f"{FOLDERS}/{SENSITIVITY}"), key=stamp, reverse=True):
        if path.is_symlink() or path.parent.is_symlink() or stamp(path)[0] < finished:
            continue
        try:
            analysis = read_json(path)
            if outcome in analysis["outcomes"] and analysis["method"] == sweep.design["method"]:
                return dict(analysis)
        except (RunError, KeyError, TypeError):
            continue  # Not in the format that capflow writes: the analysis is made now.
    return None


def _bar(axis: LeverAxis, ends: dict[str, Any], method: str, whole: bool) -> dict[str, Any]:
    return {
        "name": axis.name,
        "label": axis.label,
        "unit": axis.unit,
        **{
            end: {
                "value": ends[end]["value"],
                "interval": ends[end]["interval_90"],
                "at": _at(axis, end, str(ends[end]["at"]), method, whole),
            }
            for end in ("low", "high")
        },
    }


def _at(axis: LeverAxis, end: str, words: str, method: str, whole: bool) -> str:
    """Return a lever's values at one end in the unit shown, or in the analysis's own words if it leaves points out."""
    if axis.lever.words or not whole:
        return words
    if method in LEVELS:
        return axis.text(axis.lever.low if end == "low" else axis.lever.high)
    return f"up to {axis.text(axis.at(OUTER))}" if end == "low" else f"from {axis.text(axis.at(1.0 - OUTER))}"


def _estimate(index: dict[str, Any]) -> dict[str, Any]:
    low, high = index["interval_90"]
    shown = {"factor": 1.0, "unit": ""}
    words = {"value_words": in_words(index["value"], shown), "interval_words": interval_words((low, high), shown)}
    return {"value": index["value"], "low": low, "high": high, **words}


def _swing(bar: dict[str, Any], mean: float) -> float:
    numbers = [bar[end]["value"] for end in ("low", "high") if bar[end]["value"] is not None]
    return max([*numbers, mean]) - min([*numbers, mean])
