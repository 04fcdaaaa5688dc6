"""Phase 10d: newcomers take the places of failed labs, merchant providers and ventures."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import Array, column, namespace, ratio, row
from sim.economy.books.flows import LAB_SHARES, PROVIDER_SHARES, VENTURE_SHARES
from sim.economy.books.ledger import Books, cancel_shares, pay, revalue
from sim.economy.compute.hours import BILLION
from sim.economy.compute.orders import install
from sim.economy.parameters import Parameters
from sim.economy.state import Economy


def admit_newcomers(economy: Economy, parameters: Parameters, *_: object) -> Economy:
    """Fill the places that have been empty for long enough, and count how long the other empty places have waited.

    The worthless shares of the failed company are cancelled, and founders (in the sector of everyone else) pay for
    new shares. A newcomer inherits the traits of the failed company, such as its investors and suppliers, but none
    of its assets or debts.
    """
    economy = _new_labs(economy, parameters)
    economy = _new_providers(economy, parameters)
    return _new_ventures(economy, parameters)


def _entering(alive: Array, vacant: Array, parameters: Parameters) -> Array:
    """Mark with 1 the places that are filled this quarter."""
    return (1.0 - alive) * (vacant >= parameters.entry.entry_delay) * (parameters.entry.entry > 0.0)


def _waited(alive: Array, vacant: Array) -> Array:
    return (1.0 - alive) * (vacant + 1.0)


def _founded(books: Books, shares: str, kind: str, capital: Float[Array, " company"]) -> Books:
    """Issue one share of each newcomer to the founders, who pay its capital."""
    entering = 1.0 * (capital > 0.0)
    books = cancel_shares(books, shares, entering)
    price = books.price[shares]
    books = revalue(books, shares, price * (1.0 - entering) + capital)
    return pay(books, kind, row(capital))


def _new_labs(economy: Economy, parameters: Parameters) -> Economy:
    """Start labs with a part of the leader's compute, a few customers, and a budget for their first runway.

    New labs expect to grow as fast as the labs in business have grown.
    """
    labs, entry = economy.labs, parameters.entry
    xp = namespace(labs.revenue)
    enters = _entering(labs.alive, labs.vacant, parameters)
    capital, here = entry.lab_capital * enters, enters > 0.0
    expected = ratio((labs.growth * labs.revenue * labs.alive).sum(), (labs.revenue * labs.alive).sum())
    alive = labs.alive + enters
    share = xp.where(here, entry.lab_share, labs.market_share * (1.0 - entry.lab_share * enters.sum()))
    labs = replace(
        labs,
        alive=alive,
        vacant=_waited(alive, labs.vacant),
        newcomer=xp.where(here, 1.0, labs.newcomer),
        market_share=share,
        training_compute=xp.where(here, entry.lab_compute * labs.training_compute.max(), labs.training_compute),
        spending=xp.where(here, capital / parameters.funding.target_runway, labs.spending),
        growth=xp.where(here, expected, labs.growth),
        post_money=labs.post_money + capital,
    )
    return replace(economy, books=_founded(economy.books, LAB_SHARES, "lab_founding", capital), labs=labs)


def _new_providers(economy: Economy, parameters: Parameters) -> Economy:
    """Start providers, which buy their first GPUs at once. Clouds with a parent company are not replaced."""
    gpus, entry = economy.gpus, parameters.entry
    xp = namespace(gpus.rent)
    enters = _entering(gpus.alive, gpus.vacant, parameters) * (1.0 - parameters.provider.hyperscale)
    capital = entry.provider_capital * enters
    books = _founded(economy.books, PROVIDER_SHARES, "provider_founding", capital)
    spent = entry.fleet_share * capital * (1.0 - 1e-14)
    books = pay(books, "first_gpu_purchase", column(spent))
    alive = gpus.alive + enters
    gpus = replace(
        gpus,
        alive=alive,
        vacant=_waited(alive, gpus.vacant),
        fleet=install(gpus.fleet, spent / gpus.paid * BILLION),
        book_value=install(gpus.book_value, spent),
        utilisation=xp.where(enters > 0.0, parameters.gpus.target_utilisation, gpus.utilisation),
    )
    return replace(economy, books=books, gpus=gpus)


def _new_ventures(economy: Economy, parameters: Parameters) -> Economy:
    """Start ventures with capital that lasts as long as money from a round of a venture would."""
    ventures, entry = economy.ventures, parameters.entry
    xp = namespace(ventures.burn)
    enters = _entering(ventures.alive, ventures.vacant, parameters)
    capital = entry.venture_capital * enters
    alive = ventures.alive + enters
    books = _founded(economy.books, VENTURE_SHARES, "venture_founding", capital)
    ventures = replace(
        ventures,
        alive=alive,
        vacant=_waited(alive, ventures.vacant),
        burn=xp.where(enters > 0.0, capital / parameters.funding.venture_runway, ventures.burn),
        milestones=ventures.milestones * (1.0 - enters),
        funding_heat=ventures.funding_heat * (1.0 - enters),
        round_price=xp.where(enters > 0.0, books.price[VENTURE_SHARES], ventures.round_price),
    )
    return replace(economy, books=books, ventures=ventures)
