"""A comparison as browsers get it: sentences, differences with their intervals, fans, accounting beside cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.economy.books.measures import EARNED
from sim.engine.outcomes import BY_NAME, HEADLINES
from sim.experiments.compare.cause import shares
from sim.experiments.compare.words import words
from sim.report.figures.fans import LEVELS, MEASURES, Measure
from sim.report.palette import INTEREST, ORIGIN, ORIGIN_LABEL, POPULATION
from sim.server.views.numbers import short

if TYPE_CHECKING:
    from sim.experiments.compare import TwinPaths
    from sim.experiments.compare.cause import Cause
    from sim.experiments.compare.paired import Effect
    from sim.server.address import World
    from sim.server.comparison_query import Question

OUTCOMES = (
    "interest_funded_gpu_usd_bn",
    "gpus_funded_by_interest",
    "interest_share_of_gpu_capex",
    *HEADLINES,
)
"""Outcomes of the table, those of interest first."""
FANS = (
    *MEASURES,
    Measure("redeployed_usd_bn", "Put into AI by issuers", "USD bn a quarter", POPULATION["issuers"]),
    Measure("gpu_rent_usd_hour", "Rent of a GPU", "USD an hour", POPULATION["providers"]),
    Measure("provider_debt_usd_bn", "Debt of the providers", "USD bn", POPULATION["providers"]),
)
"""Series with a fan."""

MOST_TOLD = 2
"""Levers that a label names."""


def document(asked: Question, found: TwinPaths) -> dict[str, Any]:
    """The document of a comparison.

    Args:
        asked: what was asked.
        found: its histories.

    Returns:
        For JSON: `query`, `names` (as in the words), `labels` (as in the pictures), `worlds`, `runs`, `seeds`,
        `quarters` (the opening first), `words`, `outcomes`, `cause`, `levels` and `fans` (measure by measure, for
        each world `[quarter][level]`); money is USD bn.
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
        "cause": _cause(comparison.cause),
        "levels": list(LEVELS),
        "fans": [_fan(measure, found) for measure in FANS],
    }


def _label(world: World) -> str:
    """What to call a world in pictures: its scenario, and what is turned, if that is not too much to say."""
    turned = [f"{name} = {value}" for name, value in world.turned]
    return ", ".join([world.scenario, *(turned if len(turned) <= MOST_TOLD else [f"{len(turned)} levers turned"])])


def _world(world: World) -> dict[str, Any]:
    return {"scenario": world.scenario, "query": world.query, "turned": dict(world.turned)}


def _effect(effect: Effect) -> dict[str, Any]:
    numbers = ("mean_a", "mean_b", "mean", "low", "high", "spread_low", "spread_high")
    return {name: getattr(effect, name) for name in numbers} | {"decided": effect.decided, "none": effect.none}


def _outcome(name: str, effect: Effect) -> dict[str, Any]:
    """An outcome, its difference also over the larger of the two means, so that all fit one axis."""
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
