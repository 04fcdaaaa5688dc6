"""What interest was used for, over many histories at once: `sim.analysis.attribution` for an ensemble.

The flows of an ensemble are kept by kind, whole and by origin. A stake in a venture does not name the venture's
kind; it is divided as the quarter's stakes were, which is exact while a single issuer holds them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.economy.books.flows import FLOWS
from sim.economy.books.uses import CASH, INTEREST, VENTURE_KINDS, direct_use, ending_flows, own_book_flows
from sim.engine.batch import FLOW_COLUMNS, Histories

Numbers = NDArray[np.float64]
VENTURES = "issuer_venture_equity"
STILL_HELD = "held"
"""Interest that had not left the agents at the end, or was lost in sales below cost."""
_PLACE = {kind: place for place, kind in enumerate(FLOWS)}
_WHOLE, _FROM = FLOW_COLUMNS.index("usd_bn"), FLOW_COLUMNS.index("from_bill_interest")


def with_interest(histories: Histories, kind: str) -> Numbers:
    """Return what was paid of one kind in dollars of bill interest, `(run, quarter)`, USD bn."""
    return _flows(histories)[:, :, _PLACE[kind], _FROM]


def earned(histories: Histories) -> Numbers:
    """Interest earned, `(run,)`, USD bn."""
    flows = _flows(histories)
    return sum((flows[:, :, _PLACE[kind], _WHOLE].sum(axis=1) for kind in INTEREST), np.zeros(len(flows)))


def stakes_in_ventures(histories: Histories) -> dict[str, Numbers]:
    """Stakes in neurotech and in robotics paid with interest, `(run,)` each, USD bn."""
    names = [f"deployed_{kind}_usd_bn" for kind in VENTURE_KINDS]
    put = np.stack([histories.paths[:, 1:, histories.names.index(name)] for name in names])
    whole = put.sum(axis=0)
    part = np.divide(put, whole, out=np.zeros_like(put), where=whole > 0.0)
    paid = with_interest(histories, VENTURES)
    return {kind: (paid * part[place]).sum(axis=1) for place, kind in enumerate(VENTURE_KINDS)}


def direct_uses(histories: Histories) -> dict[str, Numbers]:
    """Return what issuers did with interest at first hand: use -> `(run,)`, USD bn.

    The uses sum to the interest earned: what no payment explains is in the cash of own books.
    """
    uses: dict[str, Numbers] = {}
    for kind, _, sign in own_book_flows():
        if kind == VENTURES:
            parts = stakes_in_ventures(histories)
        else:
            parts = {direct_use(kind): sign * with_interest(histories, kind).sum(axis=1)}
        for use, amount in parts.items():
            uses[use] = uses.get(use, 0.0) + amount
    uses[CASH] = earned(histories) - sum(uses.values())
    return {use: amount for use, amount in uses.items() if np.abs(amount).max() > 0.0}


def final_uses(histories: Histories) -> dict[str, Numbers]:
    """Where interest ended, at any remove: kind of payment to the outside -> `(run,)`, USD bn.

    They and `STILL_HELD` sum to the interest earned.
    """
    uses = {kind: with_interest(histories, kind).sum(axis=1) for kind in ending_flows()}
    uses[STILL_HELD] = earned(histories) - sum(uses.values())
    return {use: amount for use, amount in uses.items() if np.abs(amount).max() > 0.0}


def _flows(histories: Histories) -> Numbers:
    if histories.flows is None:
        raise ValueError("histories without their flows")
    return histories.flows
