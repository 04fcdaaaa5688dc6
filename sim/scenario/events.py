"""Dated events of a scenario: what `[[events]]` may say."""

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
"""Target that means every issuer."""
MID_QUARTER = 7
"""Week in which an event happens that names none."""


@dataclass(frozen=True)
class Kind:
    """What one kind of event needs.

    Attributes:
        meaning: what happens.
        target: whom it can hit: an issuer, a company (lab, provider or venture), or no one in particular.
        unit: unit of its size; None where it has none.
        low: smallest size.
        high: largest size.
        lasts: whether it must say for how many quarters.
        dated_by_week: whether it may name a week.
    """

    meaning: str
    target: str | None = None
    unit: str | None = None
    low: float = 0.0
    high: float = 1.0
    lasts: bool = False
    dated_by_week: bool = False


KINDS: dict[str, Kind] = {
    "redemption_shock": Kind(
        "holders suddenly want a share of the tokens back", ISSUER, "share of tokens", dated_by_week=True
    ),
    "bank_failure": Kind(
        "reserve worth a share of the tokens is out of reach for a week, and the window shuts over the weekend",
        ISSUER,
        "share of tokens",
        dated_by_week=True,
    ),
    "bitcoin_crash": Kind("bitcoin loses a share of its price", unit="share of the price", high=0.99),
    "ai_winter": Kind("the mood about AI falls", unit="standard units", high=5.0),
    "gpu_glut": Kind(
        "GPUs from outside the model serve a share of the customers other than the labs",
        unit="share of their demand",
        high=0.95,
        lasts=True,
    ),
    "default": Kind("a lab, provider or venture fails", COMPANY),
    "bets_fail": Kind("every company in which an issuer has money fails", ISSUER),
    "rate_shock": Kind("the bill rate changes at once", unit="per year", low=-0.1, high=0.1),
    "robotics_deal_closes": Kind("talks with the robotics company end in a deal", ISSUER, "USD bn", high=100.0),
    "audit_published": Kind("a full audit lets holders see the reserve from now on", ISSUER),
    "regime_in_force": Kind("a law applies to an issuer from now on", ISSUER),
}


class Event(BaseModel):
    """One dated event.

    Attributes:
        quarter: when, such as 2026Q1.
        kind: what, a key of `KINDS`.
        target: whom: the key of an issuer or company; `all` for every issuer.
        size: how much, in the unit of the kind.
        week: in which of the thirteen weeks, for events of the token market.
        quarters: for how many quarters, for events that last.
        regime: which law, for `regime_in_force`.
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
            raise ValueError(f"expected an event with quarter, kind, target and size, got {raw!r}")
        for key in raw:
            if key not in cls.model_fields:
                allowed = ", ".join(cls.model_fields)
                raise ScenarioError(f"unknown key{suggestion(key, cls.model_fields)}", key, allowed=allowed)
        for key in ("quarter", "kind"):
            if key not in raw:
                raise ValueError(f"an event needs a {key}")
        return raw

    @model_validator(mode="after")
    def _complete(self) -> Event:
        if not re.fullmatch(QUARTER, self.quarter):
            raise ScenarioError("not a quarter", "quarter", self.quarter, "a quarter such as 2026Q1")
        if self.kind not in KINDS:
            problem = f"unknown kind{suggestion(self.kind, KINDS)}"
            raise ScenarioError(problem, "kind", self.kind, ", ".join(KINDS))
        kind = KINDS[self.kind]
        needed = {
            "target": kind.target is not None,
            "size": kind.unit is not None,
            "quarters": kind.lasts,
            "regime": self.kind == "regime_in_force",
        }
        for key, wanted in needed.items():
            given = getattr(self, key) is not None
            if wanted and not given:
                allowed = {
                    "size": f"a size ({kind.unit}, {kind.low:g} to {kind.high:g})",
                    "quarters": "how many quarters it lasts (quarters, 1 to 160)",
                }
                raise ValueError(f"{self.kind} needs {allowed.get(key, 'a ' + key)}")
            if given and not wanted:
                raise ValueError(f"{self.kind} takes no {key}")
        if self.week is not None and not kind.dated_by_week:
            raise ValueError(f"{self.kind} takes no week")
        if self.size is not None and not kind.low <= self.size <= kind.high:
            raise ScenarioError("out of range", "size", self.size, f"{kind.low:g} to {kind.high:g} {kind.unit}")
        return self
