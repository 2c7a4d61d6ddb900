"""The main path through the pages in a real Firefox, driven over WebDriver BiDi."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.extension import firefox
from tests.extension.browser import until
from tests.extension.firefox import Firefox, Tab
from tests.server.web.pages.material import LANTERN, LISTED, key
from tests.server.web.pages.site import Site

pytestmark = pytest.mark.browser
COUNT = "document.querySelector('.over .count')?.textContent.match(/\\d+/)[0]"


@pytest.fixture(scope="module")
def shared_reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox.browsing(None, tmp_path_factory.mktemp("firefox") / "profile") as running:
        yield running


@pytest.fixture(scope="module")
def signed_in(shared_reader: Firefox, site: Site) -> Tab:
    """The reading list, opened by a link that `papermargin sign-in` printed."""
    command = ["sign-in", "--db", str(site.store.db), "--port", site.url.rpartition(":")[2]]
    printed = subprocess.run(
        [sys.executable, "-m", "server", *command], check=True, capture_output=True, text=True
    )
    tab = shared_reader.open(printed.stdout.split()[0])
    tab.click("form[action='/sign-in'] button")
    tab.until("location.pathname === '/' && document.readyState === 'complete'")
    return tab


@pytest.fixture
def user(shared_reader: Firefox, signed_in: Tab) -> Iterator[Firefox]:
    """A signed-in Firefox; errors in its pages fail the test."""
    signed_in.show()
    yield shared_reader
    assert shared_reader.do("troubles") == []


def visit(user: Firefox, site: Site, path: str) -> Tab:
    tab = user.open(site.url + path)
    tab.until("document.readyState === 'complete' && window.htmx")
    tab.show()
    return tab


def test_the_link_that_the_server_prints_leads_to_the_list(user: Firefox, signed_in: Tab) -> None:
    assert signed_in.evaluate(COUNT) == str(LISTED)
    assert signed_in.evaluate("document.querySelectorAll('.paper').length") == 50
    signed_in.until(f"document.querySelector('.paper[data-key=\"{LANTERN}\"] h3 .katex')")


def test_a_search_narrows_the_list(user: Firefox, site: Site) -> None:
    tab = visit(user, site, "/")
    tab.click("#q")
    tab.type("evening has:code status:reading")
    tab.press("Enter")
    tab.until(f"{COUNT} === '4'")
    assert tab.evaluate("document.querySelectorAll('.paper').length") == 4
    assert tab.evaluate("document.querySelector('.passage mark').textContent") == "evening"


def test_a_status_changes_in_place_and_stays(user: Firefox, site: Site) -> None:
    tab = visit(user, site, f"/?q=key:{key(255)}")
    tab.evaluate("document.querySelector('#papers select.status').focus()")
    tab.press("s")
    tab.until("document.querySelector('#papers select.status').dataset.status === 'skipped'")
    tab.reload()
    assert tab.evaluate("document.querySelector('#papers select.status').value") == "skipped"
    assert site.call("GET", f"/api/v1/papers/{key(255)}/entry")["status"] == "skipped"


def test_a_paper_has_its_mentions_marked_and_its_formulas_set(user: Firefox, site: Site) -> None:
    tab = visit(user, site, f"/papers/{LANTERN}")
    for place in ("h1", "#abstract", ".note"):
        tab.until(f"document.querySelector('{place} .katex')")
    pairs = (
        "[...document.querySelectorAll('#abstract mark')]"
        ".map(mark => [mark.innerText, mark.dataset.label])"
    )
    marks = dict(tab.evaluate(pairs))
    assert (marks["MothSet"], marks["LanternNet"], marks["accuracy"]) == (
        "DATASET",
        "METHOD",
        "METRIC",
    )
    shade = tab.evaluate(
        "getComputedStyle(document.querySelector('#abstract mark')).backgroundColor"
    )
    assert shade != "rgba(0, 0, 0, 0)"
    # the policy lets their own fonts in
    tab.until(
        "[...document.fonts].some("
        "({family, status}) => family.includes('KaTeX') && status === 'loaded')"
    )


def test_a_note_is_previewed_saved_and_there_after_a_reload(user: Firefox, site: Site) -> None:
    tab = visit(user, site, f"/papers/{key(231)}")
    tab.click("#new-note [name=text]")
    tab.type("Read **this** $x^2$")
    tab.until("document.querySelector('#new-note .preview strong')?.textContent === 'this'")
    tab.until("document.querySelector('#new-note .preview .katex')")
    tab.click("#new-note button.main")
    tab.until("document.querySelector('.note .markdown strong')?.textContent === 'this'")
    tab.reload()
    tab.until("document.querySelector('.note .markdown .katex')")
    assert tab.evaluate("document.querySelector('#new-note [name=text]').value") == ""
    assert [note["text"] for note in site.call("GET", f"/api/v1/papers/{key(231)}")["notes"]] == [
        "Read **this** $x^2$"
    ]


@pytest.mark.parametrize(
    "name", ["Today", "Terms", "Notes", "Tags", "Insights", "Trash", "Settings"]
)
def test_every_other_page_opens_from_the_navigation(
    user: Firefox, signed_in: Tab, name: str
) -> None:
    signed_in.click(f"nav a[href='/{name.lower()}']")
    signed_in.until(
        f"location.pathname === '/{name.lower()}' && document.readyState === 'complete'"
    )
    assert signed_in.evaluate("document.querySelector('nav [aria-current]').textContent") == name
    assert signed_in.evaluate("document.querySelector('h1').textContent")
    signed_in.until("window.htmx")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("console.error('a moth')", "a moth"),
        ("setTimeout(() => { throw new Error('a lamp'); })", "Error: a lamp"),
        (
            "document.body.append(Object.assign(new Image(), {src: 'https://example.org/moth.png'}))",
            "img-src",
        ),
    ],
)
def test_errors_in_a_page_are_detected(
    user: Firefox, signed_in: Tab, script: str, words: str
) -> None:
    assert user.do("troubles") == []
    signed_in.evaluate(f"void {script}")
    [trouble] = until(lambda: user.do("troubles"))
    assert words in trouble
