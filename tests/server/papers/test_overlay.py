"""The overlay: the cards of a page's papers, and what a page adds to the store."""

from datetime import date

import pytest
from msgspec.structs import replace

from nlp.spans import Extraction, Mention, Result
from server.database.connection import fetch
from server.errors import TooLarge
from server.extraction.save import PaperExtraction, store_readings, unread
from server.identifiers import title_key
from server.papers.days import read_day
from server.papers.overlay import overlay
from server.papers.page import read_paper
from server.papers.versions import read_versions
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.papers import (
    OverlayReply,
    OverlayRequest,
    PageFacts,
    PageListing,
    PagePaper,
)
from server.schema.sources import SourceListing
from tests.server.material import FERN, MOSS, NOW, keys, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

PEAT = "2601.00003"
DAY = date(2026, 3, 5)
LISTING = PageListing(kind="daily", name="2026-03-05", day=DAY)


async def show(*papers: PagePaper, listing: PageListing | None = None) -> OverlayReply:
    """Send the papers of a page."""
    return await overlay(OverlayRequest(papers=[*papers], listing=listing), 1, NOW)


def shown(arxiv_id: str, title: str = "", abstract: str | None = None) -> PagePaper:
    return PagePaper(id=arxiv_id, title=title or f"On {arxiv_id}", abstract=abstract)


async def listed() -> list[str]:
    return keys(await read_day(DAY, 1))


async def count(table: str) -> int:
    [row] = await fetch(f"SELECT COUNT(*) AS n FROM {table}")
    return int(row["n"])


async def test_each_paper_of_a_page_has_a_card_in_the_order_of_the_page() -> None:
    await take_in(source(FERN, "Fern"))
    nothing = PagePaper(title="  ")
    reply = await show(shown(MOSS), nothing, PagePaper(title="No Id"), shown(FERN), shown(MOSS))
    found = [card and card.key for card in reply.cards]
    assert found == [MOSS, None, title_key("No Id"), FERN, MOSS]
    assert await count("paper") == 3


async def test_a_page_of_more_than_200_papers_is_refused() -> None:
    with pytest.raises(TooLarge, match="at most 200 papers, this one has 201"):
        await show(*[shown(MOSS)] * 201)


async def test_a_known_page_writes_nothing() -> None:
    papers = [shown(MOSS, abstract="Moss."), PagePaper(title="On Ferns")]
    await show(*papers, listing=LISTING)
    await take_in(source(FERN, "On Ferns"))
    before = await count("change"), (await fetch("SELECT writes FROM clock"))[0]["writes"]
    reply = await show(*papers, listing=LISTING)
    assert [card and card.key for card in reply.cards] == [MOSS, FERN]
    assert (await count("change"), (await fetch("SELECT writes FROM clock"))[0]["writes"]) == before


TOLD = PageFacts(summary="Moss\n grows.", keywords=["moss", "Moss"], stars=3, upvotes=8, comments=2)


async def test_what_a_page_of_hugging_face_tells_is_kept() -> None:
    await show(replace(shown(MOSS), hugging_face=TOLD))
    page = await read_paper(MOSS, 1)
    assert page.hugging_face == HuggingFaceFacts(
        summary="Moss grows.", keywords=["moss"], stars=3, observed=NOW
    )
    assert (page.upvotes, page.comments, page.has_thumbnail) == (8, 2, True)


async def test_a_page_tells_of_a_known_paper_only_what_is_not_known() -> None:
    await take_in(source(MOSS, "Moss", abstract="Green.", hugging_face=None))
    counts = PageFacts(upvotes=8, comments=2)
    told, before = await count("change"), await read_paper(MOSS, 1)
    await show(replace(shown(MOSS), hugging_face=counts))
    assert (await count("change"), await read_paper(MOSS, 1)) == (told, before)
    await show(replace(shown(MOSS), hugging_face=replace(TOLD, summary=None)))
    await show(replace(shown(MOSS), hugging_face=TOLD))
    page = await read_paper(MOSS, 1)
    assert (page.title, page.abstract) == ("Moss", "Green.")
    assert page.hugging_face and page.hugging_face.summary == "Moss grows."
    told = await count("change")
    later = replace(TOLD, summary="It grows on.", upvotes=9)
    await show(replace(shown(MOSS), hugging_face=later))
    assert (await count("change"), await read_paper(MOSS, 1)) == (told, page)


async def test_a_title_of_two_papers_means_neither_of_them() -> None:
    await take_in(source(MOSS, "Green"), source(FERN, "Green"))
    [card] = (await show(PagePaper(title="Green"))).cards
    assert card and card.key == title_key("Green")


async def test_an_abstract_is_taken_from_the_page_where_the_store_has_none() -> None:
    await take_in(source(MOSS, "Moss"), source(FERN, "Fern", abstract="Ferns."))
    await show(shown(MOSS, "Moss", "Of moss."), shown(FERN, "Fern", "Other words."))
    rows = await fetch("SELECT abstract FROM paper ORDER BY key")
    assert [row["abstract"] for row in rows] == ["Of moss.", "Ferns."]


@pytest.mark.parametrize("version", [1, 3])
async def test_a_version_of_a_paper_is_taken_from_its_page_once(version: int) -> None:
    await take_in(source(MOSS, "Moss", abstract="Of moss.", arxiv_version=2))
    page = PagePaper(
        id=MOSS,
        title="Moss",
        abstract="Of other mosses.",
        address=f"https://arxiv.org/abs/{MOSS}v{version}",
    )
    for _ in range(2):
        before = (await fetch("SELECT writes FROM clock"))[0]["writes"]
        await show(page)
    assert (await fetch("SELECT writes FROM clock"))[0]["writes"] == before
    texts = (await read_versions(MOSS, 1)).texts
    assert {text.arxiv_version for text in texts} == {2, version}


@pytest.mark.parametrize("address", ["https://arxiv.org/abs/2601.00001", "nowhere", ""])
async def test_an_address_without_a_version_says_nothing(address: str) -> None:
    await take_in(source(MOSS, "Moss", abstract="Of moss."))
    await show(PagePaper(id=MOSS, title="Moss", abstract="Of other mosses.", address=address))
    assert len((await read_versions(MOSS, 1)).texts) == 1


async def test_a_listing_is_kept_though_one_of_its_papers_was_known() -> None:
    await take_in(source(FERN))
    await show(shown(MOSS), shown(FERN), shown(PEAT), listing=LISTING)
    assert await listed() == [MOSS, FERN, PEAT]


async def test_a_listing_is_kept_though_all_of_its_papers_were_known() -> None:
    await take_in(source(MOSS), source(FERN))
    await show(shown(FERN), shown(MOSS), listing=LISTING)
    assert await listed() == [FERN, MOSS]


async def test_a_part_of_a_page_goes_behind_what_its_listing_has() -> None:
    await take_in(
        source(MOSS), source(FERN), listing=SourceListing(kind="daily", name="2026-03-05", day=DAY)
    )
    await show(shown(PEAT), shown(FERN), listing=LISTING)
    assert await listed() == [MOSS, FERN, PEAT]


async def test_a_whole_page_that_grew_is_in_the_order_of_the_page() -> None:
    await show(shown(MOSS), shown(FERN), listing=LISTING)
    await show(shown(PEAT), shown(FERN), shown(MOSS), listing=LISTING)
    assert await listed() == [PEAT, FERN, MOSS]


async def test_papers_that_a_page_shows_to_be_one_share_a_card() -> None:
    await take_in(source(None, "Moss", richness="capture"), source(MOSS, "Mosses of old"))
    reply = await show(PagePaper(title="Moss"), shown(MOSS, "Moss", "Of moss."), listing=LISTING)
    assert [card and card.key for card in reply.cards] == [MOSS, MOSS]
    assert {*await listed()} == {MOSS}


async def test_cards_show_what_is_extracted_while_the_page_waits() -> None:
    await take_in(source(FERN, "Fern", abstract="Ferns."))
    await extract([row["id"] for row in await fetch("SELECT id FROM paper")])
    asked: list[int] = []

    async def note_and_extract(papers: list[int]) -> None:
        asked.extend(papers)
        await extract(papers)

    request = OverlayRequest(papers=[shown(MOSS, "Moss", "Of moss."), shown(FERN, "Fern")])
    reply = await overlay(request, 1, NOW, extract=note_and_extract)
    moss = reply.cards[0]
    assert moss and moss.extraction == "done" and [chip.name for chip in moss.terms] == ["Moss"]
    assert [row["key"] for row in await fetch("SELECT key FROM paper WHERE id = $1", *asked)] == [
        MOSS
    ]


async def extract(papers: list[int]) -> None:
    """Find a term in each paper's title."""
    found = Extraction([Mention(0, 4, "METHOD", "Moss")], [])
    waiting = await unread("1", limit=9, only=papers)
    await store_readings([PaperExtraction(paper, found) for paper in waiting], "1", NOW)


async def test_a_card_says_of_which_metrics_small_values_are_good() -> None:
    await take_in(source(FERN, "Fern", abstract="It has an FID of 2.1 and 90% accuracy."))
    [waiting] = await unread("1", limit=1)
    results = [
        Result(start=0, end=3, value="2.1", number=2.1, metric="FID", kind="own"),
        Result(start=4, end=7, value="90%", number=90, metric="accuracy", kind="own"),
    ]
    await store_readings([PaperExtraction(waiting, Extraction([], results))], "1", NOW)
    [card] = (await show(shown(FERN))).cards
    assert card and card.lower_is_better == ["FID"]
