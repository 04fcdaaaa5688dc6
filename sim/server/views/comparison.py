"""The document of a comparison: sentences, differences with intervals, fans, accounting and cause; and its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.economy.books.measures import EARNED
from sim.engine.outcomes import BY_NAME, HEADLINES, SHARE, Outcome
from sim.experiments.compare.cause import shares
from sim.experiments.compare.words import words
from sim.report.figures.fans import LEVELS, MEASURES, Measure
from sim.report.numbers import MINUS, aligned, money, percent
from sim.report.palette import INTEREST, ORIGIN, ORIGIN_LABEL, POPULATION
from sim.server.comparison_query import SIDES
from sim.server.responses import Rows
from sim.server.views.arrays import short

if TYPE_CHECKING:
    from sim.experiments.compare import TwinPaths
    from sim.experiments.compare.cause import Cause
    from sim.experiments.compare.paired import Effect
    from sim.server.address import HistoryRequest
    from sim.server.comparison_query import ComparisonRequest

OUTCOMES = ("interest_funded_gpu_usd_bn", "gpus_funded_by_interest", "interest_share_of_gpu_capex", *HEADLINES)
"""Outcomes in the table; those about Treasury interest come first."""
FANS = (
    *MEASURES,
    Measure("redeployed_usd_bn", "Put into AI by issuers", "USD bn a quarter", POPULATION["issuers"]),
    Measure("gpu_rent_usd_hour", "Rent of a GPU", "USD an hour", POPULATION["providers"]),
    Measure("provider_debt_usd_bn", "Debt of the providers", "USD bn", POPULATION["providers"]),
)
"""Series that are shown as a fan."""

LEAST_BN = 0.0995
"""Size in USD bn below which a row is shown in millions."""
MOST_LEVERS = 2
"""Most levers that a label names."""
EFFECT = ("mean_a", "mean_b", "mean", "low", "high", "spread_low", "spread_high", "decided", "none")
"""Attributes of an effect that the document has."""
COLUMNS = {"mean": "difference", "low": "low_90", "high": "high_90", "decided": "differs_from_zero"}
"""Name of a number in the document -> the name of its column in tables, where the two differ."""
CAUSE = ("more", "less", "redeployment", "alone", "share_more", "share_less")
"""Attributes of the attribution to a cause that the document has."""


def document(request: ComparisonRequest, twins: TwinPaths) -> dict[str, Any]:
    """Return the document of a comparison.

    Returns:
        For JSON: `query`, `names` (of both scenarios, in words), `labels` (in figures), `worlds`, `runs`, `seeds`,
        `quarters` (the opening first), `words`, `outcomes`, `rows` (the outcomes as the table shows them),
        `cause`, `cards` and `cause_note` (the same in words), `levels` and `fans` (measure by measure, for each
        side `[quarter][level]`); money is USD bn.
    """
    comparison, sides = twins.comparison, (request.a, request.b)
    return {
        "query": request.query,
        "names": list(comparison.names),
        "labels": [_label(side) for side in sides],
        "worlds": [{"scenario": s.scenario, "query": s.query, "turned": dict(s.turned)} for s in sides],
        "runs": len(comparison.seeds),
        "seeds": [comparison.seeds[0], comparison.seeds[-1]],
        "quarters": list(twins.quarters),
        "engine": twins.engine,
        "words": words(comparison),
        "outcomes": [_outcome(name, comparison.effects[name]) for name in OUTCOMES],
        "rows": [_row(BY_NAME[name], comparison.effects[name]) for name in OUTCOMES],
        "cause": _cause(comparison.cause),
        "cards": _cards(comparison.cause),
        "cause_note": _cause_note(comparison.cause),
        "levels": list(LEVELS),
        "fans": [_fan(measure, twins) for measure in FANS],
    }


def _label(history: HistoryRequest) -> str:
    """Return the label of one side in figures: its scenario and, if few levers are turned, those levers."""
    turned = [f"{name} = {value}" for name, value in history.turned]
    if len(turned) > MOST_LEVERS:
        turned = [f"{len(turned)} levers turned"]
    return ", ".join([history.scenario, *turned])


def _effect(effect: Effect) -> dict[str, Any]:
    return {name: getattr(effect, name) for name in EFFECT}


def _outcome(name: str, effect: Effect) -> dict[str, Any]:
    """Return an outcome; its difference is also given divided by the larger mean, so that all fit one axis."""
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
        kind, verdict = "unsure", "the interval spans zero: cannot be distinguished from no difference"
        if effect.decided:
            kind, verdict = "clear", "more in A" if effect.mean > 0.0 else "less in A"
    return {"label": outcome.label, "kind": kind, "verdict": verdict, "cells": cells}


def _cards(cause: Cause) -> list[dict[str, str]]:
    """Return accounting, cause, and the step between the two, each as label, value and note."""
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
        return "A and B do not differ in redeployment: the difference is the effect of what they do differ in."
    return "" if cause.alone else "A and B differ in more than redeployment: this is not its effect alone."


def _cause(cause: Cause) -> dict[str, Any]:
    """Return accounting and cause for the side with more redeployment, compared with the other."""
    drawn = list(shares(cause))
    return {
        **{key: getattr(cause, key) for key in CAUSE},
        "purchases": _effect(cause.purchases),
        "others": _effect(cause.others),
        "replaced": None if cause.replaced is None else short(cause.replaced),
        "origins": [
            {
                "origin": origin,
                "label": ORIGIN_LABEL[origin],
                "colour": INTEREST if origin == "bill_interest" else ORIGIN[origin],
                "drawn": origin in drawn,
                **_effect(cause.by_origin[origin]),
            }
            for origin in dict.fromkeys((*drawn, *EARNED))
        ],
    }


def _fan(measure: Measure, twins: TwinPaths) -> dict[str, Any]:
    """Return quantiles for both sides in the unit shown; series of payments have none at the opening."""
    quantiles = [short(measure.factor * side) for side in twins.quantiles(measure.name, LEVELS)]
    about = {"name": measure.name, "title": measure.title, "unit": measure.unit, "flow": measure.flow}
    return {**about, **dict(zip(SIDES, quantiles, strict=True))}


def _difference_rows(document: dict[str, Any]) -> Rows:
    keys = ("name", "label", "unit", "mean_a", "mean_b", "mean", "low", "high", "spread_low", "spread_high")
    columns = {"name": "outcome", **COLUMNS, "spread_low": "spread_5", "spread_high": "spread_95"}
    return [{columns.get(key, key): row[key] for key in (*keys, "decided")} for row in document["outcomes"]]


def _fan_rows(document: dict[str, Any]) -> Rows:
    columns = [f"quantile_{level:g}" for level in document["levels"]]
    return [
        {
            **{"quarter": quarter, "measure": fan["name"], "unit": fan["unit"], "world": side.upper()},
            **dict(zip(columns, quantiles, strict=True)),
        }
        for fan in document["fans"]
        for side in SIDES
        for quarter, quantiles in zip(document["quarters"], fan[side], strict=True)
    ]


def _origin_rows(document: dict[str, Any]) -> Rows:
    keys, cause = ("origin", "mean_a", "mean_b", "mean", "low", "high", "decided"), document["cause"]
    columns = {**COLUMNS, "mean_a": "mean_more", "mean_b": "mean_less", "mean": "difference_usd_bn"}
    rows = [*cause["origins"], {"origin": "all_gpu_purchases", **cause["purchases"]}]
    return [{columns.get(key, key): row[key] for key in keys} for row in rows]


TABLES = {"differences": _difference_rows, "fans": _fan_rows, "origins": _origin_rows}
"""Tables of a comparison that can be downloaded."""
