"""The logit choice among options, and the matching of offers with asks when either is too small."""

from jaxtyping import Float

from sim.economy.arrays import Array, namespace, ratio, repeat

ROUNDING = 1e-12
"""A remainder smaller than this part of the original amount counts as rounding."""


def logit(utility: Float[Array, "*agent option"], weight: Array) -> Float[Array, "*agent option"]:
    """Shares `w_k e^(u_k) / sum_j w_j e^(u_j)` of options, along the last axis (Brock and Hommes 1997).

    Args:
        utility: utility of each option, already multiplied by the intensity of choice.
        weight: prior weight of each option; zero excludes the option. If all weights are zero, so are all shares.
    """
    xp = namespace(utility)
    # The largest utility is subtracted so that no exponential can overflow.
    odds = weight * xp.exp(utility - utility.max(axis=-1, keepdims=True))
    return ratio(odds, odds.sum(axis=-1, keepdims=True))


def match(
    offers: Float[Array, " giver"],
    asks: Float[Array, " taker"],
    weight: Float[Array, "giver taker"],
    ceiling: Float[Array, "giver taker"] | None = None,
    rounds: int = 3,
) -> Float[Array, "giver taker"]:
    """Divide each offer among asks in proportion to weight times ask; what exceeds an ask is offered again.

    Args:
        offers: amount that each giver offers.
        asks: amount that each taker asks for.
        weight: weight of each taker in a giver's offer per unit of its ask; zero excludes the taker.
        ceiling: most that each giver gives to each taker; no limit by default.
        rounds: number of times that what is left of the offers is divided.

    Returns:
        Amounts from each giver to each taker: no giver exceeds its offer or a ceiling; no taker exceeds its ask.
    """
    xp = namespace(weight)

    def offered_again(allocated: Array, _turn: dict[str, Array]) -> Array:
        left = _remainder(offers, allocated.sum(axis=1))
        open_asks = _remainder(asks, allocated.sum(axis=0))
        pull = weight * open_asks[None, :]
        wanted = left[:, None] * ratio(pull, pull.sum(axis=1)[:, None])
        if ceiling is not None:
            wanted = xp.minimum(wanted, _remainder(ceiling, allocated))
        scale = xp.minimum(1.0, ratio(open_asks, wanted.sum(axis=0), empty=1.0))
        return allocated + wanted * scale[None, :]

    allocated = repeat(offered_again, 0.0 * weight * asks[None, :], {"turn": xp.arange(rounds)})
    # Rounding may leave sums slightly above offers or asks; cash must never go below zero.
    return allocated * (1.0 - 1e-14)


def _remainder(whole: Array, taken: Array) -> Array:
    """Subtract, and set remainders that are rounding to zero: they move no money but have huge derivatives."""
    left = whole - taken
    return namespace(left).where(left > ROUNDING * whole, left, 0.0)
