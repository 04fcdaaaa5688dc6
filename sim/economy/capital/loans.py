"""Phase 4, compute loans falling due, and the terms of new loans."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, affordable, material, namespace, ratio
from sim.economy.books.flows import COMPUTE_LOANS, INVESTORS, OWN, PROVIDERS
from sim.economy.books.ledger import Books, balance, pay, settle
from sim.economy.distress.clearing import clearing, paid_pairwise
from sim.economy.parameters import Parameters
from sim.economy.state import Credit, Economy, LoanTerms

MOMENT = 1e-6
"""Quarters (eight seconds): tolerance for rounding in maturities."""
CLEARING_ROUNDS = 6
"""Waves of default that clearing follows: borrowers, lenders who counted on them, their borrowers, and so on. If a
longer chain leaves a payment too high, the ledger cuts it, so that nobody pays more than it has."""


def service_loans(economy: Economy, parameters: Parameters, *_: object) -> Economy:
    """Clear the payments that fall due: interest, services that lenders buy from their borrowers, then principal.

    Issuers lend with one repayment at maturity; investors' loans amortise in equal parts over what remains of
    their term. Current payments rank before principal. Where an issuer buys GPU services from a provider that owes
    it interest, each depends on the payments of the other: the payments are the greatest clearing vector
    (Eisenberg and Noe 2001). A provider short of cash pays every lender the same share. The rest can be paid with
    money raised later in the quarter; otherwise the provider is worked out or fails (phase 10). Services that an
    issuer cannot pay are not bought.
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
    """Clear the current payments that are due; returns the payments by kind of flow, USD bn."""
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
    """Compute loans owed by each provider, USD bn."""
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
    """Rate on a new compute loan, per year.

    Bill rate plus a spread that rises with leverage (debt over the book value of GPUs) and falls with how firmly
    the capacity is sold: fully for a cloud with a parent, by utilisation for the others. The order of observed
    margins, several hundred basis points between contracts with established customers and merchant capacity.
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
    """Blend the terms of new loans into those of each lender's loans to each provider, weighted by balance.

    Args:
        credit: terms so far.
        lender: `issuer` or `investor`.
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
    """Whether a loan ends this quarter; rounding in blended maturities does not put it off."""
    return terms.remaining < 1.0 + MOMENT
