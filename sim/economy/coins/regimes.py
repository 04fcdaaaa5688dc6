"""Phase 0, and the law of each issuer: what its reserve may and must hold, and who is paid first."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from jaxtyping import Float

from sim.economy.arrays import Array, namespace
from sim.economy.parameters import Parameters, RegimeParameters
from sim.economy.state import Draws, Economy


@dataclass(frozen=True)
class Law:
    """What the law says to each issuer; the fields are those of `RegimeParameters`.

    Attributes:
        may_pay_yield: 1 where holders may be paid interest.
        risky_limit: most that loans, bitcoin, gold and other investments may be of the tokens.
        deposit_share: least share of tokens that must lie in bank deposits.
        own_funds: least excess reserves over tokens.
        disclosure: least transparency of the reserve, 0 to 1.
        may_advance: 1 where the reserve may lend to the issuer's own book.
        holders_first: 1 where holders rank before everyone else when an issuer fails.
        own_book_support: part of the own book's liquid money that stands behind the tokens.
    """

    may_pay_yield: Float[Array, " issuer"]
    risky_limit: Float[Array, " issuer"]
    deposit_share: Float[Array, " issuer"]
    own_funds: Float[Array, " issuer"]
    disclosure: Float[Array, " issuer"]
    may_advance: Float[Array, " issuer"]
    holders_first: Float[Array, " issuer"]
    own_book_support: Float[Array, " issuer"]


def law_in_force(regime: Float[Array, "issuer regime"], parameters: Parameters) -> Law:
    """Read what the law in force says to each issuer.

    Args:
        regime: 1 in the column of the law in force.
        parameters: what each law says.
    """
    return Law(
        **{field.name: regime @ getattr(parameters.regimes, field.name) for field in fields(RegimeParameters)}
    )


def law_of(economy: Economy, parameters: Parameters) -> Law:
    """Law that each issuer is under this quarter."""
    return law_in_force(economy.tokens.regime, parameters)


def disclosed(
    regime: Float[Array, "issuer regime"], audited: Array, parameters: Parameters
) -> Float[Array, " issuer"]:
    """Transparency of each issuer: its own, what the law and the scenario ask, and full once audited."""
    xp = namespace(regime)
    required = xp.maximum(law_in_force(regime, parameters).disclosure, parameters.tokens.transparency)
    return xp.maximum(xp.maximum(parameters.issuer.transparency, required), audited)


def put_laws_in_force(economy: Economy, parameters: Parameters, draws: Draws, *_: object) -> Economy:
    """Apply the laws and audits whose day has come."""
    events = draws.events
    tokens = replace(
        economy.tokens, regime=events.regime, transparency=disclosed(events.regime, events.audited, parameters)
    )
    return replace(economy, tokens=tokens)
