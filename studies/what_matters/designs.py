"""The two sweep files of the study, written from the ranges: `assumptions-morris` and `answer-sobol`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from textwrap import wrap

from studies.what_matters.assumptions import Range, Study

SCREEN, ANSWER = "assumptions-morris", "answer-sobol"
WIDTH = 113
HEAD = (
    "# Written by `python -m studies.what_matters` from configs/sensitivity/assumptions.toml, "
    "configs/calibration.toml and configs/estimates: do not edit."
)


def screen_text(study: Study, found: Sequence[Range]) -> str:
    """Write the design file of the screening.

    Args:
        study: its size.
        found: all assumptions.
    """
    screen = study.screen
    return _text(
        [HEAD],
        {
            "title": "Which assumptions matter",
            "about": "Elementary effects of every assumption over its plausible range (docs/what-matters.md).",
            "scenario": study.scenario,
            "method": "morris",
            "samples": screen.trajectories,
            "levels": screen.levels,
            "design_seed": 1,
            "seed": 1,
            "replicates": screen.replicates,
        },
        found,
    )


def answer_text(study: Study, found: Sequence[Range]) -> str:
    """Write the design file of the indices.

    Args:
        study: its size.
        found: the assumptions chosen.
    """
    answer = study.answer
    return _text(
        [HEAD, f"# The keys are those that the screening {SCREEN} ranks first."],
        {
            "title": study.title,
            "about": "Which part of the variance of the answer each assumption explains (docs/what-matters.md).",
            "scenario": study.scenario,
            "method": "sobol",
            "samples": answer.samples,
            "second_order": False,
            "design_seed": 1,
            "seed": 1,
            "replicates": answer.replicates,
        },
        found,
    )


def chosen(study: Study, rankings: Mapping[str, Sequence[str]], found: Sequence[Range]) -> list[Range]:
    """Write the assumptions that the screening ranks first, in the order of the study.

    Args:
        study: how many are chosen, and how many of them for the first outcome.
        rankings: outcome -> keys that are not negligible for it, the one that matters most first; the first
            outcome is the answer.
        found: all assumptions.
    """
    answer, *others = rankings.values()
    picked = list(answer[: study.answer.most_of_the_answer])
    longest = max((len(ranked) for ranked in rankings.values()), default=0)
    for place in range(longest):
        for ranked in (*others, answer):
            if place < len(ranked) and ranked[place] not in picked and len(picked) < study.answer.keys:
                picked.append(ranked[place])
    return [one for one in found if one.key in picked]


def _text(comments: Sequence[str], settings: Mapping[str, object], found: Sequence[Range]) -> str:
    lines = [f"# {line}" for comment in comments for line in wrap(comment.removeprefix("# "), WIDTH)]
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    for one in found:
        lines += ["", *(f"# {line}" for line in wrap(one.reason, WIDTH)), f"[vary.{one.key}]"]
        lines += [f"low = {one.low!r}", f"high = {one.high!r}"]
        if one.scale == "log":
            lines.append('scale = "log"')
    return "\n".join(lines) + "\n"
