"""The texts of a paper: each is kept once, and notes find their passages in the newer one."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.database.transactions import writing
from server.imports.recognize import parse, recognize
from server.papers.ingest import ingest
from server.papers.undo import undo_step
from server.papers.versions import read_versions
from server.reading_list.notes import put_note, read_note
from server.schema.quote import make_quote
from server.schema.reading_list import NoteEdit
from server.schema.sources import Batch, SourcePaper
from server.schema.versions import NumberChange
from tests.server.material import MOSS, NOW, edit, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

SHARED = Path(__file__).parents[4] / "shared"
FIRST = "We study mosses. On CIFAR-10 it reaches 71.2 accuracy. It needs 12 hours. Code is out."
SECOND = "On CIFAR-10 it reaches 69.8 accuracy. We study mosses. Code is out."


async def take(
    abstract: str, *, days: int = 0, title: str = "Mossy Pruning", **fields: Any
) -> None:
    """Take in the paper as a source has it some days later."""
    at = NOW + timedelta(days=days)
    paper = source(MOSS, title, abstract=abstract, **({"observed": at} | fields))
    await ingest(Batch(kind="test", papers=[paper]), at)


async def note_on(passage: str | None, text: str = "noted", *, minutes: int = 1) -> UUID:
    """Write a note on a passage of the first text."""
    uuid = uuid4()
    start = FIRST.index(passage) if passage else 0
    quote = make_quote(FIRST, start, start + len(passage)) if passage else None
    await put_note(edit(0, minutes=minutes), uuid, NoteEdit(paper=MOSS, text=text, quote=quote))
    return uuid


async def test_a_replaced_text_is_kept_with_what_changed() -> None:
    await take(FIRST)
    await take(SECOND, days=1, title="Mossy Pruning, Revisited")
    versions = await read_versions(MOSS, 1)
    assert [text.abstract for text in versions.texts] == [FIRST, SECOND]
    assert versions.texts[0].replaced == NOW + timedelta(days=1)
    changed = [(change.before, change.after) for change in versions.texts[0].changes]
    assert ("Mossy Pruning", "Mossy Pruning, Revisited") in changed
    assert ("It needs 12 hours.", "") in changed


async def test_the_same_text_makes_no_version_however_it_is_spaced_or_cut() -> None:
    await take("We study mosses…", richness="capture")
    await take(FIRST, days=1)
    await take(FIRST.replace(" ", "  "), days=2)
    await take(FIRST, days=3)
    await take("We study mosses…", days=4, richness="capture")
    versions = await read_versions(MOSS, 1)
    assert len(versions.texts) <= 2
    assert not any(text.changes for text in versions.texts)


async def test_an_older_dump_that_comes_later_is_kept_once_and_changes_nothing() -> None:
    await take(SECOND, days=5)
    for _ in range(2):
        await take(FIRST, days=1, richness="arxiv")
    versions = await read_versions(MOSS, 1)
    assert [text.abstract for text in versions.texts] == [FIRST, SECOND]
    assert [text.replaced for text in versions.texts] == [None, None]


async def read_numbers() -> list[tuple[int | None, str]]:
    """Return the versions of all texts with the texts."""
    texts = (await read_versions(MOSS, 1)).texts
    return [(text.arxiv_version, text.abstract) for text in texts]


async def test_a_text_has_the_number_of_its_version_where_a_source_names_it() -> None:
    await take(FIRST, richness="arxiv", arxiv_version=1)
    await take(SECOND, days=1, richness="arxiv", arxiv_version=2)
    assert await read_numbers() == [(1, FIRST), (2, SECOND)]
    await take(SECOND, days=2, richness="arxiv", arxiv_version=3)  # only the PDF changed
    assert await read_numbers() == [(1, FIRST), (3, SECOND)]


async def test_an_older_version_that_is_seen_later_does_not_replace_a_newer_one() -> None:
    await take(SECOND, richness="arxiv", arxiv_version=3)
    await take(FIRST + " Really.", days=1, richness="arxiv", arxiv_version=2)
    await take(FIRST, days=2, richness="overlay", arxiv_version=1)
    assert await read_numbers() == [(1, FIRST), (2, FIRST + " Really."), (3, SECOND)]
    await take(FIRST, days=3, richness="arxiv", arxiv_version=1)
    assert len(await read_numbers()) == 3


async def test_a_text_of_unknown_version_gets_its_number_later_and_loses_it_when_replaced() -> None:
    await take(FIRST)
    await take(SECOND, days=1)
    assert await read_numbers() == [(None, FIRST), (None, SECOND)]
    await take(FIRST, days=2, richness="arxiv", arxiv_version=1)
    await take(SECOND, days=3, richness="arxiv", arxiv_version=2)
    assert await read_numbers() == [(1, FIRST), (2, SECOND)]
    await take("A wholly new text.", days=4)
    assert (await read_numbers())[-1] == (None, "A wholly new text.")


async def test_a_version_goes_along_when_papers_are_merged() -> None:
    await take_in(source(None, "Mossy Pruning", abstract=FIRST, arxiv_version=1))
    await take_in(source(MOSS, "A Moss", abstract=SECOND, arxiv_version=2))
    await take_in(source(MOSS, "Mossy Pruning"))
    assert await read_numbers() == [(1, FIRST), (2, SECOND)]


async def test_an_undone_import_takes_its_version_along() -> None:
    await take(FIRST, richness="arxiv", arxiv_version=1)
    at = NOW + timedelta(days=1)
    newer = source(
        MOSS, "Mossy Pruning", abstract=SECOND, richness="arxiv", arxiv_version=2, observed=at
    )
    report = await ingest(Batch(kind="test", papers=[newer]), at)
    async with writing() as connection:
        for step in report.steps:
            assert await undo_step(connection, step, at) is None
    assert (await read_numbers())[-1] == (1, FIRST)


async def test_notes_are_told_apart_by_what_became_of_their_passage() -> None:
    await take(FIRST)
    moved, changed = await note_on("We study mosses"), await note_on("reaches 71.2")
    gone, plain = await note_on("12 hours"), await note_on(None, "only 71.2, hm")
    untouched = await note_on(None, "nothing of numbers")
    await take(SECOND, days=1)
    anchors = {anchor.note: anchor for anchor in (await read_versions(MOSS, 1)).notes}
    assert {*anchors} == {moved, changed, gone, plain} and untouched not in anchors
    assert (anchors[moved].state, anchors[moved].numbers) == ("moved", [])
    for note in (changed, plain):
        assert anchors[note].state == "changed"
        assert anchors[note].numbers == [NumberChange("71.2", "69.8")]
        assert anchors[note].before == "On CIFAR-10 it reaches 71.2 accuracy."
        assert anchors[note].after == "On CIFAR-10 it reaches 69.8 accuracy."
    assert (anchors[gone].before, anchors[gone].after) == ("It needs 12 hours.", None)
    # the note itself is as it was written
    assert (quote := (await read_note(changed, 1)).quote) and quote.exact == "reaches 71.2"


async def test_a_passage_at_its_place_is_the_same_and_a_later_note_is_of_the_new_text() -> None:
    await take(FIRST)
    same = await note_on("We study mosses")
    await take(FIRST.replace("12 hours", "9 hours"), days=1)
    await note_on("Code is out", minutes=3_000)
    [anchor] = (await read_versions(MOSS, 1)).notes
    assert (anchor.note, anchor.state) == (same, "same")


async def test_a_note_of_a_merged_paper_keeps_its_text() -> None:
    await take_in(source(None, "Mossy Pruning", abstract=FIRST))
    key = (await take_in(source(None, "Mossy Pruning"))).keys[0]
    note = uuid4()
    quote = make_quote(FIRST, 17, 30)
    await put_note(edit(0), note, NoteEdit(paper=key, text="here", quote=quote))
    await take_in(source(MOSS, "A Moss", abstract=SECOND))
    await ingest(
        Batch(kind="test", papers=[source(MOSS, "Mossy Pruning")]), NOW + timedelta(days=1)
    )
    versions = await read_versions(MOSS, 1)
    assert FIRST in [text.abstract for text in versions.texts]
    assert [anchor.note for anchor in versions.notes] == [note]


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_real_papers_that_several_sources_have_get_no_invented_versions() -> None:
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is not there: real papers of several sources are needed")
    days = ("2024-07-17", "2024-08-01", "2025-05-06", "2025-05-27", "2025-10-01")
    files = [
        *(SHARED / "captures").glob("*.txt"),
        SHARED / "hf" / "pages" / "2024-08-01.html",
        *(SHARED / "hf" / "api" / f"{day}.json" for day in days),
    ]
    papers = [paper for file in files for paper in read_papers(file)]
    report = await take_in(*papers)
    assert len(papers) - len({*report.rows}) > 10  # papers that several files have
    for key in {*report.keys}:
        assert len((await read_versions(key, 1)).texts) == 1, key


def read_papers(file: Path) -> list[SourcePaper]:
    """Return the papers of a file that have an abstract."""
    batch = parse(recognize(file.read_bytes()), name=file.name, observed=NOW, year=2026)
    return [paper for paper in batch.papers if paper.abstract]
