"""The compare page in a real browser: run in the background, cancel, load again, pickers, downloads, narrow."""

import csv
import itertools
import struct
from urllib.parse import parse_qs, urlsplit

import pytest

import sim
from sim.server.views.comparison import OUTCOMES

SLOW = 90_000
"""Milliseconds for a comparison on a machine that is busy with other tests."""
DONE = "table.outcomes tbody tr"
QUICK = "runs=4&quarters=3"
LONG = "runs=15"


def _query(page):
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def _open(page, served, query):
    page.goto(f"{served}/compare?{query}")
    page.wait_for_selector("#compare-status .empty, .progress, " + DONE, timeout=SLOW)


def _run(page):
    page.get_by_role("button", name="Run the comparison").click()


def _until(page, key, value):
    page.wait_for_function(
        "([key, value]) => new URLSearchParams(window.location.search).get(key) === value", arg=[key, value]
    )


def _side(page, letter):
    return page.get_by_role("region", name=f"Scenario {letter}")


def _turn(page, letter, lever, value):
    side = _side(page, letter)
    side.get_by_label("Turn a lever").click()
    page.get_by_role("option", name=lever).click()
    side.get_by_label("to", exact=True).first.fill(value)
    side.get_by_role("button", name="Add the lever").click()


def test_the_page_says_what_to_do_and_what_it_will_run(page, served):
    _open(page, served, "scenario=fast-cuts&payout_ratio=0.2&seed=3")
    assert "press Run the comparison" in page.inner_text("#compare-status")
    assert "20 percent" in page.inner_text("#side-a .chips")
    assert "No lever turned" in page.inner_text("#side-b .chips")
    sides = {"a.scenario": "fast-cuts", "a.payout_ratio": "0.2", "b.scenario": "fast-cuts"}
    assert _query(page) == {**sides, "seed": "3", "runs": "100"}
    assert page.locator("#compare-result").is_hidden()
    link = _side(page, "A").get_by_role("link").get_attribute("href")
    assert link == "/?scenario=fast-cuts&payout_ratio=0.2&seed=3"
    assert page.locator("header nav [aria-current=page]").inner_text() == "Compare"


def test_a_comparison_runs_in_the_background_and_is_there_when_loaded_again(page, served, tmp_path):
    _open(page, served, QUICK)
    _run(page)
    page.wait_for_selector(".progress", timeout=SLOW)
    page.wait_for_selector(DONE, timeout=SLOW)
    found = sim.compare("baseline", "no-redeployment", runs=4, quarters=3, workers=1)
    assert found.words[0] in page.inner_text("#compare-words")
    row = page.locator(DONE, has_text="Put into AI").inner_text()
    effect = found.effects["redeployed_usd_bn"]
    assert f"+{effect.mean:.3f}" in row
    assert f"{effect.low:.3f} to {effect.high:.3f}" in row
    assert "more in A" in row
    shown = [found.effects[name] for name in OUTCOMES]
    assert page.locator(DONE).count() == len(shown)
    for kind, number in (
        ("the same in every pair", sum(effect.none for effect in shown)),
        ("spans zero", sum(not effect.decided and not effect.none for effect in shown)),
    ):
        assert page.locator(DONE, has_text=kind).count() == number, kind
    # Every picture is drawn, as high as it should be, and says its unit.
    drawn = ".compare-graph .main-svg:first-child"
    heights = page.eval_on_selector_all(drawn, "all => all.map(e => e.clientHeight)")
    assert len(heights) == 11
    assert min(heights) > 200
    assert "USD bn a quarter" in page.locator("#panel-fan-interest_usd_bn").inner_text()
    words = page.inner_text("#compare-words")
    page.reload()
    page.wait_for_selector(DONE, timeout=SLOW)
    assert page.inner_text("#compare-words") == words
    assert page.locator(".progress").count() == 0
    # Pictures and tables can be taken along.
    for name in ("accounting", "differences", "fan-bill_rate"):
        with page.expect_download() as waiting:
            page.locator(f"#panel-{name}").get_by_role("button", name="as a picture").click()
        picture = waiting.value.path().read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert struct.unpack(">II", picture[16:24]) == (2400, 1440)
        assert waiting.value.suggested_filename == f"capflow-comparison-{name}.png"
    with page.expect_download() as waiting:
        page.locator("#panel-outcomes").get_by_role("link", name="CSV").click()
    rows = {row["outcome"]: row for row in csv.DictReader(waiting.value.path().read_text().splitlines())}
    assert float(rows["redeployed_usd_bn"]["difference"]) == pytest.approx(effect.mean)


@pytest.mark.slow
def test_another_question_hides_the_answer_to_the_last_one(page, served):
    _open(page, served, QUICK)
    if not page.locator(DONE).count():
        _run(page)
    page.wait_for_selector(DONE, timeout=SLOW)
    page.get_by_role("textbox", name="Base scenario of B").click()
    page.get_by_role("option", name="Zero rates").click()
    _until(page, "b.scenario", "zero-rates")
    page.wait_for_selector("#compare-status .empty")
    page.locator("#compare-result").wait_for(state="hidden")
    page.get_by_role("button", name="Swap A and B").click()
    _until(page, "a.scenario", "zero-rates")
    assert page.get_by_role("textbox", name="Base scenario of A").input_value() == "Zero rates"


@pytest.mark.slow
def test_levers_are_added_and_removed(page, served):
    _open(page, served, QUICK)
    _turn(page, "B", "Bill rate in the long run", "1")
    _until(page, "b.terminal_rate", "0.01")
    assert "1 percent a year" in page.inner_text("#side-b .chips")
    side = _side(page, "B")
    side.get_by_label("Turn a lever").click()
    page.get_by_role("option", name="Law that the largest issuer").click()
    side.get_by_label("to", exact=True).nth(1).click()
    page.get_by_role("option", name="genius").click()
    side.get_by_role("button", name="Add the lever").click()
    _until(page, "b.tether_regime", "genius")
    side.get_by_role("button", name="Remove bill rate").click()
    page.wait_for_function("() => !window.location.search.includes('terminal_rate')")
    assert _query(page)["b.tether_regime"] == "genius"
    # A value out of range cannot be typed: the field keeps to its ends.
    side.get_by_label("Turn a lever").click()
    page.get_by_role("option", name="Bill rate in the long run").click()
    field = side.get_by_label("to", exact=True).first
    field.fill("")
    field.press_sequentially("5000")
    assert field.input_value() == "5"


@pytest.mark.slow
def test_a_comparison_can_be_cancelled_and_started_again(page, served):
    _open(page, served, LONG)
    _run(page)
    page.wait_for_selector(".progress progress")
    page.wait_for_selector(".progress:has-text('histories done')", timeout=SLOW)
    # Another page, and everyone else who asks the same, sees the same.
    page.reload()
    page.wait_for_selector(".progress", timeout=SLOW)
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector("#compare-status :text('Cancelled')", timeout=SLOW)
    page.wait_for_timeout(1500)
    assert "Cancelled" in page.inner_text("#compare-status")
    _run(page)
    page.wait_for_selector(".progress")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector("#compare-status :text('Cancelled')", timeout=SLOW)


def test_what_cannot_be_run_is_told_in_words(page, served):
    _open(page, served, "b.scenario=lab-failure&runs=4&quarters=1")
    _run(page)
    page.wait_for_selector("#compare-status .alert")
    assert "2024Q1" in page.inner_text("#compare-status .alert")
    page.get_by_role("textbox", name="Base scenario of B").click()
    page.get_by_role("option", name="Run on", exact=False).first.click()
    page.wait_for_selector("#compare-status .alert:has-text('start in the same quarter')")
    page.goto(f"{served}/compare?a.terminal_rate=9")
    page.wait_for_selector("#page-problem")
    assert "terminal_rate" in page.inner_text("#page-problem")


@pytest.mark.slow
def test_a_narrow_page_is_as_wide_as_the_screen_and_shows_everything(narrow_page, served):
    _open(narrow_page, served, QUICK)
    if not narrow_page.locator(DONE).count():
        _run(narrow_page)
    narrow_page.wait_for_selector(DONE, timeout=SLOW)
    narrow_page.wait_for_timeout(500)
    assert narrow_page.evaluate("document.documentElement.scrollWidth") <= 390
    ends = "all => all.map(e => e.getBoundingClientRect().right)"
    assert max(narrow_page.eval_on_selector_all(".compare-graph", ends)) <= 390
    # No label of an outcome is cut off at the left.
    left = narrow_page.eval_on_selector_all(
        "#panel-differences .ytick text, #panel-accounting .ytick text",
        "all => all.map(e => e.getBoundingClientRect().left)",
    )
    assert min(left) >= 0
    # Nor does one lie upon the next.
    for name in ("differences", "accounting"):
        boxes = narrow_page.eval_on_selector_all(
            f"#panel-{name} .ytick text",
            "all => all.map(e => e.getBoundingClientRect()).map(box => [box.top, box.bottom])",
        )
        boxes.sort()
        assert all(after[0] >= before[1] - 1 for before, after in itertools.pairwise(boxes)), name


@pytest.mark.slow
def test_a_comparison_is_run_with_the_keyboard_alone(page, served):
    _open(page, served, "runs=4&quarters=2")
    page.get_by_label("Seed of the first pair").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("41")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "compare-run":
            break
    _until(page, "seed", "41")
    page.keyboard.press("Enter")
    page.wait_for_selector(DONE, timeout=SLOW)
    assert "seeds 41 to 44" in page.inner_text("#compare-words")
