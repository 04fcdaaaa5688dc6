"""Everything that no agent decides: rates, prices and moods (phase 1), and the accounts of the sectors (11b)."""

from dataclasses import replace

from sim.economy.arrays import Scalar, column, namespace, ratio
from sim.economy.books.flows import BILLS, BITCOIN, ECONOMY, GOLD
from sim.economy.books.ledger import flow_total, pay, revalue
from sim.economy.parameters import EnvironmentParameters, Parameters
from sim.economy.state import Draws, Economy


def advance_environment(economy: Economy, parameters: Parameters, draws: Draws, *_: object) -> Economy:
    """Move rates, prices and moods: by the data while they last, by stochastic processes afterwards.

    The bill rate reverts to its terminal rate (Ornstein-Uhlenbeck, exact over a quarter, floored at zero);
    bitcoin and gold follow geometric Brownian motions with correlated shocks; the two sentiments are AR(1), the
    one for AI extrapolating past returns on lab valuations (DeMarzo, Kaniel and Kremer 2008 on herding into new
    technology). Dated events change the paths: they shift the level of series that follow data, and enter the
    processes as one more shock otherwise. Holdings of bitcoin and gold are marked at once.
    """
    before, process = economy.environment, parameters.environment
    xp = namespace(before.bill_rate)
    events = draws.events
    bill_rate = xp.where(
        draws.known > 0,
        xp.maximum(draws.bill_rate_data + events.rate_level, 0.0),
        xp.maximum(next_rate(before.bill_rate, process, draws.rate) + events.rate, 0.0),
    )
    gold_shock = process.asset_correlation * draws.bitcoin + xp.sqrt(1.0 - process.asset_correlation**2) * draws.gold
    bitcoin = xp.where(
        draws.known > 0,
        draws.bitcoin_data * events.bitcoin_level,
        _brownian(before.bitcoin, process.bitcoin_drift, process.bitcoin_volatility, draws.bitcoin) * events.bitcoin,
    )
    gold = xp.where(
        draws.known > 0,
        draws.gold_data,
        _brownian(before.gold, process.gold_drift, process.gold_volatility, gold_shock),
    )
    environment = replace(
        before,
        bill_rate=bill_rate,
        expected_rate=expected_rate(bill_rate, process),
        bitcoin=bitcoin,
        gold=gold,
        crypto_return=xp.log(bitcoin / before.bitcoin),
        gold_return=xp.log(gold / before.gold),
        crypto_sentiment=process.crypto_sentiment
        + process.crypto_persistence * (before.crypto_sentiment - process.crypto_sentiment)
        + process.crypto_volatility * draws.crypto_sentiment,
        ai_sentiment=next_ai_sentiment(before.ai_sentiment, before.ai_return, process, draws.ai_sentiment)
        - events.ai_sentiment,
    )
    books = revalue(economy.books, BITCOIN, bitcoin * 1e-9)
    books = revalue(books, GOLD, gold * 1e-9)
    return replace(economy, environment=environment, books=books)


def close_circuits(economy: Economy, *_: object) -> Economy:
    """Close the accounts of the sectors: the government covers its deficit with bills, the vendor pays out sales.

    Both end each quarter with the cash with which they began it; their receipts are back with everyone else.
    """
    books = economy.books
    xp = namespace(economy.environment.bill_rate)
    interest = economy.environment.bill_rate / 4.0 * books.positions[BILLS][ECONOMY]
    books = pay(books, "economy_bill_interest", column(interest))
    taxes = sum(flow_total(books, kind, 0) for kind in ("issuer_tax", "loan_income_tax", "lab_tax"))
    deficit = flow_total(books, "bill_interest", 1) + interest - taxes
    books = pay(books, "bill_issuance", column(xp.maximum(deficit, 0.0)))
    books = pay(books, "government_spending", column(xp.maximum(-deficit, 0.0)))
    sales = (flow_total(books, kind, 0) for kind in ("gpu_purchase", "other_gpu_purchase", "first_gpu_purchase"))
    return replace(economy, books=pay(books, "vendor_payout", column(sum(sales))))


def next_ai_sentiment(mood: Scalar, past_return: Scalar, process: EnvironmentParameters, shock: Scalar) -> Scalar:
    """Mood about AI: AR(1) around its mean, fed by the last return on labs, within a limit.

        s' = m + p (s - m) + a r + v z

    with mood s in standard units, log return r on all shares of labs over the last quarter, standard normal z, and
    mean m, persistence p, extrapolation a and volatility v of the process. Valuations respond to a mood by
    `sentiment_multiple` x, of which marks close a part k a quarter, so that a mood reinforces itself through
    returns. Mispricing dies out as long as `p (1 - k) + a k x < 1`; beyond that only the limit bounds the mood.
    """
    fed = process.ai_sentiment + process.ai_persistence * (mood - process.ai_sentiment)
    fed = fed + process.ai_extrapolation * past_return + process.ai_volatility * shock
    return namespace(mood).clip(fed, -process.sentiment_limit, process.sentiment_limit)


def next_rate(rate: Scalar, process: EnvironmentParameters, shock: Scalar) -> Scalar:
    """Ornstein-Uhlenbeck over a quarter: `r' = b + (r - b) e^(-k/4) + s sqrt((1 - e^(-k/2)) / 2k) z`, r' >= 0.

    With bill rate r per year, terminal rate b, speed k a year, volatility s, standard normal z.
    """
    xp = namespace(rate)
    decay = xp.exp(-process.cut_speed / 4.0)
    spread = ratio(1.0 - decay**2, 2.0 * process.cut_speed, empty=0.25)
    centre = process.terminal_rate + (rate - process.terminal_rate) * decay
    return xp.maximum(centre + process.rate_volatility * xp.sqrt(spread) * shock, 0.0)


def expected_rate(rate: Scalar, process: EnvironmentParameters) -> Scalar:
    """Mean bill rate expected over the next four quarters, from the process above without its floor."""
    xp = namespace(rate)
    decay = xp.exp(-process.cut_speed / 4.0)
    return process.terminal_rate + (rate - process.terminal_rate) * (decay + decay**2 + decay**3 + decay**4) / 4.0


def _brownian(price: Scalar, drift: Scalar, volatility: Scalar, shock: Scalar) -> Scalar:
    xp = namespace(price)
    return price * xp.exp((drift - volatility**2 / 2.0) / 4.0 + volatility / 2.0 * shock)
