"""Two ways in which agents divide something: a logit choice, and a rationed match of offers and asks."""

from __future__ import annotations

from jaxtyping import Float

from sim.economy.arrays import Array, namespace, ratio, repeat

ROUNDING = 1e-12
"""Of an amount that is divided: less of it than this is not left over, but rounding."""


def logit(utility: Float[Array, "*agent option"], weight: Array) -> Float[Array, "*agent option"]:
    """Shares `w_k e^(u_k) / sum_j w_j e^(u_j)` over the last axis (multinomial logit, Brock and Hommes 1997).

    Args:
        utility: intensity of choice times utility.
        weight: prior weight of each option; zero rules it out. If all are zero, so are the shares.
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
    """Divide offers over asks by weight; what one ask cannot take is offered again in the next round.

    Args:
        offers: what each giver can give.
        asks: what each taker can use.
        weight: how much of its offer a giver would put into each taker, before size; zero means never.
        ceiling: the most that each giver would give to each taker; no limit if left out.
        rounds: how often leftovers are offered again.

    Returns:
        What each giver gives to each taker: no giver exceeds its offer or a ceiling, no taker its ask.
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
    # Rounding may leave the sums a hair above what was offered or asked; cash must never go below zero.
    return allocated * (1.0 - 1e-14)


def _remainder(whole: Array, taken: Array) -> Array:
    """Subtract, and drop what is left where it is rounding alone.

    Shares of what rounding leaves move no money, but their derivatives are of any size.
    """
    left = whole - taken
    return namespace(left).where(left > ROUNDING * whole, left, 0.0)
