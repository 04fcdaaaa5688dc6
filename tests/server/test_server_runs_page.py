"""The page of runs and sweeps in a real browser, on a real server."""

import csv
import io
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect
from support.browser import NARROW, opened, serving
from support.sampling import sampled
from support.shelves import fill

from sim.experiments.sweep import Sweep

COMPUTED = 60_000
"""Milliseconds given to a history on a busy machine that still compiles."""
DRAWN = ".js-plotly-plot .main-svg"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    folder = fill(tmp_path_factory.mktemp("shelf"), figures=True)
    (folder / "runs" / "torn").mkdir()
    (folder / "runs" / "torn" / "manifest.json").write_text("{")
    return folder


@pytest.fixture(scope="module")
def site(shelf):
    with serving(cwd=shelf) as address:
        yield address


@pytest.fixture
def wide(browser, site):
    with opened(browser, site) as page:
        yield page


@pytest.fixture
def narrow(browser, site):
    with opened(browser, site, NARROW, has_touch=True, is_mobile=True) as page:
        yield page


def _said(page):
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def _downloaded(page, act):
    with page.expect_download() as told:
        act()
    return told.value


def _drawn(page, name):
    page.wait_for_selector(f"#panel-{name} {DRAWN}")
    page.wait_for_function(
        "name => { const plot = document.querySelector(`#panel-${name} .js-plotly-plot`); "
        "return plot && plot.data && plot.data.length > 0; }",
        arg=name,
    )


def _axis(page, name, which, word):
    """Wait until an axis of a picture is called something."""
    page.wait_for_function(
        "([name, which, word]) => "
        "document.querySelector(`#panel-${name} .js-plotly-plot`).layout[which].title.text.startsWith(word)",
        arg=[name, which, word],
    )


def _overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def _choose(page, select, label):
    page.click(f"#runs-{select}")
    page.get_by_role("option", name=label, exact=True).click()


def test_the_empty_state_says_what_to_do(page, served):
    page.goto(f"{served}/runs")
    assert "capflow run baseline" in page.text_content("#runs-empty")
    assert "capflow sweep rates" in page.text_content("#runs-empty")


def test_a_run_is_opened_from_the_list_and_its_files_downloaded(wide, site, shelf):
    wide.goto(f"{site}/")
    wide.click("header nav a:has-text('Runs')")
    rows = wide.locator("#runs-list tbody tr")
    rows.first.wait_for()
    assert rows.count() == 5
    assert "not a run folder" in wide.text_content("#runs-list tr.broken")
    wide.click("#runs-list a:has-text('small')")
    assert "Interest earned by issuers" in wide.text_content("#runs-cards")
    picture = wide.locator("#panel-issuers img")
    picture.scroll_into_view_if_needed()
    wide.wait_for_function("() => document.querySelector('#panel-issuers img').naturalWidth > 600")
    got = _downloaded(wide, lambda: wide.click("#runs-files a:has-text('series.parquet')"))
    assert got.path().read_bytes() == (shelf / "runs" / "small" / "series.parquet").read_bytes()
    got = _downloaded(wide, lambda: wide.click("#panel-issuers a:has-text('CSV')"))
    assert "agent" in got.path().read_text().splitlines()[0]
    got = _downloaded(wide, lambda: wide.click("#panel-issuers a:has-text('PNG')"))
    assert got.path().read_bytes() == (shelf / "runs" / "small" / "figures" / "issuers.png").read_bytes()


@pytest.mark.slow
def test_a_report_opens_with_its_pictures(wide, site, browser):
    wide.goto(f"{site}/runs?run=small")
    with wide.context.expect_page() as told:
        wide.click("#runs-report")
    report = told.value
    report.wait_for_load_state()
    assert report.locator("img").first.evaluate("picture => picture.naturalWidth") > 600
    assert report.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != "none"


@pytest.mark.slow
def test_a_run_is_shown_live_where_it_ended(wide, site):
    wide.goto(f"{site}/runs?run=small")
    wide.click("#runs-live")
    expect(wide.locator(".quarter-label")).to_have_text("2024Q2", timeout=COMPUTED)
    assert _said(wide)["terminal_rate"] == "0.01"


@pytest.mark.slow
def test_a_comparison_shows_its_differences(wide, site):
    wide.goto(f"{site}/runs?run=pair")
    wide.wait_for_selector("#runs-differences")
    assert "Interest earned by issuers" in wide.text_content("#runs-differences")
    got = _downloaded(wide, lambda: wide.click("a[aria-label='Download the differences as CSV']"))
    assert got.path().read_text().startswith("outcome,label,unit,mean_a")
    assert wide.get_attribute("#runs-live-b", "href").startswith("/?scenario=zero-rates")


@pytest.mark.slow
def test_a_sweep_is_explored_and_its_address_holds_the_choices(wide, site, shelf):
    wide.goto(f"{site}/runs")
    wide.click("#runs-list a:has-text('laws')")
    for name in ("map", "effects", "distribution", "fan"):
        _drawn(wide, name)
    assert _said(wide)["x"] == "terminal_rate"
    _choose(wide, "outcome", "Interest earned by issuers, USD bn")
    expect(wide.locator(".runs-highest h3")).to_contain_text("Interest earned")
    _choose(wide, "x", "Law that the largest issuer is under")
    _axis(wide, "map", "xaxis", "Law")
    _choose(wide, "series", "Bill rate, percent a year")
    _axis(wide, "fan", "yaxis", "Bill")
    said = _said(wide)
    wanted = {"sweep": "laws", "x": "tether_regime", "y": "terminal_rate", "outcome": "interest_usd_bn",
              "series": "bill_rate"}  # fmt: skip
    assert said == wanted
    seen = wide.evaluate("document.querySelector('#panel-map .js-plotly-plot').data[0].z")
    by_hand = Sweep.open(shelf / "runs" / "laws").query(
        "SELECT avg(interest_usd_bn) AS mean FROM runs GROUP BY terminal_rate, tether_regime "
        "ORDER BY terminal_rate, tether_regime"
    )
    assert [number for row in seen for number in row] == pytest.approx(by_hand["mean"].tolist(), rel=1e-9)
    wide.goto(wide.url)
    _drawn(wide, "map")
    assert wide.input_value("#runs-x") == "Law that the largest issuer is under"
    assert _said(wide) == wanted


@pytest.mark.slow
def test_the_same_lever_is_never_on_both_sides(wide, site):
    wide.goto(f"{site}/runs?sweep=laws")
    _drawn(wide, "map")
    _choose(wide, "y", "Bill rate in the long run, percent a year")
    wide.wait_for_function("() => new URLSearchParams(location.search).get('y') === 'terminal_rate'")
    assert _said(wide)["x"] == "tether_regime"
    assert wide.input_value("#runs-x") == "Law that the largest issuer is under"


@pytest.mark.slow
def test_pictures_of_a_sweep_are_downloaded_as_png_and_csv(wide, site):
    wide.goto(f"{site}/runs?sweep=laws&outcome=interest_usd_bn")
    for name in ("map", "effects", "distribution", "fan"):
        _drawn(wide, name)
        got = _downloaded(wide, lambda name=name: wide.click(f"#panel-{name} button:has-text('PNG')"))
        assert got.suggested_filename == f"capflow-laws-{name}.png"
        picture = got.path().read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert int.from_bytes(picture[16:20]) == 2400
        got = _downloaded(wide, lambda name=name: wide.click(f"#panel-{name} a:has-text('CSV')"))
        assert list(csv.DictReader(io.StringIO(got.path().read_text())))
    got = _downloaded(wide, lambda: wide.click("#panel-cases a:has-text('CSV')"))
    assert len(got.path().read_text().splitlines()) == 21


@pytest.mark.slow
def test_a_worst_case_is_opened_as_a_live_history(wide, site, shelf):
    wide.goto(f"{site}/runs?sweep=laws&outcome=interest_usd_bn")
    wide.wait_for_selector(".runs-lowest .runs-open")
    first = wide.locator(".runs-lowest tbody tr").first
    seed = first.locator("td").nth(4).text_content()
    first.locator(".runs-open").click()
    expect(wide.locator(".quarter-label")).to_have_text("2024Q2", timeout=COMPUTED)
    said = _said(wide)
    assert said["scenario"] == "baseline"
    assert said["seed"] == seed
    assert said["quarter"] == "2024Q2"
    design = json.loads((shelf / "runs" / "laws" / "design.json").read_text())
    assert float(said["terminal_rate"]) in design["vary"][0]["values"]
    assert f"seed {seed}" in wide.text_content("#live-subtitle")


def test_an_ensemble_has_its_fan_and_no_levers(wide, site):
    wide.goto(f"{site}/runs?run=three")
    _drawn(wide, "fan")
    _drawn(wide, "distribution")
    assert wide.locator("#panel-map").count() == 0
    assert not wide.is_visible("#runs-x")
    assert _said(wide)["sweep"] == "three"


WRONG = ["run=nothing", "run=..%2f..", "sweep=small", "run=torn", "sweep=laws&x=1", "z=1"]


@pytest.mark.parametrize("asked", sampled(WRONG, ["run=torn"]))
def test_a_wrong_address_is_told_in_a_line(wide, site, asked):
    wide.goto(f"{site}/runs?{asked}")
    wide.wait_for_selector("#page-problem")
    told = wide.inner_text("#page-problem").splitlines()
    assert told[0] == "That did not work"
    assert len([line for line in told[1:] if line]) == 1
    wide.click("a.offer")
    wide.wait_for_selector("#runs-list")


@pytest.mark.slow
def test_everything_fits_a_telephone(narrow, site):
    for query, wanted in (("", "#runs-list"), ("?run=small", "#runs-cards"), ("?sweep=laws", ".runs-open"),
                          ("?run=pair", "#runs-differences")):  # fmt: skip
        narrow.goto(f"{site}/runs{query}")
        narrow.wait_for_selector(wanted)
        assert _overflow(narrow) <= 0, query
    narrow.goto(f"{site}/runs?sweep=laws")
    for name in ("map", "effects", "distribution", "fan"):
        _drawn(narrow, name)
    assert _overflow(narrow) <= 0


@pytest.mark.slow
def test_the_keyboard_reaches_what_the_mouse_does(wide, site):
    wide.goto(f"{site}/runs?sweep=laws")
    _drawn(wide, "map")
    wide.focus("#runs-outcome")
    wide.keyboard.press("Control+A")
    wide.keyboard.type("Dividends")
    wide.keyboard.press("ArrowDown")
    wide.keyboard.press("Enter")
    wide.wait_for_function("() => new URLSearchParams(location.search).get('outcome') === 'dividends_usd_bn'")
    wide.wait_for_selector(".runs-open")
    wide.focus(".runs-highest .runs-open >> nth=0")
    wide.keyboard.press("Enter")
    wide.wait_for_selector("#cards .card")
    assert wide.locator("#cards .card").count() > 1
