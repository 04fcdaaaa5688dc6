"""GPU purchases explained twice: which of them interest paid for, which of them it caused, and the gap between.

Accounting follows dollars: it counts the GPUs that were paid for with interest on Treasury bills, however many
hands the money passed through. The cause is what compute providers bought only because of that interest: the
difference from the twin in which less interest is redeployed into AI. The two numbers differ because other money
takes the place of missing interest (crowding-out), or comes where interest comes. The origin of the money is known
for every purchase, so that the effect on all purchases is the sum of the effects by origin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.economy.books.measures import EARNED
from sim.experiments.compare.paired import Effect, effect, half_width

REDEPLOYMENT = "redeployment.redeployment"
INTEREST = "bill_interest"


@dataclass(frozen=True)
class Cause:
    """GPU purchases of two twins by the origin of the money; every difference is twin `more` minus twin `less`.

    Attributes:
        more, less: the names of the twins with more and with less redeployment; if it is equal, in the given order.
        flipped: whether `more` is the second scenario of the comparison.
        redeployment: whether the twins differ in redeployment.
        alone: whether the twins differ in redeployment and in nothing else.
        purchases: all GPU purchases, USD bn.
        by_origin: origin of money -> GPU purchases paid with that money, USD bn; they sum to `purchases`.
        others: GPU purchases paid with money other than interest, USD bn.
        share_more, share_less: the share of each twin's GPU purchases that interest paid for, a ratio of means.
        replaced: the share of the additional purchases by interest that other money makes in `less` instead, with
            the ends of its 90 percent interval. Above 1, other money more than makes up for the missing interest;
            below 0, it buys less too. None if redeployment is equal, or interest did not clearly buy more in `more`.
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
        """GPU purchases paid with interest, USD bn: the accounting number of each twin, and their difference."""
        return self.by_origin[INTEREST]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers for JSON; in them, `a` is the twin with more redeployment."""
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
            "effect_by_origin_usd_bn": {origin: part.to_dict() for origin, part in self.by_origin.items()},
            "effect_on_other_money_usd_bn": self.others.to_dict(),
            "replaced_share": None if replaced is None else {"mean": replaced[0], "interval_90": [*replaced[1:]]},
        }


def cause_of(names: tuple[str, str], differs: Mapping[str, Mapping[str, Any]], effects: Mapping[str, Effect]) -> Cause:
    """Explain the GPU purchases of twins by accounting and by cause; the arguments are as in `PairedOutcomes`."""
    values = differs.get(REDEPLOYMENT)
    flipped = values is not None and float(values["b"]) > float(values["a"])
    by_origin = {origin: turned(effects[f"gpu_capex_from_{origin}_usd_bn"], flipped) for origin in EARNED}
    purchases, interest = turned(effects["gpu_capex_usd_bn"], flipped), by_origin[INTEREST]
    others = effect(purchases.a - interest.a, purchases.b - interest.b)
    more, less = reversed(names) if flipped else names
    return Cause(
        more=more,
        less=less,
        flipped=flipped,
        redeployment=values is not None,
        alone=len(differs) == 1,
        purchases=purchases,
        by_origin=by_origin,
        others=others,
        share_more=interest.mean_a / purchases.mean_a if purchases.mean_a else 0.0,
        share_less=interest.mean_b / purchases.mean_b if purchases.mean_b else 0.0,
        replaced=_replaced(interest, others) if values is not None else None,
    )


def turned(difference: Effect, flipped: bool) -> Effect:
    """Return a difference as it is, or with its two scenarios exchanged if `flipped`."""
    return effect(difference.b, difference.a) if flipped else difference


def _replaced(interest: Effect, others: Effect) -> tuple[float, float, float] | None:
    """Return the ratio of means R and its interval, from residuals `other + R interest` divided by mean interest."""
    if not (interest.decided and interest.mean > 0.0):
        return None
    share = -others.mean / interest.mean
    half = half_width(others.differences + share * interest.differences) / interest.mean
    return share, share - half, share + half


def shares(cause: Cause) -> dict[str, float]:
    """Return origin -> its part of the effect on GPU purchases, USD bn: interest first, then the largest first."""
    order = sorted((o for o in EARNED if o != INTEREST), key=lambda o: -abs(cause.by_origin[o].mean))
    parts = {origin: cause.by_origin[origin] for origin in (INTEREST, *order)}
    return {origin: part.mean for origin, part in parts.items() if not part.none}
