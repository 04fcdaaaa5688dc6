"""The type of the callbacks through which long computations report their progress."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""A callback that is given the amount done, the total, and a label of what was just done, such as a quarter."""
