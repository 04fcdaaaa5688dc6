"""The baseline has the values of its estimate, and the record says which of them were recovered."""

from sim.experiments.calibrate import load_record
from sim.scenario.load import load
from studies.calibration.adopt import rounded

ESTIMATE = "2025Q2"


def test_the_baseline_has_the_values_of_its_record():
    record, raw = load_record(ESTIMATE), load("baseline").model_dump()
    for key, value in record.values.items():
        place = raw
        for part in key.split("."):
            place = place[part]
        assert place["value"] == rounded(value), f"{key}: run python -m studies.calibration.adopt {ESTIMATE}"
        assert f"configs/estimates/{ESTIMATE}.json" in place["why"]
        assert (place["kind"] == "calibrated") == (key in record.identified)


def test_what_is_called_identified_was_recovered():
    raw = load_record(ESTIMATE).raw
    assert raw["recovery"]["trials"] >= 50
    rule = raw["recovery"]
    for key, one in raw["parameters"].items():
        right = rule["least_coverage"] <= one["coverage"] <= rule["most_coverage"]
        assert one["identified"] == (right and one["width_of_prior"] <= rule["most_width"]), key
        if not one["identified"]:
            assert one["place"] == 0.0
            assert one["deviation"] == 1.0
