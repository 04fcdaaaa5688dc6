"""Phase 10a: book prices (marks) of shares; also the valuation of companies and the heat of the market."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import NEXT_TO_NOTHING, Array, Scalar, material, namespace, ratio
from sim.economy.books.flows import LAB_SHARES, LABS, PROVIDER_SHARES, PROVIDERS, VENTURE_SHARES
from sim.economy.books.ledger import Books, balance, flow_total, issued, market_value, revalue
from sim.economy.capital.loans import debt
from sim.economy.parameters import Parameters
from sim.economy.state import Capital, Draws, Economy, Ventures

ROUNDS = {LAB_SHARES: "lab_round", PROVIDER_SHARES: "provider_round"}
"""Kind of share -> flow by which investors buy new shares; other deals of the quarter use the price of that flow."""


def mark_stakes(economy: Economy, parameters: Parameters, draws: Draws, *_: object) -> Economy:
    """Move share prices towards fair value; a company that investors funded this quarter keeps the price they paid.

    Book prices (marks) of private shares are sticky: each quarter closes only a part of the gap. Prices of ventures
    drift and jump by chance, and jump further if the ventures were funded in a hotter market.
    """
    economy = replace(economy, ventures=_remember_rounds(economy, parameters))
    books, funding = economy.books, parameters.funding
    value = lab_valuation(economy, parameters)
    labs = _towards(books, LAB_SHARES, value, funding.lab_mark_speed)
    value = provider_value(economy, parameters)
    providers = _towards(books, PROVIDER_SHARES, value, funding.provider_mark_speed)
    ventures = next_venture_price(
        books.price[VENTURE_SHARES], economy.ventures.funding_heat, parameters, draws.venture_value
    )
    books = revalue(books, LAB_SHARES, labs)
    books = revalue(books, PROVIDER_SHARES, providers)
    books = revalue(books, VENTURE_SHARES, ventures)
    environment = replace(economy.environment, ai_return=_return_of_marks(books))
    return replace(economy, books=books, environment=environment)


def next_venture_price(price: Array, funding_heat: Array, parameters: Parameters, shock: Array) -> Array:
    """Price of ventures' shares a quarter later: a geometric Brownian motion with volatility `v e^(h heat)`.

    In hot markets the marginal project is riskier: it fails more often, and what succeeds is worth more (Nanda and
    Rhodes-Kropf 2013). The expected return is the same.

    Args:
        price: price of the shares of each venture, USD bn.
        funding_heat: heat of the market in which each venture was funded, log.
        parameters: `funding.venture_drift`, `venture_volatility` v and `hot_market_risk` h.
        shock: standard normal.
    """
    funding = parameters.funding
    xp = namespace(price)
    volatility = funding.venture_volatility * xp.exp(funding.hot_market_risk * funding_heat)
    return price * xp.exp((funding.venture_drift - volatility**2 / 2.0) / 4.0 + volatility / 2.0 * shock)


def _remember_rounds(economy: Economy, parameters: Parameters) -> Ventures:
    """Record the price and the market heat at which each venture last raised money from investors or issuers."""
    books, ventures = economy.books, economy.ventures
    xp = namespace(ventures.burn)
    raised = flow_total(books, "venture_round", 0) + flow_total(books, "issuer_venture_equity", 0)
    new = ratio(raised, market_value(books, VENTURE_SHARES))
    return replace(
        ventures,
        funding_heat=(1.0 - new) * ventures.funding_heat + new * market_heat(economy.capital, parameters),
        round_price=xp.where(material(raised) > 0.0, books.price[VENTURE_SHARES], ventures.round_price),
    )


def _return_of_marks(books: Books) -> Scalar:
    """Log return on all shares of labs so far this quarter: with the gains in rounds, without the new money."""
    worth = market_value(books, LAB_SHARES).sum()
    gain = -books.journal.revaluations[LAB_SHARES][LABS].sum()
    raised = flow_total(books, "lab_round", 0).sum() + flow_total(books, "issuer_lab_equity", 0).sum()
    xp = namespace(worth)
    return xp.log(xp.maximum(ratio(worth - raised, worth - raised - gain, empty=1.0), NEXT_TO_NOTHING))


def _towards(books: Books, shares: str, fair: Array, speed: Scalar) -> Array:
    """Share price after the part `speed` of the log gap to fair value has closed."""
    xp = namespace(fair)
    price, worth = books.price[shares], market_value(books, shares)
    move = xp.where(fair > 0.0, (ratio(fair, worth, empty=1.0) + 1e-12) ** speed, 1.0)
    raised = material(flow_total(books, ROUNDS[shares], 0)) > 0.0
    return price * xp.where(raised | (worth <= 0.0), 1.0, move)


def lab_valuation(economy: Economy, parameters: Parameters) -> Float[Array, " lab"]:
    """Pre-money value of each lab, USD bn: multiples of expected revenue and of research, moved by mood and heat.

    The value is `(m_r R e^(4g) + m_d D) x e^(s mood + k heat) + cash`, with revenue R and research spending D at
    yearly rates, and growth g a quarter, within bounds. Money that flows into the market raises valuations whatever
    becomes of the companies later (Gompers and Lerner 2000).
    """
    labs, funding = economy.labs, parameters.funding
    xp = namespace(labs.revenue)
    expected = 4.0 * labs.revenue * xp.exp(4.0 * xp.clip(labs.growth, funding.slowest_growth, funding.fastest_growth))
    base = funding.revenue_multiple * expected + funding.research_multiple * 4.0 * labs.research_spending
    mood = funding.sentiment_multiple * economy.environment.ai_sentiment
    business = base * xp.exp(mood + funding.money_chasing_deals * economy.capital.heat)
    return (business + balance(economy.books, LABS)) * labs.alive


def provider_value(economy: Economy, parameters: Parameters) -> Float[Array, " provider"]:
    """Equity value of each provider with its present debt, USD bn."""
    return equity_value(economy, parameters, debt(economy.books))


def equity_value(
    economy: Economy, parameters: Parameters, owed: Float[Array, " provider"]
) -> Float[Array, " provider"]:
    """Equity value of each provider if it owed `owed`: a multiple of revenue, less `owed`, plus cash, USD bn.

    The value does not fall below a part of book equity, in which GPUs count at their resale value; that is lower
    after other providers had to sell theirs.
    """
    gpus, books = economy.gpus, economy.books
    xp = namespace(gpus.rent)
    mood = xp.exp(parameters.funding.sentiment_multiple * economy.environment.ai_sentiment)
    firm = parameters.funding.provider_multiple * 4.0 * gpus.revenue * mood
    cash = balance(books, PROVIDERS)
    book_equity = gpus.book_value.sum(axis=1) * gpus.resale + cash - owed
    floor = parameters.funding.provider_floor * xp.maximum(book_equity, 0.0)
    return xp.maximum(firm - owed + cash, floor) * gpus.alive


def round_price(books: Books, shares: str, value: Array, at_value: Array) -> Array:
    """Share price: pre-money `value` divided by shares where `at_value` is true and `value` positive, else the mark."""
    price = ratio(value, issued(books, shares))
    return namespace(value).where(at_value & (value > 0.0), price, books.price[shares])


def market_heat(capital: Capital, parameters: Parameters) -> Scalar:
    """Log of equity on offer divided by equity asked for, within a limit; zero where nobody asked for any."""
    xp = namespace(capital.demand)
    crowded = ratio(capital.offered, material(capital.demand), empty=1.0)
    limit = parameters.funding.heat_limit
    return xp.clip(xp.log(xp.maximum(crowded, xp.exp(-limit))), -limit, limit)
