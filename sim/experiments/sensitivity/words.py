"""A sensitivity analysis in sentences: every word depends on the numbers, and intervals are told beside them."""

from __future__ import annotations

from sim.engine.outcomes import BY_NAME, Outcome
from sim.experiments.sensitivity.ranks import UNCLEAR
from sim.experiments.sensitivity.resampling import NEGLIGIBLE, TARGET
from sim.experiments.sensitivity.results import Convergence, Estimate, Finding, Findings
from sim.report.numbers import MINUS, money, number

TOLD = 3
"""Levers that are named in a sentence."""
SEEDY = 0.05
"""Luck left in the means of the points that is worth a warning, as a share of their variance."""


def words(found: Findings) -> list[str]:
    """Paragraphs: what was left out, then one for each outcome, then what cannot be judged."""
    told = [*found.notes]
    told += [f"{BY_NAME[name].label}: {of_outcome(finding)}" for name, finding in found.findings.items()]
    if found.skipped:
        listed = "; ".join(f"{BY_NAME[name].label} ({why})" for name, why in found.skipped.items())
        told.append(f"Nothing can be said of: {listed}.")
    return told


def of_outcome(found: Finding) -> str:
    """What one outcome depends on, how much is luck, and how sure that is."""
    outcome = BY_NAME[found.outcome]
    if "total_order" in found.indices:
        told = _sobol(found)
    elif "mu_star" in found.indices:
        told = _morris(found, outcome)
    else:
        told = _ranks(found)
    return " ".join(filter(None, (_level(found, outcome), told, _luck(found), certainty(found.convergence))))


def amount(value: float, outcome: Outcome) -> str:
    """A number of an outcome in a sentence: money and shares with their unit, counts as they are."""
    return money(value) if outcome.unit == "USD bn" else number(value, outcome.unit)


def _level(found: Finding, outcome: Outcome) -> str:
    spread = amount(found.deviation, outcome)
    return f"mean {amount(found.mean, outcome)}, standard deviation {spread} over all runs."


def _sobol(found: Finding) -> str:
    first, total = found.indices["first_order"], found.indices["total_order"]
    parts = [
        f"{name} explains {_percent(first[name])} alone and {_percent(total[name])} with its interactions"
        if first[name].low > 0.0
        else f"{name} explains {_percent(total[name])} with its interactions, alone nothing that is told from zero"
        for name in found.ranked[:TOLD]
        if total[name].high >= NEGLIGIBLE
    ]
    told = "No lever explains more than a few percent of the variance between points."
    if parts:
        told = f"Of the variance between points, {_listed(parts)}."
    alone = sum(estimate.value for estimate in first.values())
    if 0.0 <= alone < 1.0 - NEGLIGIBLE:
        told += f" Levers one by one explain {100.0 * alone:.0f}%, their interactions the rest."
    pairs = found.told_together
    if pairs:
        (a, b), index = max(pairs.items(), key=lambda item: item[1].value)
        if index.value >= NEGLIGIBLE:
            told += f" The largest interaction is that of {a} with {b}: {_percent(index)}."
    return told


def _morris(found: Finding, outcome: Outcome) -> str:
    star, verdicts = found.indices["mu_star"], found.verdicts
    parts = [
        f"{name} moves it by {amount(star[name].value, outcome)} ({amount(star[name].low, outcome)} to "
        f"{amount(star[name].high, outcome)}; {verdicts[name]})"
        for name in found.ranked[:TOLD]
        if verdicts[name].startswith("matters")
    ]
    told = f"Over its whole range, {_listed(parts)}." if parts else "No lever is told from the others."
    out = [name for name in found.ranked if verdicts[name] == "negligible"]
    if out:
        told += f" Negligible, and safe to fix: {', '.join(out)}."
    unsure = [name for name in found.ranked if verdicts[name] == "undecided"]
    if unsure:
        told += f" Not decided: {', '.join(unsure)}."
    return told


def _ranks(found: Finding) -> str:
    estimates = found.indices["rank_regression"]
    parts = [
        f"{name} {found.verdicts[name]} (rank regression {_index(estimates[name])})"
        for name in found.ranked[:TOLD]
        if found.verdicts[name] != UNCLEAR
    ]
    told = f"Of the levers, {_listed(parts)}." if parts else "No lever is told from zero."
    share = f"{100.0 * found.explained:.0f}%"
    if found.explained < 0.7:
        return (
            f"{told} The regression explains only {share} of the variance of ranks: the rest is not monotone, or "
            "interactions, which a Sobol design would show."
        )
    return f"{told} The regression explains {share} of the variance of ranks."


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


def _percent(estimate: Estimate) -> str:
    """An index as a percentage with its interval."""
    low, value, high = (f"{100.0 * part:.0f}" for part in (estimate.low, estimate.value, estimate.high))
    return f"{value}% ({low} to {high})".replace("-", MINUS)


def _index(estimate: Estimate) -> str:
    return f"{estimate.value:.2f}, {estimate.low:.2f} to {estimate.high:.2f}".replace("-", MINUS)


def _share(share: float) -> str:
    percent = 100.0 * share
    return f"{percent:.0f}%" if percent >= 0.95 or percent == 0.0 else f"{percent:.2g}%"


def _listed(parts: list[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{'; '.join(parts[:-1])}; and {parts[-1]}" if len(parts) > 2 else f"{parts[0]}, and {parts[1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
