"""Tables and numbers in Markdown."""

from __future__ import annotations

DIGITS = 6
"""Significant digits of a number in a table; what is rounded beyond them does not matter to a reader."""


def number(value: float) -> str:
    """A number as a person writes it: thousands apart, no trailing zeros, far from one as a power of ten."""
    if value and not 1e-4 <= abs(value) < 1e9:
        digits, power = f"{value:.{DIGITS - 1}e}".split("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"
    rounded = float(f"{value:.{DIGITS}g}")
    text = f"{rounded:,.10f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def code(text: str) -> str:
    """A name of the code or of the configs."""
    return f"`{text}`"
