"""The parser of saved huggingface.co pages, on real pages if present and on small broken ones."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import SourceError
from server.imports.formats.saved_html import parse_page
from server.schema.sources import Batch, SourceListing
from tests.server.imports.conftest import OBSERVED
from tests.server.imports.pages import card, item, list_page, paper_page

DAY: dict[str, Any] = {
    "dateString": "2026-08-20",
    "periodType": "day",
    "query": {},
    "isTrending": False,
    "dailyPapers": [
        item("2608.00001", "Kettles > Pots", submittedOnDailyAt="2026-08-20T00:00:00Z"),
        item("2608.00002", "On “Steam”"),
    ],
}
CARDS = [card("2608.00001", "Kettles &gt; Pots"), card("2608.00002", "On “Steam”", 1200)]


def read(html: str) -> Batch:
    return parse_page(html, observed=OBSERVED)


def ids(batch: Batch) -> list[str | None]:
    return [paper.arxiv_id for paper in batch.papers]


def test_the_page_of_a_day_is_read_from_its_data() -> None:
    batch = read(list_page(DAY, CARDS))
    assert ids(batch) == ["2608.00001", "2608.00002"]
    assert batch.listing == SourceListing(kind="daily", name="2026-08-20", day=date(2026, 8, 20))
    assert {paper.listed for paper in batch.papers} == {date(2026, 8, 20)}
    assert (batch.papers[0].title, batch.papers[0].abstract) == (
        "Kettles > Pots",
        "On Kettles > Pots.",
    )
    assert {paper.richness for paper in batch.papers} == {"huggingface"}


def test_the_day_of_a_page_of_2024_is_read_from_a_timestamp() -> None:
    old = {"date": "2024-08-01T00:00:00.000Z", "dailyPapers": DAY["dailyPapers"]}
    assert read(list_page(old, CARDS)).listing == SourceListing(
        kind="daily", name="2024-08-01", day=date(2024, 8, 1)
    )


@pytest.mark.parametrize(
    ("changes", "kind", "name"),
    [
        ({"periodType": "week", "dateString": "2026-W34"}, "weekly", "2026-W34"),
        ({"periodType": "month", "dateString": "2026-08"}, "monthly", "2026-08"),
        ({"isTrending": True}, "trending", "2026-09-03"),
        ({"query": {"q": "singing kettles"}}, "search", "singing kettles"),
    ],
)
def test_other_lists_become_listings_of_their_kind(
    changes: dict[str, Any], kind: str, name: str
) -> None:
    listing = read(list_page(DAY | changes, CARDS)).listing
    assert listing and (listing.kind, listing.name, listing.day) == (kind, name, None)


def test_a_search_page_yields_the_shown_papers_with_data_of_both_lists() -> None:
    props = DAY | {
        "query": {"q": "pots"},
        "searchResults": [item("2608.00003", "Pots"), item("2608.00009", "Hidden")],
    }
    shown = [card("2608.00003", '<span class="highlight">Pots</span>'), CARDS[0]]
    batch = read(list_page(props, shown))
    assert ids(batch) == ["2608.00003", "2608.00001"]
    assert [paper.richness for paper in batch.papers] == ["huggingface", "huggingface"]


def test_the_cards_win_over_stale_data_after_navigation_within_the_page() -> None:
    batch = read(list_page(DAY, [card("2607.00007", "Last <b>Month</b>’s\n Kettle", 77)]))
    paper = batch.papers[0]
    assert (paper.arxiv_id, paper.title, paper.upvotes) == ("2607.00007", "Last Month’s Kettle", 77)
    assert (paper.richness, paper.abstract, batch.listing) == ("overlay", "", None)


@pytest.mark.parametrize("broken", ['{"dailyPapers": [', "[]", "{'dailyPapers': []}", ""])
def test_the_cards_are_read_and_a_warning_is_given_when_the_data_is_broken(broken: str) -> None:
    batch = read(list_page(broken, CARDS))
    assert [paper.title for paper in batch.papers] == ["Kettles > Pots", "On “Steam”"]
    assert [paper.upvotes for paper in batch.papers] == [8, 1200]
    assert len(batch.skipped) == 1
    assert "only what it shows was read" in batch.skipped[0]


def test_absolute_addresses_of_a_page_saved_by_a_browser_are_read() -> None:
    cards = [card("2608.00002", "On “Steam”", site="https://huggingface.co")]
    assert ids(read(list_page(DAY, cards))) == ["2608.00002"]


def test_a_broken_item_is_reported_and_its_card_is_read() -> None:
    batch = read(
        list_page(DAY | {"dailyPapers": [DAY["dailyPapers"][0], {"paper": {"id": 7}}]}, CARDS)
    )
    assert [paper.richness for paper in batch.papers] == ["huggingface", "overlay"]
    assert batch.skipped == ["paper 2: expected str, got int in paper.id"]


def test_a_paper_page_is_read_from_its_data() -> None:
    batch = read(
        paper_page({"paper": item("2608.16590", "Kettles\n  that Sing")["paper"], "comments": []})
    )
    assert [(paper.arxiv_id, paper.title, paper.richness) for paper in batch.papers] == [
        ("2608.16590", "Kettles that Sing", "huggingface")
    ]
    assert batch.listing is None


@pytest.mark.parametrize("broken", ["{", {"paper": {"id": 7}}, {}])
def test_the_visible_text_is_read_when_the_data_of_a_paper_page_is_broken(broken: Any) -> None:
    batch = read(paper_page(broken))
    paper = batch.papers[0]
    assert (paper.arxiv_id, paper.title, paper.abstract) == (
        "2608.16590",
        "Kettles that Sing",
        "We gain 5% over silence.",
    )
    assert paper.authors == ["Ada Lind", "Jörg Müller"]
    assert "only what it shows was read" in batch.skipped[0]


@pytest.mark.parametrize(
    "html",
    ["<p>A letter</p>", "<html><h1>Kettles</h1></html>", list_page(DAY | {"dailyPapers": []}, [])],
)
def test_a_page_without_papers_is_refused(html: str) -> None:
    with pytest.raises(SourceError, match="neither Daily Papers cards nor a paper"):
        read(html)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("2024-08-01", 13),
        ("2026-02-20", 23),
        ("2026-03-17", 46),
        ("2026-04-01", 43),
        ("2026-05-20", 53),
    ],
)
def test_every_card_of_a_real_list_page_is_read_with_and_without_its_data(
    shared: Path, name: str, count: int
) -> None:
    html = (shared / "hf" / "pages" / f"{name}.html").read_text()
    batch, shown = read(html), read(html.replace("data-props", "data-gone"))
    assert len(batch.papers) == count
    assert batch.skipped == []
    assert batch.listing and batch.listing.name == name
    assert all(paper.abstract and paper.authors and paper.published for paper in batch.papers)
    # a card without votes shows a dash
    told = [(paper.arxiv_id, paper.title, paper.upvotes or None) for paper in batch.papers]
    assert told == [(paper.arxiv_id, paper.title, paper.upvotes) for paper in shown.papers]


def test_a_real_paper_page_is_read_with_and_without_its_data(shared: Path) -> None:
    html = (shared / "hf" / "pages" / "paper_2509.24002.html").read_text()
    paper, shown = read(html).papers[0], read(html.replace("data-props", "data-gone")).papers[0]
    assert (paper.arxiv_id, len(paper.authors), paper.listed) == (
        "2509.24002",
        15,
        date(2025, 10, 1),
    )
    assert (shown.arxiv_id, shown.title, shown.authors) == (
        paper.arxiv_id,
        paper.title,
        paper.authors,
    )


@given(
    st.text(),
    st.sampled_from(
        [
            "{}",
            "{}<article><h3><a href='{}'>x</a></h3></article>",
            "<a data-target=DailyPapers data-props='{}'>",
        ]
    ),
)
def test_no_text_breaks_the_parser(text: str, around: str) -> None:
    try:
        assert read(around.replace("{}", text)).papers
    except SourceError as refusal:
        assert str(refusal)
