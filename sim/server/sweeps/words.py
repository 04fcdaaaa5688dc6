"""The words of the page of a sweep: numbers with their units, tooltips, and the notes below figures."""

from collections.abc import Callable, Sequence
from typing import Any

from sim.report.numbers import number

Json = dict[str, Any]
NONE = "\N{EN DASH}"


def in_words(value: float | None, shown: Json) -> str:
    """Return a number of an outcome or a series in words, in the unit shown.

    Args:
        value: the number in its own unit; None if it is missing.
        shown: the unit shown: its name `unit`, and `factor`, by which the number is multiplied.
    """
    return NONE if value is None else number(float(value) * shown["factor"], shown["unit"])


def interval_words(ends: Sequence[float | None], shown: Json) -> str:
    """Return an interval in words, in the unit shown."""
    return "no interval" if None in ends else " to ".join(in_words(end, shown) for end in ends)


def titled(label: str, unit: str) -> str:
    """Return a label with its unit."""
    return f"{label}, {unit}" if unit else label


def cell_words(cells: Json, cell: Json) -> str:
    """Return the text of the tooltip of a cell of the map."""
    outcome = cells["outcome"]
    sides = [(cells["x"], cell["i"]), (cells["y"], cell["j"])]
    rows = [f"{titled(side['label'], side['unit'])}: {side['cells'][at]}" for side, at in sides if side]
    if cell["endless"]:
        rows.append(f"{cell['endless']:,} runs with an infinite outcome, so no mean")
    else:
        rows.append(f"mean {in_words(cell['mean'], outcome)}")
    rows.append(f"nine in ten runs: {in_words(cell['p05'], outcome)} to {in_words(cell['p95'], outcome)}")
    rows.append(f"{cell['runs']:,} runs")
    if cell["problems"]:
        rows.append(f"{cell['problems']:,} runs have no numbers")
    return "<br>".join(rows)


def _map_note(cells: Json) -> str:
    runs = [cell["runs"] for cell in cells["cells"]]
    low, high = min(runs), max(runs)
    count = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    whole = len(cells["x"]["cells"]) * (len(cells["y"]["cells"]) if cells["y"] else 1)
    empty = whole - len(cells["cells"])
    endless = sum(bool(cell["endless"]) for cell in cells["cells"])
    note = f"{count} runs in each {'bin' if cells['x']['binned'] else 'cell'}"
    note += f"; {empty} of {whole} have no runs" if empty else ""
    note += f"; {endless} have no mean, because the outcome of some runs is infinite" if endless else ""
    return note + ("." if cells["y"] else "; the band holds nine in ten of them.")


def _distribution_note(distribution: Json) -> str:
    if not distribution["runs"]:
        return ""
    outcome = distribution["outcome"]
    low, _, median, _, high = (in_words(value, outcome) for value in distribution["quantiles"])
    note = (
        f"Mean {in_words(distribution['mean'], outcome)}, median {median}, nine in ten runs {low} to {high} "
        f"({outcome['unit']}); {distribution['runs']:,} runs."
    )
    if distribution["endless"]:
        note += f" {distribution['endless']:,} more have an infinite outcome and are left out."
    if distribution["problems"]:
        note += f" {distribution['problems']:,} runs have no numbers."
    return note


def _fan_note(fan: Json) -> str:
    approximate = "" if fan["exact"] else "; the quantiles are approximate (a t-digest)"
    return f"{fan['runs']:,} runs{approximate}."


NOTES: dict[str, Callable[[Json], str]] = {"map": _map_note, "distribution": _distribution_note, "fan": _fan_note}
"""Part of a sweep's page -> the note below its figure."""
