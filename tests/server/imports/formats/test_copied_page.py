"""The parser of copied Daily Papers pages, on real captures if present and on rendered ones."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.errors import SourceError
from server.identifiers import normalize_title
from server.imports.formats.copied_page import is_capture, parse_capture
from server.schema.sources import Batch, SourceListing, SourcePaper, fold
from tests.server.imports.conftest import OBSERVED

HEADER = (
    "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\n"
    "Daily Papers\n\nbyAK and the research community\n\n"
)
COMPACT_HEADER = (
    "Get trending papers in your email inbox once a day!\n"
    "Get trending papers in your email inbox!\nSubscribe"
)
TWO = [
    SourcePaper(
        richness="capture",
        observed=OBSERVED,
        title="A Kettle Learns to Sing",
        abstract="We teach a kettle three songs. It keeps 92% of them.",
        author_count=6,
        published=date(2025, 9, 26),
        comments=2,
    ),
    SourcePaper(
        richness="capture",
        observed=OBSERVED,
        title="• or Not: Bullets in Titles",
        abstract="Lists are everywhere. “Subscribe” is a word.\n",
        author_count=1,
        published=date(2026, 3, 29),
    ),
]


def read(text: str, *, year: int = 2026) -> Batch:
    return parse_capture(text, name="listing.txt", observed=OBSERVED, year=year)


def foot(paper: SourcePaper) -> str:
    day = paper.published
    assert day
    shown = f"{day:%b} {day.day}" + (f", {day.year}" if day.year != 2026 else "")
    authors = f"  • {paper.author_count} author{'' if paper.author_count == 1 else 's'}"
    return f"{authors}\n·\n{shown}" + (f" {paper.comments}" if paper.comments else "")


def render_dated(papers: list[SourcePaper]) -> str:
    return HEADER + "\n\n".join(
        ["Jan 7", *(f"{p.title}\n\n{p.abstract}\n\n{foot(p)}" for p in papers)]
    )


def render_plain(papers: list[SourcePaper]) -> str:
    return HEADER + "\n\n".join(["Sep 2", *(f"{p.title}\n\n{p.abstract}" for p in papers)])


def render_compact(papers: list[SourcePaper]) -> str:
    return COMPACT_HEADER + "\n".join(f"{p.title}\n{p.abstract}" for p in papers)


def told(batch: Batch) -> list[tuple[str, str]]:
    return [(paper.title, paper.abstract) for paper in batch.papers]


@pytest.mark.parametrize(
    ("name", "rows", "day"),
    [
        ("cards_with_dates.txt", 37, date(2026, 1, 7)),
        ("cards_plain.txt", 135, date(2026, 9, 2)),
        ("compact.txt", 226, None),
    ],
)
def test_a_real_capture_is_read_row_by_row(
    shared: Path, name: str, rows: int, day: date | None
) -> None:
    text = (shared / "captures" / name).read_text()
    batch = parse_capture(text, name=name, observed=OBSERVED, year=2026)
    assert is_capture(text)
    assert len(batch.papers) == rows
    assert batch.skipped == []
    assert batch.listing == SourceListing(kind="capture", name=name, day=day)
    lines = [line.strip().removeprefix("Subscribe") for line in text.split("\n")]
    places = [lines.index(text) for paper in batch.papers for text in (paper.title, paper.abstract)]
    assert places == sorted(set(places))
    assert all(paper.author_count and paper.published for paper in batch.papers) == (rows == 37)


def test_the_real_captures_hold_389_papers_in_398_rows(shared: Path) -> None:
    papers = [
        p for file in (shared / "captures").glob("*.txt") for p in read(file.read_text()).papers
    ]
    assert len(papers) == 398
    assert len({normalize_title(paper.title) for paper in papers}) == 389


def test_a_real_capture_truncated_anywhere_yields_complete_papers_in_order(shared: Path) -> None:
    text = (shared / "captures" / "cards_with_dates.txt").read_text()
    whole = read(text).papers
    for end in range(3000, len(text), 997):
        batch = read(text[:end])
        assert batch.papers == whole[: len(batch.papers)]
        assert len(batch.skipped) <= 1


def test_the_three_layouts_yield_the_same_papers() -> None:
    texts = [(paper.title, fold(paper.abstract)) for paper in TWO]
    assert (
        told(read(render_dated(TWO)))
        == told(read(render_plain(TWO)))
        == told(read(render_compact(TWO)))
        == texts
    )


def test_a_cards_footer_has_author_count_date_and_comment_count() -> None:
    first, second = read(render_dated(TWO)).papers
    assert (first.author_count, first.published, first.comments) == (6, date(2025, 9, 26), 2)
    assert (second.author_count, second.published, second.comments) == (1, date(2026, 3, 29), None)


def test_dates_without_a_year_get_the_year_of_the_capture() -> None:
    batch = read(render_dated(TWO), year=2024)
    assert batch.papers[1].published == date(2024, 3, 29)
    assert batch.listing and batch.listing.day == date(2024, 1, 7)


def test_line_ends_byte_order_marks_and_trailing_spaces_do_not_matter() -> None:
    text = render_dated(TWO)
    assert read("\ufeff" + text.replace("\n", "  \r\n") + "\r\n\r\n") == read(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (render_plain(TWO) + "\n\nA Dangling Ti", "“A Dangling Ti” has no abstract"),
        (render_compact(TWO) + "\nA Dangling Ti", "“A Dangling Ti” has no abstract"),
        (
            render_dated(TWO) + "\n\nOne\n\nHalf an abst",
            "“One” is cut off before its authors and date",
        ),
        (
            render_dated(TWO) + "\n\nOne\n\nText.\n\n  • 6 auth",
            "“One” ends with “• 6 auth”, which cannot be read",
        ),
        (
            render_dated(TWO) + "\n\nOne\n\nText.\n\n  • 6 authors\n·\nFeb 30",
            "“One” ends with “• 6 authors · Feb 30”",
        ),
        (render_dated(TWO) + "\n\nNo Abstract\n\n" + foot(TWO[0]), "“No Abstract” has no abstract"),
        (render_dated(TWO) + "\n\n" + foot(TWO[0]), "has no paper above it"),
    ],
)
def test_a_truncated_listing_yields_complete_papers_and_reports_the_last_one(
    text: str, reason: str
) -> None:
    batch = read(text)
    assert len(batch.papers) == 2
    assert len(batch.skipped) == 1
    assert reason in batch.skipped[0]


def test_a_card_without_abstract_is_skipped_alone() -> None:
    batch = read(
        render_dated(TWO).replace("\n\nWe teach a kettle three songs. It keeps 92% of them.", "")
    )
    assert [paper.title for paper in batch.papers] == [TWO[1].title]
    assert batch.skipped == ["“A Kettle Learns to Sing” has no abstract"]


@pytest.mark.parametrize(
    "text", ["", "Just a letter.\n\nTo nobody.", HEADER, HEADER + "Sep 2", HEADER + "Sep 2\n\nOnly"]
)
def test_a_text_without_a_complete_paper_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match=r"saved (Daily Papers page|listing)"):
        read(text)


# a paragraph of the page is not empty, has no line breaks and does not look like a card's footer
paragraphs = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).map(fold).filter(
    lambda text: text and not text.startswith(("•", "·", "\ufeff"))
)  # fmt: skip
papers = st.lists(
    st.builds(
        SourcePaper,
        richness=st.just("capture"),
        observed=st.just(OBSERVED),
        title=paragraphs,
        abstract=paragraphs,
        author_count=st.integers(1, 999),
        published=st.dates(date(1991, 1, 1), date(2026, 12, 31)),
        comments=st.none() | st.integers(1, 99),
    ),
    min_size=1,
    max_size=6,
)


@given(papers)
def test_dated_cards_are_read_as_rendered(papers: list[SourcePaper]) -> None:
    assert read(render_dated(papers)).papers == papers


@given(papers)
def test_plain_cards_and_compact_lines_are_read_as_rendered(papers: list[SourcePaper]) -> None:
    texts = [(paper.title, paper.abstract) for paper in papers]
    assert told(read(render_plain(papers))) == texts
    assert told(read(render_compact(papers))) == texts


@given(st.text(), st.integers(1, 3000))
@example("Subscribe\x00", 1)
@example(HEADER + "·", 0)
def test_no_text_breaks_the_parser(text: str, year: int) -> None:
    try:
        assert read(text, year=year).papers
    except SourceError as refusal:
        assert str(refusal)
