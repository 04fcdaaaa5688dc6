"""Phase 4: payments that fall due on compute loans; also the debt of providers and the terms of new loans."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, affordable, material, namespace, ratio
from sim.economy.books.flows import COMPUTE_LOANS, INVESTORS, OWN, PROVIDERS
from sim.economy.books.ledger import Books, balance, pay, settle
from sim.economy.distress.clearing import clearing, paid_pairwise
from sim.economy.parameters import Parameters
from sim.economy.state import Credit, Economy, LoanTerms

MOMENT = 1e-6
"""Tolerance for rounding in maturities, quarters (about eight seconds)."""
CLEARING_ROUNDS = 6
"""Number of waves of default that clearing follows: first borrowers default, then lenders who counted on their
payments, then the borrowers of these lenders, and so on. Where a chain has more waves, a payment may come out too
high; the ledger then cuts it to what the payer has."""


def service_loans(economy: Economy, parameters: Parameters, *_: object) -> Economy:
    """Clear the payments that fall due: interest, services that lenders buy from their borrowers, then principal.

    A loan from an issuer is repaid in one sum at maturity; a loan from an investor is repaid in equal instalments
    over the rest of its term. Interest and services rank before principal. Where an issuer buys GPU services from
    a provider that owes it interest, each of the two depends on the payment of the other: the payments are the
    greatest clearing vector (Eisenberg and Noe 2001). A provider short of cash pays every lender the same share of
    what it owes. It can pay the rest with money raised later in the quarter; otherwise its lenders take shares for
    a part of their loans, or it fails (phase 10). Issuers do not buy services that they cannot pay for.
    """
    books, credit = economy.books, economy.credit
    xp = namespace(credit.facility)
    # Rounding may leave a repaid loan a hair below zero, on which nobody owes anything.
    issuer_loans, investor_loans = (xp.maximum(loans, 0.0) for loans in _balances(books))
    issuer_interest = issuer_loans * credit.issuer.rate / 4.0
    investor_interest = investor_loans * credit.investor.rate / 4.0
    services = issuer_loans * parameters.credit.circular_purchases / 4.0
    books = settle(books, _cleared(books, services, issuer_interest.T, investor_interest.T))
    flows = books.journal.flows
    issuer_principal = xp.where(_at_maturity(credit.issuer), issuer_loans, 0.0)
    investor_principal = investor_loans / xp.maximum(credit.investor.remaining, 1.0)
    principal = issuer_principal.sum(axis=0) + investor_principal.sum(axis=0)
    repaid = affordable(balance(books, PROVIDERS), principal)
    books = pay(books, "issuer_loan_principal", (issuer_principal * repaid).T)
    books = pay(books, "investor_loan_principal", (investor_principal * repaid).T)
    credit = replace(
        credit,
        issuer=LoanTerms(
            rate=credit.issuer.rate,
            remaining=xp.maximum(credit.issuer.remaining - 1.0, 0.0),
            arrears=xp.maximum(issuer_interest - flows["issuer_loan_interest"].amount.T, 0.0),
            overdue=issuer_principal * (1.0 - repaid),
        ),
        investor=LoanTerms(
            rate=credit.investor.rate,
            remaining=xp.maximum(credit.investor.remaining - 1.0, 0.0),
            arrears=xp.maximum(investor_interest - flows["investor_loan_interest"].amount.T, 0.0),
            overdue=investor_principal * (1.0 - repaid),
        ),
    )
    return replace(economy, books=books, credit=credit)


def _cleared(
    books: Books,
    services: Float[Array, "issuer provider"],
    to_issuers: Float[Array, "provider issuer"],
    to_investors: Float[Array, "provider investor"],
) -> dict[str, Array]:
    """Clear the interest and the services that are due; return the payments by kind of flow, USD bn."""
    xp = namespace(services)
    issuers, providers = services.shape
    investors = to_investors.shape[1]
    # Agents in the order issuers, providers, investors; investors owe nothing.
    due = xp.concat(
        [
            xp.concat([xp.zeros((issuers, issuers)), services, xp.zeros((issuers, investors))], axis=1),
            xp.concat([to_issuers, xp.zeros((providers, providers)), to_investors], axis=1),
            xp.zeros((investors, issuers + providers + investors)),
        ],
        axis=0,
    )
    cash = xp.concat([balance(books, account) for account in (OWN, PROVIDERS, INVESTORS)])
    paid = paid_pairwise(due, clearing(due, xp.maximum(cash, 0.0), rounds=CLEARING_ROUNDS))
    last = issuers + providers
    return {
        "issuer_gpu_services": paid[:issuers, issuers:last],
        "issuer_loan_interest": paid[issuers:last, :issuers],
        "investor_loan_interest": paid[issuers:last, last:],
    }


def owed_late(credit: Credit) -> Float[Array, " provider"]:
    """Interest, principal and running costs that each provider failed to pay this quarter, USD bn."""
    to_issuers, to_investors = (terms.arrears + terms.overdue for terms in (credit.issuer, credit.investor))
    return to_issuers.sum(axis=0) + to_investors.sum(axis=0) + credit.unpaid_costs


def debt(books: Books) -> Float[Array, " provider"]:
    """Debt of each provider in compute loans, USD bn."""
    return -books.positions[COMPUTE_LOANS][PROVIDERS]


def debt_service(economy: Economy) -> Float[Array, " provider"]:
    """Interest and principal that each provider owes next quarter, USD bn."""
    credit = economy.credit
    xp = namespace(credit.facility)
    issuer_loans, investor_loans = _balances(economy.books)
    due = issuer_loans * (credit.issuer.rate / 4.0 + 1.0 * _at_maturity(credit.issuer))
    amortised = investor_loans * (credit.investor.rate / 4.0 + 1.0 / xp.maximum(credit.investor.remaining, 1.0))
    return due.sum(axis=0) + amortised.sum(axis=0)


def loan_rate(economy: Economy, parameters: Parameters) -> Float[Array, " provider"]:
    """Rate on a new compute loan to each provider, per year.

    The rate is the bill rate plus a spread. The spread rises with leverage (debt divided by the book value of GPUs)
    and falls with the part of the capacity that is sold firmly: all of it for a cloud with a parent company, the
    utilised part for other providers. Observed margins have this order: loans backed by contracts with established
    customers are several hundred basis points cheaper than loans backed by merchant capacity.
    """
    books, gpus = economy.books, economy.gpus
    leverage = ratio(debt(books), gpus.book_value.sum(axis=1))
    established = parameters.provider.hyperscale + (1.0 - parameters.provider.hyperscale) * gpus.utilisation
    spread = (
        parameters.credit.credit_spread
        + parameters.credit.leverage_slope * leverage
        - parameters.credit.customer_discount * established
    )
    return economy.environment.bill_rate + namespace(spread).maximum(spread, 0.0)


def lend(credit: Credit, lender: str, earlier: Array, new: Array, rate: Array, term: Scalar) -> Credit:
    """Blend the terms of new loans into the terms of each lender's loans to each provider, weighted by balance.

    Args:
        credit: terms of the loans so far.
        lender: kind of the lenders, `issuer` or `investor`.
        earlier: balances before the new loans, USD bn `(lender, provider)`.
        new: new loans, USD bn `(lender, provider)`.
        rate: rate on the new loans, per year `(provider,)`.
        term: quarters to maturity of the new loans.
    """
    terms: LoanTerms = getattr(credit, lender)
    xp = namespace(new)
    weight, exists = ratio(new, material(earlier + new)), material(earlier) > 0.0
    blended = replace(
        terms,
        rate=terms.rate * (1.0 - weight) + rate[None, :] * weight,
        remaining=xp.where(exists, terms.remaining * (1.0 - weight) + term * weight, term + 0.0 * new),
    )
    return replace(credit, **{lender: blended})


def _balances(books: Books) -> tuple[Array, Array]:
    loans = books.positions[COMPUTE_LOANS]
    return loans[OWN], loans[INVESTORS]


def _at_maturity(terms: LoanTerms) -> Array:
    """Whether each loan matures this quarter; rounding in averaged maturities does not postpone the end."""
    return terms.remaining < 1.0 + MOMENT
