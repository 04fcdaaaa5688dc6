"""The report: it stands alone, tells the story in order, and says nothing that the run does not."""

import base64
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from support.made_runs import known_runs
from support.sampling import sampled
from support.tiny import FROZEN

import sim
from sim.analysis.attribution import direct_uses, final_uses, headline
from sim.analysis.facts import facts_of
from sim.analysis.facts.rows import evidence_words, model_words
from sim.report.figures import FIGURES, save_all
from sim.report.run_page import MOST_EVENTS, write_report
from sim.scenario.load import load

MANIFEST = {
    "scenario": "baseline",
    "title": "Baseline",
    "about": "As observed.",
    "seed": 7,
    "quarters": 14,
    "opening": "2023Q4",
    "changes": {},
    "checks": {"total_cash": 2e-16, "something_new": 3e-8},
    "versions": {"python": "3.11.7", "numpy": "2.3.0"},
}
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """What is on a page: elements with their text, and whether every element is closed."""

    def __init__(self, source):
        super().__init__()
        self.open, self.elements, self.wrong = [], [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        element = SimpleNamespace(tag=tag, attrs=dict(attrs), text="", within=[e.tag for e in self.open])
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        if self.open and self.open[-1].tag == tag:
            self.open.pop()
        else:
            self.wrong.append(tag)

    def handle_data(self, text):
        for element in self.open:
            element.text += text

    def all(self, *tags):
        return [element for element in self.elements if element.tag in tags]

    def rows(self):
        """Cells of every row of every table."""
        rows, current = [], None
        for element in self.elements:
            if element.tag == "tr":
                current = []
                rows.append(current)
            elif element.tag in ("td", "th"):
                current.append(element)
        return rows


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return known_runs(tmp_path_factory)


@pytest.fixture(scope="module")
def written(runs, tmp_path_factory):
    """A function that writes the report of a run; without figures and facts unless they are asked for."""

    def write(kind="baseline", figures=False, facts=None, **manifest):
        folder = tmp_path_factory.mktemp("report")
        pictures = save_all(runs(kind), folder / "figures") if figures else []
        path = write_report(runs(kind), pictures, folder, {**MANIFEST, **manifest}, facts)
        assert path == folder / "report.html"
        return path.read_text(encoding="utf-8")

    return write


@pytest.fixture(scope="module")
def facts(runs):
    """The baseline's fourteen quarters beside the facts."""
    return facts_of(runs("baseline"), load(FROZEN))


@pytest.fixture(scope="module")
def page(written, facts):
    return Page(written(figures=True, facts=facts))


def test_the_page_is_well_formed(page):
    assert page.open == []
    assert page.wrong == []
    assert page.all("html")[0].attrs["lang"] == "en"
    assert [element.text for element in page.all("h1")] == ["Baseline"]


def test_the_page_needs_nothing_beside_it(page, written):
    assert not page.all("script", "link", "iframe", "object")
    for element in page.elements:
        for name, value in element.attrs.items():
            assert name not in ("onclick", "onload", "href", "srcset")
            assert name != "src" or value.startswith("data:image/png;base64,")
    style = page.all("style")[0].text
    assert "url(" not in style
    assert "@import" not in style
    assert "http" not in written()


def test_the_page_fits_phones_paper_and_dark_rooms(page):
    style = page.all("style")[0].text
    assert "@media print" in style
    assert "prefers-color-scheme: dark" in style
    viewport = next(e for e in page.all("meta") if e.attrs.get("name") == "viewport")
    assert "width=device-width" in viewport.attrs["content"]
    # Whatever is wider than a phone scrolls inside a box of its own.
    boxes = {e.attrs.get("class"): e for e in page.all("div")}
    assert {"sheet", "table"} <= set(boxes)
    assert all("div" in element.within for element in page.all("img", "table"))


def test_every_picture_is_in_the_page_and_described(page, runs, tmp_path):
    images = page.all("img")
    assert len(images) == len(FIGURES)
    for image, path in zip(images, save_all(runs("baseline"), tmp_path), strict=True):
        assert len(image.attrs["alt"]) > 40
        assert base64.b64decode(image.attrs["src"].partition(",")[2]) == path.read_bytes()
    assert [e.attrs["id"] for e in page.all("figure")] == list(FIGURES)


def test_the_story_is_told_in_order(page):
    headings = [element.text for element in page.all("h2")]
    assert headings == [
        "Where the interest went",
        "Who paid whom",
        "The issuers",
        "How safe the coins were",
        "The labs",
        "The GPUs",
        "Whose money bought the GPUs",
        "Whose failure would hurt whom",
        "The model against the data",
        "Does it match the world?",
        "Balance sheets at the end",
        "What happened",
        "Checks of the books",
        "What this run assumes",
    ]


def test_the_headline_numbers_are_those_of_the_run(page, runs):
    numbers = headline(runs("baseline"))
    lead = next(e for e in page.all("p") if e.attrs.get("class") == "lead").text
    assert f"{numbers['gpus_funded_by_interest']:,.0f} GPUs" in lead
    assert f"USD {numbers['interest_usd_bn']:.1f} bn" in lead
    assert "From 2024Q1 to 2027Q2" in lead
    assert ("no company had failed" in lead) == (numbers["failures"] == 0.0)


def test_inputs_are_not_presented_as_results(page):
    told = " ".join(element.text for element in page.all("p", "figcaption"))
    for word in ("come out of the model", "What goes in", "calibrated", "not cause"):
        assert word in told


def fact_rows(page):
    """Label and unit of each fact -> the head of the column with the model's number, and the fact's cells."""
    found, head = {}, ""
    for row in page.rows():
        if row[0].text == "Fact":
            head = row[4].text
        elif len(row) == 6 and row[1].text in ("input", "calibrated", "emergent"):
            assert row[0].text not in found, "a fact stands in one table"
            found[row[0].text] = (head, [cell.text for cell in row[1:]])
    return found


def test_every_fact_stands_beside_the_history(page, facts):
    told = fact_rows(page)
    rows = (*facts.rows, *facts.stylised)
    assert len(told) == len(rows) >= 37
    for row in rows:
        _, cells = told[f"{row.label} {row.unit}{row.disagreement or ''}"]
        assert cells == [row.kind, row.article_says, evidence_words(row), model_words(row), row.verdict], row.id
    apart = [row for row in facts.rows if row.disagreement is not None]
    assert len(apart) >= 3
    assert any(row.ok is True for row in rows)
    assert any(row.ok is False for row in rows)
    words = " ".join(element.text for element in page.all("p"))
    assert facts.words in words
    for word in ("one draw of chance", "capflow validate", "90 percent interval"):
        assert word in words


def test_what_is_fed_in_never_stands_among_results(page, facts):
    told = fact_rows(page)
    kinds = {head: {cells[0] for other, cells in told.values() if other == head} for head, _ in told.values()}
    assert kinds == {"This history": {"calibrated", "emergent"}, "Fed in": {"input"}}
    headings = [element.text for element in page.all("h3")]
    assert headings.index("Stylised facts") < headings.index("What was fed in, and is no result")
    for head, cells in told.values():
        assert cells[-1].startswith("input") == (head == "Fed in")


def test_facts_are_cards_on_a_telephone(page):
    """Every cell of a table that is stacked there carries the head of its column."""
    style = page.all("style")[0].text
    assert "attr(data-label)" in style[style.index("max-width: 34rem") :]
    assert sum(element.attrs.get("class") == "stacked" for element in page.all("table")) == 3
    heads = None
    for row in page.rows():
        if row[0].tag == "th":
            heads = [cell.text for cell in row]
        elif heads[0] == "Fact":
            assert [cell.attrs.get("data-label") for cell in row] == [None, *heads[1:]]


def test_a_run_that_lacks_agents_or_quarters_says_so_row_by_row(tmp_path, monkeypatch):
    """The whole way: the report of `sim.run`, here without pictures, has the facts of what was run."""
    monkeypatch.setattr("sim.report.figures.save_all", lambda *_: [])
    stranger = tmp_path / "stranger.toml"
    stranger.write_text('extends = "baseline"\n[issuers.tether]\nname = "Another Coin"\n', encoding="utf-8")
    run = sim.run(stranger, quarters=2, changes={"ventures.blackrock.milestones": 10.0}, out=tmp_path / "run")
    page = Page((run.path / "report.html").read_text(encoding="utf-8"))
    assert page.open == []
    told = {label: cells for label, (_, cells) in fact_rows(page).items()}
    wanted = facts_of(run)
    assert len(told) == len(wanted.rows) + len(wanted.stylised)
    for row in (*wanted.rows, *wanted.stylised):
        cells = next(cells for label, cells in told.items() if label.startswith(f"{row.label} "))
        assert cells[3:] == [model_words(row), row.verdict]
    missing = next(cells for label, cells in told.items() if label.startswith("Tether: tokens outstanding"))
    assert missing[3:] == ["none", "the scenario has no Tether among its issuers"]
    fed = next(cells for label, cells in told.items() if label.startswith("Blackrock Neurotech: share"))
    assert fed[3] == f"{100.0 * 10.0 / 14.0:.1f}"
    early = next(cells for label, cells in told.items() if label.startswith("OpenAI: revenue of 2024"))
    assert early[3:] == ["none", "the history ends in 2024Q2, before 2024Q4"]


def test_a_mistake_in_the_facts_is_told_before_the_history_runs(tmp_path, monkeypatch):
    broken = tmp_path / "facts.toml"
    broken.write_text("[rule]\nmargin = 0.05\n", encoding="utf-8")
    monkeypatch.setattr("sim.analysis.facts.schema.FACTS", broken)
    monkeypatch.setattr("sim.experiments.run._write_history", lambda *_: pytest.fail("the history ran"))
    with pytest.raises(sim.ScenarioError, match=r"facts\.toml"):
        sim.run("baseline", quarters=1, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_tables_of_uses_have_every_dollar(page, runs):
    run = runs("baseline")
    rows = {row[0].text: row for row in page.rows() if len(row) == 3}
    for table in (direct_uses(run), final_uses(run)):
        for use in table[table["usd_bn"] > 0.001].itertuples():
            label = use.label[:1].upper() + use.label[1:]
            assert rows[label][1].text == f"{use.usd_bn:,.3f}"
    assert rows["Interest earned"][1].text == f"{headline(run)['interest_usd_bn']:,.3f}"


def test_numbers_stand_to_the_right_under_their_unit(page):
    header = None
    for row in page.rows():
        if row[0].tag == "th":
            header = row
            continue
        for head, cell in zip(header, row, strict=True):
            is_number = cell.text.strip("%\N{MINUS SIGN}<").replace(",", "").replace(".", "").isdigit()
            assert not is_number or cell.attrs.get("class") == "number"
            assert cell.attrs.get("class") == head.attrs.get("class")
    assert all(e.attrs["scope"] == "col" for e in page.all("th"))


@pytest.mark.parametrize("count", [0, 1, MOST_EVENTS, MOST_EVENTS + 7])
def test_events_are_listed_up_to_a_limit(runs, tmp_path, count):
    real = runs("one quarter")
    events = [{"quarter": "2024Q1", "kind": "round", "agent": "A", "text": f"Event {n}."} for n in range(count)]
    tables = {name: getattr(real, name) for name in ("series", "agents", "flows", "exposures")}
    run = SimpleNamespace(**tables, events=events)
    page = Page(write_report(run, [], tmp_path, {}).read_text(encoding="utf-8"))
    listed = [row[1].text for row in page.rows() if row[0].text == "2024Q1"]
    assert listed == [event["text"] for event in events[:MOST_EVENTS]]
    told = " ".join(element.text for element in page.all("p"))
    assert ("And 7 more" in told) == (count > MOST_EVENTS)
    assert ("No deal, round or failure" in told) == (count == 0)


def test_checks_show_what_holds_and_what_does_not(page):
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in page.rows() if len(row) == 3}
    assert rows["No dollar appears or vanishes"] == ["2.0e-16", "holds"]
    assert rows["something new"] == ["3.0e-08", "violated"]


def test_changes_are_shown_beside_the_baseline(written):
    assert "The assumptions are those of the baseline" in written()
    changes = {
        "environment.terminal_rate": {"from": 0.03, "to": 0.01},
        "history.until": {"from": "2026Q2", "to": None},
        "tail.labs": 10,
    }
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in Page(written(changes=changes)).rows()}
    assert rows["environment.terminal_rate"] == ["0.03", "0.01"]
    assert rows["history.until"] == ["2026Q2", "none"]
    assert rows["tail.labs"] == ["none", "10"]


def test_seed_and_versions_are_told(written):
    page = Page(written())
    facts = {name.text: value.text for name, value in zip(page.all("dt"), page.all("dd"), strict=True)}
    assert facts["Seed"] == "7"
    assert facts["numpy"] == "2.3.0"


def test_names_cannot_break_the_page(written):
    nasty = "<script>alert(1)</script> & \"'"
    page = Page(written(title=nasty, about=nasty, changes={nasty: {"from": nasty, "to": nasty}}))
    assert not page.all("script")
    assert page.open == []
    assert page.all("h1")[0].text == nasty


REPORTED = ["one quarter", "many agents", "no redeployment", "no interest", "failures"]


@pytest.mark.parametrize("kind", sampled(REPORTED, ["one quarter", "failures"]))
def test_every_run_can_be_reported(written, runs, kind):
    page = Page(written(kind, facts=facts_of(runs(kind), load(FROZEN))))
    assert page.open == []
    assert "nan" not in " ".join(element.text for element in page.all("td", "p")).lower().replace("finance", "")


def test_a_run_without_a_manifest_can_be_reported(runs, tmp_path):
    source = write_report(runs("one quarter"), [], tmp_path, {}).read_text(encoding="utf-8")
    assert "A run" in source
    assert "Checks of the books" not in source


def test_the_same_run_gives_the_same_page(written):
    assert written() == written()
