"""Who pays how much of what falls due, when payers live on what they are paid themselves.

Clearing after Eisenberg and Noe (2001). It takes the highest level at which every agent has what the levels of the
others give, `x = min(ceiling, source + slope x)`; `highest_solution` finds it exactly, in at most as many linear
systems as there are agents.
"""

from __future__ import annotations

from jaxtyping import Float

from sim.economy.arrays import Array, Scalar, namespace, ratio, repeat

ROUNDING = 1e-12
"""A shortage below this part of what is needed counts as none: sums of many payments round."""


def clearing(
    obligations: Float[Array, "debtor creditor"],
    outside: Float[Array, " debtor"],
    kept_outside: Scalar | float = 1.0,
    kept_claims: Scalar | float = 1.0,
    rounds: int | None = None,
) -> Float[Array, " debtor"]:
    """Pay what falls due as far as payers' means reach: the greatest clearing vector.

    `p = min(owed, outside + shares' p)` with `shares = obligations / owed`: no one pays more than it owes nor more
    than it has (limited liability), equity gets nothing before debts are paid (priority), and all creditors of
    one debtor get the same part (proportionality). Eisenberg and Noe (2001), Management Science 47:236, by their
    fictitious-default algorithm: at first all pay, then those who cannot pay what they can, and so on; each round
    adds a default, so as many rounds as agents are exact. With default costs (Rogers and Veraart 2013,
    Management Science 59:882) a defaulter's creditors get only a part of what it has.

    Args:
        obligations: what each agent (row) owes each other one (column), USD bn; not negative, diagonal zero.
            Whoever is outside the network is an agent that owes nothing.
        outside: what each agent has to pay with, besides what the others pay it, USD bn; not negative.
        kept_outside: part of a defaulter's `outside` that reaches its creditors; 1 without default costs.
        kept_claims: part of what a defaulter is paid that reaches its creditors; 1 without default costs.
        rounds: rounds of the algorithm; as many as agents if left out. The length of the longest chain of debtors,
            plus one, will do where debts do not run in circles; with fewer, payments are overstated.

    Returns:
        What each agent pays in total, USD bn, from zero to what it owes; see `paid_pairwise`.
    """
    owed = obligations.sum(axis=1)
    received = ratio(obligations, owed[:, None] + 0.0 * obligations).T
    return highest_solution(received, outside, owed, kept_claims, kept_outside, rounds)


def paid_pairwise(
    obligations: Float[Array, "debtor creditor"], paid: Float[Array, " debtor"]
) -> Float[Array, "debtor creditor"]:
    """Divide each debtor's payment over its creditors in proportion to what it owes them, USD bn."""
    return obligations * ratio(paid, obligations.sum(axis=1))[:, None]


def equity_after(
    obligations: Float[Array, "debtor creditor"], outside: Float[Array, " debtor"], paid: Float[Array, " debtor"]
) -> Float[Array, " debtor"]:
    """Equity of each agent once debts are cleared, USD bn: `outside + received - paid`; zero in default.

    Without default costs these sum to `outside`: clearing moves value and destroys none. With them, the sum is
    lower by what defaults cost.

    Args:
        obligations: as in `clearing`.
        outside: as in `clearing`.
        paid: its answer.
    """
    xp = namespace(paid)
    owed = obligations.sum(axis=1)
    left = outside + paid_pairwise(obligations, paid).sum(axis=0) - paid
    return xp.where(paid < owed * (1.0 - ROUNDING), 0.0, xp.maximum(left, 0.0))


def highest_solution(
    slope: Float[Array, "agent agent"],
    source: Float[Array, " agent"],
    ceiling: Float[Array, " agent"],
    kept_slope: Scalar | float = 1.0,
    kept_source: Scalar | float = 1.0,
    rounds: int | None = None,
) -> Float[Array, " agent"]:
    """Solve `x = min(ceiling, source + slope x)` for its highest solution; no argument may be negative.

    Starts at the ceiling; whoever cannot hold it is set to what the others give, all of them at once by one
    linear system; this lowers others, and so on. The set of those below the ceiling only grows, so it is final
    after as many rounds as agents. The system is never singular: a circle of agents that lose nothing to others
    cannot be below the ceiling as a whole. Those below keep the parts `kept_*` of what they are given.
    """
    xp = namespace(slope)
    eye = xp.eye(slope.shape[0])

    def lowered(level: Array, _turn: dict[str, Array]) -> Array:
        short = source + slope @ level < ceiling * (1.0 - ROUNDING)
        system = eye - kept_slope * xp.where(short[:, None], slope, 0.0)
        return xp.linalg.solve(system, xp.where(short, kept_source * source, ceiling))

    turns = xp.arange(slope.shape[0] if rounds is None else rounds)
    level = repeat(lowered, ceiling + 0.0 * source, {"turn": turns})
    return xp.clip(level, 0.0, ceiling)
