"""The folder that a comparison of two scenarios is written to, and the values that its report shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.engine.outcomes import BY_NAME, HEADLINES, INTEREST_GPUS
from sim.experiments.compare.figures import draw_cause, draw_outcome
from sim.experiments.compare.results import PairedOutcomes
from sim.experiments.compare.words import cells
from sim.experiments.result_folder import write_result
from sim.report.numbers import labelled
from sim.runs.kinds import KINDS

CAUSE = "accounting_and_cause"
"""The name of the figure that compares accounting with cause."""


def write(comparison: PairedOutcomes, numbers: Mapping[str, Any], out: Path | str | None) -> Path:
    """Write a comparison with its numbers into a folder; if `out` is None, into a new one in the folder of runs."""
    a, b = comparison.a.name, comparison.b.name
    return write_result(
        KINDS["comparison"],
        out,
        f"compare-{a}-vs-{b}-runs{len(comparison.seeds)}-seed{comparison.seeds[0]}",
        numbers,
        {"outcomes": comparison.samples},
        (
            (name, draw_cause(comparison) if name == CAUSE else draw_outcome(comparison, name))
            for name in figures(comparison)
        ),
        lambda pictures: _page(comparison, numbers["words"], pictures),
    )


def figures(comparison: PairedOutcomes) -> list[str]:
    """List the figures of a comparison: accounting and cause, then each headline outcome that differs."""
    effects = comparison.effects
    outcomes = [name for name in HEADLINES if name in effects and not effects[name].none]
    return [CAUSE, *outcomes] if comparison.differs else []


def _page(comparison: PairedOutcomes, words: list[str], pictures: Mapping[str, Path]) -> dict[str, Any]:
    a, b = comparison.names
    return {
        "title": f"{a} against {b}",
        "comparison": comparison,
        "words": words,
        "cause": [path for name, path in pictures.items() if name not in BY_NAME],
        "outcomes": [(BY_NAME[name].label, path) for name, path in pictures.items() if name in BY_NAME],
        "rows": [
            (labelled(BY_NAME[name]), cells(effect, BY_NAME[name].unit), effect.decided)
            for name, effect in comparison.effects.items()
            if name != INTEREST_GPUS
        ],
    }
