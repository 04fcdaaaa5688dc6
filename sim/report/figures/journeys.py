"""The journeys of interest: for each AI channel, what its dollars paid for in the end.

The figure of where interest went shows these numbers in its lower half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.analysis.attribution import at_end, venture_kinds
from sim.analysis.sums import long, payments_with_interest, quarters_of, since_opening, summed
from sim.economy.books.flows import FLOWS, OWN, RESERVE
from sim.economy.books.uses import CASH, COMPANIES, DIRECT_OF, RETURNED, final_label

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs.run import Run

_ACCOUNTS = tuple(COMPANIES.values())


def journeys(run: Run) -> pd.DataFrame:
    """Return the rows of `journeys_by_quarter` for the last quarter: channel, use, label and usd_bn."""
    return at_end(run, journeys_by_quarter(run))


def journeys_by_quarter(run: Run) -> pd.DataFrame:
    """Return what the interest in each AI channel had paid for by each quarter, however many hands it went through.

    Money that a company (lab, provider, investor or venture) holds is mixed: its interest dollars are taken to leave
    it, whichever channel they came by, in the proportions in which its interest dollars left from the opening to
    the quarter. The sum of each use is exact; how a use is divided among channels rests on this assumption.

    Returns:
        Columns quarter, channel (a use of `sim.analysis.attribution.direct_uses`), use, label and usd_bn. Uses are
        those of `sim.analysis.attribution.final_uses`, or money that came back to issuers. In every quarter the
        uses of a channel sum to the interest that has gone into it so far.
    """
    import pandas as pd

    payments, quarters = _from_to(payments_with_interest(run)), quarters_of(run)
    entering = payments["payer_account"].isin((OWN, RESERVE)) & (payments["target"] != "")
    entries = summed(_entries(run, payments[entering]), ("channel", "target"), quarters).cumsum(axis=1)
    leaving = payments[payments["payer_account"].isin(_ACCOUNTS)]
    out = summed(leaving, ("source", "target", "end"), quarters).cumsum(axis=1).sort_index()
    ends = _followed(entries, pd.concat([out, _still_in_cash(run)]))
    # Money in the channel open data goes no further: the channel is also its end.
    data = payments[payments["flow"] == "open_data"].assign(channel="open_data", use="open_data")
    rows = long(pd.concat([ends, summed(data, ("channel", "use"), quarters).cumsum(axis=1)]))
    rows.insert(3, "label", [_label(use) for use in rows["use"]])
    return rows


def _from_to(payments: pd.DataFrame) -> pd.DataFrame:
    """Add where each payment comes from and goes to: a company (account/name), or the end of the journey."""
    payer, payee = (
        payments["flow"].map({kind: getattr(flow, side) for kind, flow in FLOWS.items()}).astype(object)
        for side in ("payer", "payee")
    )
    back = payments["flow"].astype(object).mask(payee.isin((OWN, RESERVE)), RETURNED)
    return payments.assign(
        payer_account=payer,
        source=payer + "/" + payments["payer"],
        target=(payee + "/" + payments["payee"]).where(payee.isin(_ACCOUNTS), ""),
        end=back.mask(payee.isin(_ACCOUNTS), ""),
    )


def _label(use: str) -> str:
    if use == RETURNED:
        return "paid back to issuers"
    if use.startswith(f"{CASH}_"):
        return f"cash of {use.removeprefix(f'{CASH}_')}"
    return final_label(use)


def _still_in_cash(run: Run) -> pd.DataFrame:
    """Return the interest that companies still have in cash, written as payments without a target."""
    cash = since_opening(run, "cash_from_bill_interest")
    names = cash.index.to_frame(index=False)
    rows = names["population"].isin(COMPANIES).to_numpy() & cash.to_numpy().any(axis=1)
    cash, names = cash[rows], names[rows]
    source = names["population"].map(COMPANIES) + "/" + names["agent"]
    keys = names.assign(source=source, target="", end=f"{CASH}_" + names["population"])
    return cash.set_index([keys[name].to_numpy() for name in ("source", "target", "end")])


def _entries(run: Run, payments: pd.DataFrame) -> pd.DataFrame:
    """Return what issuers paid to companies, and the channel of each payment."""
    import pandas as pd

    stakes = payments["flow"] == "issuer_venture_equity"
    others = payments[~stakes]
    ventures = payments[stakes]
    return pd.concat(
        [
            others.assign(channel=[DIRECT_OF.get(kind, kind) for kind in others["flow"]]),
            *(ventures.assign(channel=kind, usd_bn=usd) for kind, usd in venture_kinds(run, ventures).items()),
        ]
    )


def _followed(entries: pd.DataFrame, out: pd.DataFrame) -> pd.DataFrame:
    """Follow what entered each company until it ends: an absorbing Markov chain, solved for each quarter.

    The index of entries is channel and target; that of `out` is source, target (empty where money ends) and end; that
    of the sums returned is channel and use, which is the end.
    """
    import pandas as pd

    channel, into = (entries.index.get_level_values(level) for level in (0, 1))
    source, target, end = (out.index.get_level_values(level) for level in (0, 1, 2))
    companies = into.append(source).unique()
    channels, ends = channel.unique().sort_values(), end[target == ""].unique()
    channel, into = channels.get_indexer(channel), companies.get_indexer(into)
    source, target, use = companies.get_indexer(source), companies.get_indexer(target), ends.get_indexer(end)
    moves, stays = target >= 0, target < 0
    entered, paid = entries.to_numpy(), out.to_numpy()
    quarters = paid.shape[1]
    arrived = np.zeros((len(channels), len(ends), quarters))
    for step in range(quarters):
        arriving = np.zeros((len(companies), len(channels)))
        np.add.at(arriving, (into, channel), entered[:, step])
        if not arriving.any():
            continue
        left = np.bincount(source, paid[:, step], len(companies))[source]
        share = np.divide(paid[:, step], left, out=np.zeros(len(left)), where=left > 0.0)
        # What passes through a company is what issuers paid it and what others passed on: T = A + Q' T.
        onward = np.zeros((len(companies), len(companies)))
        np.add.at(onward, (target[moves], source[moves]), share[moves])
        through = np.linalg.solve(np.eye(len(companies)) - onward, arriving)
        ended = share[stays, None] * through[source[stays]]
        # Rounding may turn a zero into a number slightly below it.
        np.add.at(arrived[:, :, step].T, use[stays], np.where(ended > 0.0, ended, 0.0))
    keys = pd.MultiIndex.from_product([channels, ends], names=["channel", "use"])
    return pd.DataFrame(arrived.reshape(len(keys), quarters), keys, entries.columns)
