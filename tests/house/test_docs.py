"""The documentation: every link leads somewhere, in the repository and on the site that is built from it."""

import re
import runpy
import subprocess
import sys
import tomllib
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.anchors import anchors_plugin
from myst_parser.slugs import github_slugify
from sphinx.util.inventory import InventoryFile

import sim

TOP = Path(__file__).parents[2]
DOCS = TOP / "docs"
READMES = [
    TOP / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md", "runs/README.md")
]
PAGES = [*READMES, *sorted(DOCS.rglob("*.md"))]
LISTS = (DOCS / "index.md", DOCS / "api/index.md")
MARKDOWN = MarkdownIt("commonmark").enable("table").use(anchors_plugin, max_level=4, slug_func=github_slugify)
NAVIGATION = ("index", "next", "prev", "search")
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text("utf8"))["project"]


def _named(path):
    return str(path.relative_to(TOP))


@cache
def _tokens(page):
    blocks = MARKDOWN.parse(page.read_text("utf8"))
    return [token for block in blocks for token in (block, *(block.children or []))]


def _links(page):
    found = (token.attrGet("href") or token.attrGet("src") for token in _tokens(page))
    return [link for link in found if link and not urlsplit(link).scheme]


def _anchors(page):
    return {token.attrGet("id") for token in _tokens(page) if token.type == "heading_open"}


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_relative_links_of_a_page_lead_to_files_and_headings(page):
    for link in _links(page):
        parts = urlsplit(link)
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        found = target.is_relative_to(TOP) and target.is_file()
        assert found, f"{_named(page)}: {link}: no such file (a folder is none)"
        if parts.fragment:
            assert parts.fragment in _anchors(target), f"{_named(page)}: {link}: no such heading"


def test_every_page_is_in_the_table_of_contents():
    listed = set(LISTS[:1])
    for page in LISTS:
        for block in re.findall(r"```\{toctree\}\n(.*?)```", page.read_text("utf8"), re.DOTALL):
            entries = [line.strip() for line in block.splitlines() if line.strip() and not line.startswith(":")]
            places = [re.sub(r"^.*<(.*)>$", r"\1", entry) for entry in entries]  # Title <place>
            listed |= {(page.parent / f"{place}.md").resolve() for place in places}
    for page in PAGES:
        assert page in listed, f"{_named(page)}: put it into a toctree of docs/index.md"


class Parts(HTMLParser):
    """What a built page links to, what it loads, and what can be linked to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loaded, self.anchors = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Collect."""
        found = dict(attributes)
        self.anchors.add(found.get("id"))
        if tag == "a" or (tag == "link" and found.get("rel") in NAVIGATION):
            self.links.append(found.get("href", ""))
        elif tag in ("link", "script", "img", "iframe", "source"):
            self.loaded.append(found.get("href") or found.get("src"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as `make docs` does; a warning is an error."""
    out = tmp_path_factory.mktemp("site")
    options = ["-q", "-W", "--keep-going", "-E", "-d", str(out / "doctrees"), "-c", "docs"]
    command = [sys.executable, "-m", "sphinx", *options, ".", str(out / "html")]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-6000:]
    return out / "html"


@pytest.fixture(scope="module")
def built(site):
    """Pages of the site, by their place in it."""
    return {path: Parts(path.read_text("utf8")) for path in site.rglob("*.html")}


@pytest.mark.slow
def test_links_of_the_site_lead_to_files_and_anchors(site, built):
    wrong = []
    for page, parts in built.items():
        for link in parts.links:
            address = urlsplit(link)
            if address.scheme:
                continue
            target = (page.parent / unquote(address.path)).resolve() if address.path else page
            anchor = unquote(address.fragment)
            if not target.is_file() or (anchor and target in built and anchor not in built[target].anchors):
                wrong.append(f"{page.relative_to(site)}: {link}")
    assert not wrong, wrong[:20]
    assert sum(len(parts.links) for parts in built.values()) > 1000


@pytest.mark.slow
def test_the_site_loads_nothing_from_elsewhere(site, built):
    for page, parts in built.items():
        for address in filter(None, parts.loaded):
            found = urlsplit(address)
            local = found.scheme == "data" or not (found.scheme or found.netloc)
            assert local, f"{page.relative_to(site)} loads {address}"
    for sheet in site.rglob("*.css"):
        outside = re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']*", sheet.read_text("utf8"))
        assert not outside, f"{sheet.relative_to(site)} loads {outside}"


@pytest.mark.slow
def test_the_reference_has_every_public_name_and_every_module_of_the_economy(site):
    known = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="").data
    names = {name for kind, objects in known.items() if kind.startswith("py:") for name in objects}
    assert {f"sim.{name}" for name in sim.__all__ if name != "__version__"} <= names
    files = (TOP / "sim/economy").rglob("[!_]*.py")
    modules = {".".join(path.relative_to(TOP).with_suffix("").parts) for path in files}
    assert modules <= names, f"not in docs/api: {modules - names}"


@pytest.mark.slow
def test_a_linked_file_is_a_page_of_the_site(site):
    """The model's page links to the baseline; the reader gets it, and not an address elsewhere."""
    shown = (site / "files/configs/baseline.toml.html").read_text("utf8")
    assert "terminal_rate" in shown
    assert 'href="../files/configs/baseline.toml.html"' in (site / "docs/model.html").read_text("utf8")


def test_the_picture_of_the_rooms_is_that_of_the_imports():
    """Where it is not: `python docs/_site/rooms.py` draws it again."""
    drawn = runpy.run_path(str(DOCS / "_site" / "rooms.py"))
    assert drawn["picture"]() == (DOCS / "images" / "rooms.svg").read_text("utf8")


def test_the_citation_agrees_with_the_project():
    cited = yaml.safe_load((TOP / "CITATION.cff").read_text("utf8"))
    assert cited["cff-version"] == "1.2.0"
    assert cited["title"] == PROJECT["name"]
    assert cited["version"] == sim.__version__
    assert cited["license"] == PROJECT["license"]
    assert cited["authors"] == [{"name": author["name"]} for author in PROJECT["authors"]]


def test_the_changelog_begins_with_the_version_of_the_project():
    first = re.search(r"^## \[([^]]+)\]", (TOP / "CHANGELOG.md").read_text("utf8"), re.MULTILINE)
    assert first[1] == sim.__version__
