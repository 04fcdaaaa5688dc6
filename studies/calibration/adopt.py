"""`python -m studies.calibration.adopt RECORD`: write an estimate into the scenario that it was made for.

Identified parameters take their estimates, the others the middles of their priors; the reason of each points to
the record. Nothing else of the file changes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sim.errors import ScenarioError
from sim.experiments.calibrate.results import Record, load_record
from sim.experiments.calibrate.settings import load_problem
from sim.scenario.data import CONFIGS

DIGITS = 3
"""Significant digits of an estimate in a scenario."""


def adopted(text: str, record: Record, reasons: dict[str, str], pointer: str) -> str:
    """Write the text of a scenario with the values of a record.

    Args:
        text: of the file.
        record: of the estimate.
        reasons: key -> what was believed before.
        pointer: where the record is.

    Raises:
        ScenarioError: if the file has no such key, or its line is of another form.
    """
    lines, section = text.splitlines(), ""
    places = {}
    for number, line in enumerate(lines):
        if line.startswith("["):
            section = line.strip("[]")
        elif " = {" in line:
            places[f"{section}.{line.partition(' = ')[0]}"] = number
    for key, parameter in record.raw["parameters"].items():
        if key not in places:
            raise ScenarioError(f"{key}: no line of its own in the scenario's file")
        line = lines[places[key]]
        identified = parameter["identified"] is not False
        kind = ', kind = "calibrated"' if identified else ""
        how = "estimated to" if identified else "not identified by the history to"
        low, high = parameter["prior"]["low"], parameter["prior"]["high"]
        why = f"{how} {record.last} ({pointer}); prior {low:g} to {high:g}: {reasons[key]}"
        line = re.sub(r"value = [^,]+", f"value = {rounded(parameter['estimate'])}", line, count=1)
        line = re.sub(r', kind = "[a-z]+"', "", line)
        lines[places[key]] = re.sub(r', why = "[^"]*"', f'{kind}, why = "{why}"', line, count=1)
    return "\n".join(lines) + "\n"


def rounded(value: float) -> float:
    """Write a value with the digits that a scenario shows."""
    return float(f"{value:.{DIGITS}g}")


def main(name: str) -> None:
    """Write a record into its scenario."""
    record, problem = load_record(name), load_problem()
    file = CONFIGS / f"{problem.plan.scenario}.toml"
    reasons = {key: prior.why for key, prior in problem.plan.parameters.items()}
    pointer = f"configs/estimates/{record.last}.json"
    file.write_text(adopted(file.read_text(encoding="utf8"), record, reasons, pointer), encoding="utf8")
    print(f"{Path(file).name}: {len(record.values)} values")


if __name__ == "__main__":
    main(sys.argv[1])
