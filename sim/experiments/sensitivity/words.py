"""A sensitivity analysis in sentences: every word depends on the numbers, and intervals are told beside them."""

from __future__ import annotations

from sim.engine.outcomes import BY_NAME, Outcome
from sim.experiments.sensitivity.results import Finding, Findings
from sim.experiments.sweep.methods import METHODS
from sim.experiments.sweep.methods.estimates import TARGET, Convergence, amount

SEEDY = 0.05
"""Luck left in the means of the points that is worth a warning, as a share of their variance."""


def words(found: Findings) -> list[str]:
    """Paragraphs: what was left out, then one for each outcome, then what cannot be judged."""
    told = [*found.notes]
    told += [
        f"{BY_NAME[name].label}: {of_outcome(finding, found.method)}" for name, finding in found.findings.items()
    ]
    if found.skipped:
        told.append(f"Nothing can be said of: {skipped_words(found)}.")
    return told


def skipped_words(findings: Findings) -> str:
    """Return the outcomes that cannot be analysed, with the reason of each; empty if there are none."""
    return "; ".join(f"{BY_NAME[name].label} ({why})" for name, why in findings.skipped.items())


def of_outcome(found: Finding, method: str) -> str:
    """What one outcome depends on, how much is luck, and how sure that is."""
    outcome = BY_NAME[found.outcome]
    told = METHODS[method].words(found, outcome)
    return " ".join((_level(found, outcome), told, _luck(found), certainty(found.convergence)))


def _level(found: Finding, outcome: Outcome) -> str:
    spread = amount(found.deviation, outcome)
    return f"mean {amount(found.mean, outcome)}, standard deviation {spread} over all runs."


def _luck(found: Finding) -> str:
    """The seed's part, and whether it is left in what was analysed."""
    this = found.parts
    if this is None:
        return "With one seed for each point, luck is not told from levers: replicates would tell it."
    told = (
        f"Of the variance of single histories {_share(this.levers)} comes from the levers, "
        f"{_share(this.seed)} from the seed whatever the levers, {_share(this.both)} from the seed in a way that "
        f"depends on them ({this.seeds} seeds)."
    )
    if this.in_means > SEEDY:
        told += (
            f" {_capital(_share(this.in_means))} of the variance between points is luck that the mean of "
            f"{this.seeds} seeds leaves over, and counts as interaction: more replicates would lower it."
        )
    return told


def certainty(this: Convergence) -> str:
    """How wide the intervals are, whether the ranking is settled, and what more runs would do."""
    of_what = "" if this.scale == 1.0 else " of the largest effect"
    told = f"The widest interval is that of {this.widest}: {max(this.half_width, 0.001):.2g}{of_what} either way."
    if this.settled:
        told += " The ranking of the levers that matter is settled."
    else:
        pairs = "; ".join(f"{a} and {b}" for a, b in this.unsettled)
        told += f" The ranking is not settled between {pairs}."
    more = f" Intervals narrow with the square root of the runs: {this.more_to_halve:,} more would halve them"
    if this.more_to_target == this.more_to_halve:
        return f"{told}{more}, and bring all within {TARGET:g}{of_what}."
    if this.more_to_target:
        return f"{told}{more}, about {this.more_to_target:,} more would bring all within {TARGET:g}{of_what}."
    return f"{told}{more}; all are within {TARGET:g}{of_what} already."


def _share(share: float) -> str:
    percent = 100.0 * share
    return f"{percent:.0f}%" if percent >= 0.95 or percent == 0.0 else f"{percent:.2g}%"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
