"""Deals: loans, stakes and datasets for which issuers spend the money that they set aside for AI."""

from dataclasses import replace

from jaxtyping import Float

from sim.economy.arrays import Array, affordable, column, material, namespace, row
from sim.economy.books.flows import COMPUTE_LOANS, LAB_SHARES, OWN, PROVIDER_SHARES, REPO, VENTURE_SHARES
from sim.economy.books.ledger import Books, balance, flow_total, pay, revalue
from sim.economy.capital.loans import lend, loan_rate
from sim.economy.capital.rounds import known_providers
from sim.economy.capital.valuation import ROUNDS, lab_valuation, provider_value, round_price
from sim.economy.choice import match
from sim.economy.parameters import CHANNELS, COLUMN, Parameters
from sim.economy.state import Draws, Economy


def facility_draws(economy: Economy, parameters: Parameters) -> Float[Array, "issuer provider"]:
    """Draw, in equal instalments, the loans that were signed earlier, as far as the lender's cash allows, USD bn."""
    credit = economy.credit
    xp = namespace(credit.facility)
    due = credit.facility / xp.maximum(credit.facility_quarters, 1.0) * parameters.redeployment.redeployment
    due = due * economy.gpus.alive[None, :]
    return due * affordable(balance(economy.books, OWN), due.sum(axis=1))[:, None]


def close_deals(
    economy: Economy, parameters: Parameters, draws: Draws, drawn: Float[Array, "issuer provider"]
) -> Economy:
    """Close and pay the deals for which enough money is in talks, a company wants it, and chance lets them close.

    A deal can close if both the money in talks and the money that the company asks for reach the channel's smallest
    ticket; it then closes with a given probability in each quarter. Money in talks that lead to no deal returns
    slowly to the own book. `drawn` are loans under facilities signed earlier, USD bn; they need no new talks.
    """
    redeployment, capital = economy.redeployment, economy.capital
    ready = _ready(economy, parameters, draws)
    lending = _matched(economy, parameters, ready, "compute_loans", capital.loan_ask)
    compute_equity = _matched(economy, parameters, ready, "compute_equity", capital.equity_ask)
    lab_equity = _matched(economy, parameters, ready, "lab_equity", capital.lab_ask)
    open_ask = capital.venture_ask * parameters.venture.open_to_issuers
    # A deal whose date the scenario sets closes, whatever sum the venture would have asked for.
    worth = economy.books.price[VENTURE_SHARES] > 0.0
    dated = _dated(parameters, draws).sum() * parameters.venture.robotics * parameters.venture.open_to_issuers
    dated = dated * economy.ventures.alive * worth
    neurotech = _matched(economy, parameters, ready, "neurotech", open_ask * parameters.venture.neurotech)
    xp = namespace(dated)
    robotics_ask = xp.maximum(open_ask * parameters.venture.robotics, dated)
    robotics = _matched(economy, parameters, ready, "robotics", robotics_ask)
    data = ready[:, COLUMN["open_data"]]
    spent = {
        "compute_loans": lending.sum(axis=1),
        "compute_equity": compute_equity.sum(axis=1),
        "lab_equity": lab_equity.sum(axis=1),
        "neurotech": neurotech.sum(axis=1),
        "robotics": robotics.sum(axis=1),
        "open_data": data,
    }
    closed = _by_channel(spent, data)
    left = redeployment.talks - closed
    released = left / parameters.redeployment.patience
    withdrawn = (closed + released).sum(axis=1)
    books = pay(economy.books, "own_repo_sale", row(xp.minimum(withdrawn, economy.books.positions[REPO][OWN])))
    loans = lending + drawn
    books = _pay_for_deals(economy, parameters, books, loans, compute_equity, lab_equity, neurotech + robotics, data)
    earlier = economy.books.positions[COMPUTE_LOANS][OWN]
    credit = lend(
        economy.credit, "issuer", earlier, loans, loan_rate(economy, parameters), parameters.credit.issuer_term
    )
    credit = replace(
        credit, facility=credit.facility - drawn, facility_quarters=xp.maximum(credit.facility_quarters - 1.0, 1.0)
    )
    deployed = redeployment.deployed + closed + _by_channel({"compute_loans": drawn.sum(axis=1)}, data)
    redeployment = replace(
        redeployment,
        talks=left - released,
        returned=released.sum(axis=1),
        deployed=deployed,
        to_date=redeployment.to_date + deployed,
    )
    return replace(
        economy,
        books=books,
        credit=credit,
        redeployment=redeployment,
        open_data=economy.open_data + data.sum() / parameters.redeployment.data_cost,
    )


def _ready(economy: Economy, parameters: Parameters, draws: Draws) -> Float[Array, "issuer channel"]:
    """Money whose deal could close now: a full ticket in talks, with luck, or a deal whose date the scenario sets."""
    talks, policy = economy.redeployment.talks, parameters.redeployment
    xp = namespace(talks)
    closes = (talks >= policy.ticket[None, :]) & (draws.deal_closes < policy.closing_probability)
    ready = xp.where(closes, talks, 0.0)
    deal = _dated(parameters, draws)[:, None] * (xp.arange(len(CHANNELS)) == COLUMN["robotics"])
    return xp.where(deal > 0.0, xp.minimum(talks, deal), ready) * (1.0 - 1e-14)


def _dated(parameters: Parameters, draws: Draws) -> Float[Array, " issuer"]:
    """Robotics deals that the scenario closes this quarter, USD bn; zero where issuers may not put money into AI."""
    return draws.events.robotics_deal * parameters.redeployment.redeployment


def _matched(economy: Economy, parameters: Parameters, ready: Array, channel: str, asks: Array) -> Array:
    """Match each issuer's money with the largest ask, favouring known providers; sums below a ticket count as zero."""
    policy = parameters.redeployment
    xp = namespace(ready)
    loans_or_shares = channel in ("compute_loans", "compute_equity")
    known = known_providers(economy.books) if loans_or_shares else 0.0 * ready[:, :1] * asks[None, :]
    pull = (1.0 + policy.relationship * known) * asks[None, :]
    chosen = xp.eye(asks.shape[0])[pull.argmax(axis=1)]
    money = match(ready[:, COLUMN[channel]], asks, chosen)
    return xp.where(money >= policy.ticket[COLUMN[channel]] * (1.0 - 1e-9), money, 0.0)


def _pay_for_deals(
    economy: Economy,
    parameters: Parameters,
    books: Books,
    loans: Array,
    compute_equity: Array,
    lab_equity: Array,
    ventures: Array,
    data: Array,
) -> Books:
    """Pay for all deals; a stake in a company that held a round this quarter costs the share price of that round."""
    books = pay(books, "issuer_compute_loan", loans)
    price = _deal_price(books, PROVIDER_SHARES, provider_value(economy, parameters), compute_equity)
    books = pay(revalue(books, PROVIDER_SHARES, price), "issuer_compute_equity", compute_equity)
    price = _deal_price(books, LAB_SHARES, lab_valuation(economy, parameters), lab_equity)
    books = pay(revalue(books, LAB_SHARES, price), "issuer_lab_equity", lab_equity)
    books = pay(books, "issuer_venture_equity", ventures)
    return pay(books, "open_data", column(data))


def _deal_price(books: Books, shares: str, value: Array, paid: Array) -> Array:
    priced = material(flow_total(books, ROUNDS[shares], 0)) > 0.0
    return round_price(books, shares, value, (material(paid.sum(axis=0)) > 0.0) & ~priced)


def _by_channel(spent: dict[str, Array], like: Array) -> Float[Array, "issuer channel"]:
    xp = namespace(like)
    return xp.stack([spent.get(channel, 0.0 * like) for channel in CHANNELS], axis=1)
