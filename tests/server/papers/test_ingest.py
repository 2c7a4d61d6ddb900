"""Taking papers of sources into the store: matching them, filling fields, and repeating it."""

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.database.models.changes import Change
from server.database.models.papers import Alias, Listing, ListingPaper, Paper
from server.database.serializers import find_paper
from server.identifiers import title_key
from server.imports.files import find_files, import_file
from server.imports.formats.copied_page import parse_capture
from server.papers.ingest import ingest
from server.papers.page import read_paper
from server.schema.sources import SourceListing, SourcePaper
from tests.server.material import MOSS, NOW, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

DAY = SourceListing(kind="daily", name="2026-03-04", day=date(2026, 3, 4))


@pytest.fixture
def shared() -> Path:
    """The folder of real captures and answers beside some checkouts; skip without it."""
    folder = Path(__file__).parents[4] / "shared"
    if not (folder / "hf").is_dir():
        pytest.skip("no real captures and answers beside this checkout")
    return folder


async def everything() -> dict[str, dict[str, Any]]:
    """Return all papers by key, with all their columns and aliases."""
    papers = {
        paper.id: {
            name: value for name, value in paper.__dict__.items() if not name.startswith("_")
        }
        for paper in await Paper.all()
    }
    for alias in await Alias.all():
        papers[alias.paper_id].setdefault("aliases", []).append(alias.key)
    return {
        str(paper["key"]): {k: v for k, v in paper.items() if k not in ("id", "created")}
        for paper in papers.values()
    }


async def test_a_paper_is_found_again_by_its_id_whatever_its_title() -> None:
    await take_in(source(MOSS, "A working title"))
    report = await take_in(source(MOSS, "The Final Title", observed=NOW + timedelta(days=1)))
    assert (report.new, report.updated, await Paper.all().count()) == (0, 1, 1)


async def test_a_paper_is_found_again_by_its_title_where_the_source_has_no_id() -> None:
    await take_in(source(MOSS, r"Moss: $\alpha$ Study"))
    report = await take_in(
        source(None, "moss — α? study", richness="capture"), source(None, "MOSS STUDY")
    )
    assert report.keys[1] == MOSS
    assert report.new == 1


async def test_papers_with_different_ids_stay_separate_despite_the_same_title() -> None:
    report = await take_in(
        source("2601.00001", "Technical Report"), source("2601.00002", "Technical Report")
    )
    assert (report.new, report.keys) == (2, ["2601.00001", "2601.00002"])


async def test_the_abstract_decides_between_papers_of_the_same_title() -> None:
    await take_in(
        source("2601.00001", "Technical Report", abstract="Of moss."),
        source("2601.00002", "Technical Report", abstract="Of ferns."),
    )
    same = source(None, "Technical report", abstract="of FERNS", richness="capture")
    neither = source(None, "Technical report", abstract="Of clouds.", richness="capture")
    assert (await take_in(same, neither)).keys == ["2601.00002", title_key("Technical Report")]


async def test_a_captured_paper_adopts_its_id() -> None:
    captured = source(None, "Moss: A Study", abstract="Of moss.", richness="capture")
    old = (await take_in(captured)).keys[0]
    report = await take_in(source(MOSS, "MOSS - a study"))
    assert (report.new, report.updated, report.keys) == (0, 1, [MOSS])
    assert (await find_paper(old)).key == MOSS


async def test_a_captured_paper_adopts_its_id_within_one_batch_in_either_order() -> None:
    captured, known = source(None, "Moss", richness="capture"), source(MOSS, "Moss")
    assert (await take_in(captured, known)).keys == [MOSS, MOSS]
    assert (await take_in(known, captured)).new == 0
    assert await Paper.all().count() == 1


async def test_a_capture_after_the_id_was_adopted_finds_the_paper() -> None:
    captured = source(None, "Moss", richness="capture")
    await take_in(captured)
    await take_in(source(MOSS, "Moss"))
    assert (await take_in(captured)).keys == [MOSS]


async def test_a_capture_of_an_earlier_title_finds_the_paper() -> None:
    await take_in(source(None, "Moss", richness="capture"))
    await take_in(source(MOSS, "Moss"))
    await take_in(source(MOSS, "Moss, Revised", observed=NOW + timedelta(days=1)))
    assert (await take_in(source(None, "Moss", richness="capture"))).keys == [MOSS]


async def test_the_richer_source_wins_and_the_poorer_fills_empty_fields() -> None:
    await take_in(source(MOSS, "Moss", abstract="Whole.", upvotes=3))
    await take_in(
        source(MOSS, "moss", abstract="Cut off", authors=["A. Fern"], richness="capture", upvotes=9)
    )
    page = await read_paper(MOSS, 1)
    assert (page.title, page.abstract, page.authors, page.upvotes) == (
        "Moss",
        "Whole.",
        ["A. Fern"],
        9,
    )


async def test_no_source_empties_a_field() -> None:
    full = {
        "abstract": "Of moss.",
        "authors": ["A. Fern"],
        "author_count": 1,
        "published": date(2026, 1, 2),
        "upvotes": 4,
        "comments": 2,
        "code_url": "https://example.org/code",
        "project_url": "https://example.org",
        "doi": "10.1/x",
        "organization": "Bog",
        "categories": ["cs.CL"],
    }
    await take_in(source(MOSS, "Moss", **full))
    before = await read_paper(MOSS, 1)
    report = await take_in(
        SourcePaper(richness="huggingface", observed=NOW + timedelta(days=9), arxiv_id=MOSS)
    )
    assert (report.updated, await read_paper(MOSS, 1)) == (0, before)


async def test_a_rich_source_wins_even_if_it_changed_nothing() -> None:
    await take_in(source(MOSS, "Moss", richness="overlay"))
    await take_in(source(MOSS, "Moss", richness="arxiv"))
    await take_in(
        source(MOSS, "Something else", richness="overlay", observed=NOW + timedelta(days=1))
    )
    assert (await read_paper(MOSS, 1)).title == "Moss"


async def test_an_older_answer_does_not_undo_a_newer_one() -> None:
    await take_in(source(MOSS, "New", observed=NOW))
    await take_in(source(MOSS, "Old", observed=NOW - timedelta(days=1)))
    assert (await read_paper(MOSS, 1)).title == "New"


async def test_a_second_ingest_changes_nothing_and_records_no_change() -> None:
    papers = [source(f"2601.{n:05}", f"Paper {n}", abstract="x", upvotes=n) for n in range(1, 30)]
    await take_in(*papers, listing=DAY)
    before, told = await everything(), await Change.all().count()
    report = await take_in(*papers, listing=DAY)
    assert (report.new, report.updated, await Change.all().count()) == (0, 0, told)
    assert await everything() == before


def random_batches(seed: int) -> list[list[SourcePaper]]:
    """Return batches that repeat a dozen papers, of rich and poor sources, with and without id."""
    chance = random.Random(seed)
    batches: list[list[SourcePaper]] = [[] for _ in range(8)]
    for n in range(60):
        number = chance.randrange(12)
        richness = chance.choice(["capture", "overlay", "arxiv", "huggingface"])
        known = richness != "capture"
        chance.choice(batches).append(
            source(
                f"2601.{number:05}" if known else None,
                chance.choice([f"Paper {number}", f"PAPER: {number}!"]),
                richness=richness,
                observed=NOW + timedelta(minutes=n),
                abstract=chance.choice(["", f"Abstract {number} of {richness}"]),
                upvotes=chance.choice([None, n]),
                organization=chance.choice([None, "Bog"]),
            )
        )
    return batches


@pytest.mark.parametrize("seed", range(8))
async def test_batches_in_any_order_create_each_paper_once(
    seed: int,
) -> None:
    batches = random_batches(seed)
    for batch in batches:
        await take_in(*batch)
    once = await everything()
    assert len({paper["normalized_title"] for paper in once.values()}) == len(once)
    # all batches again, shuffled: each of them is known, so that nothing changes in any order
    again = [batch[:] for batch in batches]
    random.Random(seed).shuffle(again)
    for batch in again:
        random.Random(seed).shuffle(batch)
        assert (await take_in(*batch)).new == 0
    assert await everything() == once


async def test_a_listing_keeps_its_order_and_earlier_papers() -> None:
    a, b, c = (source(f"2601.0000{n}") for n in (1, 2, 3))
    await take_in(a, b, listing=DAY)
    later = [replace_observed(paper, NOW + timedelta(hours=1)) for paper in (c, b)]
    await take_in(*later, listing=DAY)
    rows = await ListingPaper.all().order_by("position").prefetch_related("paper")
    assert [row.paper.key for row in rows] == ["2601.00003", "2601.00002", "2601.00001"]


def replace_observed(paper: SourcePaper, observed: datetime) -> SourcePaper:
    """Return the paper as observed at another time."""
    paper.observed = observed
    return paper


async def test_a_paper_can_be_in_several_listings() -> None:
    await take_in(
        source(MOSS, listed=date(2026, 3, 1)), source("2601.00009", listed=date(2026, 3, 2))
    )
    await take_in(source(MOSS), listing=DAY)
    assert [place.name for place in (await read_paper(MOSS, 1)).places] == [
        "2026-03-01",
        "2026-03-04",
    ]


async def test_a_changed_text_waits_for_extraction() -> None:
    await take_in(source(MOSS, "Moss", abstract="Old."))
    await Paper.filter(key=MOSS).update(extraction_version="1")
    await take_in(source(MOSS, "Moss", abstract="Old.", upvotes=9))
    assert (await Paper.get(key=MOSS)).extraction_version == "1"
    await take_in(source(MOSS, "Moss", abstract="New.", observed=NOW + timedelta(hours=1)))
    assert (await Paper.get(key=MOSS)).extraction_version is None


async def test_a_paper_of_an_id_list_gets_its_title_later() -> None:
    await take_in(SourcePaper(richness="ids", observed=NOW, arxiv_id=MOSS))
    await take_in(source(MOSS, "Moss"))
    assert (await read_paper(MOSS, 1)).title == "Moss"


async def test_the_real_captures_create_389_papers_once(shared: Path) -> None:
    files = sorted((shared / "captures").glob("*.txt"))
    batches = [
        parse_capture(
            file.read_text(), name=file.name, observed=datetime(2026, 9, 3, tzinfo=UTC), year=2026
        )
        for file in files
    ]
    assert sorted(len(batch.papers) for batch in batches) == [37, 135, 226]
    reports = [await ingest(batch, NOW) for batch in batches]
    assert (sum(len(report.keys) for report in reports), sum(report.new for report in reports)) == (
        398,
        389,
    )
    assert (await Paper.all().count(), await Listing.filter(kind="capture").count()) == (389, 3)
    for batch, report in zip(batches, reports, strict=True):
        again = await ingest(batch, NOW)
        assert (again.new, again.updated, again.keys) == (0, 0, report.keys)


async def test_the_real_answers_create_6181_papers_and_broken_ones_are_skipped(
    shared: Path, engine: str
) -> None:
    if engine == "postgres":
        pytest.skip("the parsers and the writes are the same, and a minute is long")
    files = list(find_files([str(shared / "hf" / "api")]))
    reports = [await import_file(file, 1) for file in files]
    good = [report for report in reports if report.error is None]
    assert (len(good), len(reports) - len(good)) == (415, 22)
    assert sum(report.new for report in good) == await Paper.all().count()
    assert (await Paper.all().count()) == 6181
    for file in random.Random(1).sample(files, 40):
        again = await import_file(file, 1)
        assert (again.new, again.updated) == (0, 0), file
