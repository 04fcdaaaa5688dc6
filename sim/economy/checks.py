"""The accounting identities, checked for every agent when a quarter closes.

Each check works from the balances before, the balances after and the journal alone, and gives the **largest**
residual over agents, relative to the agent's gross flows of the quarter, so that errors cannot cancel. Nothing
here is imposed: an equation that a phase or the ledger breaks shows as a residual. The frame is that of Godley
and Lavoie (2007): balance-sheet matrix, transactions matrix and revaluations, one equation redundant.
"""

from __future__ import annotations

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, namespace
from sim.economy.flows import (
    ACCOUNTS,
    AGENT_ACCOUNTS,
    BILLS,
    COMMODITIES,
    COMPUTE_LOANS,
    ECONOMY,
    FINANCIAL_INSTRUMENTS,
    FLOWS,
    GOVERNMENT,
    GPUS,
    INSTRUMENTS,
    ORIGINS,
    OUTSIDE,
    PROVIDERS,
    RESERVE,
    SECTORS,
    SHARES,
    TOKENS,
    TRACED,
)
from sim.economy.ledger import Books, balance, net_worth, total_value

SMALLEST_SCALE = 1e-3
"""USD bn (a million dollars): residuals of agents that hardly moved are measured against this, so that the
tolerance is never finer than a tenth of a cent, the rounding left by larger payments of earlier quarters."""
TOLERANCE = 1e-9


def identities(opening: Books, closing: Books) -> dict[str, Scalar]:
    """Check every identity of a quarter.

    Args:
        opening: the books when the quarter opened.
        closing: the books when it closed, with the quarter's journal.

    Returns:
        Identity -> largest relative residual over agents (or over instruments and origins). All are zero up
        to rounding when the books are right; `TOLERANCE` is the bound that a run enforces.
    """
    gross = gross_flows(closing)
    return {
        "cash_by_origin": _cash_by_origin(opening, closing, gross),
        "total_cash": _total_cash(opening, closing, gross),
        "claims_match_debts": _claims_match(closing, gross),
        "stock_flow": _stock_flow(opening, closing, gross),
        "net_worth": _net_worth(opening, closing, gross),
        "saving_equals_investment": _saving_equals_investment(closing, gross),
        "ownership": _ownership(closing),
        "origins": _origins(opening, closing, gross),
        "not_negative": _not_negative(closing, gross),
    }


def gross_flows(books: Books) -> dict[str, Float[Array, " agent"]]:
    """Payments in and out plus revaluations and write-offs, in absolute value, USD bn per agent."""
    totals = {account: 0.0 * balance(books, account) for account in ACCOUNTS}
    for kind, flow in books.journal.flows.items():
        ends = FLOWS[kind]
        totals[ends.payer] = totals[ends.payer] + abs(flow.amount).sum(axis=1)
        totals[ends.payee] = totals[ends.payee] + abs(flow.amount).sum(axis=0)
    for table in (books.journal.revaluations, books.journal.write_offs):
        for entries in table.values():
            for account, entry in entries.items():
                totals[account] = totals[account] + _per_agent(abs(entry))
    return totals


def saving(books: Books) -> dict[str, Float[Array, " agent"]]:
    """Current receipts less current payments of the quarter, USD bn per agent."""
    totals = {account: 0.0 * balance(books, account) for account in ACCOUNTS}
    for kind, flow in books.journal.flows.items():
        ends = FLOWS[kind]
        if ends.payer_gets is None:
            totals[ends.payer] = totals[ends.payer] - flow.amount.sum(axis=1)
        if ends.payee_gives is None:
            totals[ends.payee] = totals[ends.payee] + flow.amount.sum(axis=0)
    return totals


def _per_agent(entry: Array) -> Array:
    return entry.sum(axis=1) if entry.ndim == 2 else entry


def _largest(residual: Array, scale: Array) -> Scalar:
    xp = namespace(residual)
    return (abs(residual) / xp.maximum(scale, SMALLEST_SCALE)).max()


def _worst(residuals: list[Scalar]) -> Scalar:
    return namespace(residuals[0]).stack(residuals).max()


def _whole(gross: dict[str, Array]) -> Scalar:
    return sum(total.sum() for total in gross.values())


def _cash_by_origin(opening: Books, closing: Books, gross: dict[str, Array]) -> Scalar:
    """Balance by origin = opening + receipts - payments, as the journal tells them."""
    expected = dict(opening.cash)
    for kind, flow in closing.journal.flows.items():
        ends = FLOWS[kind]
        paid = flow.amount[:, :, None] * flow.origins
        outside = namespace(paid).eye(len(ORIGINS))[OUTSIDE] * flow.amount[:, :, None]
        leaving = outside if ends.payer in SECTORS else paid
        arriving = outside if ends.payee in SECTORS else paid
        expected[ends.payer] = expected[ends.payer] - leaving.sum(axis=1)
        expected[ends.payee] = expected[ends.payee] + arriving.sum(axis=0)
    return _worst(
        [_largest(closing.cash[a] - expected[a], gross[a][:, None]) for a in ACCOUNTS]
    )


def _total_cash(opening: Books, closing: Books, gross: dict[str, Array]) -> Scalar:
    """No dollar appears or vanishes."""
    change = sum(closing.cash[a].sum() - opening.cash[a].sum() for a in ACCOUNTS)
    return _largest(change, _whole(gross))


def _claims_match(closing: Books, gross: dict[str, Array]) -> Scalar:
    """Every financial asset is someone's liability, debtor by debtor where claims are pairwise."""
    residuals = []
    for instrument in FINANCIAL_INSTRUMENTS:
        held = closing.positions[instrument]
        pairwise = any(units.ndim == 2 for units in held.values())
        total = sum(_per_debtor(units) if pairwise else units.sum() for units in held.values())
        residuals.append(_largest(total * closing.price[instrument], _whole(gross)))
    return _worst(residuals)


def _per_debtor(units: Array) -> Array:
    return units.sum(axis=0) if units.ndim == 2 else units


def _stock_flow(opening: Books, closing: Books, gross: dict[str, Array]) -> Scalar:
    """Stock = previous stock + flows + revaluation - write-off, for every instrument and agent."""
    residuals = []
    for instrument in INSTRUMENTS:
        for account in closing.positions[instrument]:
            change = total_value(closing, instrument, account) - total_value(opening, instrument, account)
            for table in (closing.journal.revaluations, closing.journal.write_offs):
                entry = table.get(instrument, {}).get(account)
                if entry is not None:
                    change = change - _per_agent(entry)
            for kind, flow in closing.journal.flows.items():
                ends = FLOWS[kind]
                if ends.payer_gets == instrument and ends.payer == account:
                    change = change - flow.amount.sum(axis=1)
                if ends.payee_gives == instrument and ends.payee == account:
                    change = change + flow.amount.sum(axis=0)
            residuals.append(_largest(change, gross[account]))
    return _worst(residuals)


def _net_worth(opening: Books, closing: Books, gross: dict[str, Array]) -> Scalar:
    """Change of net worth = saving + revaluation - write-off, for every agent."""
    saved = saving(closing)
    residuals = []
    for account in ACCOUNTS:
        change = net_worth(closing, account) - net_worth(opening, account) - saved[account]
        for table in (closing.journal.revaluations, closing.journal.write_offs):
            for entries in table.values():
                if account in entries:
                    change = change - _per_agent(entries[account])
        residuals.append(_largest(change, gross[account]))
    return _worst(residuals)


def _saving_equals_investment(closing: Books, gross: dict[str, Array]) -> Scalar:
    """The redundant equation: what everyone saved is what was invested in real assets."""
    saved = sum(total.sum() for total in saving(closing).values())
    invested = 0.0 * saved
    for kind, flow in closing.journal.flows.items():
        ends = FLOWS[kind]
        invested = invested + (flow.amount.sum() if ends.payer_gets == GPUS else 0.0)
        invested = invested - (flow.amount.sum() if ends.payee_gives == GPUS else 0.0)
    return _largest(saved - invested, _whole(gross))


def _ownership(closing: Books) -> Scalar:
    """Shares held = shares issued, company by company, as a fraction."""
    residuals = []
    for instrument, issuer in SHARES.items():
        issued = -closing.positions[instrument][issuer]
        held = sum(
            units.sum(axis=0) for account, units in closing.positions[instrument].items() if account != issuer
        )
        residuals.append(abs(held / issued - 1.0).max())
    return _worst(residuals)


def _origins(opening: Books, closing: Books, gross: dict[str, Array]) -> Scalar:
    """For each origin: opening + earned = held + spent outside + lost, parked money counting as held."""
    table = origin_account(opening, closing)
    residual = table["opening"] + table["earned"] - table["held"] - table["spent"] - table["lost"]
    return _largest(residual, _whole(gross))


def origin_account(opening: Books, closing: Books) -> dict[str, Float[Array, " origin"]]:
    """Where the money of each origin came from and went in a quarter, over all agents, USD bn by origin.

    Returns:
        `opening` (held by agents when the quarter opened, as cash or parked at cost), `earned` (began its
        journey), `spent` (paid to the environment for good), `lost` (parked money that came back below cost)
        and `held` (at the close, as cash or parked).
    """
    zero = 0.0 * closing.cash["economy"].sum(axis=0)
    earned, spent, returned = zero, zero, zero
    for kind, flow in closing.journal.flows.items():
        ends = FLOWS[kind]
        by_origin = (flow.amount[:, :, None] * flow.origins).sum(axis=(0, 1))
        if ends.payer in SECTORS and ends.payee not in SECTORS:
            if ends.payee_gives in TRACED:
                returned = returned + by_origin
            else:
                earned = earned + by_origin
        elif ends.payee in SECTORS and ends.payer not in SECTORS and ends.payer_gets not in TRACED:
            spent = spent + by_origin
    released = sum(
        (cost.sum(axis=0) for by_book in closing.journal.released.values() for cost in by_book.values()), zero
    )
    gain = namespace(zero).maximum(returned - released, 0.0)
    return {
        "opening": _held(opening),
        "earned": earned + gain,
        "spent": spent,
        "lost": released + gain - returned,
        "held": _held(closing),
    }


def _held(books: Books) -> Array:
    cash = sum(books.cash[a].sum(axis=0) for a in AGENT_ACCOUNTS)
    return cash + sum(at_cost.sum(axis=0) for by_book in books.cost.values() for at_cost in by_book.values())


def _not_negative(closing: Books, gross: dict[str, Array]) -> Scalar:
    """Cash, holdings, debts owed and prices are not negative (liabilities are held with a minus sign)."""
    residuals = []
    for account in ACCOUNTS:
        short = -namespace(closing.cash[account]).minimum(closing.cash[account], 0.0)
        residuals.append(_largest(short, gross[account][:, None]))
    for instrument, by_account in closing.positions.items():
        debtors = _debtors(instrument)
        for account, units in by_account.items():
            wrong_side = units if account in debtors else -units
            worth = namespace(units).maximum(wrong_side, 0.0) * closing.price[instrument]
            residuals.append(_largest(_per_agent(worth), gross[account]))
    return _worst(residuals)


def _debtors(instrument: str) -> tuple[str, ...]:
    """Accounts that owe, rather than own, an instrument."""
    owed_by = {TOKENS: (RESERVE,), COMPUTE_LOANS: (PROVIDERS,), BILLS: (GOVERNMENT,)}
    if instrument in SHARES:
        return (SHARES[instrument],)
    if instrument in (*COMMODITIES, GPUS):
        return ()
    return owed_by.get(instrument, (ECONOMY,))
