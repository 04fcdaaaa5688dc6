"""The figures of a sensitivity analysis: which ones its method has, and what is said below them."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from sim.engine.outcomes import BY_NAME
from sim.experiments.sensitivity import figures as figures
from sim.experiments.sensitivity import phase
from sim.experiments.sensitivity.words import of_outcome
from sim.experiments.sweep.methods import METHODS
from sim.report.figures.style import DPI
from sim.report.html import picture, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.experiments.sensitivity.results import Finding, Findings

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


def kinds(found: Findings) -> tuple[str, ...]:
    """Kinds of figures of each outcome."""
    pairs = any(finding.interactions for finding in found.findings.values())
    return METHODS[found.method].figures(len(found.sample.levers), pairs)


def draw(found: Findings, folder: Path) -> dict[str, dict[str, Path]]:
    """Draw every figure of every outcome as PNG.

    Args:
        found: the analysis.
        folder: where the files go; it exists.

    Returns:
        Outcome -> kind of figure -> its file.
    """
    paths: dict[str, dict[str, Path]] = {}
    for name in found.findings:
        paths[name] = {}
        for kind in kinds(found):
            path = folder / f"{kind}_{name}.png"
            _figure(found, name, kind).savefig(path, dpi=DPI, metadata={"Software": "capflow"})
            paths[name][kind] = path
    return paths


def _figure(found: Findings, outcome: str, kind: str) -> Figure:
    if kind == "phase":
        across, up = found.findings[outcome].ranked[:2]
        return phase.draw(phase.of_sample(found.sample, outcome, across, up))
    drawn = {
        "indices": figures.draw_indices,
        "interactions": figures.draw_interactions,
        "screening": figures.draw_screening,
        "tornado": figures.draw_tornado,
    }[kind]
    return drawn(found, outcome)


def sections(found: Findings, paths: dict[str, dict[str, Path]]) -> list[str]:
    """What is said of every outcome, as HTML: words, table, figures."""
    told = [f"<p>{escape(note)}</p>" for note in found.notes]
    for name, finding in found.findings.items():
        words = of_outcome(finding, found.method)
        told += [
            f"<h3>{escape(BY_NAME[name].label)}</h3>",
            f"<p>{escape(words[:1].upper() + words[1:])}</p>",
            _table(finding),
            *(
                picture(path, f"{BY_NAME[name].label}: {kind}", CAPTIONS[kind])
                for kind, path in paths.get(name, {}).items()
            ),
        ]
    if found.skipped:
        listed = "; ".join(f"{BY_NAME[name].label} ({why})" for name, why in found.skipped.items())
        told.append(f"<p class='note'>Nothing can be said of: {escape(listed)}.</p>")
    return told


def _table(finding: Finding) -> str:
    """Every index of every lever, with its interval."""
    rows = []
    for lever in finding.ranked:
        cells = [
            f"<td class='number'>{number(found[lever].value)}</td>"
            f"<td class='number'>{number(found[lever].low)} to {number(found[lever].high)}</td>"
            for found in finding.indices.values()
        ]
        verdict = f"<td>{escape(finding.verdicts[lever])}</td>" if finding.verdicts else ""
        rows.append(f"<tr><td><code>{escape(lever)}</code></td>{''.join(cells)}{verdict}</tr>")
    heads = [head for measure in finding.indices for head in (MEASURES[measure], "90 percent interval")]
    last = ("Verdict",) if finding.verdicts else ()
    return table(("Lever", *heads, *last), rows, numbers=range(1, len(heads) + 1))


def number(value: float) -> str:
    """Three digits that matter, and no more than three behind the point."""
    if abs(value) < 0.0005:
        return "0"
    text = f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.3f}" if abs(value) < 1.0 else f"{value:.3g}"
    return text.replace("-", "\N{MINUS SIGN}")
