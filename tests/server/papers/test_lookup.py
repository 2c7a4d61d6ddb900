"""Looking papers up by what a page tells of them."""

import pytest

from server.database.connection import fetch
from server.database.versioning import Edit
from server.errors import TooLarge
from server.identifiers import title_key
from server.papers.ingest import ingest
from server.papers.lookup import look_up
from server.papers.overlay import overlay
from server.papers.page import read_paper
from server.reading_list.entries import put_entry
from server.schema.papers import KnownPaper, OverlayRequest, PagePaper, PaperReference
from server.schema.reading_list import EntryEdit
from server.schema.sources import Batch, SourcePaper
from tests.server.material import FERN, MOSS, NOW, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

DOI = "10.18653/v1/2023.moss-long.7"


async def find(**reference: str) -> str | None:
    """Look one paper up, and return its key."""
    [known] = (await look_up([PaperReference(**reference)], 1)).papers
    return known and known.key


async def keep(title: str, doi: str | None = None, abstract: str = "") -> str:
    """Take in a paper that has no arXiv id, and return its key."""
    paper = SourcePaper(richness="bibliography", observed=NOW, title=title, doi=doi)
    paper.abstract = abstract
    return (await ingest(Batch(kind="BibTeX", papers=[paper]), NOW)).keys[0]


async def show(**facts: str | list[str]) -> str:
    """Send the paper of a page to the overlay, and return its key."""
    reply = await overlay(OverlayRequest(papers=[PagePaper(**facts)]), 1, NOW)
    assert reply.cards[0]
    return reply.cards[0].key


async def test_a_paper_is_found_by_its_arxiv_id_in_any_form() -> None:
    await take_in(source(MOSS, "Moss"))
    for form in (
        MOSS,
        f"arXiv:{MOSS}v3",
        f"https://export.arxiv.org/pdf/{MOSS}v2",
        f"https://www.alphaxiv.org/abs/{MOSS}",
        f"https://huggingface.co/papers/{MOSS}",
        f"https://www.semanticscholar.org/arxiv/{MOSS}",
    ):
        assert await find(id=form) == MOSS, form
    for form in (f"10.48550/arXiv.{MOSS}", f"https://doi.org/10.48550/ARXIV.{MOSS}"):
        assert await find(doi=form) == MOSS, form


async def test_a_paper_is_found_by_its_doi_whatever_its_case_and_form() -> None:
    key = await keep("Moss at a Conference", DOI.upper())
    for form in (DOI, DOI.upper(), f"https://doi.org/{DOI}", f"doi: {DOI}", f" {DOI} "):
        assert await find(doi=form, title="Another Title") == key, form
    assert await find(doi="10.18653/v1/2023.moss-long.8") is None


async def test_a_doi_that_is_not_known_leaves_the_title_to_say() -> None:
    key = await keep("Moss at a Conference")
    assert await find(doi=DOI, title="Moss at a conference.") == key
    assert await find(doi="no doi", title="{Moss} at a  Conference") == key


async def test_a_title_of_two_papers_says_nothing() -> None:
    await take_in(source(MOSS, "Introduction"), source(FERN, "Introduction"))
    assert await find(title="Introduction") is None


async def test_an_id_that_is_not_known_is_not_another_paper_of_this_title() -> None:
    await take_in(source(MOSS, "Moss"))
    assert await find(id=FERN, title="Moss") is None


async def test_the_users_own_status_and_notes_come_with_a_paper() -> None:
    await take_in(source(MOSS, "Moss"), source(FERN, "Fern"))
    await put_entry(Edit(user=1, at=NOW, force=True), MOSS, EntryEdit(status="reading"))
    asked = [PaperReference(id=each) for each in (FERN, MOSS, "2601.99999", MOSS)]
    moss = KnownPaper(MOSS, "Moss", "reading", 0)
    reply = await look_up(asked, 1)
    assert reply.papers == [KnownPaper(FERN, "Fern", "none", 0), moss, None, moss]


async def test_what_says_nothing_finds_nothing_and_nothing_is_created() -> None:
    for reference in ({}, {"title": "  "}, {"id": "x"}, {"doi": "10.1/\x00"}, {"title": "\x00"}):
        assert await find(**reference) is None
    assert await find(title="Unheard of", doi=DOI) is None
    assert not await fetch("SELECT id FROM paper")
    with pytest.raises(TooLarge, match="at most 200 papers, this one has 201"):
        await look_up([PaperReference(id=MOSS)] * 201, 1)


async def test_an_old_key_of_a_paper_still_finds_it() -> None:
    old = await keep("Moss")
    await take_in(source(MOSS, "Moss"))
    assert await find(id=old) == MOSS
    assert old == title_key("Moss")


async def test_a_page_without_an_id_adds_its_paper_with_doi_and_year() -> None:
    facts = {"title": "Moss at a Conference", "abstract": "We count moss.", "authors": ["Ada"]}
    key = await show(doi=f"https://doi.org/{DOI}", issued="2023-07", **facts)
    page = await read_paper(key, 1)
    assert (page.doi, page.issued, str(page.published)) == (DOI, "2023-07", "2023-07-01")
    assert (page.title, page.abstract, page.authors) == tuple(facts.values())
    assert await find(doi=DOI) == key


async def test_a_page_shows_the_paper_of_its_doi_and_leaves_its_title() -> None:
    key = await keep("Moss at a Conference", DOI)
    assert await show(doi=DOI, title="Moss (extended)", abstract="We count moss.") == key
    assert (await read_paper(key, 1)).title == "Moss at a Conference"
    assert await show(doi=DOI, title="Moss at a conference", abstract="We count moss.") == key
    assert (await read_paper(key, 1)).abstract == "We count moss."


async def test_a_doi_of_arxiv_names_the_paper_of_its_id() -> None:
    assert await show(doi=f"10.48550/arXiv.{MOSS}", title="Moss") == MOSS
    assert await show(title="Moss") == MOSS
    assert (await read_paper(MOSS, 1)).doi is None, "the id says it already"
