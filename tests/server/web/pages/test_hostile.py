"""Hostile titles, tags, notes and queries: nothing runs, and no other host is contacted."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest
from playwright.sync_api import Browser

from server.reading_list.entries import put_entry
from server.reading_list.notes import put_note
from server.schema.hugging_face import HuggingFaceFacts, LinkedRepositories, Repositories
from server.schema.quote import Quote
from server.schema.reading_list import EntryEdit, NoteEdit
from tests.server.material import NOW, edit, source, take_in
from tests.server.web.pages.site import Site, running, visiting

pytestmark = pytest.mark.browser

TEXTS = [
    "<script>document.title = 'broken'</script><img src=x onerror=\"document.title='broken'\">",
    "<b>bold</b> </textarea></template></noscript><style>*{display:none}</style> &amp; &lt;",
    "'\"><svg/onload=document.title='broken'> {{ 7 * 7 }} {% raw %} "
    "${7*7} $\\href{javascript:alert(1)}{x}$",
    "\u202egnol si siht\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 "
    "\u200b\u200d\ufeff zero",
    "w" * 10_000,
    "$\\def\\a{\\a\\a}\\a$ $\\rule{9999em}{9999em}$ $\\color{red}{x}$ $\\htmlStyle{color:red}{x}$",
    "\u2068isolate\u2069 \u2068\u2068 \u2069 on",
]
MARKDOWN = (
    "[x](javascript:document.title='broken') ![p](https://elsewhere.example/p.png) "
    "<iframe src=//elsewhere.example>"
    " [y](data:text/html,x) <a href=javascript:alert(1)>z</a>\n\n"
)


async def fill() -> None:
    """Add a paper for each hostile text, which is its title, abstract, tag and note."""
    for number, text in enumerate(TEXTS):
        paper = f"2602.{number:05}"
        await take_in(
            source(
                paper,
                text,
                abstract=f"{text} again",
                authors=[text[:200]],
                published=date(2026, 2, 1),
                code_url="javascript:alert(1)",
                project_url="javascript:alert(1)",
                doi='10.1/"><script>',
                hugging_face=HuggingFaceFacts(
                    summary=text,
                    keywords=[text],
                    model=text,
                    links=LinkedRepositories(
                        models=Repositories(total=1, first=[text]), observed=NOW
                    ),
                    observed=NOW,
                ),
            )
        )
        await put_entry(edit(), paper, EntryEdit(status="inbox", tags=[text[:100].strip()]))
        note = NoteEdit(paper=paper, text=MARKDOWN + text, quote=Quote(exact=text[:300]))
        await put_note(edit(), UUID(int=number + 1), note)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("hostile"), fill) as site:
        yield site


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_runs_or_loads_anything_from_texts(
    browser: Browser, site: Site, scheme: str
) -> None:
    # the visitor asserts that nothing was blocked, logged or asked of another host
    with visiting(browser, site, color_scheme=scheme) as visitor:
        papers = [f"/papers/2602.{number:05}" for number in range(len(TEXTS))]
        for path in ["/", "/?q=again", *papers, f"/notes/{UUID(int=1)}/earlier"]:
            page = visitor.open(path)
            page.set_viewport_size({"width": 390, "height": 844})
            page.wait_for_load_state("networkidle")
            assert "broken" not in page.title()[:6]
            assert (
                page.locator("a[href^='javascript:' i], a[href^='data:' i], iframe, img").count()
                == 0
            )
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
            page.close()


def test_every_text_is_shown_unchanged(browser: Browser, site: Site) -> None:
    with visiting(browser, site, java_script_enabled=False) as visitor:
        page = visitor.open("/")
        for number, text in enumerate(TEXTS):
            title = page.locator(f'.paper[data-key="2602.{number:05}"] h3').text_content()
            assert title is not None
            assert " ".join(title.split()) == " ".join(text.split())


@pytest.mark.parametrize("text", TEXTS)
def test_a_hostile_query_and_name_do_no_harm(browser: Browser, site: Site, text: str) -> None:
    with visiting(browser, site) as visitor:
        page = visitor.open()
        page.locator("#q").fill(text[:1_500])
        page.locator("#q").press("Enter")
        page.wait_for_load_state("networkidle")
        assert (
            page.locator("#q").input_value() == " ".join(text[:1_500].split())
            or page.locator("#wrong").count()
        )
        page.goto(f"{site.url}/?q=key:2602.00000")
        page.locator("details.adds summary").click()
        page.locator('.paper input[name="tag"]').fill(text[:100].strip())
        page.get_by_role("button", name="Add").click()
        page.wait_for_load_state("networkidle")
        assert page.locator(".tags .chip").count() >= 1
