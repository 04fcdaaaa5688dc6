"""Schema of the dated events of a scenario: the tables `[[events]]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.errors import ScenarioError, suggestion

QUARTER = r"\d{4}Q[1-4]"
ISSUER, COMPANY = "issuer", "company"
EVERYONE = "all"
"""Target that stands for every issuer."""
MID_QUARTER = 7
"""Week of the quarter in which an event happens if it does not name a week."""


@dataclass(frozen=True)
class EventKind:
    """The fields that one kind of event needs.

    Attributes:
        meaning: what happens.
        target: who is hit: an issuer, or a company (lab, provider or venture); None if the event has no target.
        unit: the unit of the event's size; None if it has no size.
        low: the smallest size.
        high: the largest size.
        lasts: whether the event must say how many quarters it lasts.
        dated_by_week: whether the event may name a week of the quarter.
    """

    meaning: str
    target: str | None = None
    unit: str | None = None
    low: float = 0.0
    high: float = 1.0
    lasts: bool = False
    dated_by_week: bool = False


KINDS: dict[str, EventKind] = {
    "redemption_shock": EventKind(
        "holders suddenly want a share of the tokens back", ISSUER, "share of tokens", dated_by_week=True
    ),
    "bank_failure": EventKind(
        "reserve worth a share of the tokens is out of reach for a week, and the window shuts over the weekend",
        ISSUER,
        "share of tokens",
        dated_by_week=True,
    ),
    "bitcoin_crash": EventKind("bitcoin loses a share of its price", unit="share of the price", high=0.99),
    "ai_winter": EventKind("the mood about AI falls", unit="standard units", high=5.0),
    "gpu_glut": EventKind(
        "GPUs from outside the model serve a share of the customers that are not labs",
        unit="share of their demand",
        high=0.95,
        lasts=True,
    ),
    "default": EventKind("a lab, provider or venture fails", COMPANY),
    "bets_fail": EventKind("every company in which an issuer has money fails", ISSUER),
    "rate_shock": EventKind("the bill rate changes at once", unit="per year", low=-0.1, high=0.1),
    "robotics_deal_closes": EventKind("talks with the robotics company end in a deal", ISSUER, "USD bn", high=100.0),
    "audit_published": EventKind("a full audit lets holders see the reserve from now on", ISSUER),
    "regime_in_force": EventKind("a law applies to an issuer from now on", ISSUER),
}


class Event(BaseModel):
    """One dated event.

    Attributes:
        quarter: the quarter in which the event happens, such as 2026Q1.
        kind: a key of `KINDS`.
        target: the key of the issuer or company that is hit; `all` for every issuer.
        size: the size, in the unit that `KINDS` gives for the kind.
        week: the week, from 1 to 13, for events of the token market.
        quarters: the number of quarters, for events that last.
        regime: the law, for `regime_in_force`.
        why: the source of the event or of its size.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    quarter: str
    kind: str
    target: str | None = None
    size: Annotated[float, Field(strict=True)] | None = None
    week: Annotated[int, Field(ge=1, le=13, strict=True)] | None = None
    quarters: Annotated[int, Field(ge=1, le=160, strict=True)] | None = None
    regime: Literal["offshore", "genius", "mica"] | None = None
    why: str = ""

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            raise ScenarioError("not an event", value=raw, allowed="a table with quarter, kind, target and size")
        for key in raw:
            if key not in cls.model_fields:
                allowed = ", ".join(cls.model_fields)
                raise ScenarioError(f"unknown key{suggestion(key, cls.model_fields)}", key, allowed=allowed)
        for key in ("quarter", "kind"):
            if key not in raw:
                raise ScenarioError(f"an event needs a {key}", key)
        return raw

    @model_validator(mode="after")
    def _complete(self) -> Event:
        if not re.fullmatch(QUARTER, self.quarter):
            raise ScenarioError("not a quarter", "quarter", self.quarter, "a quarter such as 2026Q1")
        if self.kind not in KINDS:
            problem = f"unknown kind{suggestion(self.kind, KINDS)}"
            raise ScenarioError(problem, "kind", self.kind, ", ".join(KINDS))
        kind = KINDS[self.kind]
        sizes = f"{kind.low:g} to {kind.high:g} {kind.unit}"
        for key, needed, missing in (
            ("target", kind.target is not None, "a target"),
            ("size", kind.unit is not None, f"a size ({kind.unit}, {kind.low:g} to {kind.high:g})"),
            ("quarters", kind.lasts, "the number of quarters it lasts (1 to 160)"),
            ("regime", self.kind == "regime_in_force", "a regime"),
            ("week", self.week is not None and kind.dated_by_week, ""),
        ):
            value = getattr(self, key)
            if needed and value is None:
                raise ScenarioError(f"{self.kind} needs {missing}", key)
            if value is not None and not needed:
                raise ScenarioError(f"{self.kind} takes no {key}", key, value)
        if self.size is not None and not kind.low <= self.size <= kind.high:
            raise ScenarioError("out of range", "size", self.size, sizes)
        return self
