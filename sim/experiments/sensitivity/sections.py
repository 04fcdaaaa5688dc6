"""The figures of a sensitivity analysis, and what its pages say of each outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from sim.engine.outcomes import BY_NAME
from sim.experiments.sensitivity import figures, phase
from sim.experiments.sensitivity.results import Finding, Findings
from sim.experiments.sensitivity.words import of_outcome, skipped_words
from sim.experiments.sweep.methods import METHODS
from sim.experiments.sweep.methods.estimates import Estimate
from sim.report.figures.style import save
from sim.report.numbers import MINUS

CAPTIONS = {
    "indices": "Sobol indices. Dark: what a lever explains of the variance alone. Light: alone and together with "
    "others. Where light is much longer than dark, the lever acts through interactions.",
    "interactions": "What two levers explain together, beyond what each explains alone.",
    "screening": "Morris' plane. Far right: the lever moves the outcome much. High: the effect depends on where "
    "the other levers stand, or is not even along its range. Near the corner: it may be left as it is.",
    "tornado": "Mean of the outcome at the high and at the low end of each lever, whatever the others are.",
    "phase": "Mean of the outcome over the two levers that matter most to it.",
}
"""Kind of figure -> caption."""
MEASURES = {
    "first_order": "Alone",
    "total_order": "With interactions",
    "mu_star": "Mean size of the effect (mu*)",
    "mu": "Mean effect (mu)",
    "sigma": "Spread (sigma)",
    "rank_regression": "Rank regression",
}
"""Measure -> head of its column."""
DRAW = {
    "indices": figures.draw_indices,
    "interactions": figures.draw_interactions,
    "screening": figures.draw_screening,
    "tornado": figures.draw_tornado,
}
"""Kind of figure -> the function that draws it of an outcome."""


@dataclass(frozen=True)
class Section:
    """What a page shows of one outcome.

    Attributes:
        label: the name of the outcome in words.
        words: what it depends on, in sentences.
        heads: the heads of the table of indices.
        rows: the lever and the other cells of each row.
        numbers: the indices of the columns of numbers.
        pictures: title, caption and file of each figure.
    """

    label: str
    words: str
    heads: tuple[str, ...]
    rows: list[tuple[str, list[str]]]
    numbers: range
    pictures: list[tuple[str, str, Path]]


def draw(findings: Findings, folder: Path) -> dict[str, dict[str, Path]]:
    """Draw every figure of every outcome as PNG.

    Args:
        findings: the analysis.
        folder: the folder of the files, which exists.

    Returns:
        Outcome -> kind of figure -> its file.
    """
    pairs = any(finding.interactions for finding in findings.findings.values())
    fitting = {"phase": len(findings.sample.levers) > 1, "interactions": pairs}
    kinds = [kind for kind in METHODS[findings.method].figures if fitting.get(kind, True)]
    paths: dict[str, dict[str, Path]] = {}
    for name in findings.findings:
        paths[name] = {kind: folder / f"{kind}_{name}.png" for kind in kinds}
        for kind, path in paths[name].items():
            save(_figure(findings, name, kind), path)
    return paths


def _figure(findings: Findings, outcome: str, kind: str) -> Figure:
    if kind == "phase":
        across, up = findings.findings[outcome].ranked[:2]
        return phase.draw(phase.of_sample(findings.sample, outcome, across, up))
    return DRAW[kind](findings, outcome)


def page_values(findings: Findings, paths: Mapping[str, Mapping[str, Path]]) -> dict[str, Any]:
    """Return what the macro `outcomes` of `parts.html.j2` shows.

    Args:
        findings: the analysis.
        paths: outcome -> kind of figure -> its file.
    """
    sections = [
        _section(finding, findings.method, paths.get(name, {})) for name, finding in findings.findings.items()
    ]
    return {"findings": findings, "sections": sections, "skipped": skipped_words(findings)}


def _section(finding: Finding, method: str, paths: Mapping[str, Path]) -> Section:
    """Describe an outcome: words, every index of every lever with its interval, and figures."""
    label, words = BY_NAME[finding.outcome].label, of_outcome(finding, method)
    heads = [head for measure in finding.indices for head in (MEASURES[measure], "90 percent interval")]
    rows = [
        (
            lever,
            [
                *(cell for levers in finding.indices.values() for cell in _cells(levers[lever])),
                *([finding.verdicts[lever]] if finding.verdicts else []),
            ],
        )
        for lever in finding.ranked
    ]
    return Section(
        label,
        words[:1].upper() + words[1:],
        ("Lever", *heads, *(["Verdict"] if finding.verdicts else [])),
        rows,
        range(1, len(heads) + 1),
        [(f"{label}: {kind}", CAPTIONS[kind], path) for kind, path in paths.items()],
    )


def _cells(estimate: Estimate) -> tuple[str, str]:
    return number(estimate.value), f"{number(estimate.low)} to {number(estimate.high)}"


def number(value: float) -> str:
    """Return an index in words: three digits that matter, and no more than three behind the point."""
    if abs(value) < 0.0005:
        return "0"
    text = f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.3f}" if abs(value) < 1.0 else f"{value:.3g}"
    return text.replace("-", MINUS)
