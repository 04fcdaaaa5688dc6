"""What no agent decides: rates, prices and moods (phase 1), and payments among the sectors (phase 11b)."""

from dataclasses import replace

from sim.economy.arrays import Scalar, column, namespace, ratio
from sim.economy.books.flows import BILLS, BITCOIN, ECONOMY, GOLD
from sim.economy.books.ledger import flow_total, pay, revalue
from sim.economy.parameters import EnvironmentParameters, Parameters
from sim.economy.state import Draws, Economy


def advance_environment(economy: Economy, parameters: Parameters, draws: Draws, *_: object) -> Economy:
    """Update rates, prices and moods: from data as long as they last, by stochastic processes afterwards.

    The bill rate reverts to its terminal rate (Ornstein-Uhlenbeck, exact over a quarter, floored at zero);
    bitcoin and gold follow geometric Brownian motions with correlated shocks; the two moods (crypto markets, AI) are
    AR(1) processes, and the one about AI also extrapolates past returns on labs (DeMarzo, Kaniel and Kremer 2008 on
    herding into new technology). Dated events of the scenario shift the level of a series that follows data, and
    are an additional shock to a process. Holdings of bitcoin and gold are revalued at once.
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
    """Balance the sectors' accounts: the government covers its deficit with bills, the vendor pays out its sales.

    Each of the two ends the quarter with the cash that it had at the beginning; all its receipts have been paid on.
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
    """Return the next mood about AI: AR(1) around its mean, plus a response to the last return on labs, limited.

        s' = m + p (s - m) + a r + v z

    with s the mood in standard units, r the log return on all shares of labs in the last quarter, z standard normal,
    and m, p, a and v the mean, persistence, extrapolation and volatility of the process. A mood changes the log of
    the fair value of labs by x (`sentiment_multiple`) per unit, and each quarter prices close a part k of their gap
    to fair value, so that a mood reinforces itself through returns. Mispricing dies out as long as
    `p (1 - k) + a k x < 1`; otherwise only the limit keeps the mood finite.
    """
    fed = process.ai_sentiment + process.ai_persistence * (mood - process.ai_sentiment)
    fed = fed + process.ai_extrapolation * past_return + process.ai_volatility * shock
    return namespace(mood).clip(fed, -process.sentiment_limit, process.sentiment_limit)


def next_rate(rate: Scalar, process: EnvironmentParameters, shock: Scalar) -> Scalar:
    """Next bill rate (Ornstein-Uhlenbeck): `r' = b + (r - b) e^(-k/4) + s sqrt((1 - e^(-k/2)) / 2k) z`, r' >= 0.

    With r the bill rate per year, b the terminal rate, k the yearly speed, s the volatility and z standard normal.
    """
    xp = namespace(rate)
    decay = xp.exp(-process.cut_speed / 4.0)
    spread = ratio(1.0 - decay**2, 2.0 * process.cut_speed, empty=0.25)
    centre = process.terminal_rate + (rate - process.terminal_rate) * decay
    return xp.maximum(centre + process.rate_volatility * xp.sqrt(spread) * shock, 0.0)


def expected_rate(rate: Scalar, process: EnvironmentParameters) -> Scalar:
    """Mean bill rate expected over the next four quarters, by the process of `next_rate` without its floor."""
    xp = namespace(rate)
    decay = xp.exp(-process.cut_speed / 4.0)
    return process.terminal_rate + (rate - process.terminal_rate) * (decay + decay**2 + decay**3 + decay**4) / 4.0


def _brownian(price: Scalar, drift: Scalar, volatility: Scalar, shock: Scalar) -> Scalar:
    xp = namespace(price)
    return price * xp.exp((drift - volatility**2 / 2.0) / 4.0 + volatility / 2.0 * shock)
