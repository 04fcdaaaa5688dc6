"""Sentences of a comparison on accounting, cause, the gap between them and the issuers; cells of its table."""

from sim.engine.outcomes import ORIGIN_WORDS
from sim.experiments.compare.cause import INTEREST, Cause, turned
from sim.experiments.compare.paired import Effect
from sim.experiments.compare.results import PairedOutcomes
from sim.report.numbers import MINUS, between, money, number, percent

NAMED = 0.1
"""Origins are named beside the largest one if their part is at least this share of the part of the largest."""


def words(comparison: PairedOutcomes) -> list[str]:
    """Write the comparison as paragraphs; say more or less by the sign, and nothing where an interval spans zero."""
    if not comparison.differs:
        first, second = comparison.names
        return [f"{first} and {second} make the same assumptions, so that every difference is exactly zero."]
    cause = comparison.cause
    pairs = len(comparison.seeds)
    paragraphs = _accounting(cause), _effect(cause, pairs), _gap(cause), _issuers(comparison, cause)
    return [paragraph for paragraph in paragraphs if paragraph]


def _accounting(cause: Cause) -> str:
    paid = [
        f"in {name} interest paid for {money(mean)} of GPUs ({percent(share)} of {money(whole)})"
        if mean > 0.0
        else f"in {name} for none"
        for name, mean, share, whole in (
            (cause.more, cause.interest.mean_a, cause.share_more, cause.purchases.mean_a),
            (cause.less, cause.interest.mean_b, cause.share_less, cause.purchases.mean_b),
        )
    ]
    if not cause.interest.mean_a > 0.0:
        if not cause.interest.mean_b > 0.0:
            return "Accounting: interest reached no GPU purchase in either twin."
        paid.reverse()
    return f"Accounting: at any remove, {paid[0]}, {paid[1]}."


def _effect(cause: Cause, pairs: int) -> str:
    bought = cause.purchases
    if bought.none:
        return f"Cause: the providers buy the same GPUs in {cause.more} and in {cause.less}, in every pair."
    mean = f"GPUs for {money(abs(bought.mean))} {_more(bought.mean)} in {cause.more} than in {cause.less}"
    where = f"90 percent interval of the difference {between(bought.low, bought.high)}"
    agree = f"{_more(bought.mean)} in {bought.same_sign} of {pairs} pairs"
    if bought.decided:
        return f"Cause: the providers buy {mean} ({where}; {agree}).{_because(cause)}"
    enough, needed = bought.pairs_to_decide, ""
    if pairs < enough < 1_000_000:
        needed = f" To distinguish an effect of this size from zero would take about {enough:,} pairs."
    return (
        f"Cause: not decided by {pairs} pairs. The providers buy {mean} on average, but the interval spans zero "
        f"({where}; {agree}).{needed}{_because(cause)}"
    )


def _because(cause: Cause) -> str:
    if not cause.redeployment:
        return " The twins do not differ in redeployment: this is the effect of what they do differ in."
    if not cause.alone:
        return " The twins differ in more than redeployment: this is not its effect alone."
    return ""


def _gap(cause: Cause) -> str:
    interest, others = cause.interest, cause.others
    if cause.purchases.none and interest.none:
        return ""
    parts = _parts(cause)
    if cause.replaced is None:
        return f"By origin of the money: {_interest_part(cause)}{parts}."
    share, low, high = cause.replaced
    start = f"The gap: interest paid for {money(interest.mean)} {_more(interest.mean)} in {cause.more}"
    if others.none:
        return f"{start}, and other money bought the same, so that accounting and cause agree."
    if not others.decided:
        return (
            f"{start}. Whether other money makes up for it in {cause.less} is not decided: it buys "
            f"{money(abs(others.mean))} {_more(-others.mean)} there, and the interval spans zero "
            f"({between(-others.high, -others.low)}){parts}."
        )
    interval = f"90 percent interval {_percent(low)} to {_percent(high)}"
    if others.mean > 0.0:
        return (
            f"{start}, and other money follows it: it buys {money(others.mean)} more there too, so that the "
            f"effect is larger than the accounting says{parts}."
        )
    if cause.purchases.none:
        return f"{start}, and other money makes up for all of it in {cause.less}{parts}."
    if share > 1.0:
        return (
            f"{start}, and other money more than makes up for it in {cause.less}: it buys {money(-others.mean)} "
            f"more there, {_percent(share)} of what interest paid for ({interval}){parts}."
        )
    return (
        f"{start}, but {_percent(share)} of that ({interval}) is crowding-out: where interest stays away, in "
        f"{cause.less}, other money buys {money(-others.mean)} more{parts}."
    )


def _interest_part(cause: Cause) -> str:
    if cause.interest.none:
        return "interest buys the same in both twins"
    part = f"interest buys {money(abs(cause.interest.mean))} {_more(cause.interest.mean)} in {cause.more}"
    return part if cause.interest.decided else f"{part}, which cannot be distinguished from zero"


def _parts(cause: Cause) -> str:
    """Name the largest origin of other money, and those of opposite sign, as seen from the twin `less`."""
    others = {origin: part for origin, part in cause.by_origin.items() if origin != INTEREST and not part.none}
    ranked = sorted(others.items(), key=lambda item: -abs(item[1].mean))
    decided = [(origin, part) for origin, part in ranked if part.decided]
    if not decided:
        return "; no single origin of other money differs beyond chance" if others else ""
    least = NAMED * abs(decided[0][1].mean)
    first, *rest = [
        (ORIGIN_WORDS[origin], f"{money(abs(part.mean))} {_more(-part.mean)}", between(-part.high, -part.low))
        for origin, part in decided
        if abs(part.mean) >= least
    ]
    start = "The largest part" if ranked[0][0] == decided[0][0] else "Beyond chance only"
    largest = f". {start}: {first[0]} buys {first[1]} in {cause.less} ({first[2]})"
    return largest + "".join(f"; {origin} {bought} ({interval})" for origin, bought, interval in rest)


def _issuers(comparison: PairedOutcomes, cause: Cause) -> str:
    """Say how much issuers put into AI, what their own books are worth at the end, and how many companies fail."""
    put, own, failed = (
        turned(comparison.effects[name], cause.flipped)
        for name in ("redeployed_usd_bn", "own_books_at_end_usd_bn", "failures")
    )
    sentences = []
    if not put.none:
        in_less = f"{money(put.mean_b)} in {cause.less}" if put.mean_b > 0.0 else f"nothing in {cause.less}"
        in_more = f"{money(put.mean_a)} into AI and frontier technology" if put.mean_a > 0.0 else "nothing into AI"
        sentences.append(f"Issuers put {in_more} in {cause.more}, {in_less}.")
    if own.decided:
        sentences.append(
            f"At the end their own books are worth {money(abs(own.mean))} {_more(own.mean)} in {cause.more} "
            f"({between(own.low, own.high)})."
        )
    if failed.decided:
        count, few = f"{abs(failed.mean):.2g}", "more" if failed.mean > 0.0 else "fewer"
        fail = "company fails" if count == "1" else "companies fail"
        sentences.append(f"On average, {count} {few} {fail} in {cause.more}.")
    return " ".join(sentences)


def _more(difference: float) -> str:
    return "more" if difference > 0.0 else "less"


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("-", MINUS)


def cells(effect: Effect, unit: str) -> tuple[str, str, str, str, str]:
    """Write the cells of an effect: the means of both twins, the mean difference, its interval and its spread."""
    a, b = number(effect.mean_a, unit), number(effect.mean_b, unit)
    if effect.none:
        return a, b, "none", "", ""
    interval = f"{number(effect.low, unit)} to {number(effect.high, unit)}"
    spread = f"{number(effect.spread_low, unit)} to {number(effect.spread_high, unit)}"
    return a, b, number(effect.mean, unit), interval, spread
