"""The type of callbacks by which long work reports its progress."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with the amount done, the total, and a label of what was done last, such as a quarter or a stage."""
