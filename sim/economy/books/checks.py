"""The accounting identities, checked for every agent when a quarter closes.

Each check uses only the balances at the opening, the balances at the close and the journal. It gives the
**largest** residual of any agent, divided by that agent's gross flows of the quarter; errors of different agents
therefore cannot cancel. The checks measure and correct nothing: where a phase or the ledger breaks an equation, the
residual shows it. The accounts follow Godley and Lavoie (2007): a balance-sheet matrix, a transactions matrix and
revaluations, in which one equation follows from the others.
"""

from dataclasses import dataclass

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, namespace
from sim.economy.books.flows import (
    ACCOUNTS,
    AGENT_ACCOUNTS,
    ECONOMY,
    FINANCIAL_INSTRUMENTS,
    FLOWS,
    GPUS,
    INSTRUMENTS,
    OUTSIDE,
    SECTORS,
    SHARES,
    TRACED,
    UNIT,
    FlowKind,
    debtor_accounts,
)
from sim.economy.books.ledger import Books, Flow, issued, net_worth, per_agent, total_value

SMALLEST_SCALE = 1e-3
"""USD bn (a million dollars): least amount by which a residual is divided, for agents with smaller gross flows.
It keeps the tolerance at a tenth of a cent or more, because larger payments of earlier quarters leave rounding."""
TOLERANCE = 1e-9
"""Largest relative residual that counts as rounding."""


@dataclass(frozen=True)
class Tally:
    """Totals of the quarter's journal for each account, added up once for all checks.

    Attributes:
        paid_in: account -> money that its agents received, by origin, USD bn.
        paid_out: account -> money that its agents paid, by origin, USD bn.
        gross: account -> sum of the absolute values of all payments and other entries of the journal, USD bn.
        saving: account -> income less expenses, including accrued interest, USD bn.
        swaps: (instrument, account) -> value gained in exchange for cash or another claim, or as accrued interest.
        changes: (instrument, account) -> revaluations and write-offs, both as changes of value, USD bn.
    """

    paid_in: dict[str, Float[Array, "agent origin"]]
    paid_out: dict[str, Float[Array, "agent origin"]]
    gross: dict[str, Float[Array, " agent"]]
    saving: dict[str, Float[Array, " agent"]]
    swaps: dict[tuple[str, str], Float[Array, " agent"]]
    changes: dict[tuple[str, str], Float[Array, " agent"]]


def identities(opening: Books, closing: Books) -> dict[str, Scalar]:
    """Check every accounting identity of a quarter, given the books at its opening and at its close.

    Returns:
        Name of the identity -> largest relative residual of any agent (or any instrument or origin). When the
        books are right, every residual is zero except for rounding; a run fails if one exceeds `TOLERANCE`.
    """
    tally = add_up(closing)
    return {
        "cash_by_origin": _cash_by_origin(opening, closing, tally),
        "total_cash": _total_cash(opening, closing, tally),
        "claims_match_debts": _claims_match(closing, tally),
        "stock_flow": _stock_flow(opening, closing, tally),
        "net_worth": _net_worth(opening, closing, tally),
        "saving_equals_investment": _saving_equals_investment(tally),
        "ownership": _ownership(closing),
        "origins": _origins(opening, closing, tally),
        "not_negative": _not_negative(closing, tally.gross),
    }


def add_up(books: Books) -> Tally:
    """Add up the quarter's journal for each account."""
    nothing = {account: 0.0 * books.cash[account] for account in ACCOUNTS}
    none = {account: empty[:, 0] for account, empty in nothing.items()}
    tally = Tally(dict(nothing), dict(nothing), dict(none), dict(none), {}, {})
    for kind, flow in books.journal.flows.items():
        _add_flow(tally, FLOWS[kind], flow)
    for name in ("revaluations", "write_offs", "conversions", "accruals"):
        for instrument, entries in getattr(books.journal, name).items():
            for account, entry in entries.items():
                tally.gross[account] = tally.gross[account] + per_agent(abs(entry))
                totals = tally.changes if name in ("revaluations", "write_offs") else tally.swaps
                _add(totals, (instrument, account), per_agent(entry))
                if name == "accruals":
                    tally.saving[account] = tally.saving[account] + per_agent(entry)
    return tally


def _add_flow(tally: Tally, ends: FlowKind, flow: Flow) -> None:
    paid, received = flow.amount.sum(axis=1), flow.amount.sum(axis=0)
    if ends.payer in SECTORS:
        leaving = paid[:, None] * UNIT[OUTSIDE]
        arriving = received[:, None] * flow.origins[0]
    else:
        leaving = paid[:, None] * flow.origins[:, 0]
        arriving = flow.amount.T @ flow.origins[:, 0]
    if ends.payee in SECTORS:
        arriving = received[:, None] * UNIT[OUTSIDE]
    tally.paid_out[ends.payer] = tally.paid_out[ends.payer] + leaving
    tally.paid_in[ends.payee] = tally.paid_in[ends.payee] + arriving
    tally.gross[ends.payer] = tally.gross[ends.payer] + abs(paid)
    tally.gross[ends.payee] = tally.gross[ends.payee] + abs(received)
    if ends.payer_gets is None:
        tally.saving[ends.payer] = tally.saving[ends.payer] - paid
    else:
        _add(tally.swaps, (ends.payer_gets, ends.payer), paid)
    if ends.payee_gives is None:
        tally.saving[ends.payee] = tally.saving[ends.payee] + received
    else:
        _add(tally.swaps, (ends.payee_gives, ends.payee), -received)


def _add(table: dict[tuple[str, str], Array], key: tuple[str, str], entry: Array) -> None:
    table[key] = table[key] + entry if key in table else entry


def _largest(residual: Array, scale: Array) -> Scalar:
    xp = namespace(residual)
    return (abs(residual) / xp.maximum(scale, SMALLEST_SCALE)).max()


def _worst(residuals: list[Scalar]) -> Scalar:
    return namespace(residuals[0]).stack(residuals).max()


def _whole(tally: Tally) -> Scalar:
    return sum(total.sum() for total in tally.gross.values())


def _cash_by_origin(opening: Books, closing: Books, tally: Tally) -> Scalar:
    """Check that closing cash of each origin = opening cash + receipts - payments, both as recorded in the journal."""
    residuals = []
    for a in ACCOUNTS:
        residual = closing.cash[a] - opening.cash[a] - tally.paid_in[a] + tally.paid_out[a]
        residuals.append(_largest(residual, tally.gross[a][:, None]))
    return _worst(residuals)


def _total_cash(opening: Books, closing: Books, tally: Tally) -> Scalar:
    """Total cash of all accounts is the same at the close as at the opening."""
    change = sum(closing.cash[a].sum() - opening.cash[a].sum() for a in ACCOUNTS)
    return _largest(change, _whole(tally))


def _claims_match(closing: Books, tally: Tally) -> Scalar:
    """Claims on an instrument = debts in it; checked for each debtor if the books record who owes each claim."""
    residuals, whole = [], _whole(tally)
    for instrument in FINANCIAL_INSTRUMENTS:
        units_by_account = closing.positions[instrument]
        pairwise = any(units.ndim == 2 for units in units_by_account.values())
        total = sum(_per_debtor(units) if pairwise else units.sum() for units in units_by_account.values())
        residuals.append(_largest(total * closing.price[instrument], whole))
    return _worst(residuals)


def _per_debtor(units: Array) -> Array:
    return units.sum(axis=0) if units.ndim == 2 else units


def _stock_flow(opening: Books, closing: Books, tally: Tally) -> Scalar:
    """Check that closing value = opening value + flows + revaluation - write-off, for every instrument and agent."""
    worst = {account: 0.0 * gross for account, gross in tally.gross.items()}
    for instrument in INSTRUMENTS:
        for account in closing.positions[instrument]:
            change = total_value(closing, instrument, account) - total_value(opening, instrument, account)
            for entries in (tally.swaps, tally.changes):
                if (instrument, account) in entries:
                    change = change - entries[instrument, account]
            worst[account] = namespace(change).maximum(worst[account], abs(change))
    return _worst([_largest(worst[account], tally.gross[account]) for account in ACCOUNTS])


def _net_worth(opening: Books, closing: Books, tally: Tally) -> Scalar:
    """Change of net worth = saving + revaluation - write-off, for every agent."""
    residuals = []
    for account in ACCOUNTS:
        change = net_worth(closing, account) - net_worth(opening, account) - tally.saving[account]
        for (_, holder), entry in tally.changes.items():
            if holder == account:
                change = change - entry
        residuals.append(_largest(change, tally.gross[account]))
    return _worst(residuals)


def _saving_equals_investment(tally: Tally) -> Scalar:
    """Check the redundant equation: total saving equals total investment in real assets."""
    saved = sum(total.sum() for total in tally.saving.values())
    invested = sum(entry.sum() for (instrument, _), entry in tally.swaps.items() if instrument == GPUS)
    return _largest(saved - invested, _whole(tally))


def _ownership(closing: Books) -> Scalar:
    """Shares owned / shares issued = 1, for every company."""
    residuals = []
    for shares, issuer in SHARES.items():
        holders = (units for account, units in closing.positions[shares].items() if account != issuer)
        owned = sum(units.sum(axis=0) for units in holders)
        residuals.append(abs(owned / issued(closing, shares) - 1.0).max())
    return _worst(residuals)


def _origins(opening: Books, closing: Books, tally: Tally) -> Scalar:
    """For each origin: opening + earned = held + spent + lost, as `origin_account` defines them."""
    table = origin_account(opening, closing)
    residual = table["opening"] + table["earned"] - table["held"] - table["spent"] - table["lost"]
    return _largest(residual, _whole(tally))


def origin_account(opening: Books, closing: Books) -> dict[str, Float[Array, " origin"]]:
    """Account for the money of each origin during a quarter, summed over all agents, USD bn by origin.

    Returns:
        `opening` (what agents held when the quarter opened: cash, and parked money at its cost), `earned`, `spent`
        (paid to the environment for good), `lost` (cost of parked money less the smaller proceeds of its sale) and
        `held` (the same as `opening`, at the close).
    """
    zero = 0.0 * closing.cash[ECONOMY].sum(axis=0)
    earned, spent, returned = zero, zero, zero
    for kind, flow in closing.journal.flows.items():
        ends = FLOWS[kind]
        if ends.payer in SECTORS and ends.payee not in SECTORS:
            by_origin = flow.amount.sum(axis=0) @ flow.origins[0]
            if ends.payee_gives in TRACED:
                returned = returned + by_origin
            else:
                earned = earned + by_origin
        elif ends.payee in SECTORS and ends.payer not in SECTORS and ends.payer_gets not in TRACED:
            spent = spent + flow.amount.sum(axis=1) @ flow.origins[:, 0]
    released = sum(
        (cost.sum(axis=0) for by_book in closing.journal.released.values() for cost in by_book.values()), zero
    )
    gain = namespace(zero).maximum(returned - released, 0.0)
    return {
        "opening": _money_of_agents(opening),
        "earned": earned + gain,
        "spent": spent,
        "lost": released + gain - returned,
        "held": _money_of_agents(closing),
    }


def _money_of_agents(books: Books) -> Array:
    cash = sum(books.cash[a].sum(axis=0) for a in AGENT_ACCOUNTS)
    return cash + sum(at_cost.sum(axis=0) for by_book in books.cost.values() for at_cost in by_book.values())


def _not_negative(closing: Books, gross: dict[str, Array]) -> Scalar:
    """No payment, cash balance or holding is below zero, and no debt (recorded with a minus sign) is above it."""
    backwards = {account: 0.0 * flows for account, flows in gross.items()}
    for kind, flow in closing.journal.flows.items():
        payer = FLOWS[kind].payer
        backwards[payer] = backwards[payer] - namespace(flow.amount).minimum(flow.amount, 0.0).sum(axis=1)
    residuals = [_largest(backwards[account], gross[account]) for account in ACCOUNTS]
    for account in ACCOUNTS:
        short = -namespace(closing.cash[account]).minimum(closing.cash[account], 0.0)
        residuals.append(_largest(short, gross[account][:, None]))
    for instrument, by_account in closing.positions.items():
        debtors = debtor_accounts(instrument)
        for account, units in by_account.items():
            wrong_side = units if account in debtors else -units
            worth = namespace(units).maximum(wrong_side, 0.0) * closing.price[instrument]
            residuals.append(_largest(per_agent(worth), gross[account]))
    return _worst(residuals)
