"""The figure of an estimate: every label has its room, and what is beyond the axis is told."""

import copy

import pytest

from sim.experiments.calibrate.figures import MOST, draw
from sim.experiments.calibrate.results import ESTIMATES, load_record

RECORD = load_record(ESTIMATES / "2025Q2.json").raw


def changed(label=None, gap=0.0):
    """The record that ships, with another label and gap of its first figure, and no other gaps."""
    record = copy.deepcopy(RECORD)
    for target in record["targets"]:
        target["gap_in_errors"] = 0.0
    record["targets"][0] |= {"label": label or record["targets"][0]["label"], "gap_in_errors": gap}
    return record


@pytest.mark.parametrize("label", [None, "A label that is a good deal longer than any that there has been so far"])
def test_labels_reach_neither_into_the_next_panel_nor_over_the_edge(label):
    figure = draw(changed(label))
    figure.canvas.draw()
    left, right = figure.axes
    starts = [min(text.get_window_extent().x0 for text in axes.get_yticklabels()) for axes in (left, right)]
    assert starts[0] > 0.0
    assert starts[1] > left.get_window_extent().x1
    assert left.get_position().width == pytest.approx(right.get_position().width)
    assert left.get_position().width > 0.15


@pytest.mark.parametrize(("gap", "told"), [(MOST / 2.0, False), (-2.0 * MOST, True)])
def test_marks_beyond_the_axis_stand_at_its_end_and_are_told(gap, told):
    figure = draw(changed(gap=gap))
    marks = [line.get_xdata()[0] for line in figure.axes[1].lines if len(line.get_xdata()) == 1]
    assert (-MOST in marks) == told
    assert any("Marks at the ends" in text.get_text() for text in figure.texts) == told
