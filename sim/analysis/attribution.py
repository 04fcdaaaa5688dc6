"""Where the interest went: the journey of every bill-interest dollar, from the tables of a run alone.

Cash is held by origin and every payment takes origins in proportion to the payer's balance, so the flow
table already says how much of each payment was bill interest. This module adds it up: at first hand (what
issuers did with it) and at any remove (where it left the agents for good, or sits).
Attribution is accounting, not cause: the causal question is answered by a twin run with redeployment off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.analysis.sums import Rows, joined, payments_with_interest, quarters_of, rows_of, since_opening, texts
from sim.economy.books.uses import (
    AI,
    AI_FLOWS,
    CASH,
    COMPANIES,
    DIRECT,
    DIRECT_OF,
    FINAL,
    GROUPS_OF_ENDS,
    INTEREST,
    KEPT,
    LOST,
    PAID,
    PARKED,
    RETURNED,
    VENTURE_KINDS,
    described,
    direct_use,
    ending_flows,
    final_label,
    into_reserve,
    out_of_reserve,
    own_book_flows,
)

if TYPE_CHECKING:
    import pandas as pd

    from sim.runs.run import Run

__all__ = [
    "AI",
    "AI_FLOWS",
    "CASH",
    "COMPANIES",
    "DIRECT",
    "DIRECT_OF",
    "FINAL",
    "INTEREST",
    "KEPT",
    "LOST",
    "PAID",
    "PARKED",
    "RETURNED",
    "VENTURE_KINDS",
    "agent_measures",
    "direct_uses",
    "direct_uses_by_issuer",
    "direct_uses_by_quarter",
    "final_label",
    "final_uses",
    "final_uses_by_quarter",
    "headline",
    "interest_by_quarter",
    "interest_earned",
    "venture_kinds",
]


def interest_earned(run: Run) -> float:
    """Interest on bills, repo and money funds over the whole run, USD bn."""
    flows = run.flows
    return float(flows.loc[flows["flow"].isin(INTEREST), "usd_bn"].sum())


def interest_by_quarter(run: Run) -> NDArray[np.float64]:
    """Interest on bills, repo and money funds from the opening to each quarter, USD bn; the opening is first."""
    flows = rows_of(run, "flows", ("flow",), "usd_bn")
    earned = flows.where(flows.of("flow", INTEREST))
    return np.bincount(earned.step, earned.usd_bn, len(run.series)).cumsum()


def direct_uses(run: Run) -> pd.DataFrame:
    """Return what issuers did with bill interest at first hand.

    Payments by issuers' own books, savings net of what was sold again; interest that borrowers paid back in
    interest-funded dollars is a negative row, because the issuer used it a second time.

    Args:
        run: a run with its tables.

    Returns:
        One row per use, in the order of `DIRECT`: use, label, group, usd_bn and share of the interest earned.
        The amounts sum to the interest earned.
    """
    by_issuer = direct_uses_by_issuer(run)
    total = by_issuer.groupby("use", sort=False)["usd_bn"].sum()
    return _table(
        [(use, label, group, float(total.get(use, 0.0))) for use, label, group in _known_uses(by_issuer)],
        interest_earned(run),
    )


def direct_uses_by_issuer(run: Run) -> pd.DataFrame:
    """Return the rows of `direct_uses` for each issuer: issuer, use, usd_bn, label, group; zeros left out."""
    return _at_end(run, direct_uses_by_quarter(run))[["issuer", "use", "usd_bn", "label", "group"]]


def direct_uses_by_quarter(run: Run) -> pd.DataFrame:
    """Return what each issuer did with bill interest at first hand, from the opening to each quarter.

    Args:
        run: a run with its tables.

    Returns:
        Columns quarter, issuer, use, label, group and usd_bn; zeros left out, so that the opening has no rows. In
        every quarter the amounts of an issuer sum to the interest that it has earned so far.
    """
    payments, quarters = payments_with_interest(run), len(run.series)
    rows = joined([*_own_payments(run, payments), *_own_cash(run, payments)])
    found = rows.cumulated(("issuer", "use"), quarters)
    issuers, uses = zip(*found.keys, strict=True) if found.keys else ((), ())
    labels, groups = zip(*map(described, uses), strict=True) if uses else ((), ())
    columns = {"issuer": issuers, "use": uses, "label": labels, "group": groups}
    return found.long(quarters_of(run), columns)


def final_uses(run: Run) -> pd.DataFrame:
    """Where bill interest ended, at any remove.

    A dollar ends when an agent pays it to the environment for good (GPUs, power, salaries, dividends, ...);
    until then an agent holds it in cash, or an issuer has it parked in bills, repo, loans, bitcoin, gold or
    ventures at cost. Parked money that comes back below cost is lost.

    Args:
        run: a run with its tables.

    Returns:
        One row per end: columns use, label, group ("spent", "held", "lost"), usd_bn and share of interest
        earned, largest first within a group. The amounts sum to the interest earned.
    """
    return _at_end(run, final_uses_by_quarter(run)).drop(columns="quarter")


def final_uses_by_quarter(run: Run) -> pd.DataFrame:
    """Where the bill interest earned since the opening was at the close of each quarter, at any remove.

    Args:
        run: a run with its tables.

    Returns:
        The column quarter and those of `final_uses`, quarter by quarter; flows that paid nothing so far are left
        out. In every quarter the amounts sum to the interest earned so far.
    """
    import pandas as pd

    payments, quarters = payments_with_interest(run), len(run.series)
    spent = payments.where(payments.of("flow", ending_flows())).cumulated(("flow",), quarters)
    held = since_opening(run, "cash_from_bill_interest")
    amounts = [*spent.amounts, since_opening(run, "parked_from_bill_interest").amounts.sum(axis=0)]
    ends = [(kind, final_label(kind), "spent") for (kind,) in spent.keys]
    ends.append((PARKED, "parked by issuers in bills, gold and the like", "held"))
    populations = [population for population, _ in held.keys]
    for name in dict.fromkeys(populations):
        ends.append((f"{CASH}_{name}", f"cash of {name}", "held"))
        amounts.append(held.amounts[[population == name for population in populations]].sum(axis=0))
    ends.append((LOST, "lost in sales below cost", "lost"))
    table = np.array([*amounts, run.series["lost_bill_interest_usd_bn"].to_numpy().cumsum()]).T
    rank = [GROUPS_OF_ENDS.index(group) for *_, group in ends]
    end = np.lexsort((-table, np.broadcast_to(rank, table.shape)), axis=1)
    usd_bn = np.take_along_axis(table, end, axis=1)
    step, place = np.nonzero((usd_bn != 0.0) | (np.array(rank)[end] > 0))
    use, label, group = (texts(column)[end[step, place]] for column in zip(*ends, strict=True))
    amount, earned = usd_bn[step, place], interest_by_quarter(run)[step]
    return pd.DataFrame(
        {
            "quarter": texts(quarters_of(run))[step],
            "use": use,
            "label": label,
            "group": group,
            "usd_bn": amount,
            "share": np.divide(amount, earned, out=np.zeros(len(amount)), where=earned > 0.0),
        }
    )


def headline(run: Run) -> dict[str, float]:
    """Return the named numbers of a run, which also serve as its outcomes.

    Args:
        run: a run with its tables.

    Returns:
        Name -> number; amounts of money end in `_usd_bn`. Over the whole run unless the name says otherwise.
    """
    flows, series = run.flows, run.series
    amounts = flows.groupby("flow")[["usd_bn", "from_bill_interest"]].sum()
    paid, interest = amounts["usd_bn"].to_dict(), amounts["from_bill_interest"].to_dict()
    capex, gpus_with_interest = paid.get("gpu_purchase", 0.0), interest.get("gpu_purchase", 0.0)
    reserves = agent_measures(run, "issuers", ("excess_reserves", "tokens"))
    backed = reserves[reserves["tokens"] > 0.0]
    numbers = {
        "interest_usd_bn": interest_earned(run),
        "redeployed_usd_bn": sum(paid.get(kind, 0.0) for kind in AI_FLOWS),
        "redeployed_from_interest_usd_bn": sum(interest.get(kind, 0.0) for kind in AI_FLOWS),
        "interest_funded_gpu_usd_bn": gpus_with_interest,
        "gpus_funded_by_interest": _gpus_bought_with_interest(run),
        "interest_share_of_gpu_capex": gpus_with_interest / capex if capex else 0.0,
        "gpu_capex_usd_bn": capex,
        "interest_funded_compute_usd_bn": interest.get("compute", 0.0),
        "interest_funded_lab_cost_usd_bn": interest.get("lab_staff", 0.0) + interest.get("lab_other", 0.0),
        "interest_funded_open_data_usd_bn": interest.get("open_data", 0.0),
        "dividends_usd_bn": paid.get("dividends", 0.0),
        "holder_yield_usd_bn": paid.get("holder_yield", 0.0),
        "final_tokens_usd_bn": float(series["tokens_usd_bn"].iloc[-1]),
        "lab_revenue_last_year_usd_bn": float(series["lab_revenue_usd_bn"].iloc[1:].tail(4).sum()),
        "gpus_at_end": float(series["gpus"].iloc[-1]),
        "failures": float(sum(event["kind"] == "failure" for event in run.events)),
        "coins_failed": float(sum(event["kind"] == "issuer_failure" for event in run.events)),
        "lowest_reserve_excess_usd_bn": float(reserves["excess_reserves"].min()),
        "lowest_reserve_excess_share": float((backed["excess_reserves"] / backed["tokens"]).min()),
    }
    return {name: float(number) for name, number in numbers.items()}


def agent_measures(run: Run, population: str, measures: tuple[str, ...]) -> pd.DataFrame:
    """Measures of a population as columns, by quarter and agent."""
    rows = run.agents
    rows = rows[(rows["population"] == population) & rows["measure"].isin(measures)]
    table = rows.pivot(index=["quarter", "agent"], columns="measure", values="value")
    return table.reindex(columns=list(measures))


def venture_kinds(run: Run, stakes: Rows) -> dict[str, NDArray[np.float64]]:
    """Divide stakes in ventures by the kind of venture: what of each amount went into neurotech and robotics.

    The flow does not name the kind; the issuer's own measures say how it divided the quarter's money, and one
    issuer pays all of a quarter's stakes from the same mix of origins.

    Args:
        run: a run with its tables.
        stakes: payments with the column payer, from `sim.analysis.sums`.
    """
    put: dict[tuple[str, int], dict[str, float]] = {}
    agents = rows_of(run, "agents", ("agent", "measure"), "value")
    chosen = agents.where(agents.of("measure", [f"deployed_{kind}" for kind in VENTURE_KINDS]))
    for agent, measure, step, usd_bn in zip(*chosen.names.values(), chosen.step, chosen.usd_bn, strict=True):
        put.setdefault((agent, step), {})[measure] = usd_bn
    divided = []
    for payer, step in zip(stakes.names["payer"], stakes.step, strict=True):
        kinds = put.get((payer, step), {})
        total = sum(kinds.values())
        divided.append(kinds.get(f"deployed_{VENTURE_KINDS[0]}", 0.0) / total if total else 0.0)
    neurotech = np.array(divided) * stakes.usd_bn
    return dict(zip(VENTURE_KINDS, (neurotech, stakes.usd_bn - neurotech), strict=True))


def _at_end(run: Run, by_quarter: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last quarter."""
    return by_quarter[by_quarter["quarter"] == quarters_of(run)[-1]].reset_index(drop=True)


def _known_uses(by_issuer: pd.DataFrame) -> list[tuple[str, str, str]]:
    uses = [*DIRECT, *(use for use in by_issuer["use"].unique() if use not in DIRECT)]
    return [(use, *described(use)) for use in uses]


def _own_payments(run: Run, payments: Rows) -> list[Rows]:
    """Return the uses of interest by issuers' own books, one row a payment: issuer, use, step and usd_bn."""
    rows = []
    places = payments.places("flow")
    for kind, side, sign in own_book_flows():
        if kind not in places:
            continue
        chosen = payments.where(places[kind])
        if kind == "issuer_venture_equity":
            rows += [_as_use(chosen, side, use, amount) for use, amount in venture_kinds(run, chosen).items()]
        else:
            rows.append(_as_use(chosen, side, direct_use(kind), sign * chosen.usd_bn))
    return rows


def _as_use(payments: Rows, side: str, use: str, usd_bn: NDArray[np.float64]) -> Rows:
    names = {"issuer": payments.names[side], "use": texts([use]).repeat(len(usd_bn))}
    return Rows(names, payments.step, usd_bn)


def _own_cash(run: Run, payments: Rows) -> list[Rows]:
    """Return the change of bill interest in the cash of own books: that of both books less that of the reserve."""
    held = since_opening(run, "cash_from_bill_interest")
    ours = [place for place, (population, _) in enumerate(held.keys) if population == "issuers"]
    change = np.diff(held.amounts[ours], axis=1, prepend=0.0)
    issuer, step = np.nonzero(change)
    both = Rows({"issuer": texts([held.keys[place][1] for place in ours])[issuer]}, step, change[issuer, step])
    rows = [_as_use(both, "issuer", CASH, both.usd_bn)]
    for side, sign, kinds in (("payer", 1.0, out_of_reserve()), ("payee", -1.0, into_reserve())):
        chosen = payments.where(payments.of("flow", kinds))
        rows.append(_as_use(chosen, side, CASH, sign * chosen.usd_bn))
    return rows


def _gpus_bought_with_interest(run: Run) -> float:
    """Return the number of GPUs: each quarter's interest-funded purchases at that quarter's price."""
    flows, series = run.flows, run.series
    bought = flows[flows["flow"] == "gpu_purchase"].groupby("quarter")["from_bill_interest"].sum()
    price = series.set_index("quarter")["gpu_price_usd"].reindex(bought.index)
    return float((bought / price * 1e9).sum())


def _table(rows: list[tuple[str, str, str, float]], whole: float) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(rows, columns=["use", "label", "group", "usd_bn"])
    table["share"] = table["usd_bn"] / whole if whole else 0.0
    return table
