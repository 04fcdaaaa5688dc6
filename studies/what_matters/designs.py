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


def screen_text(study: Study, ranges: Sequence[Range]) -> str:
    """Write the design file of the screening.

    Args:
        study: its size.
        ranges: all assumptions.
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
        ranges,
    )


def answer_text(study: Study, ranges: Sequence[Range]) -> str:
    """Write the design file of the indices.

    Args:
        study: its size.
        ranges: the assumptions chosen.
    """
    answer = study.answer
    return _text(
        [HEAD, f"# The keys are those that the screening {SCREEN} ranks first."],
        {
            "title": study.title,
            "about": "What share of the variance of the answer each assumption explains (docs/what-matters.md).",
            "scenario": study.scenario,
            "method": "sobol",
            "samples": answer.samples,
            "second_order": False,
            "design_seed": 1,
            "seed": 1,
            "replicates": answer.replicates,
        },
        ranges,
    )


def chosen(study: Study, rankings: Mapping[str, Sequence[str]], ranges: Sequence[Range]) -> list[Range]:
    """Write the assumptions that the screening ranks first, in the order of the study.

    Args:
        study: how many are chosen, and how many of them for the first outcome.
        rankings: outcome -> keys that are not negligible for it, the one that matters most first; the first
            outcome is the answer.
        ranges: all assumptions.
    """
    answer, *others = rankings.values()
    picked = list(answer[: study.answer.most_of_the_answer])
    longest = max((len(ranked) for ranked in rankings.values()), default=0)
    for place in range(longest):
        for ranked in (*others, answer):
            if place < len(ranked) and ranked[place] not in picked and len(picked) < study.answer.keys:
                picked.append(ranked[place])
    return [range_ for range_ in ranges if range_.key in picked]


def _text(comments: Sequence[str], settings: Mapping[str, object], ranges: Sequence[Range]) -> str:
    lines = [f"# {line}" for comment in comments for line in wrap(comment.removeprefix("# "), WIDTH)]
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    for range_ in ranges:
        lines += ["", *(f"# {line}" for line in wrap(range_.reason, WIDTH)), f"[vary.{range_.key}]"]
        lines += [f"low = {range_.low!r}", f"high = {range_.high!r}"]
        if range_.scale == "log":
            lines.append('scale = "log"')
    return "\n".join(lines) + "\n"
