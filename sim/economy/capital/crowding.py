"""How issuers' money in a company moves private investors: a moderate part draws them, a large one deters."""

from __future__ import annotations

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, material, namespace, ratio
from sim.economy.books.flows import COMPUTE_LOANS, INVESTORS, OWN, PROVIDER_SHARES, SHARES
from sim.economy.books.ledger import Books
from sim.economy.parameters import Parameters


def sponsor_share(books: Books, instrument: str) -> Float[Array, " company"]:
    """Issuers' part of the money in each company: of its shares, and of its debt if it is a provider.

    Args:
        books: the balance sheets.
        instrument: the kind of share that the companies issue.
    """
    price = books.price[instrument]
    sponsored = books.positions[instrument][OWN].sum(axis=0) * price
    everyone = -books.positions[instrument][SHARES[instrument]] * price
    if instrument == PROVIDER_SHARES:
        loans = books.positions[COMPUTE_LOANS]
        lent = loans[OWN].sum(axis=0)
        sponsored, everyone = sponsored + lent, everyone + lent + loans[INVESTORS].sum(axis=0)
    return ratio(sponsored, material(everyone))


def private_interest(
    share: Float[Array, " company"], heat: Scalar, parameters: Parameters
) -> Float[Array, " company"]:
    """Factor on private investors' willingness to put money into companies that issuers have money in.

        max(0, 1 + c s (1 - s / s* e^(h heat)))

    An inverted U in the issuers' share s: crowding in at small shares, crowding out beyond s* (where the factor is
    one again), and the harm is larger when private capital is abundant (Brander, Du and Hellmann 2015, for
    government sponsors of ventures).

    Args:
        share: issuers' part of the money in each company.
        heat: log of private equity money on offer over what is asked for.
        parameters: `funding.crowding_in` c, `crowding_turn` s*, `crowding_heat` h.
    """
    funding = parameters.funding
    xp = namespace(share)
    too_much = share / funding.crowding_turn * xp.exp(funding.crowding_heat * heat)
    return xp.maximum(1.0 + funding.crowding_in * share * (1.0 - too_much), 0.0)
