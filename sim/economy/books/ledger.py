"""The ledger: balance sheets, the journal of a quarter, and the only functions that move money.

A phase decides amounts and calls one of the functions below; it never changes a balance itself. Each call changes
the balances of both sides and is recorded in the quarter's journal. The transactions matrix, the flow table and
the checks at the close are made from the journal.

The books divide each agent's cash **by origin**. Dollars of different origins are mixed: the origins have the same
shares in each payment as in the payer's balance (the pro-rata or "haircut" rule; Anderson, Shumailov and Ahmed 2018
compare it with other rules). All payments of one call are made from the balances before the call, so the order of
payments within a call does not matter.
"""

from dataclasses import dataclass, replace
from typing import Any

from jaxtyping import Float

from sim.economy.arrays import NEXT_TO_NOTHING, Array, namespace, ratio
from sim.economy.books.flows import FLOWS, NOMINAL, ORIGINS, OUTSIDE, SECTORS, SHARES, TRACED, UNIT, FlowKind

LEAK = 1e-13
"""Part of an agent's means that simultaneous payments leave unused, so that `settle` always has a unique solution."""
Positions = dict[str, dict[str, Array]]
"""instrument -> account -> units, positive for assets and negative for liabilities. Most arrays are `(agent,)`; for
the claims in `sim.economy.books.flows.ISSUED_BY` the holders' arrays are `(holder, debtor)`."""


@dataclass(frozen=True)
class Flow:
    """All payments of one kind in a quarter.

    Attributes:
        amount: USD bn from each payer to each payee.
        origins: share of each origin in the payment: `(payer, 1, origin)` when an agent pays, from the origins of
            its cash, and `(1, payee, origin)` when a sector pays, because the origins then depend on the payee.
    """

    amount: Float[Array, "payer payee"]
    origins: Float[Array, "#payer #payee origin"]


@dataclass(frozen=True)
class Journal:
    """The record of the quarter so far. Tables are instrument -> account -> USD bn, arrays shaped like the position.

    Attributes:
        flows: kind of payment -> all payments of that kind.
        revaluations: gains (losses negative) from changes of price or book value.
        write_offs: changes of positions because claims were cancelled.
        released: cost of parked money that was withdrawn, `(issuer, origin)`.
        conversions: value gained or given up where a claim was exchanged for shares and no cash moved; an account's
            entries for the claim and for the shares sum to zero.
        accruals: interest added to a claim instead of being paid: income of the holder, expense of the debtor.
    """

    flows: dict[str, Flow]
    revaluations: Positions
    write_offs: Positions
    released: Positions
    conversions: Positions
    accruals: Positions


@dataclass(frozen=True)
class Books:
    """The balance sheets of everyone, and the journal of the quarter.

    Attributes:
        cash: account -> cash by origin, USD bn, `(agent, origin)`.
        positions: instrument -> account -> units held, or, where negative, owed.
        price: instrument -> USD bn per unit; 1 for nominal instruments, `(company,)` for shares.
        cost: instrument -> issuer's book -> money paid for what the book holds, USD bn, `(issuer, origin)`.
        journal: the record of the quarter so far.
    """

    cash: dict[str, Float[Array, "agent origin"]]
    positions: Positions
    price: dict[str, Array]
    cost: dict[str, dict[str, Float[Array, "issuer origin"]]]
    journal: Journal


EMPTY_JOURNAL = Journal({}, {}, {}, {}, {}, {})


def balance(books: Books, account: str) -> Float[Array, " agent"]:
    """Cash of each agent in an account, USD bn."""
    return books.cash[account].sum(axis=1)


def value(books: Books, instrument: str, account: str) -> Array:
    """Market value of a position, USD bn, as an array with the shape of the position."""
    return books.positions[instrument][account] * books.price[instrument]


def total_value(books: Books, instrument: str, account: str) -> Float[Array, " agent"]:
    """Market value of a position summed over debtors, USD bn per agent."""
    return per_agent(value(books, instrument, account))


def per_agent(entry: Array) -> Float[Array, " agent"]:
    """Sum an array `(holder, debtor)` over debtors; return an array `(agent,)` unchanged."""
    return entry.sum(axis=1) if entry.ndim == 2 else entry


def issued(books: Books, shares: str) -> Float[Array, " company"]:
    """Return the number of shares that each company has issued."""
    return -books.positions[shares][SHARES[shares]]


def market_value(books: Books, shares: str) -> Float[Array, " company"]:
    """Value all shares of each company at their price, USD bn."""
    return issued(books, shares) * books.price[shares]


def net_worth(books: Books, account: str) -> Float[Array, " agent"]:
    """Assets less liabilities of each agent, USD bn; shares that it issued are liabilities at market value."""
    worth = balance(books, account)
    for instrument, by_account in books.positions.items():
        if account in by_account:
            worth = worth + total_value(books, instrument, account)
    return worth


def pay(
    books: Books, kind: str, amount: Float[Array, "payer payee"], mix: Float[Array, "payer origin"] | None = None
) -> Books:
    """Make all payments of one kind, a flow of `sim.economy.books.flows.FLOWS`.

    Args:
        books: the books before the payment.
        kind: name of the flow, which determines payer, payee and the instruments that change hands.
        amount: USD bn from each payer to each payee, not negative.
        mix: share of each origin in each payer's payments; by default its share in the payer's cash.

    Raises:
        ValueError: if `kind` was already paid this quarter.
    """
    if kind in books.journal.flows:
        raise ValueError(f"flow {kind!r} was already paid this quarter: declare another flow for the second use")
    flow = FLOWS[kind]
    paid, received = amount.sum(axis=1), amount.sum(axis=0)
    cost, released = books.cost, None
    if flow.payer in SECTORS:
        spent = paid[:, None] * UNIT[OUTSIDE]
        origins, released = _entering(books, flow, received)
        arrived = received[:, None] * origins[0]
    else:
        if mix is None:
            # Rounding can leave negative amounts in an empty account; shares of such amounts would be meaningless.
            cash_by_origin = namespace(amount).maximum(books.cash[flow.payer], 0.0)
            mix = ratio(cash_by_origin, cash_by_origin.sum(axis=1)[:, None])
        origins = mix[:, None, :]
        spent = mix * paid[:, None]
        arrived = received[:, None] * UNIT[OUTSIDE] if flow.payee in SECTORS else amount.T @ mix
        if flow.payer_gets in TRACED:
            bought = cost[flow.payer_gets][flow.payer] + spent
            cost = _nested(cost, flow.payer_gets, flow.payer, bought)
    cash = dict(books.cash)
    cash[flow.payer] = cash[flow.payer] - spent
    cash[flow.payee] = cash[flow.payee] + arrived
    positions = books.positions
    if flow.payer_gets is not None:
        positions = _shift(books, positions, flow.payer_gets, flow.payer, amount, paid)
    if flow.payee_gives is not None:
        positions = _shift(books, positions, flow.payee_gives, flow.payee, -amount.T, -received)
    journal = books.journal
    flows = {**journal.flows, kind: Flow(amount, origins)}
    table = journal.released
    if released is not None and flow.payee_gives is not None:
        remaining = cost[flow.payee_gives][flow.payee] - released
        cost = _nested(cost, flow.payee_gives, flow.payee, remaining)
        table = _added(table, flow.payee_gives, {flow.payee: released})
    journal = replace(journal, flows=flows, released=table)
    return Books(cash, positions, books.price, cost, journal)


def settle(books: Books, payments: dict[str, Float[Array, "payer payee"]]) -> Books:
    """Make payments of several kinds simultaneously, so that agents can pay with money that they receive here.

    The money that an agent receives is mixed with its cash. With `H_i` the cash of agent i by origin, `A_ji` the
    payment from j to i, and `D_i` the total means of i (cash and receipts, or its payments if they are larger), the
    shares `s_i` of the origins in the payments of i solve `H_i + sum_j A_ji s_j = D_i s_i`. The shares of an agent
    that can make all its payments sum to one. They sum to less for an agent that cannot (because it would pay more
    than it has, or because nobody in a circle of payments holds a dollar); its payments are multiplied by the sum.

    Args:
        books: the books before the payments.
        payments: name of a flow between agents' accounts -> USD bn from each payer to each payee.
    """
    kinds = [FLOWS[kind] for kind in payments]
    accounts = tuple(dict.fromkeys(account for flow in kinds for account in (flow.payer, flow.payee)))
    cash = [books.cash[account] for account in accounts]
    xp = namespace(cash[0])
    size, rows, first = {}, {}, 0
    for account, account_cash in zip(accounts, cash, strict=True):
        size[account] = account_cash.shape[0]
        rows[account] = slice(first, first + size[account])
        first = first + size[account]
    pairs = {(payer, payee): xp.zeros((size[payer], size[payee])) for payer in accounts for payee in accounts}
    for flow, amount in zip(kinds, payments.values(), strict=True):
        pairs[flow.payer, flow.payee] = pairs[flow.payer, flow.payee] + amount
    due = xp.concat([xp.concat([pairs[a, b] for b in accounts], axis=1) for a in accounts], axis=0)
    cash_by_origin = xp.concat(cash, axis=0)
    means = xp.maximum(cash_by_origin.sum(axis=1) + due.sum(axis=0), due.sum(axis=1))
    # Slightly more than the means, so that a circle of payers without cash has a solution, which is to pay nothing.
    divisor = xp.where(means > NEXT_TO_NOTHING, means * (1.0 + LEAK), 1.0)
    share = xp.linalg.solve(xp.eye(means.shape[0]) * divisor[:, None] - due.T, cash_by_origin)
    whole = share.sum(axis=1)
    share = ratio(share, whole[:, None])
    # A shortfall within rounding and `LEAK` is paid in full; the tolerance of the identities is ten times larger.
    paid = xp.where(whole > 1.0 - 1e3 * LEAK, 1.0, xp.maximum(whole, 0.0))
    for (kind, amount), flow in zip(payments.items(), kinds, strict=True):
        payers = rows[flow.payer]
        books = pay(books, kind, amount * paid[payers][:, None], share[payers])
    return books


def revalue(books: Books, instrument: str, price: Array) -> Books:
    """Set the price of an instrument, USD bn per unit, and book the gain or loss of every holder and debtor."""
    change = price - books.price[instrument]
    gains = {account: units * change for account, units in books.positions[instrument].items()}
    return replace(_booked(books, "revaluations", instrument, gains, {}), price={**books.price, instrument: price})


def write_down(books: Books, instrument: str, account: str, loss: Float[Array, " agent"]) -> Books:
    """Lower the book value of a real asset by `loss`, USD bn (depreciation or impairment); nobody gains it."""
    return _booked(books, "revaluations", instrument, {account: -loss}, {account: -loss})


def write_off(books: Books, instrument: str, holder: str, debtor: str, loss: Float[Array, "holder debtor"]) -> Books:
    """Cancel `loss`, USD bn, of each claim: it is booked as a loss of the holder and as a gain of the debtor."""
    pairwise = books.positions[instrument][holder].ndim == 2
    changes = {holder: -loss if pairwise else -loss.sum(axis=1), debtor: loss.sum(axis=0)}
    return _booked(books, "write_offs", instrument, changes, changes)


def convert(
    books: Books, claim: str, shares: str, holder: str, debtor: str, amount: Float[Array, "holder debtor"]
) -> Books:
    """Exchange a nominal claim for new shares of the debtor, issued at their present price; no cash moves.

    Claim and shares have equal value, so nobody gains or loses. If a claim exceeds the value of the shares that its
    holder receives, cancel the excess with `write_off`.

    Args:
        books: the books before the exchange.
        claim: a nominal instrument that is held pairwise, such as compute loans.
        shares: the debtor's kind of shares; their price must be positive wherever `amount` is.
        holder: account that exchanges the claim for shares.
        debtor: account that owes the claim and issues the shares.
        amount: USD bn exchanged, not negative.
    """
    units = ratio(amount, books.price[shares] + 0.0 * amount)
    repaid = {holder: -amount, debtor: amount.sum(axis=0)}
    books = _booked(books, "conversions", claim, repaid, repaid)
    received = {holder: amount, debtor: -amount.sum(axis=0)}
    return _booked(books, "conversions", shares, received, {holder: units, debtor: -units.sum(axis=0)})


def capitalise(
    books: Books, instrument: str, holder: str, debtor: str, interest: Float[Array, "holder debtor"]
) -> Books:
    """Add unpaid interest, USD bn, to the claim on which it is owed, as if the holder got it and lent it again."""
    changes = {holder: interest, debtor: -interest.sum(axis=0)}
    return _booked(books, "accruals", instrument, changes, changes)


def cancel_shares(books: Books, shares: str, companies: Float[Array, " company"]) -> Books:
    """Cancel all shares of the companies marked 1, so that new ones can be issued.

    Cancel only shares with a price of zero: no loss is booked, so cancelling others would break the stock-flow
    identity. Issue new shares before the books close, because the ownership check divides by their number.
    """
    remaining = {account: units * (1.0 - companies) for account, units in books.positions[shares].items()}
    return replace(books, positions={**books.positions, shares: remaining})


def opening_value(books: Books, instrument: str, account: str) -> Float[Array, " agent"]:
    """Market value of a position when the quarter opened, summed over debtors, USD bn per agent.

    It is computed from the stock-flow identity: the present value less everything that the journal added to it.
    """
    worth, journal = total_value(books, instrument, account), books.journal
    for kind, flow in journal.flows.items():
        flow_kind = FLOWS[kind]
        if (flow_kind.payer_gets, flow_kind.payer) == (instrument, account):
            worth = worth - flow.amount.sum(axis=1)
        if (flow_kind.payee_gives, flow_kind.payee) == (instrument, account):
            worth = worth + flow.amount.sum(axis=0)
    for table in (journal.revaluations, journal.write_offs, journal.conversions, journal.accruals):
        worth = worth - per_agent(table.get(instrument, {}).get(account, 0.0 * worth))
    return worth


def flow_total(books: Books, kind: str, axis: int) -> Array:
    """Sum this quarter's payments of one kind for each payer (`axis=1`) or each payee (`axis=0`), USD bn.

    Raises:
        KeyError: if `kind` has not been paid this quarter.
    """
    return books.journal.flows[kind].amount.sum(axis=axis)


def _entering(books: Books, flow: FlowKind, proceeds: Array) -> tuple[Array, Array | None]:
    """Shares of origins in money that a sector pays, and the cost of the parked money if the payment returns any."""
    xp = namespace(proceeds)
    if flow.payee in SECTORS or flow.payee_gives not in TRACED:
        name = "outside" if flow.payee in SECTORS or flow.origin is None else flow.origin
        return xp.ones((1, proceeds.shape[0], 1)) * UNIT[ORIGINS.index(name)], None
    # The proceeds of a sale return to the origins of the money that bought the asset. Proceeds above cost are a
    # trading gain; a loss is divided among the origins in proportion.
    instrument, book = flow.payee_gives, flow.payee
    sold = ratio(proceeds, value(books, instrument, book))
    released = books.cost[instrument][book] * sold[:, None]
    gain = xp.maximum(proceeds - released.sum(axis=1), 0.0)
    returned = released + gain[:, None] * UNIT[ORIGINS.index("trading_gains")]
    return ratio(returned, returned.sum(axis=1)[:, None])[None, :, :], released


def _shift(books: Books, positions: Positions, instrument: str, account: str, pairs: Array, totals: Array) -> Positions:
    """Add units worth `totals` to each agent's position, or worth `pairs` if the position is `(holder, debtor)`."""
    units_before = positions[instrument][account]
    change = pairs if units_before.ndim == 2 else totals
    price = books.price[instrument]
    units = change / price if instrument in NOMINAL else ratio(change, price + 0.0 * change)
    return _nested(positions, instrument, account, units_before + units)


def _nested(table: Positions, outer: str, inner: str, entry: Array) -> Positions:
    return {**table, outer: {**table[outer], inner: entry}}


def _added(table: Positions, instrument: str, entries: dict[str, Array]) -> Positions:
    earlier = table.get(instrument, {})
    merged = {account: earlier[account] + entry if account in earlier else entry for account, entry in entries.items()}
    return {**table, instrument: {**earlier, **merged}}


def _booked(books: Books, table: str, instrument: str, entries: dict[str, Array], units: dict[str, Array]) -> Books:
    """Add entries, USD bn, to a table of the journal, and `units` to positions, without any payment."""
    journal, positions = books.journal, books.positions
    changed: dict[str, Any] = {table: _added(getattr(journal, table), instrument, entries)}
    for account, change in units.items():
        positions = _nested(positions, instrument, account, positions[instrument][account] + change)
    return replace(books, positions=positions, journal=replace(journal, **changed))
