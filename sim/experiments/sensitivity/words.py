"""A sensitivity analysis in sentences, which follow from the numbers and give intervals with them."""

from sim.engine.outcomes import BY_NAME
from sim.experiments.sensitivity.results import Finding, Findings
from sim.experiments.sweep.methods import METHODS
from sim.experiments.sweep.methods.estimates import TARGET, Convergence, amount

SEED_WARNING = 0.05
"""Share of the seed in the variance of the points' means from which a warning is given."""


def words(findings: Findings) -> list[str]:
    """Return paragraphs: what was left out, one for each outcome, and the outcomes that cannot be analysed."""
    paragraphs = [
        f"{BY_NAME[name].label}: {of_outcome(finding, findings.method)}" for name, finding in findings.findings.items()
    ]
    skipped = [f"Nothing can be said of: {skipped_words(findings)}."] if findings.skipped else []
    return [*findings.notes, *paragraphs, *skipped]


def skipped_words(findings: Findings) -> str:
    """Return the outcomes that cannot be analysed, with the reason of each; empty if there are none."""
    return "; ".join(f"{BY_NAME[name].label} ({why})" for name, why in findings.skipped.items())


def of_outcome(finding: Finding, method: str) -> str:
    """Say what one outcome depends on, the part of chance, and how certain that is."""
    outcome = BY_NAME[finding.outcome]
    mean, deviation = amount(finding.mean, outcome), amount(finding.deviation, outcome)
    level = f"mean {mean}, standard deviation {deviation} over all runs."
    indices = METHODS[method].words(finding, outcome)
    return " ".join((level, indices, _chance(finding), _certainty(finding.convergence)))


def _chance(finding: Finding) -> str:
    """Say how large the seed's part is, and whether it remains in what was analysed."""
    shares = finding.variance
    if shares is None:
        return "With one seed for each point, luck cannot be distinguished from levers: add replicates."
    sentence = (
        f"Of the variance of single histories {_percent(shares.levers)} comes from the levers, "
        f"{_percent(shares.seed)} from the seed whatever the levers, {_percent(shares.seed_with_levers)} from the "
        f"seed in a way that depends on them ({shares.seeds} seeds)."
    )
    if shares.seed_left_in_means > SEED_WARNING:
        sentence += (
            f" {_percent(shares.seed_left_in_means)} of the variance between points is luck that the mean of "
            f"{shares.seeds} seeds leaves over, and counts as interaction: more replicates would lower it."
        )
    return sentence


def _certainty(judged: Convergence) -> str:
    """Say how wide the intervals are, whether the ranking is settled, and what more runs would do."""
    unit = "" if judged.scale == 1.0 else " of the largest effect"
    widest = max(judged.half_width, 0.001)
    interval = f"The widest interval is that of {judged.widest}: {widest:.2g}{unit} either way."
    pairs = "; ".join(f"{a} and {b}" for a, b in judged.unsettled)
    ranking = f"is not settled between {pairs}" if pairs else "of the levers that matter is settled"
    more = f"Intervals narrow with the square root of the runs: {judged.more_to_halve:,} more would halve them"
    if judged.more_to_target == judged.more_to_halve:
        more += f", and bring all within {TARGET:g}{unit}."
    elif judged.more_to_target:
        more += f", about {judged.more_to_target:,} more would bring all within {TARGET:g}{unit}."
    else:
        more += f"; all are within {TARGET:g}{unit} already."
    return f"{interval} The ranking {ranking}. {more}"


def _percent(share: float) -> str:
    percent = 100.0 * share
    return f"{percent:.0f}%" if percent >= 0.95 or percent == 0.0 else f"{percent:.2g}%"
