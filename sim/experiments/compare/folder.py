"""The folder of a comparison, and the values of its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.engine.outcomes import BY_NAME, HEADLINES, INTEREST_GPUS
from sim.experiments.compare.figures import draw_cause, draw_outcome
from sim.experiments.compare.results import PairedOutcomes
from sim.experiments.compare.words import cells, words
from sim.experiments.result_folder import write_result
from sim.report.numbers import labelled
from sim.runs.kinds import KINDS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAUSE = "accounting_and_cause"
"""Name of the figure that sets accounting beside cause."""


def write(comparison: PairedOutcomes, out: Path | str | None) -> Path:
    """Write a comparison folder, or into a free one under the folder of runs; return it."""
    a, b = comparison.a.name, comparison.b.name
    return write_result(
        KINDS["comparison"],
        out,
        f"compare-{a}-vs-{b}-runs{len(comparison.seeds)}-seed{comparison.seeds[0]}",
        {**comparison.to_numbers(), "words": words(comparison)},
        {"outcomes": comparison.samples},
        _draw(comparison),
        lambda pictures: _page(comparison, pictures),
    )


def figures(comparison: PairedOutcomes) -> list[str]:
    """Name the figures of a comparison: accounting and cause, and the headline outcomes that differ."""
    if not comparison.differs:
        return []
    return [
        CAUSE,
        *(name for name in HEADLINES if name in comparison.effects and not comparison.effects[name].none),
    ]


def _draw(comparison: PairedOutcomes) -> Iterator[tuple[str, Figure]]:
    for name in figures(comparison):
        yield name, draw_cause(comparison) if name == CAUSE else draw_outcome(comparison, name)


def _page(comparison: PairedOutcomes, pictures: Mapping[str, Path]) -> dict[str, Any]:
    a, b = comparison.names
    return {
        "title": f"{a} against {b}",
        "comparison": comparison,
        "words": words(comparison),
        "cause": [path for name, path in pictures.items() if name not in BY_NAME],
        "outcomes": [(BY_NAME[name].label, path) for name, path in pictures.items() if name in BY_NAME],
        "rows": [
            (labelled(BY_NAME[name]), cells(effect, BY_NAME[name].unit), effect.decided)
            for name, effect in comparison.effects.items()
            if name != INTEREST_GPUS
        ],
    }
