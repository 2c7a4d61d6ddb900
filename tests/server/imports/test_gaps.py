"""Papers known by their id or title alone: fetched later, or kept with the reason why not."""

from datetime import date, timedelta
from uuid import uuid4

import httpx
import pytest

from server.errors import SourceError
from server.imports.add import add_papers
from server.imports.gaps import fill_gaps, trace_title, trace_titles
from server.imports.lookup import Sources
from server.papers.ingest import ingest
from server.papers.list import list_papers
from server.papers.page import read_paper
from server.reading_list.notes import put_note
from server.schema.fetching import FetchAttempt
from server.schema.hugging_face import HuggingFaceFacts, Repositories
from server.schema.reading_list import NoteEdit
from server.schema.sources import Batch, SourceListing, SourcePaper
from tests.server.imports.pages import item
from tests.server.imports.site import Answer, BadSite, as_json
from tests.server.material import MOSS, NOW, edit, source, take_in

pytestmark = pytest.mark.anyio
SINGING = "Kettles that Sing"  # "arXiv" has it as 2401.01234 of 2 January 2024


async def attempt_of(key: str) -> FetchAttempt | None:
    return (await read_paper(key, 1)).attempt


async def list_titles(*titles: str, published: date | None = None) -> list[str]:
    """Take in a listing of papers that are known by their titles, and return their keys."""
    papers = [
        SourcePaper(richness="capture", observed=NOW, title=title, published=published)
        for title in titles
    ]
    listing = SourceListing(kind="capture", name="a page")
    return (await ingest(Batch(kind="capture", papers=papers, listing=listing), NOW)).keys


async def test_a_paper_waits_with_the_reason_until_a_site_answers(
    sources: Sources, library: BadSite
) -> None:
    known, library.by_path = library.by_path, {}
    library.answers = [Answer(status=503)]
    await add_papers("2605.00001", 1, sources, NOW)
    [listed] = (await list_papers(1)).papers
    assert (listed.name, listed.title) == ("2605.00001", "")
    assert listed.attempt and not listed.attempt.answered
    assert "busy (503)" in listed.attempt.reason
    with pytest.raises(SourceError):
        await fill_gaps(sources, NOW)
    library.by_path = known
    assert await fill_gaps(sources, NOW) == 1
    assert (await read_paper("2605.00001", 1)).title == "Kettles at Dawn"


async def test_an_id_that_no_site_has_is_asked_for_once_a_day(
    sources: Sources, library: BadSite
) -> None:
    await take_in(SourcePaper(richness="ids", observed=NOW, arxiv_id="2401.99999"))
    assert await fill_gaps(sources, NOW) == 0
    attempt = await attempt_of("2401.99999")
    assert attempt and attempt.answered and "neither Hugging Face nor" in attempt.reason
    asked = len(library.asked)
    await fill_gaps(sources, NOW + timedelta(hours=23))
    assert len(library.asked) == asked
    await fill_gaps(sources, NOW + timedelta(hours=25))
    assert len(library.asked) > asked


@pytest.mark.parametrize("published", [None, date(2023, 2, 1), date(2024, 12, 11)])
async def test_a_listed_title_gets_its_arxiv_id_and_keeps_its_notes(
    sources: Sources, published: date | None
) -> None:
    [key] = await list_titles(SINGING, published=published)
    await put_note(edit(), uuid4(), NoteEdit(paper=key, text="hums"))
    assert await trace_titles(sources, NOW) == 1
    page = await read_paper("2401.01234", 1)
    assert (page.aliases, page.abstract) == ([key], "We gain 5% over silence.")
    assert [note.text for note in page.notes] == ["hums"]


async def test_a_title_of_a_far_date_is_proposed_and_not_taken(sources: Sources) -> None:
    [key] = await list_titles(SINGING, published=date(2021, 5, 1))
    assert await trace_titles(sources, NOW) == 0
    attempt = await attempt_of(key)
    assert attempt and [paper.key for paper in attempt.proposals] == ["2401.01234"]
    assert "perhaps another one" in attempt.reason


async def test_a_short_title_is_proposed_and_not_taken(sources: Sources, library: BadSite) -> None:
    feed = library.by_path["/api/query"]
    short = feed.body.replace(b"Kettles\n      that Sing", b"Kettles")
    library.by_path["/api/query"] = Answer(short)
    [key] = await list_titles("Kettles")
    assert not await trace_title(sources, key, NOW)
    attempt = await attempt_of(key)
    assert attempt and [paper.key for paper in attempt.proposals] == ["2401.01234"]


async def test_a_title_that_arxiv_does_not_have_is_asked_for_once_a_month(
    sources: Sources, library: BadSite
) -> None:
    [key] = await list_titles("Lids That Whisper")
    await trace_titles(sources, NOW)
    attempt = await attempt_of(key)
    assert attempt and "no paper of exactly this title" in attempt.reason
    asked = len(library.asked)
    await trace_titles(sources, NOW + timedelta(days=29))
    assert len(library.asked) == asked
    await trace_titles(sources, NOW + timedelta(days=31))
    assert len(library.asked) == asked + 1


async def test_titles_of_a_private_bibliography_are_not_sent_to_arxiv(
    sources: Sources, library: BadSite
) -> None:
    await take_in(SourcePaper(richness="bibliography", observed=NOW, title="My Secret Interest"))
    await trace_titles(sources, NOW)
    assert not library.asked


async def test_the_page_says_why_a_paper_waits_and_tries_again(
    browser: httpx.AsyncClient, library: BadSite
) -> None:
    known, library.by_path = library.by_path, {}
    library.answers = [Answer(status=503)]
    await browser.post("/add", data={"text": "2605.00001"})
    for page in ("/", "/papers/2605.00001"):
        shown = (await browser.get(page)).text
        assert ">2605.00001<" in shown and "busy (503)" in shown
    library.by_path = known
    reply = await browser.post("/papers/2605.00001/fetch", data={"here": "/?q=x"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/?q=x")
    shown = (await browser.get("/")).text
    assert ">Kettles at Dawn<" in shown and "busy" not in shown


async def test_a_paper_s_page_asks_hugging_face_anew(
    browser: httpx.AsyncClient, library: BadSite
) -> None:
    await take_in(source(MOSS, "Moss", hugging_face=HuggingFaceFacts(stars=1, observed=NOW)))
    path = f"/papers/{MOSS}/hugging-face"
    reply = await browser.post(path, headers={"accept": "text/html"})
    assert reply.status_code == 404 and f"Hugging Face has no paper {MOSS}" in reply.text
    library.answers = [Answer(status=503)]
    reply = await browser.post(path, headers={"accept": "text/html"})
    assert reply.status_code == 502 and "busy (503)" in reply.text
    told = {"ai_summary": "It is damp.", "githubStars": 5, "numTotalModels": 2}
    paper = item(MOSS, "Moss")["paper"] | told
    library.by_path[f"/api/papers/{MOSS}"] = as_json(paper | {"linkedModels": [{"id": "bog/moss"}]})
    reply = await browser.post(path)
    assert (reply.status_code, reply.headers["location"]) == (303, f"/papers/{MOSS}")
    facts = (await read_paper(MOSS, 1)).hugging_face
    assert facts and (facts.summary, facts.stars) == ("It is damp.", 5)
    assert facts.links and facts.links.models == Repositories(total=2, first=["bog/moss"])
