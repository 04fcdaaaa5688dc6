"""The systemic risk of a run: what each agent's failure would take from the net worth of the others (DebtRank).

If an agent fails, every claim on it, loan or stake, is worth nothing; its holders lose that much of their net
worth, claims on them lose the same part of their value, and so on. This is a what-if on the balance sheets of one
quarter, not a forecast: nothing is recovered, nobody reacts, prices do not move, and the probability of the failure
does not enter.

    table = systemic_risk(run, "2026Q4")
    history(run)["largest_share"]

**Net worth** is what an agent can lose before those who have claims on it lose: for issuers their own book plus
excess reserves; for investors all they have in this economy (a small part of the whole company or fund), since what
their backers gave them is not a debt here; for labs, providers and ventures, assets at book value less loans,
because a company's own shares are no debt.

**Everyone else** (the sector Economy, which holds the tokens and many shares) and the government have no debts here
that could fail, so they are left out: the claims of Economy on an agent are shown next to the measure, and are not in
it. So the failure of an issuer, on which only Economy has claims, costs no other agent anything.

An agent without net worth has already failed: it has nothing left to lose and passes nothing on. Claims on it that
still have a price can be lost all the same.
"""

from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd
from jaxtyping import Float

from sim.analysis.network import SECTORS
from sim.analysis.sums import known_quarter
from sim.economy.distress.contagion import debtrank, leverage_matrix, original_debtrank
from sim.runs.recorder import SECTOR_NAMES
from sim.runs.run import Run

COLUMNS = (
    "agent", "population", "net_worth_usd_bn", "exposure_usd_bn", "exposure_of_agents_usd_bn",
    "direct_usd_bn", "loss_usd_bn", "original_usd_bn", "direct_share", "loss_share", "original_share", "ruined",
)  # fmt: skip


@dataclass(frozen=True)
class Sheets:
    """The claims that agents have on each other in one quarter, and the net worth that they can lose.

    Attributes:
        agents: the names of the agents, in the order of the run; sectors are not among them.
        populations: the population of each agent.
        equity: the net worth of each agent, USD bn.
        claims: claims between agents, USD bn at market value.
        outside: the claims of the sectors on each agent, USD bn.
    """

    agents: list[str]
    populations: list[str]
    equity: Float[np.ndarray, " agent"]
    claims: Float[np.ndarray, "holder issuer"]
    outside: Float[np.ndarray, " issuer"]


def systemic_risk(run: Run, quarter: str | None = None) -> pd.DataFrame:
    """Return what the failure of each agent, alone, would cost the other agents.

    Args:
        run: the run.
        quarter: the label of the quarter; the last one if left out.

    Returns:
        A row for each agent that others have claims on, the one with the costliest failure first:

        - `agent`, `population`, `net_worth_usd_bn`: those of the agent that fails.
        - `exposure_usd_bn`: all claims on that agent, at market value, tokens included;
          `exposure_of_agents_usd_bn`: the claims of other agents on it.
        - `direct_usd_bn`: net worth that holders of its claims lose, each no more than it has; `loss_usd_bn`: what all
          other agents lose with contagion (differential DebtRank); `original_usd_bn`: by the original DebtRank.
        - `direct_share`, `loss_share`, `original_share`: the same divided by the net worth of all other agents.
          `original_share` is the R of Battiston et al. (2012), with weights in proportion to net worth.
        - `ruined`: the number of other agents that lose all their net worth.

    Raises:
        ValueError: if the run has no such quarter.
    """
    return _table(sheets(run, quarter))


def history(run: Run) -> pd.DataFrame:
    """Return the systemic risk in each quarter of a run.

    Returns:
        A row per quarter: `largest_agent`, whose failure would cost the others most; `largest_usd_bn` and
        `largest_share`, its `loss_usd_bn` and `loss_share`; `sum_usd_bn`, the sum of what each agent's failure alone
        would cost; `sum_share`, this sum divided by the net worth of all agents (it may exceed one); and
        `contagion_usd_bn`, the part of the sum beyond direct losses. NaN and "" where no agent has claims on another.
    """
    rows = {}
    agents, exposures = (dict(iter(table.groupby("quarter"))) for table in (run.agents, run.exposures))
    for quarter in run.series["quarter"]:
        now = _sheets(agents[quarter], exposures.get(quarter, run.exposures.iloc[:0]))
        table = _table(now)
        first = table.iloc[0] if len(table) else {"agent": "", "loss_usd_bn": np.nan, "loss_share": np.nan}
        whole, total = np.maximum(now.equity, 0.0).sum(), float(table["loss_usd_bn"].sum())
        rows[quarter] = {
            "largest_agent": first["agent"],
            "largest_usd_bn": first["loss_usd_bn"],
            "largest_share": first["loss_share"],
            "sum_usd_bn": total,
            "sum_share": total / whole if whole > 0.0 else np.nan,
            "contagion_usd_bn": max(total - float(table["direct_usd_bn"].sum()), 0.0),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("quarter")


def losses(run: Run, quarter: str | None = None) -> pd.DataFrame:
    """Return what each agent would lose through the failure of each other agent.

    Returns:
        Columns `failed` (the agent that fails), `agent` (who loses), `population` (that of `agent`), `usd_bn` (net
        worth lost, with contagion) and `share` (the same divided by its net worth). Rows without a loss are left out.
    """
    now = sheets(run, quarter)
    rows = []
    for failed, lost in _failures(now).items():
        for index in np.flatnonzero(lost):
            if index != failed and now.equity[index] > 0.0:
                usd_bn = float(lost[index] * now.equity[index])
                names = now.agents[failed], now.agents[index], now.populations[index]
                rows.append((*names, usd_bn, float(lost[index])))
    return pd.DataFrame(rows, columns=["failed", "agent", "population", "usd_bn", "share"])


def sheets(run: Run, quarter: str | None = None) -> Sheets:
    """Return the claims that agents have on each other, and their net worth, at the end of a quarter.

    Raises:
        ValueError: if the run has no such quarter.
    """
    quarter = known_quarter(run, quarter)
    return _sheets(*(table[table["quarter"] == quarter] for table in (run.agents, run.exposures)))


def _sheets(agents: pd.DataFrame, exposures: pd.DataFrame) -> Sheets:
    members = agents[agents["population"] != SECTORS]
    wide = members.pivot(index=["population", "agent"], columns="measure", values="value")
    wide = wide.reindex(members[["population", "agent"]].drop_duplicates().itertuples(index=False, name=None))
    # In the books a company's own shares are among its debts; here they are part of what it can lose.
    own = wide["equity_value"].fillna(0.0) if "equity_value" in wide else 0.0
    populations, names = (wide.index.get_level_values(level).tolist() for level in (0, 1))
    place = {name: index for index, name in enumerate(names)}
    claims, outside = np.zeros((len(names), len(names))), np.zeros(len(names))
    rows = exposures[exposures["issuer"].isin(place)]
    for holder, issuer, usd_bn in rows[["holder", "issuer", "usd_bn"]].itertuples(index=False, name=None):
        # Rounding may leave a position slightly below zero.
        if holder in SECTOR_NAMES.values():
            outside[place[issuer]] += max(usd_bn, 0.0)
        elif holder != issuer:
            claims[place[holder], place[issuer]] += max(usd_bn, 0.0)
    return Sheets(names, populations, (wide["net_worth"] + own).to_numpy(), claims, outside)


def _failures(now: Sheets, method: str = "differential") -> dict[int, Float[np.ndarray, " agent"]]:
    """Return index of the agent that fails -> the part of its net worth that each agent loses."""
    rank = debtrank if method == "differential" else original_debtrank
    reach = nx.DiGraph(zip(*np.nonzero(leverage_matrix(now.claims, now.equity)), strict=True))
    lost = {}
    for failed in np.flatnonzero(now.claims.sum(axis=0)).tolist():
        # Only agents with claims on it, directly or through others, can lose; the rest need not be in the sums.
        hit = [failed, *sorted(nx.ancestors(reach, failed) if failed in reach else ())]
        shock = np.zeros(len(hit))
        shock[0] = 1.0
        lost[failed] = np.zeros(len(now.agents))
        lost[failed][hit] = rank(now.claims[np.ix_(hit, hit)], now.equity[hit], shock)
    return lost


def _table(now: Sheets) -> pd.DataFrame:
    worth = np.maximum(now.equity, 0.0)
    of_agents = now.claims.sum(axis=0)
    direct = np.minimum(now.claims, worth[:, None]).sum(axis=0)
    differential, original = (_failures(now, method) for method in ("differential", "original"))
    rows = []
    for failed in np.flatnonzero(of_agents + now.outside).tolist():
        others = worth * (np.arange(len(worth)) != failed)
        h, once = differential.get(failed, 0.0 * worth), original.get(failed, 0.0 * worth)
        usd_bn, whole = np.array([direct[failed], h @ others, once @ others]), others.sum()
        shares = usd_bn / whole if whole > 0.0 else np.full(3, np.nan)
        agent = now.agents[failed], now.populations[failed], now.equity[failed]
        ruined = int(((h >= 1.0) & (others > 0.0)).sum())
        rows.append((*agent, of_agents[failed] + now.outside[failed], of_agents[failed], *usd_bn, *shares, ruined))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = ["loss_usd_bn", "exposure_usd_bn"]
    return table.sort_values(order, ascending=False, kind="stable", ignore_index=True)
