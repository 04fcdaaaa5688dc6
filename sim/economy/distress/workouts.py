"""Workouts of phase 10b: lenders take shares for a part of their loans where this saves a provider worth saving.

The observed case is the shareholder loan of 0.61 USD bn to Northern Data, half of which became shares in 2025.
"""

from dataclasses import dataclass, replace

from jaxtyping import Float

from sim.economy.arrays import Array, affordable, namespace, ratio
from sim.economy.books.flows import COMPUTE_LOANS, INVESTORS, OWN, PROVIDER_SHARES, PROVIDERS
from sim.economy.books.ledger import balance, convert, flow_total, issued, market_value, revalue, write_off
from sim.economy.capital.loans import debt
from sim.economy.capital.valuation import equity_value
from sim.economy.compute.hours import BILLION
from sim.economy.parameters import Parameters
from sim.economy.state import Credit, Economy


@dataclass(frozen=True)
class Exchange:
    """Terms on which the lenders of each provider would take shares for a part of their loans."""

    agreed: Float[Array, " provider"]
    """1 where the exchange leaves the lenders no worse off than a liquidation, so that they agree"""
    price: Float[Array, " provider"]
    """price of a share after the old owners have borne their loss, USD bn"""
    paid_in_shares: Float[Array, " provider"]
    """part of the exchanged claims for which lenders receive shares; the rest is lost"""


def work_out(
    economy: Economy, parameters: Parameters, short: Float[Array, " provider"]
) -> tuple[Economy, Float[Array, " provider"]]:
    """Exchange a part of the loans for shares where lenders gain by it, and extend the maturity of the rest.

    The part `workout_share` of each claim, unpaid interest included, is exchanged for new shares; the rest falls due
    `workout_extension` quarters later. `short` is 1 for the providers that cannot pay and for which a workout is
    allowed; the second result is 1 for the providers that a workout keeps in business.
    """
    terms = exchange_terms(economy, parameters, short)
    agreed, credit = terms.agreed, economy.credit
    books = economy.books
    price = books.price[PROVIDER_SHARES]
    books = revalue(books, PROVIDER_SHARES, namespace(price).where(agreed > 0.0, terms.price, price))
    exchanged = parameters.credit.workout_share * agreed
    claims = books.positions[COMPUTE_LOANS]
    for lender in (OWN, INVESTORS):
        books = write_off(
            books, COMPUTE_LOANS, lender, PROVIDERS, claims[lender] * (exchanged * (1.0 - terms.paid_in_shares))
        )
        swapped = claims[lender] * (exchanged * terms.paid_in_shares)
        books = convert(books, COMPUTE_LOANS, PROVIDER_SHARES, lender, PROVIDERS, swapped)
    credit = _given_time(credit, agreed, parameters)
    return replace(economy, books=books, credit=credit), agreed


def exchange_terms(economy: Economy, parameters: Parameters, short: Float[Array, " provider"]) -> Exchange:
    """Compute the shares that lenders would get for a part of their claims, and whether that beats liquidation.

    With claims C, of which the share s is exchanged, and equity value E with the remaining debt, the old owners'
    shares are worth

        W = min(their mark, max(E - s C, k E))

    so that the old owners bear the loss first but keep a share k of the company. The lenders get shares worth
    `V = min(s C, (1 - k) / k W)` at the same price, and lose the rest of s C. They agree if the provider earns more
    than its running cost, and if V is at least what these claims would recover in a liquidation of all that are short.
    """
    gpus, credit, credit_parameters = economy.gpus, economy.credit, parameters.credit
    xp = namespace(gpus.rent)
    claims = debt(economy.books)
    exchanged = credit_parameters.workout_share * claims
    equity = equity_value(economy, parameters, claims - exchanged)
    keep = credit_parameters.workout_owners_keep
    old = xp.minimum(market_value(economy.books, PROVIDER_SHARES), xp.maximum(equity - exchanged, keep * equity))
    received = xp.minimum(exchanged, (1.0 - keep) / keep * old)
    proceeds, _ = resale_proceeds(economy, parameters, short)
    recovery = affordable(proceeds + balance(economy.books, PROVIDERS), claims)
    due = gpus.running_cost + flow_total(economy.books, "provider_late_costs", 1) + credit.unpaid_costs
    agreed = (gpus.revenue > due) & (received > 0.0) & (received >= recovery * exchanged)
    price = ratio(old, issued(economy.books, PROVIDER_SHARES))
    return Exchange(agreed=short * agreed, price=price, paid_in_shares=ratio(received, exchanged))


def resale_proceeds(
    economy: Economy, parameters: Parameters, selling: Float[Array, " provider"]
) -> tuple[Float[Array, " provider"], Array]:
    """Value the GPU fleets of providers that sell them at the same time.

    `min(book value, price of new GPUs) x (1 - discount) x e^(-slope x share of all GPUs sold)`: nobody pays more for
    a used GPU than a new one costs, and many sellers find lower bids (Cifuentes, Ferrucci and Shin 2005).

    Returns:
        Proceeds of each fleet, USD bn, and the part of the price that remains when all these providers sell at once.
    """
    gpus, credit_parameters = economy.gpus, parameters.credit
    xp = namespace(gpus.rent)
    fleet = gpus.fleet.sum(axis=1)
    pressure = xp.exp(-credit_parameters.fire_sale_slope * ratio((fleet * selling).sum(), fleet.sum()))
    worth = xp.minimum(gpus.book_value.sum(axis=1), fleet * gpus.price / BILLION) * selling
    return worth * ((1.0 - credit_parameters.resale_discount) * pressure), pressure


def _given_time(credit: Credit, agreed: Array, parameters: Parameters) -> Credit:
    """Cancel late payments and extend maturities where lenders agreed to a workout."""
    late, longer = 1.0 - agreed, parameters.credit.workout_extension * agreed
    issuer, investor = (
        replace(terms, remaining=terms.remaining + longer, arrears=terms.arrears * late, overdue=terms.overdue * late)
        for terms in (credit.issuer, credit.investor)
    )
    return replace(credit, issuer=issuer, investor=investor)
