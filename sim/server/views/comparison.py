"""A comparison as browsers get it: sentences, differences with their intervals, fans, accounting beside cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.economy.books.measures import EARNED
from sim.engine.outcomes import BY_NAME, HEADLINES, SHARE, Outcome
from sim.experiments.compare.cause import shares
from sim.experiments.compare.words import words
from sim.report.figures.fans import LEVELS, MEASURES, Measure
from sim.report.numbers import MINUS, aligned, money, percent
from sim.report.palette import INTEREST, ORIGIN, ORIGIN_LABEL, POPULATION
from sim.server.views.numbers import short

if TYPE_CHECKING:
    from sim.experiments.compare import TwinPaths
    from sim.experiments.compare.cause import Cause
    from sim.experiments.compare.paired import Effect
    from sim.server.address import HistoryRequest
    from sim.server.comparison_query import ComparisonRequest

OUTCOMES = ("interest_funded_gpu_usd_bn", "gpus_funded_by_interest", "interest_share_of_gpu_capex", *HEADLINES)
"""Outcomes of the table, those of interest first."""
FANS = (
    *MEASURES,
    Measure("redeployed_usd_bn", "Put into AI by issuers", "USD bn a quarter", POPULATION["issuers"]),
    Measure("gpu_rent_usd_hour", "Rent of a GPU", "USD an hour", POPULATION["providers"]),
    Measure("provider_debt_usd_bn", "Debt of the providers", "USD bn", POPULATION["providers"]),
)
"""Series with a fan."""

LEAST_BN = 0.0995
"""USD bn below which a row is in millions."""
MOST_TOLD = 2
"""Levers that a label names."""


def document(asked: ComparisonRequest, found: TwinPaths) -> dict[str, Any]:
    """Return the document of a comparison.

    Args:
        asked: what was asked.
        found: its histories.

    Returns:
        For JSON: `query`, `names` (as in the words), `labels` (as in the figures), `worlds`, `runs`, `seeds`,
        `quarters` (the opening first), `words`, `outcomes`, `rows` (the outcomes as the table shows them),
        `cause`, `cards` and `cause_note` (the same in words), `levels` and `fans` (measure by measure, for each
        world `[quarter][level]`); money is USD bn.
    """
    comparison = found.comparison
    return {
        "query": asked.query,
        "names": list(comparison.names),
        "labels": [_label(world) for world in (asked.a, asked.b)],
        "worlds": [_world(world) for world in (asked.a, asked.b)],
        "runs": len(comparison.seeds),
        "seeds": [comparison.seeds[0], comparison.seeds[-1]],
        "quarters": list(found.quarters),
        "engine": found.engine,
        "words": words(comparison),
        "outcomes": [_outcome(name, comparison.effects[name]) for name in OUTCOMES],
        "rows": [_row(BY_NAME[name], comparison.effects[name]) for name in OUTCOMES],
        "cause": _cause(comparison.cause),
        "cards": _cards(comparison.cause),
        "cause_note": _cause_note(comparison.cause),
        "levels": list(LEVELS),
        "fans": [_fan(measure, found) for measure in FANS],
    }


def _label(world: HistoryRequest) -> str:
    """Return the label of a world in figures: its scenario and, where they are few, the levers turned."""
    turned = [f"{name} = {value}" for name, value in world.turned]
    return ", ".join([world.scenario, *(turned if len(turned) <= MOST_TOLD else [f"{len(turned)} levers turned"])])


def _world(world: HistoryRequest) -> dict[str, Any]:
    return {"scenario": world.scenario, "query": world.query, "turned": dict(world.turned)}


def _effect(effect: Effect) -> dict[str, Any]:
    numbers = ("mean_a", "mean_b", "mean", "low", "high", "spread_low", "spread_high")
    return {name: getattr(effect, name) for name in numbers} | {"decided": effect.decided, "none": effect.none}


def _outcome(name: str, effect: Effect) -> dict[str, Any]:
    """Return an outcome, its difference also over the larger of the two means, so that all fit one axis."""
    outcome = BY_NAME[name]
    size = max(abs(effect.mean_a), abs(effect.mean_b))
    parts = [number / size for number in (effect.mean, effect.low, effect.high)] if size > 0.0 else []
    return {
        "name": name,
        "label": outcome.label,
        "unit": outcome.unit,
        "interest": outcome.about == "interest",
        **_effect(effect),
        "relative": None if effect.none or not parts else short(parts),
    }


def _row(outcome: Outcome, effect: Effect) -> dict[str, Any]:
    """Return a row of the table in words: its cells are the unit, both means, the difference and its interval."""
    size = max(abs(number) for number in (effect.mean_a, effect.mean_b, effect.mean))
    factor, unit = 1.0, outcome.unit
    if outcome.unit == SHARE:
        factor, unit = 100.0, "percent"
    elif outcome.unit == "USD bn" and 0.0 < size < LEAST_BN:
        factor, unit = 1e3, "USD million"
    a, b = aligned([factor * effect.mean_a, factor * effect.mean_b])
    mean, low, high = aligned([factor * number for number in (effect.mean, effect.low, effect.high)])
    cells = [unit, a, b, "0", "\N{EN DASH}"]
    kind, verdict = "same", "the same in every pair"
    if not effect.none:
        cells[3:] = [f"+{mean}" if effect.mean > 0.0 else mean, f"{low} to {high}"]
        kind, verdict = "unsure", "spans zero: cannot be distinguished from no difference"
        if effect.decided:
            kind, verdict = "clear", "more in A" if effect.mean > 0.0 else "less in A"
    return {"label": outcome.label, "kind": kind, "verdict": verdict, "cells": cells}


def _cards(cause: Cause) -> list[dict[str, str]]:
    """Accounting, cause, and what lies between them, as label, value and note."""
    interest, bought = cause.by_origin["bill_interest"], cause.purchases
    other = money(interest.mean_b) if interest.mean_b > 0.0 else "none"
    value, note = "no difference", f"providers buy the same in {cause.more} and in {cause.less}, in every pair"
    if not bought.none:
        value = f"{money(abs(bought.mean))} {'more' if bought.mean > 0.0 else 'less'}"
        note = (
            f"GPUs bought in {cause.more} than in {cause.less}; 90 percent interval {money(bought.low)} to "
            f"{money(bought.high)}" + ("" if bought.decided else ", which spans zero")
        )
    cards = [
        {
            "label": "Accounting",
            "value": money(interest.mean_a),
            "note": f"of GPUs paid with interest in {cause.more}, {percent(cause.share_more)} of all; "
            f"{other} in {cause.less}",
            "kind": "card-from_interest",
        },
        {"label": "Cause", "value": value, "note": note, "kind": ""},
    ]
    if cause.replaced is not None:
        share, low, high = (f"{100.0 * part:.0f}%".replace("-", MINUS) for part in cause.replaced)
        note = f"of what interest paid for; 90 percent interval {low} to {high}"
        cards.append({"label": "Made up for by other money", "value": share, "note": note, "kind": ""})
    return cards


def _cause_note(cause: Cause) -> str:
    if not cause.redeployment:
        return "The worlds do not differ in redeployment: the difference is the effect of what they do differ in."
    return "" if cause.alone else "The worlds differ in more than redeployment: this is not its effect alone."


def _cause(this: Cause) -> dict[str, Any]:
    """Accounting and cause, from the world with more redeployment to the other."""
    drawn = list(shares(this))
    order = [*drawn, *(origin for origin in EARNED if origin not in drawn)]
    return {
        "more": this.more,
        "less": this.less,
        "redeployment": this.redeployment,
        "alone": this.alone,
        "purchases": _effect(this.purchases),
        "others": _effect(this.others),
        "share_more": this.share_more,
        "share_less": this.share_less,
        "replaced": None if this.replaced is None else short(this.replaced),
        "origins": [
            {
                "origin": origin,
                "label": ORIGIN_LABEL[origin],
                "colour": INTEREST if origin == "bill_interest" else ORIGIN[origin],
                "drawn": origin in drawn,
                **_effect(this.by_origin[origin]),
            }
            for origin in order
        ],
    }


def _fan(measure: Measure, found: TwinPaths) -> dict[str, Any]:
    """Quantiles of both worlds in the unit shown; of what is paid in a quarter, the opening has none."""
    a, b = (
        [short(line) for line in measure.factor * quantiles] for quantiles in found.quantiles(measure.name, LEVELS)
    )
    told = {"name": measure.name, "title": measure.title, "unit": measure.unit, "flow": measure.flow}
    return {**told, "a": a, "b": b}
