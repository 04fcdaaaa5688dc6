"""Numbers, shares and amounts of money as text, with their unit and as many digits as matter."""

import math
from collections.abc import Sequence

from sim.engine.outcomes import Outcome

MINUS = "\N{MINUS SIGN}"
"""A true minus sign, as wide as a plus."""


def plain(number: float) -> str:
    """Return a number as it is written on an axis: 0.5, 20, 1,500, 30k, 2M."""
    size = abs(number)
    text = f"{number:,.0f}" if size >= 1000.0 else f"{number:.4g}"
    for limit, divisor, unit in ((1e4, 1e3, "k"), (1e6, 1e6, "M"), (1e9, 1e9, "bn")):
        if size >= limit * (1.0 - 1e-9):
            text = f"{number / divisor:.3g}{unit}"
    return text.replace("-", MINUS)


def short(number: float) -> str:
    """Return a number as `plain` does, rounded to three significant digits."""
    return plain(float(f"{number:.3g}"))


def amount(usd_bn: float) -> str:
    """Return an amount in USD bn without its unit, rounded to the digits that matter: 101, 26.2, 1.31, 0.08, 0.001."""
    size = abs(usd_bn)
    if size >= 1000.0 or size == 0.0:
        return f"{usd_bn:,.0f}"
    digits = 0 if size >= 99.95 else 1 if size >= 9.95 else 2 if size >= 0.0995 else 3
    return f"{usd_bn:.{digits}f}"


def money(usd_bn: float) -> str:
    """Return an amount, given in USD bn, with its unit: USD 26.2 bn, USD 83 million, USD 0.5 million, USD 40,000."""
    size = abs(usd_bn)
    if size >= 0.0995:
        text = f"{amount(usd_bn)} bn"
    elif size >= 1e-4:
        text = f"{usd_bn * 1e3:.2g} million"
    else:
        text = f"{usd_bn * 1e9:,.0f}"
    return f"USD {text}".replace("-", MINUS)


def percent(share: float) -> str:
    """Return a share as a percentage with two significant digits: 53%, 2.7%, 0.051%."""
    size = abs(100.0 * share)
    if size >= 9.95 or size == 0.0:
        return f"{100.0 * share:.0f}%"
    return f"{100.0 * share:.2g}%" if size >= 1e-3 else "<0.001%"


COUNTED = ("GPUs", "companies", "coins", "weeks", "quarters")
"""Units of outcomes that are counts; their labels name the unit."""


def number(value: float, unit: str) -> str:
    """Return a number for a table, with the digits that matter for its unit."""
    if unit == "share":
        return f"{_digits(100.0 * value)}%".replace("-", MINUS)
    if unit in COUNTED:
        text = f"{value:,.0f}" if abs(value) >= 100.0 or value.is_integer() else f"{value:.2f}"
    else:
        text = _digits(value)
    return text.replace("-", MINUS)


def labelled(outcome: Outcome) -> str:
    """Return the label of an outcome, followed by its unit where the label does not contain the unit."""
    return outcome.label if outcome.unit in (*COUNTED, "share", "index") else f"{outcome.label}, {outcome.unit}"


def _digits(value: float) -> str:
    """Return a number with three significant digits, or one decimal if large, and never as a power of ten."""
    size = abs(value)
    if size < 1e-6:
        return "0"
    return f"{value:,.{min(max(2 - math.floor(math.log10(size)), 1), 6)}f}"


def between(low: float, high: float) -> str:
    """Return an interval for use in a sentence, both ends in the same unit: USD -0.42 to 3.10 bn.

    If both ends are below zero, the minus signs are left out, because the sentence around already says "less".
    """
    low, high = (-high, -low) if high < 0.0 else (low, high)
    size = max(abs(low), abs(high))
    factor, unit = (1.0, "bn") if size >= 0.0995 else (1e3, "million")
    digits = 0 if size * factor >= 99.5 else 1 if size * factor >= 9.95 else 2
    ends = (f"{factor * end:,.{digits}f}".replace("-", MINUS) for end in (low, high))
    return f"USD {' to '.join(ends)} {unit}"


def aligned(values: Sequence[float]) -> list[str]:
    """Return numbers as text, all with as many decimals as the largest needs for three significant digits."""
    size = max(map(abs, values))
    digits = min(max(2 - math.floor(math.log10(size)), 0), 6) if size > 0.0 else 0
    return [f"{0.0 if abs(value) < 1e-12 else value:,.{digits}f}".replace("-", MINUS) for value in values]
