"""The folder of a sensitivity analysis: its figures, and the values of its pages."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from sim.engine.outcomes import BY_NAME
from sim.experiments.result_folder import write_result
from sim.experiments.sensitivity import figures, phase
from sim.experiments.sensitivity.results import Findings
from sim.experiments.sensitivity.words import of_outcome, skipped_words
from sim.experiments.sweep.methods import METHODS
from sim.report.numbers import MINUS
from sim.runs.folders import free_folder
from sim.runs.kinds import KINDS

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
DRAW = {
    "indices": figures.draw_indices,
    "interactions": figures.draw_interactions,
    "screening": figures.draw_screening,
    "tornado": figures.draw_tornado,
    "phase": phase.draw_leading_levers,
}
"""Kind of figure -> the function that draws it for an outcome."""
MEASURES = {
    "first_order": "Alone",
    "total_order": "With interactions",
    "mu_star": "Mean size of the effect (mu*)",
    "mu": "Mean effect (mu)",
    "sigma": "Spread (sigma)",
    "rank_regression": "Rank regression",
}
"""Measure -> head of its column."""


def write(findings: Findings, numbers: Mapping[str, Any], out: Path | None) -> Path:
    """Write `sensitivity.json`, the figures and `report.html` into `out` or a free folder, and return it."""
    sample = findings.sample
    title = sample.design["title"]
    return write_result(
        KINDS["sensitivity"],
        out or free_folder(sample.folder, "sensitivity"),
        "sensitivity",
        numbers,
        {},
        drawn_figures(findings),
        lambda pictures: {
            "title": f"What {title} depends on",
            "heading": title,
            "source": sample.source,
            "method": METHODS[findings.method].analysis,
            **page_values(findings, pictures),
        },
    )


def drawn_figures(findings: Findings) -> Iterator[tuple[str, Figure]]:
    """Draw every figure of every outcome, and yield each with its name."""
    for outcome in findings.findings:
        for kind in _kinds(findings):
            yield f"{kind}_{outcome}", DRAW[kind](findings, outcome)


def page_values(findings: Findings, pictures: Mapping[str, Path]) -> dict[str, Any]:
    """Return what the macro `outcomes` of `parts.html.j2` shows; pictures: name of each figure -> its file."""
    sections = [_section(findings, outcome, pictures) for outcome in findings.findings]
    return {"findings": findings, "sections": sections, "skipped": skipped_words(findings)}


def index_text(value: float) -> str:
    """Return an index with three significant digits, at most three of them decimals."""
    if abs(value) < 0.0005:
        return "0"
    text = f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.3f}" if abs(value) < 1.0 else f"{value:.3g}"
    return text.replace("-", MINUS)


def _kinds(findings: Findings) -> list[str]:
    """Return the kinds of figures that the method has and that there is something to show in."""
    pairs = any(finding.interactions for finding in findings.findings.values())
    fitting = {"phase": len(findings.sample.levers) > 1, "interactions": pairs}
    return [kind for kind in METHODS[findings.method].figures if fitting.get(kind, True)]


def _section(findings: Findings, outcome: str, pictures: Mapping[str, Path]) -> dict[str, Any]:
    finding, label = findings.findings[outcome], BY_NAME[outcome].label
    heads = [head for measure in finding.indices for head in (MEASURES[measure], "90 percent interval")]
    rows = []
    for lever in finding.ranked:
        cells = []
        for levers in finding.indices.values():
            value, low, high = (index_text(part) for part in vars(levers[lever]).values())
            cells += [value, f"{low} to {high}"]
        rows.append((lever, [*cells, finding.verdicts[lever]] if finding.verdicts else cells))
    words = of_outcome(finding, findings.method)
    return {
        "label": label,
        "words": words[:1].upper() + words[1:],
        "heads": ("Lever", *heads, "Verdict") if finding.verdicts else ("Lever", *heads),
        "rows": rows,
        "numbers": range(1, len(heads) + 1),
        "pictures": [(f"{label}: {kind}", CAPTIONS[kind], pictures[f"{kind}_{outcome}"]) for kind in _kinds(findings)],
    }
