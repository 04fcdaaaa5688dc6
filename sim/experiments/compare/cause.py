"""Accounting beside cause: what interest paid for, what there would not be without it, and the gap between them.

Accounting follows dollars: so many GPUs were paid with bill interest, at any remove. Cause asks what providers
would have bought otherwise, which the twin with less redeployment answers. They differ because other money steps
in where interest stays away (crowding-out), or follows it. GPU purchases are known by origin of the money, so
that the effect on all purchases is the sum of the effects on those of each origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.economy.books.measures import EARNED
from sim.engine.outcomes import ORIGIN_WORDS
from sim.experiments.compare.paired import Effect, effect, half_width
from sim.report.numbers import between, percent, usd

if TYPE_CHECKING:
    from sim.experiments.compare.results import Comparison

REDEPLOYMENT = "redeployment.redeployment"
INTEREST = "bill_interest"
TOLD = 0.1
"""An origin is told beside the largest one if its part is at least this share of it."""


@dataclass(frozen=True)
class Cause:
    """GPU purchases of two twins, explained by the origin of their money; differences are `more` less `less`.

    Attributes:
        more: name of the twin with more redeployment; of the first where redeployment is the same.
        less: name of the other.
        flipped: whether `more` is the second scenario.
        redeployment: whether the twins differ in redeployment.
        alone: whether they differ in nothing else.
        purchases: all GPU purchases, USD bn.
        by_origin: origin -> GPU purchases paid with it, USD bn; they sum to `purchases`.
        others: GPU purchases paid with other money than interest.
        share_more: accounting share of interest in the GPU purchases of `more`: mean over mean.
        share_less: the same in `less`.
        replaced: part of the interest's purchases that other money makes up for where there is less of it, with
            its 90 percent interval; above one: more than made up for; below zero: other money follows interest.
            None where the twins do not differ in redeployment, or interest paid for no more in `more`.
    """

    more: str
    less: str
    flipped: bool
    redeployment: bool
    alone: bool
    purchases: Effect
    by_origin: dict[str, Effect]
    others: Effect
    share_more: float
    share_less: float
    replaced: tuple[float, float, float] | None

    @property
    def interest(self) -> Effect:
        """GPU purchases paid with interest: what accounting says in each twin, and the difference."""
        return self.by_origin[INTEREST]

    def to_dict(self) -> dict[str, Any]:
        """The numbers, for JSON; here `a` is the twin with more redeployment."""
        replaced = self.replaced
        return {
            "more_redeployment": self.more,
            "less_redeployment": self.less,
            "differs_in_redeployment": self.redeployment,
            "differs_in_nothing_else": self.alone,
            "accounting_usd_bn": self.interest.mean_a,
            "accounting_share": self.share_more,
            "accounting_usd_bn_less": self.interest.mean_b,
            "accounting_share_less": self.share_less,
            "effect_on_gpu_capex_usd_bn": self.purchases.to_dict(),
            "effect_by_origin_usd_bn": {origin: found.to_dict() for origin, found in self.by_origin.items()},
            "effect_on_other_money_usd_bn": self.others.to_dict(),
            "replaced_share": None if replaced is None else {"mean": replaced[0], "interval_90": [*replaced[1:]]},
        }


def cause(found: Comparison) -> Cause:
    """Set accounting beside cause.

    Args:
        found: the comparison.

    Returns:
        The effect on GPU purchases by origin of the money, from the twin with more redeployment to the other.
    """
    values = found.differs.get(REDEPLOYMENT)
    flipped = values is not None and float(values["b"]) > float(values["a"])

    def turned(name: str) -> Effect:
        given = found.effects[name]
        return effect(given.b, given.a) if flipped else given

    by_origin = {origin: turned(f"gpu_capex_from_{origin}_usd_bn") for origin in EARNED}
    purchases = turned("gpu_capex_usd_bn")
    interest = by_origin[INTEREST]
    others = effect(purchases.a - interest.a, purchases.b - interest.b)
    a, b = found.names
    return Cause(
        more=b if flipped else a,
        less=a if flipped else b,
        flipped=flipped,
        redeployment=values is not None,
        alone=len(found.differs) == 1,
        purchases=purchases,
        by_origin=by_origin,
        others=others,
        share_more=interest.mean_a / purchases.mean_a if purchases.mean_a else 0.0,
        share_less=interest.mean_b / purchases.mean_b if purchases.mean_b else 0.0,
        replaced=_replaced(interest, others) if values is not None else None,
    )


def _replaced(interest: Effect, others: Effect) -> tuple[float, float, float] | None:
    """Ratio of means with the interval of the ratio estimator: residuals `other + R interest` over the mean."""
    if not (interest.decided and interest.mean > 0.0):
        return None
    share = -others.mean / interest.mean
    half = half_width(others.differences + share * interest.differences) / interest.mean
    return share, share - half, share + half


def words(found: Comparison) -> list[str]:
    """Say it in sentences: accounting, cause, the gap, and what issuers did otherwise.

    Every word depends on the numbers: more or less by the sign, and no claim where an interval spans zero.

    Args:
        found: the comparison.

    Returns:
        Paragraphs.
    """
    if not found.differs:
        return [
            f"{found.names[0]} and {found.names[1]} assume the same, so that every difference is exactly zero."
        ]
    this = found.cause
    told = [_accounting(this), _effect(this, len(found.seeds))]
    gap = _gap(this)
    if gap:
        told.append(gap)
    told.append(_issuers(found, this))
    return [paragraph for paragraph in told if paragraph]


def _accounting(this: Cause) -> str:
    paid = [
        f"in {name} interest paid for {usd(mean)} of GPUs ({percent(share)} of {usd(whole)})"
        if mean > 0.0
        else f"in {name} for none"
        for name, mean, share, whole in (
            (this.more, this.interest.mean_a, this.share_more, this.purchases.mean_a),
            (this.less, this.interest.mean_b, this.share_less, this.purchases.mean_b),
        )
    ]
    if not this.interest.mean_a > 0.0:
        if not this.interest.mean_b > 0.0:
            return "Accounting: interest reached no GPU purchase in either twin."
        paid.reverse()
    return f"Accounting: at any remove, {paid[0]}, {paid[1]}."


def _effect(this: Cause, pairs: int) -> str:
    bought = this.purchases
    if bought.none:
        return f"Cause: the providers buy the same GPUs in {this.more} and in {this.less}, in every pair."
    mean = f"GPUs for {usd(abs(bought.mean))} {_more(bought.mean)} in {this.more} than in {this.less}"
    where = f"90 percent interval of the difference {between(bought.low, bought.high)}"
    agree = f"{_more(bought.mean)} in {bought.same_sign} of {pairs} pairs"
    if bought.decided:
        own = _because(this)
        return f"Cause: the providers buy {mean} ({where}; {agree}).{own}"
    enough = bought.pairs_to_decide
    needed = (
        f" If the effect is as large as that, it would take about {enough:,} pairs to tell it from none."
        if pairs < enough < 1_000_000
        else ""
    )
    return (
        f"Cause: not decided by {pairs} pairs. The providers buy {mean} on average, but the interval spans zero "
        f"({where}; {agree}).{needed}{_because(this)}"
    )


def _because(this: Cause) -> str:
    if not this.redeployment:
        return " The twins do not differ in redeployment: this is the effect of what they do differ in."
    if not this.alone:
        return " The twins differ in more than redeployment: this is not its effect alone."
    return ""


def _gap(this: Cause) -> str:
    """Where the difference between the accounting and the effect comes from, by origin of the money."""
    interest, others = this.interest, this.others
    if this.purchases.none and interest.none:
        return ""
    parts = _parts(this)
    if this.replaced is None:
        return f"By origin of the money: {_interest_part(this)}{parts}."
    share, low, high = this.replaced
    start = f"The gap: interest paid for {usd(interest.mean)} {_more(interest.mean)} in {this.more}"
    if others.none:
        return f"{start}, and other money bought the same, so that accounting and cause agree."
    if not others.decided:
        return (
            f"{start}. Whether other money makes up for it in {this.less} is not decided: it buys "
            f"{usd(abs(others.mean))} {_more(-others.mean)} there, and the interval spans zero "
            f"({between(-others.high, -others.low)}){parts}."
        )
    interval = f"90 percent interval {_percent(low)} to {_percent(high)}"
    if others.mean > 0.0:
        return (
            f"{start}, and other money follows it: it buys {usd(others.mean)} more there too, so that the effect "
            f"is larger than the accounting says{parts}."
        )
    if this.purchases.none:
        return f"{start}, and other money makes up for all of it in {this.less}{parts}."
    if share > 1.0:
        return (
            f"{start}, and other money more than makes up for it in {this.less}: it buys {usd(-others.mean)} more "
            f"there, {_percent(share)} of what interest paid for ({interval}){parts}."
        )
    return (
        f"{start}, but {_percent(share)} of that ({interval}) is crowding-out: where interest stays away, in "
        f"{this.less}, other money buys {usd(-others.mean)} more{parts}."
    )


def _interest_part(this: Cause) -> str:
    if this.interest.none:
        return "interest buys the same in both twins"
    told = f"interest buys {usd(abs(this.interest.mean))} {_more(this.interest.mean)} in {this.more}"
    return told if this.interest.decided else f"{told}, which is not told from zero"


def _parts(this: Cause) -> str:
    """The largest of the other origins, and those that go the other way, as seen from the twin with less."""
    others = {origin: found for origin, found in this.by_origin.items() if origin != INTEREST and not found.none}
    ranked = sorted(others.items(), key=lambda item: -abs(item[1].mean))
    decided = [(origin, found) for origin, found in ranked if found.decided]
    if not decided:
        return "; no single origin of other money differs beyond chance" if others else ""
    least = TOLD * abs(decided[0][1].mean)
    first, *rest = [
        (ORIGIN_WORDS[origin], f"{usd(abs(found.mean))} {_more(-found.mean)}", between(-found.high, -found.low))
        for origin, found in decided
        if abs(found.mean) >= least
    ]
    start = "The largest part" if ranked[0][0] == decided[0][0] else "Beyond chance only"
    largest = f". {start}: {first[0]} buys {first[1]} in {this.less} ({first[2]})"
    return largest + "".join(f"; {words} {bought} ({interval})" for words, bought, interval in rest)


def _issuers(found: Comparison, this: Cause) -> str:
    """What issuers put into AI, and what became of their own books."""

    def turned(name: str) -> Effect:
        given = found.effects[name]
        return effect(given.b, given.a) if this.flipped else given

    put, own, failed = (turned(n) for n in ("redeployed_usd_bn", "own_books_at_end_usd_bn", "failures"))
    told = []
    if not put.none:
        in_less = f"{usd(put.mean_b)} in {this.less}" if put.mean_b > 0.0 else f"nothing in {this.less}"
        in_more = f"{usd(put.mean_a)} into AI and frontier technology" if put.mean_a > 0.0 else "nothing into AI"
        told.append(f"Issuers put {in_more} in {this.more}, {in_less}.")
    if own.decided:
        told.append(
            f"At the end their own books are worth {usd(abs(own.mean))} {_more(own.mean)} in {this.more} "
            f"({between(own.low, own.high)})."
        )
    if failed.decided:
        count, few = f"{abs(failed.mean):.2g}", "more" if failed.mean > 0.0 else "fewer"
        fail = "company fails" if count == "1" else "companies fail"
        told.append(f"On average, {count} {few} {fail} in {this.more}.")
    return " ".join(told)


def _more(number: float) -> str:
    return "more" if number > 0.0 else "less"


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f}%".replace("-", "\N{MINUS SIGN}")


def shares(this: Cause) -> dict[str, float]:
    """Origin -> part of the effect on GPU purchases, in the order in which they are drawn: interest first."""
    order = sorted((o for o in EARNED if o != INTEREST), key=lambda o: -abs(this.by_origin[o].mean))
    parts = {origin: this.by_origin[origin].mean for origin in (INTEREST, *order)}
    return {origin: part for origin, part in parts.items() if not this.by_origin[origin].none}
