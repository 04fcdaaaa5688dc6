"""From each AI channel to each end: the numbers behind the flow diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.attribution import (
    CASH,
    COMPANIES,
    DIRECT_OF,
    RETURNED,
    VENTURE_KINDS,
    final_label,
    with_venture_kind,
)
from sim.cumulated import STEP, ByQuarter, cumulated, payments_with_interest, quarters_of, since_opening
from sim.economy.flows import FLOWS, OWN, RESERVE

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs import Run

SIDES = ("payer", "payee")


def journeys(run: Run) -> pd.DataFrame:
    """What the interest that went through each AI channel finally paid for, at any remove, over the whole run.

    Args:
        run: a run with its tables.

    Returns:
        The rows of `journeys_by_quarter` for the last quarter: channel, use, label and usd_bn.
    """
    table = journeys_by_quarter(run)
    last = table[table["quarter"] == quarters_of(run)[-1]]
    return last.drop(columns="quarter").reset_index(drop=True)


def journeys_by_quarter(run: Run) -> pd.DataFrame:
    """What the interest that went through each AI channel since the opening had paid for, at any remove.

    Money in the hands of a company is mixed, so each interest dollar that a lab, provider, investor or
    venture took in leaves it in the proportions in which that company's interest dollars left from the opening to
    the quarter. The sums per end are exact; how an end is shared among channels rests on this mixing.

    Args:
        run: a run with its tables.

    Returns:
        Columns quarter, channel (a use of `sim.attribution.direct_uses`), use, label and usd_bn. Uses are those of
        `sim.attribution.final_uses`, or what came back to the issuer. In every quarter each channel sums to what
        went in so far.
    """
    import pandas as pd

    payments, quarters = payments_with_interest(run), len(run.series)
    payer, payee = (payments["flow"].map({k: getattr(f, side) for k, f in FLOWS.items()}) for side in SIDES)
    companies, issuers = set(COMPANIES.values()), (OWN, RESERVE)
    payments["source"] = payer.str.cat(payments["payer"], sep="/")
    payments["target"] = payee.str.cat(payments["payee"], sep="/").where(payee.isin(companies), "")
    payments["end"] = payments["flow"].where(~payee.isin(issuers), RETURNED).where(~payee.isin(companies), "")
    entering = payments[payer.isin(issuers) & payee.isin(companies)]
    entries = cumulated(_entries(run, entering), ["channel", "target"], quarters)
    out = _with_held(run, cumulated(payments[payer.isin(companies)], ["source", "target", "end"], quarters))
    found = [_followed(entries, out)]
    given = payments[payments["flow"] == "open_data"].assign(channel="open_data", use="open_data")
    found.append(cumulated(given, ["channel", "use"], quarters))
    keys = pd.concat([part.keys for part in found], ignore_index=True)
    amounts = np.concatenate([part.amounts for part in found])
    keys.insert(2, "label", [_label(use) for use in keys["use"]])
    return ByQuarter(keys, amounts).long(quarters_of(run))


def _label(use: str) -> str:
    if use == RETURNED:
        return "paid back to issuers"
    if use.startswith(f"{CASH}_"):
        return f"cash of {use.removeprefix(f'{CASH}_')}"
    return final_label(use)


def _with_held(run: Run, out: ByQuarter) -> ByQuarter:
    """What companies paid out, sorted, and the interest that they still hold as a last payment to nobody."""
    import pandas as pd

    order = out.keys.sort_values(["source", "target", "end"]).index
    held = since_opening(run, "cash_from_bill_interest")
    ours = (held.keys["population"].isin(COMPANIES) & (held.amounts != 0.0).any(axis=1)).to_numpy()
    holders = held.keys[ours]
    keys = pd.DataFrame(
        {
            "source": holders["population"].map(COMPANIES).str.cat(holders["agent"], sep="/"),
            "target": "",
            "end": f"{CASH}_" + holders["population"],
        }
    )
    return ByQuarter(
        pd.concat([out.keys.loc[order], keys], ignore_index=True),
        np.concatenate([out.amounts[order], held.amounts[ours]]),
    )


def _entries(run: Run, payments: pd.DataFrame) -> pd.DataFrame:
    """What issuers paid to companies: channel, target, step and interest in USD bn."""
    import pandas as pd

    into_ventures = payments["flow"] == "issuer_venture_equity"
    plain, ventures = payments[~into_ventures], payments[into_ventures]
    rows = [plain.assign(channel=[DIRECT_OF.get(kind, kind) for kind in plain["flow"]])]
    if len(ventures):
        divided = with_venture_kind(run, ventures, "usd_bn")
        rows += [divided.assign(channel=kind, usd_bn=divided[kind]) for kind in VENTURE_KINDS]
    return pd.concat(rows, ignore_index=True)[["channel", "target", STEP, "usd_bn"]]


def _followed(entries: ByQuarter, out: ByQuarter) -> ByQuarter:
    """Follow what entered each company until it ends: an absorbing chain, solved once a quarter.

    Args:
        entries: keys channel and target (a company).
        out: what companies paid: keys source, target and end; target is empty where money ends.

    Returns:
        Keys channel and use, which is the end.
    """
    import pandas as pd

    channels, channel = np.unique(entries.keys["channel"].to_numpy(dtype=str), return_inverse=True)
    companies = {name: i for i, name in enumerate(sorted({*out.keys["source"], *entries.keys["target"]}))}
    into, source = (table.map(companies).to_numpy(dtype=int) for table in (entries.keys["target"], out.keys["source"]))
    target = out.keys["target"].map(companies).fillna(-1).to_numpy(dtype=int)
    moves = target >= 0
    use, ends = pd.factorize(out.keys["end"][~moves])
    quarters = entries.amounts.shape[1]
    arrived = np.zeros((len(channels), len(ends), quarters))
    for step in range(quarters):
        arriving = np.zeros((len(companies), len(channels)))
        np.add.at(arriving, (into, channel), entries.amounts[:, step])
        if not arriving.any():
            continue
        paid_out = out.amounts[:, step]
        left = np.bincount(source, paid_out, len(companies))[source]
        share = np.divide(paid_out, left, out=np.zeros(len(paid_out)), where=left > 0.0)
        # What passes through a company is what issuers paid it and what others passed on: T = A + Q' T.
        onward = np.zeros((len(companies), len(companies)))
        np.add.at(onward, (target[moves], source[moves]), share[moves])
        through = np.linalg.solve(np.eye(len(companies)) - onward, arriving)
        paid = share[~moves, None] * through[source[~moves]]
        # Rounding may leave a hair below zero of what is nothing.
        np.add.at(arrived[:, :, step].T, use, np.where(paid > 0.0, paid, 0.0))
    pairs = pd.MultiIndex.from_product([channels, ends], names=["channel", "use"]).to_frame(index=False)
    return ByQuarter(pairs, arrived.reshape(len(pairs), quarters))
