"""The live page in a real browser: levers, scrubbing, links, downloads, agents, narrow screens."""

import csv
import json
import re

import pytest
from support.sampling import sampled

READY = "#cards .card"
SLOW = 60_000
"""Milliseconds for a history on a machine that is busy with other tests."""


def _open(page, address):
    page.goto(address)
    page.wait_for_selector(READY, timeout=SLOW)


def _card(page, name):
    return page.inner_text(f"#card-{name} .card-value")


def _set(page, lever, text):
    """Type a value for a lever, opening its group where needed."""
    field = page.locator(f"""[id='{{"lever":"{lever}","part":"input"}}']""")
    if not field.is_visible():
        item = page.locator(".lever-group", has=field)
        item.locator("button").first.click()
        field.wait_for(state="visible")
    field.fill(text)
    field.press("Tab")


def _query(page):
    return page.evaluate("window.location.search")


def test_the_first_page_tells_how_many_gpus_interest_paid_for(page, served):
    _open(page, served)
    assert page.inner_text("h1") == "Baseline"
    assert page.inner_text("#live-label") == "2030Q4"
    assert _card(page, "gpus_usd_bn").startswith("USD")
    note = page.inner_text("#card-gpus_usd_bn .card-note")
    assert re.match(r"[\d,]+ GPUs, [\d.]+% of all spending on GPUs", note)
    assert page.inner_text("#card-first .card-value") == "none"
    assert page.title() == "Baseline · capflow"


def test_a_lever_changes_the_world_the_marks_the_address_and_the_difference(page, served):
    _open(page, served)
    before = _card(page, "interest")
    _set(page, "terminal_rate", "1")
    page.wait_for_selector("#card-interest .card-against", timeout=SLOW)
    assert _card(page, "interest") != before
    assert page.inner_text("#card-interest .card-against").startswith("\N{MINUS SIGN}USD")
    assert page.inner_text("#turned-count") == "1 changed"
    assert "terminal_rate=0.01" in _query(page)
    page.locator("""[id='{"lever":"terminal_rate","part":"reset"}']""").click()
    page.wait_for_function(f"() => document.querySelector('#card-interest .card-value').innerText === '{before}'")
    assert "terminal_rate" not in _query(page)
    assert page.inner_text("#turned-count") == ""


@pytest.mark.slow
def test_the_slider_moves_with_the_keyboard(page, served):
    _open(page, served)
    thumb = page.locator("""[id='{"lever":"terminal_rate","part":"slider"}'] [role=slider]""")
    thumb.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => window.location.search.includes('terminal_rate=0.0303')", timeout=SLOW)
    assert page.input_value("""[id='{"lever":"terminal_rate","part":"input"}']""") == "3.03"


@pytest.mark.slow
def test_the_law_of_the_largest_issuer_can_be_chosen_and_reset(page, served):
    _open(page, f"{served}/?tether_regime=genius")
    assert page.inner_text("#turned-count") == "1 changed"
    page.locator("""[id='{"lever":"tether_regime","part":"reset"}']""").click()
    page.wait_for_function("() => !window.location.search.includes('tether_regime')", timeout=SLOW)


@pytest.mark.slow
def test_another_scenario_brings_its_own_levers(page, served):
    _open(page, f"{served}/?terminal_rate=0.01&seed=3")
    page.click("#scenario")
    page.get_by_role("option", name="Perfect storm").click()
    page.wait_for_function("() => document.querySelector('h1').innerText === 'Perfect storm'", timeout=SLOW)
    assert "terminal_rate" not in _query(page)
    failed = page.request.get(f"{served}/api/world?scenario=perfect-storm").json()["first_failures"]
    assert page.inner_text("#card-first .card-value").startswith(failed[0]["agent"])
    assert failed[0]["quarter"] in page.inner_text("#card-first .card-note")


@pytest.mark.slow
def test_a_link_shows_the_same_world_and_quarter_again(page, served, browser):
    _open(page, f"{served}/?scenario=fast-cuts&seed=4&payout_ratio=0.2&quarter=2026Q2")
    assert page.inner_text("#live-label") == "2026Q2"
    shown = {name: _card(page, name) for name in ("interest", "redeployed", "tokens")}
    link = page.evaluate("window.location.href")
    other = browser.new_context().new_page()
    _open(other, link)
    assert other.inner_text("#live-label") == "2026Q2"
    assert {name: _card(other, name) for name in shown} == shown
    other.context.close()


def test_playing_stepping_and_scrubbing_ask_the_server_nothing(page, served):
    _open(page, f"{served}/?quarter=2024Q2")
    page.wait_for_load_state("networkidle")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    shown = [_card(page, "interest")]
    page.get_by_label("One quarter on").click()
    page.wait_for_function("() => document.querySelector('#live-label').innerText === '2024Q3'")
    shown.append(_card(page, "interest"))
    page.get_by_label("Play or pause").click()
    page.wait_for_function("() => document.querySelector('#live-label').innerText >= '2025Q1'", timeout=SLOW)
    page.get_by_label("Play or pause").click()
    shown.append(_card(page, "interest"))
    page.get_by_label("To the opening").click()
    page.wait_for_function("() => document.querySelector('#live-label').innerText === '2023Q4'")
    assert _card(page, "interest") == "USD 0 bn"
    assert "Nothing so far" in page.inner_text("#events")
    page.get_by_label("Quarter", exact=True).focus()
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelector('#live-label').innerText === '2030Q4'")
    assert len(set(shown)) == 3
    assert [url for url in asked if not url.startswith(("data:", "blob:")) and "favicon" not in url] == []


@pytest.mark.slow
def test_the_pictures_are_drawn(page, served):
    _open(page, served)
    page.wait_for_selector("#flow .sankey-node")
    assert page.locator("#flow .sankey-node").count() > 8
    charts = page.locator(".charts .panel")
    assert charts.count() == 12
    page.wait_for_function("() => document.querySelectorAll('.charts .scatterlayer .trace').length > 20")
    drawn = page.evaluate("document.querySelector('#network').children.length")
    assert drawn > 0
    page.get_by_text("The AI part, at any remove").click()
    page.wait_for_function("() => document.querySelector('#flow').innerText.includes('via')")


@pytest.mark.parametrize("name", sampled(["network", "flow", "chart-tokens"], ["flow"]))
def test_a_picture_is_downloaded(page, served, name):
    _open(page, f"{served}/?quarter=2027Q1")
    page.wait_for_selector("#flow .sankey-node")
    with page.expect_download(timeout=SLOW) as found:
        page.locator(f"[data-picture='{name}']").click()
    assert found.value.suggested_filename == f"capflow-baseline-{name}-2027Q1.png"
    content = found.value.path().read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 20_000


@pytest.mark.slow
def test_data_are_downloaded_for_the_world_that_is_shown(page, served):
    _open(page, f"{served}/?scenario=zero-rates")
    with page.expect_download(timeout=SLOW) as found:
        page.locator("#panel-flow a.download").first.click()
    rows = list(csv.DictReader(found.value.path().read_text().splitlines()))
    assert rows
    assert found.value.suggested_filename == "capflow-zero-rates-uses.csv"


@pytest.mark.slow
def test_an_agent_has_a_page_of_its_own(page, served):
    _open(page, f"{served}/?scenario=fast-cuts&quarter=2026Q1")
    page.locator("#agent-links a", has_text="Tether").click()
    page.wait_for_selector("#agent-sheet table", timeout=SLOW)
    assert page.inner_text("h1") == "Tether"
    assert page.inner_text("#agent-label") == "2026Q1"
    assert "Net worth" in page.inner_text("#agent-sheet")
    assert "interest on Treasury bills" in page.inner_text("#agent-received")
    page.wait_for_selector("#agent-history .scatterlayer .trace")
    worth = page.inner_text("#agent-sheet tr:last-child td:last-child")
    page.get_by_label("To the opening").click()
    last = "document.querySelector('#agent-sheet tr:last-child td:last-child')"
    page.wait_for_function(f"() => {last}.innerText !== '{worth}'")
    assert "quarter=2023Q4" in _query(page)
    page.get_by_text("Back to the network").click()
    page.wait_for_selector(READY, timeout=SLOW)
    assert page.inner_text("#live-label") == "2023Q4"


@pytest.mark.slow
def test_a_click_on_a_node_opens_its_agent(page, served):
    _open(page, served)
    page.wait_for_selector("#flow .sankey-node")
    page.wait_for_function("() => document.querySelectorAll('.charts .scatterlayer .trace').length > 20")
    page.evaluate("() => document.querySelector('#network').scrollIntoView({block: 'center'})")
    page.wait_for_timeout(500)
    place = page.evaluate(
        """() => {
            const graph = document.querySelector('#network')._cyreg.cy;
            const at = graph.getElementById('labs/OpenAI').renderedPosition();
            const box = document.querySelector('#network').getBoundingClientRect();
            return [box.x + at.x, box.y + at.y];
        }"""
    )
    page.mouse.move(*place)
    told = "() => document.querySelector('#network-hover').innerText.startsWith('OpenAI at the end of')"
    page.wait_for_function(told)
    page.mouse.click(*place)
    page.wait_for_selector("#agent-sheet table", timeout=SLOW)
    assert page.inner_text("h1") == "OpenAI"


@pytest.mark.slow
def test_a_wrong_address_is_told_in_one_line_with_a_way_out(page, served):
    page.goto(f"{served}/?scenario=../../etc/passwd")
    page.wait_for_selector("#page-problem")
    assert "unknown scenario" in page.inner_text("#page-problem")
    page.get_by_text("Start again from the baseline").click()
    page.wait_for_selector(READY, timeout=SLOW)


def test_a_page_that_does_not_exist_says_so(page, served):
    page.goto(f"{served}/nothing-here")
    page.wait_for_selector("#page-problem")
    assert "no such page" in page.inner_text("#page-problem")


@pytest.mark.slow
def test_a_number_out_of_range_becomes_the_nearest_that_is_allowed_and_is_never_sent(page, served):
    _open(page, served)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    _set(page, "terminal_rate", "55")
    page.wait_for_function("() => window.location.search.includes('terminal_rate=0.1')", timeout=SLOW)
    assert page.input_value("""[id='{"lever":"terminal_rate","part":"input"}']""") == "10"
    worlds = [url for url in asked if "/api/world" in url]
    assert worlds
    assert not any("terminal_rate=0.55" in url for url in worlds)


@pytest.mark.slow
def test_a_server_that_is_gone_is_told_in_words(page, served):
    _open(page, served)
    page.route("**/api/world**", lambda route: route.abort())
    _set(page, "terminal_rate", "2")
    page.wait_for_selector("#live-problem .alert")
    assert "does not answer" in page.inner_text("#live-problem")


@pytest.mark.slow
def test_a_history_that_fails_says_why(page, served):
    _open(page, served)
    told = {"error": "this history cannot be used: identity total_cash is violated"}
    answer = {"status": 422, "body": json.dumps(told), "content_type": "application/json"}
    page.route("**/api/world**", lambda route: route.fulfill(**answer))
    _set(page, "terminal_rate", "2")
    page.wait_for_selector("#live-problem .alert")
    assert "total_cash is violated" in page.inner_text("#live-problem")


@pytest.mark.parametrize("path", sampled(["/", "/about", "/agent?agent=labs/OpenAI"], ["/"]))
def test_nothing_is_cut_off_on_a_telephone(narrow_page, served, path):
    narrow_page.goto(f"{served}{path}")
    narrow_page.wait_for_selector(f"{READY}, article h2, #agent-sheet table", timeout=SLOW)
    narrow_page.wait_for_timeout(500)
    assert narrow_page.evaluate("document.documentElement.scrollWidth") <= 390
    if path == "/":
        assert not narrow_page.locator("#scenario").is_visible()
        narrow_page.locator("#levers summary").click()
        narrow_page.locator("#scenario").wait_for(state="visible")


@pytest.mark.slow
def test_every_control_has_a_name(page, served):
    _open(page, served)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input:not([type=hidden]), select, a[href], [role=slider]')]
            .filter((e) => e.tabIndex >= 0)
            .filter((e) => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.innerText
                || e.textContent || (e.labels && e.labels.length) || e.getAttribute('title')))
            .map((e) => e.outerHTML.slice(0, 160))"""
    )
    assert nameless == []
