"""Phase 0, laws and audits: the law that each issuer is under, and how transparent its reserve is."""

from dataclasses import fields, replace

from jaxtyping import Float

from sim.economy.arrays import Array, namespace
from sim.economy.coins.parameters import RegimeParameters
from sim.economy.parameters import Parameters
from sim.economy.state import Draws, Economy


class Law(RegimeParameters):
    """The law that each issuer is under: the fields of `RegimeParameters`, with one number per issuer."""


def law_in_force(regime: Float[Array, "issuer regime"], parameters: Parameters) -> Law:
    """Return the law of each issuer; a row of `regime` is 1 in the column of the law in force and 0 elsewhere."""
    return Law(**{field.name: regime @ getattr(parameters.regimes, field.name) for field in fields(RegimeParameters)})


def law_of(economy: Economy, parameters: Parameters) -> Law:
    """Return the law that each issuer is under this quarter."""
    return law_in_force(economy.tokens.regime, parameters)


def disclosed(regime: Float[Array, "issuer regime"], audited: Array, parameters: Parameters) -> Float[Array, " issuer"]:
    """Transparency of each issuer: its own choice or, if larger, what law or scenario requires; 1 once audited."""
    xp = namespace(regime)
    required = xp.maximum(law_in_force(regime, parameters).disclosure, parameters.tokens.transparency)
    return xp.maximum(xp.maximum(parameters.issuer.transparency, required), audited)


def put_laws_in_force(economy: Economy, parameters: Parameters, draws: Draws, *_: object) -> Economy:
    """Apply the laws and audits that take effect this quarter."""
    events = draws.events
    tokens = replace(
        economy.tokens, regime=events.regime, transparency=disclosed(events.regime, events.audited, parameters)
    )
    return replace(economy, tokens=tokens)
