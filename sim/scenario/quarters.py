"""Arithmetic with labels of quarters such as 2024Q1."""


def later(label: str, quarters: int) -> str:
    """Return the label of the quarter that comes `quarters` after `label`."""
    index = int(label[:4]) * 4 + int(label[5]) - 1 + quarters
    return f"{index // 4}Q{index % 4 + 1}"


def between(first: str, last: str) -> int:
    """Return the number of quarters from `first` to `last`."""
    return (int(last[:4]) - int(first[:4])) * 4 + int(last[5]) - int(first[5])


def years(labels: list[str]) -> list[float]:
    """Return the end of each quarter as a decimal year, for the axes of figures."""
    return [int(label[:4]) + int(label[5]) / 4.0 for label in labels]


ROLLOUT = 4
"""Quarters that the rollout of a generation of GPUs takes; beyond the data, a new one follows each rollout."""
