"""The report of a comparison: one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from sim.engine.outcomes import BY_NAME, INTEREST_GPUS
from sim.experiments.compare.words import words
from sim.report.html import REPORT, picture, setting, table, write_parts
from sim.report.numbers import labelled, number

if TYPE_CHECKING:
    from sim.experiments.compare.paired import Effect
    from sim.experiments.compare.results import PairedOutcomes

CAPTIONS = {
    "accounting_and_cause": (
        "Accounting and cause",
        "On the left, the GPUs that interest paid for, which is what accounting says. Each next bar is what money "
        "of another origin bought more (up) or less (down) in the first twin than in the second. What is left at "
        "the right is the effect: how much more is bought in all. Thin lines are 90 percent intervals.",
    )
}
OUTCOME_CAPTION = (
    "Each dot is a pair of histories with the same random numbers. The thick bar is the 90 percent interval of "
    "the mean difference, the thin one holds nine pairs in ten. On the right each pair is a line; diamonds are "
    "means."
)


def write_report(comparison: PairedOutcomes, pictures: Mapping[str, Path], folder: Path) -> Path:
    """Write `report.html`.

    Args:
        comparison: the comparison.
        pictures: name of a figure -> its PNG file.
        folder: where the report goes.

    Returns:
        The file.
    """
    a, b = (escape(name) for name in comparison.names)
    runs, quarters = len(comparison.seeds), comparison.a.run.quarters
    first, *rest = [f"<p>{escape(paragraph)}</p>" for paragraph in words(comparison)]
    cause = [path for name, path in pictures.items() if name in CAPTIONS]
    outcomes = {name: path for name, path in pictures.items() if name in BY_NAME}
    body = [
        f"<p class='note'>capflow: twins on the same random numbers, {runs} pairs, seeds {comparison.seeds[0]} to "
        f"{comparison.seeds[-1]}, {quarters} quarters from {escape(comparison.a.run.opening)}</p>",
        f"<h1>{a} against {b}</h1>",
        first.replace("<p>", "<p class='lead'>", 1),
        *rest,
        *(picture(path, *CAPTIONS[path.stem]) for path in cause),
        "<h2>What differs between them</h2>",
        _differs(comparison),
        "<h2>Outcomes</h2>",
        f"<p>Means over pairs, and the mean difference: {a} less {b}. Numbers in bold differ from zero: their "
        "90 percent interval leaves it out. Among many outcomes that do not differ, about one in ten would seem "
        "to by chance. The spread holds the differences of nine pairs in ten.</p>",
        _outcomes(comparison),
        *(["<h2>Pair by pair</h2>"] if outcomes else []),
        *(
            f"<h3>{escape(BY_NAME[name].label)}</h3>\n{picture(path, BY_NAME[name].label, OUTCOME_CAPTION)}"
            for name, path in outcomes.items()
        ),
        "<h2>How to read this</h2>",
        "<p>The random numbers of a history depend on its seed alone, so that two scenarios with one seed see the "
        "same shocks, and their difference is the effect of what they assume otherwise. The interval is that of "
        "the mean of these differences by Student's t; more runs narrow it with the square root of their number. "
        "Attribution is accounting: it follows dollars. Only the twin says what would have been otherwise.</p>",
    ]
    return write_parts(folder / REPORT, f"{comparison.names[0]} against {comparison.names[1]}", body)


def cells(effect: Effect, unit: str) -> tuple[str, str, str, str, str]:
    """Write the cells of an effect: both means, the difference, its interval and its spread."""
    a, b = number(effect.mean_a, unit), number(effect.mean_b, unit)
    if effect.none:
        return a, b, "none", "", ""
    interval = f"{number(effect.low, unit)} to {number(effect.high, unit)}"
    spread = f"{number(effect.spread_low, unit)} to {number(effect.spread_high, unit)}"
    return a, b, number(effect.mean, unit), interval, spread


def _differs(comparison: PairedOutcomes) -> str:
    """Both scenarios in words, and the keys in which they differ."""
    about = [
        f"<p><strong>{escape(name)}</strong>: {escape(scenario.title)}. {escape(scenario.about)}</p>"
        for name, scenario in zip(comparison.names, (comparison.a, comparison.b), strict=True)
    ]
    if not comparison.differs:
        return "\n".join([*about, "<p>Nothing: both assume the same.</p>"])
    rows = [
        f"<tr><td><code>{escape(key)}</code></td><td class='number'>{escape(setting(values['a']))}</td>"
        f"<td class='number'>{escape(setting(values['b']))}</td></tr>"
        for key, values in comparison.differs.items()
    ]
    set_to = ", ".join(f"{key} = {value}" for key, value in comparison.changes.items())
    both = f"<p class='note'>Set in both: {escape(set_to)}.</p>" if set_to else ""
    return "\n".join([*about, table(("Key", *comparison.names), rows, numbers=(1, 2)), both])


def _outcomes(comparison: PairedOutcomes) -> str:
    rows = []
    for name, effect in comparison.effects.items():
        if name == INTEREST_GPUS:
            continue
        outcome = BY_NAME[name]
        told = cells(effect, outcome.unit)
        numbers = [
            f"<strong>{text}</strong>" if effect.decided and place == 2 else text
            for place, text in enumerate(told)
        ]
        rows.append(
            f"<tr><td>{escape(labelled(outcome))}</td>"
            + "".join(f"<td class='number'>{text}</td>" for text in numbers)
            + "</tr>"
        )
    heads = ("Outcome", *comparison.names, "Difference", "90 percent interval", "Spread of pairs")
    return table(heads, rows, numbers=range(1, 6))
