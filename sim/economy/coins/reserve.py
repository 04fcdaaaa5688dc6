"""Phase 3: income of the reserve, its division, and revaluation at market prices."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import Array, column, namespace, row
from sim.economy.books.flows import BILLS, BITCOIN, GOLD, OTHER_VENTURES, OWN, REPO, RESERVE
from sim.economy.books.ledger import Books, balance, pay, revalue
from sim.economy.coins.tokens import holder_yield
from sim.economy.parameters import Parameters
from sim.economy.state import Economy, IssuerIncome


def earn_on_reserves(economy: Economy, parameters: Parameters, *_: object) -> Economy:
    """Pay interest on the holdings of both books, divide it, and revalue holdings at market prices.

    Interest accrues on the reserve's average holdings of the quarter and on the present holdings of the own book. It
    belongs to the issuer, so all of it is paid into the own book, and the reserve keeps backing the tokens. Bills
    earn the bill rate plus the effect of the quarter's token flows on it.
    """
    books, marks = economy.books, economy.tokens
    rate = namespace(marks.yield_impact).maximum(economy.environment.bill_rate + marks.yield_impact, 0.0) / 4.0
    own_bills, own_repo = books.positions[BILLS][OWN], books.positions[REPO][OWN]
    bill_interest = rate * (marks.average_bills + own_bills)
    repo_interest = rate * (marks.average_repo + own_repo)
    loan_rate = rate + parameters.reserve.secured_loan_spread / 4.0
    books = pay(books, "bill_interest", row(bill_interest))
    books = pay(books, "repo_interest", row(repo_interest))
    books = pay(books, "secured_loan_interest", row(loan_rate * marks.average_secured))
    on_reserve = rate * (marks.average_bills + marks.average_repo)
    books, distribution, costs = _share_out(economy, parameters, books, on_reserve)
    interest = bill_interest + repo_interest
    other = loan_rate * marks.average_secured
    taxed = namespace(interest).maximum(interest + other - distribution - costs, 0.0)
    books = pay(books, "issuer_tax", column(parameters.reserve.tax_rate * taxed))
    books, paper_gain = _mark_to_market(parameters, books)
    lost = _lost_in_hurry(books, interest)
    income = IssuerIncome(
        interest=interest,
        other_income=other,
        distribution=distribution,
        realised_profit=interest + other - distribution - costs - parameters.reserve.tax_rate * taxed - lost,
        paper_gain=paper_gain,
    )
    return replace(economy, books=books, income=income)


def distribution_share(parameters: Parameters) -> Float[Array, " issuer"]:
    """Part of reserve interest owed to distributors: `s + theta (1 - s)`.

    The distributor gets all interest on the share s of tokens held on its own platform, and an agreed part theta of
    the rest (as in the contract between Circle and Coinbase).
    """
    on_platform = parameters.issuer.on_platform_share
    return on_platform + parameters.issuer.residual_share * (1.0 - on_platform)


def _share_out(economy: Economy, parameters: Parameters, books: Books, on_reserve: Array) -> tuple[Books, Array, Array]:
    """Pay token holders, distributors and costs, in this order, as far as the own book's cash allows."""
    xp = namespace(on_reserve)
    average = economy.tokens.average_tokens
    to_holders = xp.minimum(holder_yield(economy, parameters) / 4.0 * average, balance(books, OWN))
    books = pay(books, "holder_yield", column(to_holders))
    contract = distribution_share(parameters) * xp.maximum(on_reserve - to_holders, 0.0)
    to_distributors = xp.minimum(contract, balance(books, OWN))
    books = pay(books, "distribution", column(to_distributors))
    due = (parameters.issuer.fixed_costs + parameters.issuer.proportional_costs * average) / 4.0
    costs = xp.minimum(due, balance(books, OWN))
    books = pay(books, "issuer_costs", column(costs))
    return books, to_distributors, costs + to_holders


def _lost_in_hurry(books: Books, like: Array) -> Float[Array, " issuer"]:
    """Sum the cost of this quarter's hurried sales to pay token holders, both books together, USD bn."""
    flows = books.journal.flows
    kinds = [kind for kind in ("window_reserve_sale_cost", "window_own_sale_cost") if kind in flows]
    return sum((flows[kind].amount.sum(axis=1) for kind in kinds), 0.0 * like)


def _mark_to_market(parameters: Parameters, books: Books) -> tuple[Books, Array]:
    """Revalue stakes outside AI, and add up this quarter's paper gains on bitcoin, gold and those stakes."""
    growth = 1.0 + parameters.reserve.other_venture_return / 4.0
    books = revalue(books, OTHER_VENTURES, books.price[OTHER_VENTURES] * growth)
    marked = [books.journal.revaluations.get(instrument, {}) for instrument in (BITCOIN, GOLD, OTHER_VENTURES)]
    return books, sum(gains[book] for gains in marked if gains for book in (RESERVE, OWN))
