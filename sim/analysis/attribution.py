"""What bill interest was used for: by the issuers themselves, and in the end, after any number of hands.

Cash carries the origin of its money, and every payment draws on the origins in proportion to the payer's balance of
each, so the flow table already says how much of each payment was bill interest. Attribution is accounting, not
cause: what interest causes is answered by a twin run in which issuers do not redeploy it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.analysis.sums import long, payments_with_interest, quarters_of, since_opening, summed
from sim.economy.books.uses import (
    AI_FLOWS,
    CASH,
    DIRECT,
    GROUPS_OF_ENDS,
    INTEREST,
    LOST,
    PARKED,
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


def interest_earned(run: Run) -> float:
    """Return the interest on bills, repo and money funds over the whole run, USD bn."""
    flows = run.flows
    return float(flows.loc[flows["flow"].isin(INTEREST), "usd_bn"].sum())


def interest_by_quarter(run: Run) -> NDArray[np.float64]:
    """Return the interest on bills, repo and money funds from the opening to each quarter, USD bn."""
    earned = run.flows[run.flows["flow"].isin(INTEREST)].groupby("quarter")["usd_bn"].sum()
    return earned.reindex(quarters_of(run), fill_value=0.0).to_numpy().cumsum()


def direct_uses(run: Run) -> pd.DataFrame:
    """Return what issuers themselves did with bill interest.

    The uses are payments from issuers' own books; savings are purchases less what was sold again. Dollars of bill
    interest that borrowers paid back are a negative row, because the issuer then used them a second time.

    Returns:
        One row per use, in the order of `DIRECT`: use, label, group, usd_bn and share of the interest earned.
        The amounts sum to the interest earned.
    """
    import pandas as pd

    sums = direct_uses_by_issuer(run).groupby("use", sort=False)["usd_bn"].sum()
    rows = [(use, *described(use), float(sums.get(use, 0.0))) for use in dict.fromkeys((*DIRECT, *sums.index))]
    table = pd.DataFrame(rows, columns=["use", "label", "group", "usd_bn"])
    earned = interest_earned(run)
    return table.assign(share=table["usd_bn"] / earned if earned else 0.0)


def direct_uses_by_issuer(run: Run) -> pd.DataFrame:
    """Return the rows of `direct_uses` for each issuer: issuer, use, usd_bn, label and group, without zeros."""
    return at_end(run, direct_uses_by_quarter(run))[["issuer", "use", "usd_bn", "label", "group"]]


def direct_uses_by_quarter(run: Run) -> pd.DataFrame:
    """Return what each issuer itself did with bill interest, from the opening to each quarter.

    Returns:
        Columns quarter, issuer, use, label, group and usd_bn, without zeros, so that the opening has no rows. In
        every quarter the amounts of an issuer sum to the interest that it has earned so far.
    """
    import pandas as pd

    payments = payments_with_interest(run)
    rows = pd.concat([_own_payments(run, payments), *_own_cash(run, payments)])
    uses = long(summed(rows, ("issuer", "use"), quarters_of(run)).cumsum(axis=1))
    uses.insert(3, "label", [described(use)[0] for use in uses["use"]])
    uses.insert(4, "group", [described(use)[1] for use in uses["use"]])
    return uses


def final_uses(run: Run) -> pd.DataFrame:
    """Return where bill interest ended, however many hands it passed through.

    A dollar ends when an agent pays it for good to someone who is not an agent (GPUs, power, salaries, dividends, ...);
    until then an agent holds it in cash, or an issuer has parked it in bills, repo, loans, bitcoin, gold or ventures,
    which are counted at cost. Where a parked asset brings back less than it cost, the difference is lost.

    Returns:
        One row for each use in which interest ended: columns use, label, group ("spent", "held", "lost"), usd_bn and
        share of interest earned, largest first within a group. The amounts sum to the interest earned.
    """
    return at_end(run, final_uses_by_quarter(run))


def final_uses_by_quarter(run: Run) -> pd.DataFrame:
    """Return where, at the close of each quarter, the bill interest earned since the opening was.

    Returns:
        The column quarter and the columns of `final_uses`, one quarter after another; flows that have paid nothing so
        far are left out. In every quarter the amounts sum to the interest earned so far.
    """
    import pandas as pd

    payments, quarters = payments_with_interest(run), quarters_of(run)
    spent = summed(payments[payments["flow"].isin(ending_flows())], ("flow",), quarters).cumsum(axis=1)
    amounts = {(kind, final_label(kind), "spent"): usd_bn for kind, usd_bn in spent.iterrows()}
    parked = since_opening(run, "parked_from_bill_interest").sum()
    amounts[PARKED, "parked by issuers in bills, gold and the like", "held"] = parked
    cash = since_opening(run, "cash_from_bill_interest").groupby("population", sort=False).sum()
    amounts |= {(f"{CASH}_{name}", f"cash of {name}", "held"): usd_bn for name, usd_bn in cash.iterrows()}
    lost = run.series.set_index("quarter")["lost_bill_interest_usd_bn"].cumsum()
    amounts[LOST, "lost in sales below cost", "lost"] = lost
    table = pd.DataFrame(amounts, index=pd.Index(quarters, name="quarter"))
    table.columns.names = ["use", "label", "group"]
    rows = table.T.reset_index().melt(["use", "label", "group"], var_name="quarter", value_name="usd_bn")
    rows = rows[(rows["usd_bn"] != 0.0) | (rows["group"] != "spent")]
    rank = rows["group"].map(GROUPS_OF_ENDS.index)
    order = rows.assign(rank=rank, size=-rows["usd_bn"]).sort_values(["quarter", "rank", "size"]).index
    rows = rows.loc[order, ["quarter", "use", "label", "group", "usd_bn"]].reset_index(drop=True)
    earned = rows["quarter"].map(dict(zip(quarters, interest_by_quarter(run), strict=True)))
    return rows.assign(share=(rows["usd_bn"] / earned).where(earned > 0.0, 0.0))


def headline(run: Run) -> dict[str, float]:
    """Return the main numbers of a run by name; experiments use them as outcomes.

    Returns:
        Name -> number; names of amounts of money end in `_usd_bn`. A number covers the whole run unless its name
        says otherwise.
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
    """Return measures of the agents of a population: a row for each quarter and agent, a column for each measure."""
    rows = run.agents
    rows = rows[(rows["population"] == population) & rows["measure"].isin(measures)]
    table = rows.pivot(index=["quarter", "agent"], columns="measure", values="value")
    return table.reindex(columns=list(measures))


def venture_kinds(run: Run, stakes: pd.DataFrame) -> dict[str, pd.Series]:
    """Split payments for stakes in ventures according to kind: how much went into neurotech and into robotics.

    The flow does not name the kind. The issuer's own measures say how it split the quarter's money between the
    kinds, and an issuer pays all its stakes of a quarter from the same mix of origins.

    Args:
        run: a run with its tables.
        stakes: rows of payments, with quarter, payer and usd_bn.
    """
    import pandas as pd

    deployed = agent_measures(run, "issuers", tuple(f"deployed_{kind}" for kind in VENTURE_KINDS)).fillna(0.0)
    share = (deployed.iloc[:, 0] / deployed.sum(axis=1)).fillna(0.0)
    payers = pd.MultiIndex.from_frame(stakes[["quarter", "payer"]])
    neurotech = share.reindex(payers, fill_value=0.0).to_numpy() * stakes["usd_bn"]
    return dict(zip(VENTURE_KINDS, (neurotech, stakes["usd_bn"] - neurotech), strict=True))


def at_end(run: Run, by_quarter: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last quarter of the run, without the column `quarter`."""
    rows = by_quarter[by_quarter["quarter"] == quarters_of(run)[-1]]
    return rows.drop(columns="quarter").reset_index(drop=True)


def _own_payments(run: Run, payments: pd.DataFrame) -> pd.DataFrame:
    """Return what issuers' own books used interest for: quarter, issuer, use and usd_bn."""
    import pandas as pd

    sides = {kind: (side, sign) for kind, side, sign in own_book_flows()}
    rows = payments[payments["flow"].isin(sides)]
    paid = rows["flow"].map({kind: side == "payer" for kind, (side, _) in sides.items()}).astype(bool)
    sign = rows["flow"].map({kind: sign for kind, (_, sign) in sides.items()})
    uses = rows["flow"].map({kind: direct_use(kind) for kind in sides})
    rows = rows.assign(issuer=rows["payer"].where(paid, rows["payee"]), use=uses, usd_bn=sign * rows["usd_bn"])
    stakes = rows[rows["flow"] == "issuer_venture_equity"]
    divided = (stakes.assign(use=use, usd_bn=usd_bn) for use, usd_bn in venture_kinds(run, stakes).items())
    rows = pd.concat([rows.drop(stakes.index), *divided])
    return rows.sort_values("flow", key=lambda flow: flow.map(list(sides).index), kind="stable")


def _own_cash(run: Run, payments: pd.DataFrame) -> list[pd.DataFrame]:
    """Return how bill interest in the cash of own books changed: the change in both books less that in the reserve."""
    cash = since_opening(run, "cash_from_bill_interest")
    issuers = cash[cash.index.get_level_values("population") == "issuers"]
    parts = [long(issuers.diff(axis=1).fillna(0.0)).rename(columns={"agent": "issuer"})]
    for side, sign, kinds in (("payer", 1.0, out_of_reserve()), ("payee", -1.0, into_reserve())):
        rows = payments[payments["flow"].isin(kinds)]
        parts.append(rows.assign(issuer=rows[side], usd_bn=sign * rows["usd_bn"]))
    return [part.assign(use=CASH) for part in parts]


def _gpus_bought_with_interest(run: Run) -> float:
    """Return how many GPUs interest bought: the interest paid for GPUs in each quarter divided by their price then."""
    flows, series = run.flows, run.series
    bought = flows[flows["flow"] == "gpu_purchase"].groupby("quarter")["from_bill_interest"].sum()
    price = series.set_index("quarter")["gpu_price_usd"].reindex(bought.index)
    return float((bought / price * 1e9).sum())
