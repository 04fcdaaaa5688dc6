"""The measures recorded each quarter: series of the whole economy, and measures of each agent.

They are pure functions of the economy at the close, which a single history and an ensemble both record. Money is in
USD bn; names of series that measure money contain `_usd_bn`.
"""

from sim.economy.arrays import Array, Scalar, namespace, ratio
from sim.economy.books.checks import add_up, origin_account
from sim.economy.books.flows import (
    ADVANCES,
    BILLS,
    BITCOIN,
    COMPUTE_LOANS,
    ECONOMY,
    FLOWS,
    GOLD,
    GPUS,
    INVESTORS,
    LAB_SHARES,
    LABS,
    ORIGINS,
    OTHER_VENTURES,
    OUTSIDE,
    OWN,
    OWNERS,
    PROVIDER_SHARES,
    PROVIDERS,
    REPO,
    RESERVE,
    SECTORS,
    SECURED_LOANS,
    SHARES,
    TOKENS,
    TRACED,
    VENTURE_SHARES,
    VENTURES,
)
from sim.economy.books.ledger import Books, Positions, balance, market_value, net_worth, total_value
from sim.economy.capital.loans import debt, debt_service
from sim.economy.coins.liquidity import GONE, buffer_ratio
from sim.economy.compute.hours import BILLION
from sim.economy.parameters import AI_CHANNELS, CHANNELS
from sim.economy.state import Economy

EARNED = ORIGINS[:OUTSIDE]
"""Origins of the money that agents hold: all except `outside`."""
SUPPORT = ("issuer_support", "advance_repayment", "estate_support", "estate_repayment")
SALE_COSTS = tuple(kind for kind in FLOWS if kind.endswith("_sale_cost"))


def series(economy: Economy) -> dict[str, Scalar]:
    """Measure the whole economy for one quarter; flows that were not paid, such as all at the opening, are zero."""
    mood, labs, gpus = economy.environment, economy.labs, economy.gpus
    books = economy.books
    zero = 0.0 * mood.bill_rate
    deployed = economy.redeployment.deployed.sum(axis=0)
    bought_from = _by_origin(books, "gpu_purchase", zero)
    capex = _total(books, zero, "gpu_purchase")
    measures = {
        "bill_rate": mood.bill_rate,
        "expected_bill_rate": mood.expected_rate,
        "bitcoin_usd": mood.bitcoin,
        "gold_usd": mood.gold,
        "crypto_sentiment": mood.crypto_sentiment,
        "ai_sentiment": mood.ai_sentiment,
        "tokens_usd_bn": -books.positions[TOKENS][RESERVE].sum(),
        "minted_usd_bn": _total(books, zero, "mint"),
        "redeemed_usd_bn": _total(books, zero, "redemption"),
        "lowest_token_price": _of_coins(economy, economy.tokens.lowest_price).min(),
        "largest_weekly_outflow": economy.tokens.largest_outflow.max(),
        "weeks_window_closed": economy.tokens.weeks_shut.max(),
        "bill_yield_impact": economy.tokens.yield_impact,
        "own_book_support_usd_bn": _total(books, zero, *SUPPORT),
        "fire_sale_losses_usd_bn": _total(books, zero, *SALE_COSTS),
        "advances_usd_bn": total_value(books, ADVANCES, RESERVE).sum(),
        "excess_reserves_usd_bn": (buffer_ratio(books) * -books.positions[TOKENS][RESERVE]).sum(),
        "interest_usd_bn": economy.income.interest.sum(),
        "distribution_usd_bn": economy.income.distribution.sum(),
        "realised_profit_usd_bn": economy.income.realised_profit.sum(),
        "paper_gain_usd_bn": economy.income.paper_gain.sum(),
        "dividends_usd_bn": _total(books, zero, "dividends"),
        "deployable_usd_bn": economy.redeployment.deployable.sum(),
        "redeployed_usd_bn": sum((deployed[k] for k, c in enumerate(CHANNELS) if c in AI_CHANNELS), zero),
        "lab_revenue_usd_bn": _total(books, zero, "lab_revenue"),
        "lab_spending_usd_bn": labs.spending.sum(),
        "lab_raised_usd_bn": _total(books, zero, "lab_round", "issuer_lab_equity"),
        "lab_value_usd_bn": market_value(books, LAB_SHARES).sum(),
        "labs_alive": labs.alive.sum(),
        "gpu_rent_usd_hour": gpus.rent,
        "gpu_price_usd": gpus.paid,
        "gpu_utilisation": gpus.market_utilisation,
        "gpus": gpus.fleet.sum(),
        "gpu_hours_demanded_bn": gpus.demand,
        "gpu_capex_usd_bn": capex,
        "vendor_sales_usd_bn": _total(books, zero, "vendor_payout"),
        "provider_revenue_usd_bn": gpus.revenue.sum(),
        "provider_debt_usd_bn": debt(books).sum(),
        "providers_alive": gpus.alive.sum(),
        "gpu_services_to_lenders_usd_bn": _total(books, zero, "issuer_gpu_services"),
        "loans_recovered_usd_bn": _total(books, zero, "issuer_loan_recovery", "investor_loan_recovery"),
        "loans_written_off_usd_bn": _debtors(books.journal.write_offs, zero),
        "loans_for_shares_usd_bn": _debtors(books.journal.conversions, zero),
        "gpus_sold_off": gpus.sold_off.sum(),
        "gpu_resale_factor": gpus.resale,
        "ventures_alive": economy.ventures.alive.sum(),
        "open_data_bn_tokens": economy.open_data,
        "interest_funded_gpu_usd_bn": bought_from["bill_interest"],
        "gpus_funded_by_interest": bought_from["bill_interest"] / gpus.paid * BILLION,
        "interest_share_of_gpu_capex": ratio(bought_from["bill_interest"], capex),
        "interest_funded_compute_usd_bn": _by_origin(books, "compute", zero)["bill_interest"],
    }
    measures |= {f"deployed_{channel}_usd_bn": deployed[k] for k, channel in enumerate(CHANNELS)}
    measures |= {f"gpu_capex_from_{origin}_usd_bn": bought_from[origin] for origin in EARNED}
    return measures


def origin_series(opening: Books, closing: Books) -> dict[str, Scalar]:
    """Money earned, spent, lost and held, for each origin, USD bn (see `origin_account`)."""
    table = origin_account(opening, closing)
    return {
        f"{column}_{origin}_usd_bn": table[column][index]
        for column in ("earned", "spent", "lost", "held")
        for index, origin in enumerate(ORIGINS)
        if index != OUTSIDE
    }


def agents(economy: Economy) -> dict[str, dict[str, Array]]:
    """Measure each agent: population -> measure -> one number per agent. Money is in USD bn."""
    books = economy.books
    return {
        "issuers": _issuers(economy),
        "labs": _company(books, LABS, _labs(economy)),
        "providers": _company(books, PROVIDERS, _providers(economy)),
        "investors": _company(books, INVESTORS, _investors(books)),
        "ventures": _company(books, VENTURES, _ventures(economy)),
        "sectors": _sectors(books),
    }


def _company(books: Books, account: str, own: dict[str, Array]) -> dict[str, Array]:
    """Add to a population's `own` measures those that every population has: cash, net worth, cash by origin."""
    common = {"cash": balance(books, account), "net_worth": net_worth(books, account)}
    return common | own | _cash_from(books.cash[account])


def _of_coins(economy: Economy, price: Array) -> Array:
    """Return the price of each coin that was in circulation this quarter, and 1 for other coins."""
    xp = namespace(price)
    return xp.where(economy.tokens.average_tokens > GONE, price, 1.0)


def _total(books: Books, zero: Scalar, *kinds: str) -> Scalar:
    flows = books.journal.flows
    return sum((flows[kind].amount.sum() for kind in kinds if kind in flows), zero)


def _debtors(table: Positions, zero: Scalar) -> Scalar:
    """Sum the compute debt that providers lost according to one table of the journal, USD bn."""
    entries = table.get(COMPUTE_LOANS)
    return zero if entries is None else entries[PROVIDERS].sum()


def _by_origin(books: Books, kind: str, zero: Scalar) -> dict[str, Scalar]:
    flow = books.journal.flows.get(kind)
    if flow is None:
        return dict.fromkeys(EARNED, zero)
    amounts = (flow.amount[:, :, None] * flow.origins).sum(axis=(0, 1))
    return {origin: amounts[index] for index, origin in enumerate(EARNED)}


def _cash_from(cash: Array) -> dict[str, Array]:
    return {f"cash_from_{origin}": cash[:, index] for index, origin in enumerate(EARNED)}


def _issuers(economy: Economy) -> dict[str, Array]:
    books, redeployment, income = economy.books, economy.redeployment, economy.income
    tokens = -books.positions[TOKENS][RESERVE]
    xp = namespace(tokens)
    holdings = {
        name: sum(total_value(books, name, book) for book in (RESERVE, OWN) if book in books.positions[name])
        for name in (BILLS, REPO, SECURED_LOANS, BITCOIN, GOLD, OTHER_VENTURES)
    }
    parked = {
        f"parked_from_{origin}": sum(at_cost[:, index] for name in TRACED for at_cost in books.cost[name].values())
        for index, origin in enumerate(EARNED)
    }
    in_ai = total_value(books, COMPUTE_LOANS, OWN) + sum(total_value(books, name, OWN) for name in SHARES)
    worth = net_worth(books, RESERVE) + net_worth(books, OWN)
    return {
        "cash": balance(books, RESERVE) + balance(books, OWN),
        "net_worth": worth,
        "cash_reserve": balance(books, RESERVE),
        "cash_own": balance(books, OWN),
        "tokens": tokens,
        **holdings,
        "compute_loans": total_value(books, COMPUTE_LOANS, OWN),
        "stakes": in_ai - total_value(books, COMPUTE_LOANS, OWN),
        "excess_reserves": buffer_ratio(books) * tokens,
        "own_book": net_worth(books, OWN),
        "interest": income.interest,
        "other_income": income.other_income,
        "distribution": income.distribution,
        "realised_profit": income.realised_profit,
        "paper_gain": income.paper_gain,
        "venture_gain": _gains(books, OTHER_VENTURES, income.paper_gain),
        "deployable": redeployment.deployable,
        "anxiety": redeployment.anxiety,
        "trust": economy.tokens.trust,
        "transparency": economy.tokens.transparency,
        "quality": xp.where(tokens > GONE, economy.tokens.quality, xp.nan),
        "token_price": xp.where(tokens > GONE, economy.tokens.price, xp.nan),
        "lowest_price": xp.where(economy.tokens.average_tokens > GONE, economy.tokens.lowest_price, xp.nan),
        "largest_outflow": economy.tokens.largest_outflow,
        "weeks_shut": economy.tokens.weeks_shut,
        "advances": total_value(books, ADVANCES, RESERVE),
        "multiple": redeployment.multiple,
        **{f"deployed_{channel}": redeployment.deployed[:, k] for k, channel in enumerate(CHANNELS)},
        "in_talks": redeployment.talks.sum(axis=1),
        **_cash_from(books.cash[RESERVE] + books.cash[OWN]),
        **parked,
    }


def _gains(books: Books, instrument: str, like: Array) -> Array:
    """Sum each issuer's paper gains of the quarter on one instrument, reserve and own book together."""
    gained = books.journal.revaluations.get(instrument, {})
    return sum((gained[book] for book in (RESERVE, OWN) if book in gained), 0.0 * like)


def _labs(economy: Economy) -> dict[str, Array]:
    books, labs = economy.books, economy.labs
    cash = balance(books, LABS)
    # Dividends are no expense, so they are added back.
    saved = add_up(books).saving[LABS] + _paid(books, *(f"lab_dividend_{owner}" for owner in OWNERS))
    xp = namespace(cash)
    burn = xp.maximum(-saved, 0.0)
    return {
        "revenue": labs.revenue,
        "spending": labs.spending,
        "net_income": saved,
        "research": labs.research_spending,
        "compute": _paid(books, "compute"),
        "runway": xp.where(burn > 1e-9 * cash, ratio(cash, burn), xp.nan),
        "equity_value": market_value(books, LAB_SHARES),
        "post_money": labs.post_money,
        "raised": _received(books, "lab_round", "issuer_lab_equity"),
        "market_share": labs.market_share,
        "capability": labs.capability,
        "alive": labs.alive,
    }


def _providers(economy: Economy) -> dict[str, Array]:
    books, gpus = economy.books, economy.gpus
    return {
        "gpus": gpus.fleet.sum(axis=1),
        "gpu_book_value": books.positions[GPUS][PROVIDERS],
        "debt": debt(books),
        "debt_service": debt_service(economy),
        "interest": _paid(books, "issuer_loan_interest", "investor_loan_interest"),
        "revenue": gpus.revenue,
        "running_cost": gpus.running_cost,
        "utilisation": gpus.utilisation,
        "capex": _paid(books, "gpu_purchase"),
        "borrowed": _received(books, "investor_compute_loan", "issuer_compute_loan"),
        "raised": _received(books, "provider_round", "issuer_compute_equity", "parent_funding"),
        "equity_value": market_value(books, PROVIDER_SHARES),
        "alive": gpus.alive,
    }


def _investors(books: Books) -> dict[str, Array]:
    return {
        "compute_loans": total_value(books, COMPUTE_LOANS, INVESTORS),
        "stakes": sum(total_value(books, name, INVESTORS) for name in SHARES),
        "called": _received(books, "capital_call", "credit_call"),
    }


def _ventures(economy: Economy) -> dict[str, Array]:
    books, ventures = economy.books, economy.ventures
    return {
        "burn": ventures.burn,
        "revenue": ventures.revenue,
        "milestones": ventures.milestones,
        "equity_value": market_value(books, VENTURE_SHARES),
        "raised": _received(books, "venture_round", "issuer_venture_equity"),
        "alive": ventures.alive,
    }


def _sectors(books: Books) -> dict[str, Array]:
    xp = namespace(books.cash[ECONOMY])
    return {
        "cash": xp.concat([balance(books, sector) for sector in SECTORS]),
        "net_worth": xp.concat([net_worth(books, sector) for sector in SECTORS]),
    }


def _received(books: Books, *kinds: str) -> Array:
    flows = books.journal.flows
    zero = 0.0 * balance(books, FLOWS[kinds[0]].payee)
    return sum((flows[kind].amount.sum(axis=0) for kind in kinds if kind in flows), zero)


def _paid(books: Books, *kinds: str) -> Array:
    flows = books.journal.flows
    zero = 0.0 * balance(books, FLOWS[kinds[0]].payer)
    return sum((flows[kind].amount.sum(axis=1) for kind in kinds if kind in flows), zero)
