"""Phase 10b: liquidation of labs, providers and ventures that cannot pay, where no workout saves a provider."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import NEXT_TO_NOTHING, Array, Scalar, affordable, column, material, namespace, ratio, row
from sim.economy.books.flows import (
    COMPUTE_LOANS,
    GPUS,
    INVESTORS,
    LAB_SHARES,
    LABS,
    OWN,
    PROVIDER_SHARES,
    PROVIDERS,
    VENTURE_SHARES,
    VENTURES,
)
from sim.economy.books.ledger import (
    Books,
    balance,
    capitalise,
    flow_total,
    market_value,
    pay,
    revalue,
    write_down,
    write_off,
)
from sim.economy.capital.loans import debt, owed_late
from sim.economy.capital.rounds import liquidated, pay_owners
from sim.economy.distress.workouts import resale_proceeds, work_out
from sim.economy.parameters import Parameters
from sim.economy.state import Draws, Economy


def settle_failures(economy: Economy, parameters: Parameters, draws: Draws, *_: object) -> Economy:
    """Pay late amounts where funding allows it, then wind up the companies that still cannot pay.

    Companies that the scenario names fail whatever their books say, and without a workout (an exchange of loans for
    shares). So do all companies in which an issuer has money, if the scenario says that the issuer's bets fail.
    """
    economy = _make_good(economy, parameters)
    economy = _fail_labs(economy, parameters, draws)
    economy = _fail_providers(economy, parameters, draws)
    return _fail_ventures(economy, draws)


def _make_good(economy: Economy, parameters: Parameters) -> Economy:
    """Pay late running costs, interest and principal with money raised since; whoever still owes some cannot go on."""
    books, credit = economy.books, economy.credit
    late = affordable(balance(books, PROVIDERS), credit.unpaid_costs)
    books = pay(books, "provider_late_costs", column(credit.unpaid_costs * late))
    lenders = (credit.issuer, credit.investor)
    paid = affordable(balance(books, PROVIDERS), sum(terms.arrears.sum(axis=0) for terms in lenders))
    books = pay(books, "issuer_loan_arrears", (credit.issuer.arrears * paid).T)
    books = pay(books, "investor_loan_arrears", (credit.investor.arrears * paid).T)
    repaid = affordable(balance(books, PROVIDERS), sum(terms.overdue.sum(axis=0) for terms in lenders))
    books = pay(books, "issuer_loan_overdue", (credit.issuer.overdue * repaid).T)
    books = pay(books, "investor_loan_overdue", (credit.investor.overdue * repaid).T)
    issuer, investor = (
        replace(terms, arrears=terms.arrears * (1.0 - paid), overdue=terms.overdue * (1.0 - repaid))
        for terms in lenders
    )
    credit = replace(credit, issuer=issuer, investor=investor, unpaid_costs=credit.unpaid_costs * (1.0 - late))
    labs = economy.labs
    due = (1.0 - parameters.labs.compute_share) * labs.shortfall
    books = pay(books, "lab_late_costs", column(due * affordable(balance(books, LABS), due)))
    return replace(economy, books=books, credit=credit)


def _fail_labs(economy: Economy, parameters: Parameters, draws: Draws) -> Economy:
    """Close the labs that could not pay their committed spending and have not raised the money for it since."""
    labs = economy.labs
    xp = namespace(labs.revenue)
    due = (1.0 - parameters.labs.compute_share) * labs.shortfall
    paid = flow_total(economy.books, "lab_late_costs", 1)
    # A lab need not pay for compute that it did not rent, but must have the money for it to stay in business.
    missing = labs.shortfall - due - balance(economy.books, LABS)
    short = (due - paid > 1e-9 * due) | (missing > 1e-9 * labs.shortfall)
    fails = labs.alive * (short | _named(draws.events.failed_lab, economy, LAB_SHARES, draws))
    books = pay_owners(economy.books, "lab_liquidation", LAB_SHARES, _cash_left(economy.books, LABS) * fails)
    books = _worthless(books, LAB_SHARES, fails)
    mood = economy.environment
    mood = replace(mood, ai_return=mood.ai_return + _return_of_failures(economy.books, books))
    alive = labs.alive * (1.0 - fails)
    labs = replace(
        labs,
        alive=alive,
        post_money=labs.post_money * alive,
        spending=labs.spending * alive,
        shortfall=xp.where(fails > 0.0, labs.shortfall, 0.0),
    )
    return replace(economy, environment=mood, books=books, labs=labs)


def _return_of_failures(before: Books, after: Books) -> Scalar:
    """Log return on all shares of labs when some labs fail, liquidation payouts included.

    The base is the shares' value just before, including this quarter's new money, which is lost like older money.
    """
    xp = namespace(before.price[LAB_SHARES])
    worth = market_value(before, LAB_SHARES).sum()
    remaining = market_value(after, LAB_SHARES).sum() + liquidated(after, "lab").sum()
    return xp.log(xp.maximum(ratio(remaining, worth, empty=1.0), NEXT_TO_NOTHING))


def _fail_providers(economy: Economy, parameters: Parameters, draws: Draws) -> Economy:
    """Work out or wind up providers that cannot pay.

    To wind up a provider, its GPUs are sold, its lenders share the proceeds, and the rest of their claims is written
    off; what remains after lenders and suppliers goes to the owners. Unpaid interest is a claim like the principal.
    The buyers of the GPUs are outside the model, so the GPUs leave the rental market. Recovery falls with the number
    of GPUs sold at once (`resale_proceeds`), and until the next close the collateral of other providers has this price.
    """
    forced = economy.gpus.alive * _named(draws.events.failed_provider, economy, PROVIDER_SHARES, draws)
    short = _cannot_pay(economy) * (1.0 - forced)
    economy = replace(economy, books=_claim_interest(economy))
    economy, agreed = work_out(economy, parameters, short)
    fails = forced + short * (1.0 - agreed)
    gpus, credit = economy.gpus, economy.credit
    proceeds, resale = resale_proceeds(economy, parameters, fails)
    books = _sell_fleet(economy.books, proceeds, fails)
    books = _share_proceeds(books, fails, credit.unpaid_costs)
    books = _worthless(books, PROVIDER_SHARES, fails)
    alive = gpus.alive * (1.0 - fails)
    gpus = replace(
        gpus,
        alive=alive,
        fleet=gpus.fleet * (1.0 - fails)[:, None],
        book_value=gpus.book_value * (1.0 - fails)[:, None],
        sold_off=gpus.fleet.sum(axis=1) * fails,
        resale=resale,
    )
    issuer, investor = (
        replace(terms, arrears=0.0 * terms.arrears, overdue=0.0 * terms.overdue)
        for terms in (credit.issuer, credit.investor)
    )
    facility, unpaid = credit.facility * alive[None, :], 0.0 * credit.unpaid_costs
    credit = replace(credit, issuer=issuer, investor=investor, facility=facility, unpaid_costs=unpaid)
    return replace(economy, books=books, gpus=gpus, credit=credit)


def _cannot_pay(economy: Economy) -> Float[Array, " provider"]:
    """Mark with 1 the providers that still owe interest, principal or running costs of the quarter."""
    unpaid = owed_late(economy.credit)
    due = economy.gpus.running_cost + debt(economy.books)
    return economy.gpus.alive * (unpaid > 1e-9 * (due + unpaid))


def _sell_fleet(books: Books, proceeds: Float[Array, " provider"], fails: Float[Array, " provider"]) -> Books:
    book_value = books.positions[GPUS][PROVIDERS] * fails
    books = write_down(books, GPUS, PROVIDERS, book_value - proceeds)
    return pay(books, "gpu_resale", row(proceeds))


def _claim_interest(economy: Economy) -> Books:
    """Add interest that is still unpaid at the close of the quarter to the loan on which it is owed."""
    books = capitalise(economy.books, COMPUTE_LOANS, OWN, PROVIDERS, economy.credit.issuer.arrears)
    return capitalise(books, COMPUTE_LOANS, INVESTORS, PROVIDERS, economy.credit.investor.arrears)


def _share_proceeds(books: Books, fails: Array, unpaid_costs: Float[Array, " provider"]) -> Books:
    """Pay the lenders, who rank equally and lose the same share of their claims, then suppliers, then owners."""
    loans = books.positions[COMPUTE_LOANS]
    recovered = affordable(balance(books, PROVIDERS), debt(books)) * fails
    issuer_claims, investor_claims = loans[OWN], loans[INVESTORS]
    books = pay(books, "issuer_loan_recovery", (issuer_claims * recovered).T)
    books = pay(books, "investor_loan_recovery", (investor_claims * recovered).T)
    lost = fails * (1.0 - recovered)
    books = write_off(books, COMPUTE_LOANS, OWN, PROVIDERS, issuer_claims * lost)
    books = write_off(books, COMPUTE_LOANS, INVESTORS, PROVIDERS, investor_claims * lost)
    due = unpaid_costs * fails
    books = pay(books, "provider_final_costs", column(due * affordable(_cash_left(books, PROVIDERS), due)))
    return pay_owners(books, "provider_liquidation", PROVIDER_SHARES, _cash_left(books, PROVIDERS) * fails)


def _fail_ventures(economy: Economy, draws: Draws) -> Economy:
    """Close ventures that have no cash left for their costs."""
    ventures = economy.ventures
    cash = _cash_left(economy.books, VENTURES)
    named = _named(draws.events.failed_venture, economy, VENTURE_SHARES, draws)
    fails = ventures.alive * ((cash < 1e-9 * ventures.burn) | named)
    books = pay_owners(economy.books, "venture_liquidation", VENTURE_SHARES, cash * fails)
    books = _worthless(books, VENTURE_SHARES, fails)
    return replace(economy, books=books, ventures=replace(ventures, alive=ventures.alive * (1.0 - fails)))


def _named(failed: Array, economy: Economy, shares: str, draws: Draws) -> Array:
    """Whether the scenario makes each company fail: by name, or because an issuer whose bets fail has money in it."""
    invested = material(economy.books.positions[shares][OWN]) > 0.0
    if shares == PROVIDER_SHARES:
        invested = invested | (material(economy.books.positions[COMPUTE_LOANS][OWN]) > 0.0)
    return failed + (draws.events.bets_fail[:, None] * invested).sum(axis=0) > 0.0


def _worthless(books: Books, instrument: str, fails: Array) -> Books:
    return revalue(books, instrument, books.price[instrument] * (1.0 - fails))


def _cash_left(books: Books, account: str) -> Array:
    """Cash of each agent, not below zero."""
    cash = balance(books, account)
    return namespace(cash).maximum(cash, 0.0)
