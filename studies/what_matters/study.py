"""Running the study: designs, sweeps with their twins, analysis, numbers, figures and page.

Everything is written below one folder, the root of the repository unless the study is only tried: designs to
`configs/sweeps`, sweeps to `runs`, numbers to `docs/results`, figures to `docs/images`, the page to `docs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sim.errors import ScenarioError
from sim.experiments.sensitivity import Sensitivity, analyse
from sim.experiments.sweep.console import listening
from sim.experiments.sweep.runner import sweep
from sim.runs.folders import free_folder
from studies.what_matters import page, stored
from studies.what_matters.assumptions import Study, load_study, ranges
from studies.what_matters.designs import ANSWER, SCREEN, answer_text, chosen, screen_text
from studies.what_matters.headlines import HEADLINES, WITHOUT, twins, whole_blocks

DESIGNS, RUNS = Path("configs") / "sweeps", "runs"


def run(root: Path, quick: bool = False, workers: int | None = None) -> None:
    """Run the study and write all of it.

    Sweeps are always run anew, into free folders: a finished one may be that of an earlier model.

    Args:
        root: folder below which everything is written.
        quick: on a few points, to see that it works.
        workers: processes; one per core if left out.

    Raises:
        ScenarioError: if a design is wrong, or the outcome that is the answer does not vary.
        RunError: if a folder cannot be written, or points cannot be analysed.
        FailedChunksError: if chunks of a sweep failed.
    """
    study = load_study()
    if quick:
        study = study.made_quick()
    assumptions = ranges(study)
    screen = _analysed(root, SCREEN, screen_text(study, assumptions), workers)
    picked = chosen(study, rankings(screen), assumptions)
    answer = _analysed(root, ANSWER, answer_text(study, picked), workers)
    stored.write(stored.result(assumptions, screen, answer), root / page.NUMBERS)
    page.write(root)


def rewrite_screen(root: Path) -> None:
    """Write the design of the screening from the ranges as they stand, without running anything."""
    study: Study = load_study()
    _design_file(root, SCREEN, screen_text(study, ranges(study)))


def rankings(screen: Sensitivity) -> dict[str, Sequence[str]]:
    """Outcome -> keys that are not negligible for it, the one that matters most first; the answer first.

    Raises:
        ScenarioError: if nothing can be said of the answer.
    """
    if HEADLINES[0].name not in screen.findings:
        raise ScenarioError(f"{HEADLINES[0].label}: {screen.skipped[HEADLINES[0].name]}")
    return {
        name: [key for key in finding.ranked if finding.verdicts[key] != "negligible"]
        for name, finding in screen.findings.items()
    }


def _analysed(root: Path, name: str, text: str, workers: int | None) -> Sensitivity:
    """Write a design, run it with and without redeployment, and analyse both together."""
    design = _design_file(root, name, text)
    folders = []
    for title, changes in ((name, {}), (f"{name}-without", WITHOUT)):
        folder = free_folder(root / RUNS, title)
        with listening(title) as listener:
            folders.append(sweep(design, folder, workers, changes, listener=listener).path)
    sample, notes = whole_blocks(twins(*folders))
    analysis = analyse(sample)
    return replace(analysis, notes=(*notes, *analysis.notes))


def _design_file(root: Path, name: str, text: str) -> Path:
    file = root / DESIGNS / f"{name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf8")
    return file
