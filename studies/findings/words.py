"""Numbers as the page says them, and the single words that hang on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.report import numbers
from sim.report.numbers import MINUS, between, money

Ends = Mapping[str, Any]
SHOWN = 0.0005
"""Below this a table says zero."""


def bn(usd_bn: float) -> str:
    """USD bn in a table."""
    if abs(usd_bn) < SHOWN:
        return "0"
    return numbers.amount(usd_bn).replace("-", MINUS)


def signed(usd_bn: float) -> str:
    """Write a difference in USD bn, with its sign."""
    return f"+{bn(usd_bn)}" if usd_bn >= SHOWN else bn(usd_bn)


def span(ends: Ends, low: str = "low", high: str = "high") -> str:
    """Both ends in USD bn, with as many digits as the larger one has."""
    return pair(ends[low], ends[high], 1.0)


def usd(usd_bn: float) -> str:
    """Write an amount in a sentence, without its sign."""
    return money(abs(usd_bn))


def usd_span(ends: Ends, low: str = "low", high: str = "high") -> str:
    """Both ends in a sentence."""
    return between(ends[low], ends[high])


def percent(share: float) -> str:
    """Write a share in a sentence."""
    return numbers.percent(share).replace("%", " percent").replace("-", MINUS)


def percent_span(ends: Ends, low: str = "low", high: str = "high") -> str:
    """Both ends of a share, in percent."""
    return f"{pair(ends[low], ends[high], 100.0)} percent"


def count(number: float) -> str:
    """Write a count with three digits that matter."""
    return f"{float(f'{number:.3g}'):,.0f}".replace("-", MINUS)


def count_span(ends: Ends, low: str = "low", high: str = "high") -> str:
    """Both ends of a count."""
    return f"{count(ends[low])} to {count(ends[high])}"


def plain(number: float) -> str:
    """Write a number with three digits that matter."""
    return numbers.short(number)


def plain_span(ends: Ends, low: str = "low", high: str = "high") -> str:
    """Both ends of a number."""
    return f"{plain(ends[low])} to {plain(ends[high])}"


def more(number: float, words: str = "more,less") -> str:
    """One of two words by the sign of a number."""
    above, below = words.split(",")
    return above if number >= 0.0 else below


def effect(difference: Ends, words: str = "more,less") -> str:
    """Write a difference in a sentence: more or less by how much, or that it cannot be distinguished from zero."""
    if difference["none"]:
        return f"neither {' nor '.join(words.split(','))}"
    text = f"{usd(difference['mean'])} {more(difference['mean'], words)} ({usd_span(difference)})"
    return text if difference["decided"] else f"{text}, which cannot be distinguished from zero"


def listed(names: Sequence[str], last: str = "and") -> str:
    """Names in a sentence."""
    each = list(names)
    return each[0] if len(each) == 1 else f"{', '.join(each[:-1])} {last} {each[-1]}"


def capitalised(words: str) -> str:
    """Write the same at the beginning of a sentence."""
    return words[0].upper() + words[1:]


def pair(low: float, high: float, factor: float, digits: int | None = None) -> str:
    """Both ends on one scale: as many decimals as the larger one needs for three digits, or as many as given."""
    if digits is None:
        size = factor * max(abs(low), abs(high))
        digits = 0 if size >= 99.5 else 1 if size >= 9.95 else 2 if size >= 0.0995 else 3
    return " to ".join(_rounded(factor * end, digits) for end in (low, high))


def _rounded(number: float, digits: int) -> str:
    text = f"{number:,.{digits}f}"
    return "0" if float(text.replace(",", "")) == 0.0 else text.replace("-", MINUS)
