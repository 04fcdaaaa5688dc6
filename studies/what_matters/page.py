"""The page of the study: a template filled with the stored numbers, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.experiments.sweep.methods.estimates import NEGLIGIBLE
from sim.report.numbers import money
from sim.report.numbers import number as told_number
from studies.markdown import code, number, table
from studies.odd.parameters import meaning
from studies.places import DOCS
from studies.what_matters.assumptions import label
from studies.what_matters.headlines import BY_HEADLINE, HEADLINES
from studies.what_matters.stored import load_result

TEMPLATE = DOCS / "templates" / "what-matters.md.j2"
PAGE, NUMBERS, IMAGES = Path("docs/what-matters.md"), Path("docs/results/what-matters.json"), Path("docs/images")
ANSWER = HEADLINES[0].name
PLACES = ("first", "second", "third")
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
RUNS_A_SECOND = 190.0
"""Histories that two quiet cores step in a second, for the time that the page names."""


def write(root: Path) -> None:
    """Write the page and its figures from the stored numbers.

    Args:
        root: folder with the numbers; the template is the repository's where there is none.

    Raises:
        ScenarioError: if there are no numbers.
    """
    numbers = load_result(root / NUMBERS)
    images = root / IMAGES
    images.mkdir(parents=True, exist_ok=True)
    draw(numbers, images)
    (root / PAGE).write_text(text(numbers), encoding="utf8")


def text(numbers: Mapping[str, Any]) -> str:
    """Write the page, in Markdown.

    Args:
        numbers: the stored numbers.
    """
    from jinja2 import Environment, StrictUndefined

    filled = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    filled.filters |= {"usd": money, "thousands": lambda n: f"{n:,}", "capital": _capital}
    return filled.from_string(TEMPLATE.read_text(encoding="utf8")).render(**context(numbers))


def context(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Write what the template asks for.

    Args:
        numbers: the stored numbers.
    """
    screen, answer = numbers["screen"], numbers["answer"]
    outcome = answer["outcomes"][ANSWER]
    low, median, high = answer["spread"][ANSWER]
    verdicts = [row[-1] for row in screen["outcomes"][ANSWER]["effects"].values()]
    rows = [_named(numbers, key) for key in answer["named"]]
    fitted = sum(row["source"] != "assumption" for row in numbers["ranges"])
    matter = [key for key, row in screen["outcomes"][ANSWER]["effects"].items() if row[-1] != "negligible"]
    return {
        "last": _last(numbers),
        "three": _listed([f"{row['meaning']} (`{row['key']}`)" for row in rows]),
        "answer": {
            "mean": outcome["mean"],
            "median": median,
            "low": low,
            "high": high,
            "screened": _word(len([key for key in matter if key in answer["keys"]])),
        },
        "explained": _listed([f"the {PLACES[at]} explains {row['total']}" for at, row in enumerate(rows)]),
        "tie": _tie(outcome, answer["named"]),
        "count": {"all": len(numbers["ranges"]), "fitted": fitted, "others": len(numbers["ranges"]) - fitted},
        "screen": screen,
        "study": answer,
        "keys": answer["keys"],
        "verdicts": {
            "matter": sum(verdict.startswith("matters") for verdict in verdicts),
            "undecided": verdicts.count("undecided"),
            "negligible": verdicts.count("negligible"),
        },
        "named": rows,
        "alone": _alone(outcome),
        "corners": _corners(numbers),
        "corner_words": _corner_words(answer["corners"]),
        "outcomes": _outcomes(numbers),
        "notes": _notes(numbers),
        "minutes": f"{(screen['runs'] + answer['runs']) / RUNS_A_SECOND / 60.0 + 2.0:.0f}",
        "ranges": _ranges(numbers),
    }


def _named(numbers: Mapping[str, Any], key: str) -> dict[str, str]:
    """One of the assumptions that the answer hangs on, in words."""
    outcome = numbers["answer"]["outcomes"][ANSWER]
    first, first_low, first_high, total, total_low, total_high = outcome["indices"][key]
    return {
        "key": key,
        "label": label(key),
        "meaning": meaning(key),
        "first": _part(first, first_low, first_high),
        "total": _part(total, total_low, total_high),
        "ends": _ends(outcome["ends"][key]),
    }


def _ends(end: Mapping[str, Any]) -> str:
    low, high = end["low"][0], end["high"][0]
    text = (
        f"at the low end ({end['low_at']}) the answer is {money(low)}, at the high end ({end['high_at']}) {money(high)}"
    )
    if not low > 0.0 or not high > 0.0:
        return text
    return f"{text}: {_times(max(low, high) / min(low, high))}"


def _tie(outcome: Mapping[str, Any], named: list[str]) -> str:
    """Whether another assumption may belong among those named."""
    place = len(named)
    ranked = outcome["ranked"]
    if place < len(ranked) and [ranked[place - 1], ranked[place]] in outcome["unsettled"]:
        return f"Whether {label(ranked[place - 1])} or {label(ranked[place])} is the third is not settled."
    return ""


def _alone(outcome: Mapping[str, Any]) -> str:
    alone = sum(max(row[0], 0.0) for row in outcome["indices"].values())
    text = f"One by one, all assumptions together explain {100.0 * min(alone, 1.0):.0f}% of the variance"
    return f"{text}; the rest is interactions." if alone < 1.0 - NEGLIGIBLE else f"{text}: they add up."


def _corners(numbers: Mapping[str, Any]) -> str:
    keys = numbers["answer"]["named"]
    head = [*(label(key) for key in keys), "GPU purchases paid with interest", "points"]
    rows = [
        [
            *("upper third" if key in corner["high"] else "lower third" for key in keys),
            "" if corner["mean"] is None else money(corner["mean"]),
            str(corner["points"]),
        ]
        for corner in numbers["answer"]["corners"]
    ]
    return table(head, rows)


def _corner_words(corners: list[Mapping[str, Any]]) -> str:
    means = [corner["mean"] for corner in corners if corner["mean"] is not None]
    if len(means) < 2 or not min(means) > 0.0:
        return ""
    return f"From the lowest to the highest of these the answer grows {_times(max(means) / min(means))}."


def _outcomes(numbers: Mapping[str, Any]) -> str:
    rows, named = [], len(numbers["answer"]["named"])
    for name, outcome in numbers["answer"]["outcomes"].items():
        about, parts = BY_HEADLINE[name], outcome["variance"]
        first = [f"{label(key)} {_percent(outcome['indices'][key][3])}" for key in outcome["ranked"][:named]]
        low, _, high = numbers["answer"]["spread"][name]
        rows.append(
            [
                about.label,
                _amount(outcome["mean"], about.unit),
                f"{_amount(low, about.unit)} to {_amount(high, about.unit)}",
                ", ".join(first),
                _percent(1.0 - parts["levers"]),
                _percent(parts["seed_left_in_means"]),
            ]
        )
    return table(("outcome", "mean", "nine points of ten", "hangs on (total order)", "seed", "luck left"), rows)


def _notes(numbers: Mapping[str, Any]) -> list[str]:
    notes = [*numbers["screen"]["notes"], *numbers["answer"]["notes"]]
    skipped = {**numbers["screen"]["skipped"], **numbers["answer"]["skipped"]}
    return notes + [f"Nothing can be said of {what.lower()}: {why}." for what, why in skipped.items()]


def _ranges(numbers: Mapping[str, Any]) -> str:
    rows = [
        [
            code(row["key"]),
            number(row["baseline"]),
            f"{number(row['low'])} to {number(row['high'])}{' (log)' if row['scale'] == 'log' else ''}",
            row["unit"],
            row["source"],
            row["why"],
        ]
        for row in numbers["ranges"]
    ]
    return table(("key", "baseline", "varied over", "unit", "range from", "why"), rows)


def draw(numbers: Mapping[str, Any], folder: Path) -> None:
    """Draw the figures of the page.

    Args:
        numbers: the stored numbers.
        folder: where they are written.
    """
    from studies.what_matters import figures as figures

    screen, answer, about = numbers["screen"], numbers["answer"], HEADLINES[0]
    ranges = {row["key"]: row for row in numbers["ranges"]}
    screened = f"Morris, {screen['runs']:,} runs."
    explained = f"Sobol, {answer['runs']:,} runs."
    effects = {label(key): row for key, row in screen["outcomes"][ANSWER]["effects"].items()}
    outcomes = answer["outcomes"]
    indices = {label(key): row for key, row in outcomes[ANSWER]["indices"].items()}
    totals = {
        BY_HEADLINE[name].label: {label(key): outcome["indices"][key][3] for key in outcomes[ANSWER]["ranked"]}
        for name, outcome in outcomes.items()
    }
    curves = [
        {**curve, "label": _capital(label(key)), **{part: ranges[key][part] for part in ("unit", "baseline")}}
        | {"log": ranges[key]["scale"] == "log"}
        for key, curve in answer["curves"].items()
    ]
    matter, parts = f"{about.label}: which assumptions matter", f"{about.label}: what its variance comes from"
    over = f"{about.label} to {_last(numbers)}, if you believe otherwise"
    for name, figure in (
        ("screening", figures.draw_screening(effects, matter, about.unit, screened)),
        ("indices", figures.draw_indices(indices, parts, explained)),
        ("outcomes", figures.draw_table(totals, "What each headline outcome hangs on", explained)),
        ("curves", figures.draw_curves(curves, over, about.unit, explained)),
    ):
        figure.savefig(folder / f"what_matters_{name}.png", dpi=100)


def _last(numbers: Mapping[str, Any]) -> str:
    from sim.scenario.quarters import later

    return later(numbers["opening"], numbers["quarters"])


def _amount(value: float, unit: str) -> str:
    return money(value) if unit == "USD bn" else told_number(value, unit)


def _part(value: float, low: float, high: float) -> str:
    """Write a share of the variance with its interval."""
    return f"{_percent(value)} ({_percent(low)} to {_percent(high)})"


def _percent(share: float) -> str:
    text = f"{100.0 * share:.0f}%"
    return ("0%" if text == "-0%" else text).replace("-", "\N{MINUS SIGN}")


def _times(factor: float) -> str:
    return f"{factor:.1f} times" if factor < 9.95 else f"{factor:.0f} times"


def _word(count: int) -> str:
    return COUNTS[count] if count < len(COUNTS) else str(count)


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
