"""The result of the study as it is kept in the repository: numbers alone, a few digits each."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import ScenarioError
from sim.experiments.sensitivity import Finding, Sensitivity
from sim.scenario.load import load
from sim.scenario.quantities import number_at
from studies.odd.parameters import numbers_of
from studies.what_matters.assumptions import Range
from studies.what_matters.headlines import BY_HEADLINE, HEADLINES, corner, curve

SCHEMA = 1
DIGITS = 4
"""Significant digits that are kept: more than intervals allow."""
NAMED = 3
"""Assumptions that the answer is said to hang on."""
PARTS = 10
"""Parts of a range over which the answer is shown."""


def result(ranges: Sequence[Range], screen: Sensitivity, answer: Sensitivity) -> dict[str, Any]:
    """Everything that the page and its figures say, as plain data.

    Args:
        ranges: all assumptions that were varied.
        screen: the screening of all of them.
        answer: the indices of those that were chosen.
    """
    scenario = load(str(answer.sample.design["scenario"]))
    units = {key: range_.unit for key, range_ in numbers_of(scenario).items()}
    first = answer.findings[HEADLINES[0].name]
    named = list(first.ranked[:NAMED])
    numbers = {
        "schema": SCHEMA,
        "scenario": scenario.name,
        "opening": answer.sample.design["opening"],
        "quarters": answer.sample.design["quarters"],
        "ranges": [
            {**range_.to_dict(), "unit": units[range_.key], "baseline": number_at(scenario, range_.key)}
            for range_ in ranges
        ],
        "screen": {**_size(screen), "outcomes": _outcomes(screen, _screened)},
        "answer": {
            **_size(answer),
            "outcomes": _outcomes(answer, _explained),
            "spread": {name: _spread(answer, name) for name in answer.findings},
            "named": named,
            "curves": {key: curve(answer.sample, first.outcome, key, PARTS).to_dict() for key in named},
            "corners": _corners(answer, first.outcome, named),
        },
    }
    return dict(_rounded(numbers))


def write(numbers: Mapping[str, Any], path: Path) -> None:
    """Write a result."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_lines(numbers) + "\n", encoding="utf8")


def load_result(path: Path) -> dict[str, Any]:
    """Read a result.

    Raises:
        ScenarioError: if it is not there, or is something else.
    """
    try:
        numbers = json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{path}: cannot be read: {error}") from None
    if not isinstance(numbers, dict) or numbers.get("schema") != SCHEMA:
        raise ScenarioError(f"{path}: not a result of this study (schema {SCHEMA})")
    return numbers


def _size(sensitivity: Sensitivity) -> dict[str, Any]:
    sample, design = sensitivity.sample, sensitivity.sample.design
    return {
        "samples": design["samples"],
        "levels": design["levels"],
        "keys": [lever.key for lever in sample.levers],
        "points": len(sample.points),
        "replicates": sample.replicates,
        "runs": 2 * len(sample.points) * sample.replicates,
        "notes": list(sensitivity.notes),
        "skipped": {BY_HEADLINE[name].label: why for name, why in sensitivity.skipped.items()},
    }


def _outcomes(sensitivity: Sensitivity, part: Any) -> dict[str, Any]:
    return {
        name: {
            "mean": finding.mean,
            "deviation": finding.deviation,
            "ranked": list(finding.ranked),
            "variance": None if finding.variance is None else asdict(finding.variance),
            "unsettled": [list(pair) for pair in finding.convergence.unsettled],
            **part(finding),
        }
        for name, finding in sensitivity.findings.items()
    }


def _screened(finding: Finding) -> dict[str, Any]:
    star, mu, sigma = (finding.indices[name] for name in ("mu_star", "mu", "sigma"))
    return {
        "columns": ["mu_star", "low", "high", "mu", "sigma", "sigma_low", "sigma_high", "verdict"],
        "effects": {
            key: [
                *(star[key].value, star[key].low, star[key].high, mu[key].value),
                *(sigma[key].value, sigma[key].low, sigma[key].high, finding.verdicts[key]),
            ]
            for key in finding.ranked
        },
    }


def _explained(finding: Finding) -> dict[str, Any]:
    first, total = finding.indices["first_order"], finding.indices["total_order"]
    return {
        "columns": ["first", "first_low", "first_high", "total", "total_low", "total_high"],
        "indices": {
            key: [
                *(first[key].value, first[key].low, first[key].high),
                *(total[key].value, total[key].low, total[key].high),
            ]
            for key in finding.ranked
        },
        "ends": {
            key: {
                side: [getattr(end, side).value, getattr(end, side).low, getattr(end, side).high]
                for side in ("low", "high")
            }
            | {"low_at": end.low_at, "high_at": end.high_at}
            for key, end in finding.ends.items()
        },
    }


def _spread(sensitivity: Sensitivity, name: str) -> list[float]:
    """Percentiles 5, 50 and 95 of the means of points."""
    means = sensitivity.sample.values[name].mean(axis=1)
    return [float(number) for number in np.quantile(means, (0.05, 0.5, 0.95))]


def _corners(sensitivity: Sensitivity, outcome: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Return the outcome where each key is in the lower or the upper third of its range, smallest first."""
    corners = []
    for high in product((False, True), repeat=len(keys)):
        sides = dict(zip(keys, high, strict=True))
        mean, points = corner(sensitivity.sample, outcome, sides)
        corners.append({"high": [key for key in keys if sides[key]], "mean": mean, "points": points})
    return sorted(corners, key=lambda corner_: (math.isnan(corner_["mean"]), corner_["mean"]))


def _rounded(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {key: _rounded(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_rounded(value) for value in part]
    if isinstance(part, float | np.floating):
        return float(f"{float(part):.{DIGITS}g}") if math.isfinite(part) else None
    return part


def _lines(part: Any, depth: int = 0) -> str:
    """JSON with one line for each row of numbers: compact, and changes can be read line by line."""
    if isinstance(part, Mapping) and depth < 5 and any(isinstance(v, Mapping | list) for v in part.values()):
        pad = " " * (depth + 1)
        inside = ",\n".join(f"{pad}{json.dumps(k)}: {_lines(v, depth + 1)}" for k, v in part.items())
        return f"{{\n{inside}\n{' ' * depth}}}"
    if isinstance(part, list) and part and isinstance(part[0], Mapping):
        pad = " " * (depth + 1)
        inside = ",\n".join(f"{pad}{json.dumps(v)}" for v in part)
        return f"[\n{inside}\n{' ' * depth}]"
    return json.dumps(part)
