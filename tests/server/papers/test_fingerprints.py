"""A paper's fingerprint changes with all that its page has, and with nothing else."""

from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

import pytest

from server.database.connection import execute, write_connection
from server.database.models.imports import Citation
from server.database.serializers import find_paper
from server.papers.fetch_attempts import save_attempts
from server.papers.fingerprints import read_fingerprints
from server.papers.list import find_papers
from server.papers.page import read_paper
from server.reading_list.corrections import put_correction
from server.reading_list.entries import delete_entry, put_entry, set_seen
from server.reading_list.notes import delete_note, put_note
from server.reading_list.tags import delete_tag, put_tag
from server.schema.citations import Citation as CitationData
from server.schema.fetching import FetchAttempt
from server.schema.hugging_face import HuggingFaceFacts
from server.schema.reading_list import EntryEdit, NoteEdit, SeenEdit, TagEdit
from server.schema.sources import SourceListing
from server.schema.terms import CorrectionEdit, TermEdit
from server.terms.overrides import put_term
from tests.server.archive.everything import read_abstracts
from tests.server.material import FERN, MOSS, NOW, edit, second_user, source, take_in, take_in_two

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("filled")]

NOTE = UUID(int=1)
LORA = CorrectionEdit(
    verdict="relabelled", surface="LoRA", label="METHOD", to_label="TASK", start=33, end=37
)


@pytest.fixture
async def filled(store: object) -> None:
    """Fill a store with two papers, of which one has a tag and a note."""
    await take_in_two()
    await read_abstracts()
    await put_entry(edit(0), MOSS, EntryEdit(tags=["rl"]))
    await put_note(edit(0), NOTE, NoteEdit(paper=MOSS, text="a thought"))


async def fingerprints(user: int = 1) -> dict[str, bytes | None]:
    papers = await find_papers(user, "", everything=True)
    found = [each async for some in read_fingerprints(papers, user) for each in some]
    assert [each.id for each in found] == papers
    return {each.keys[0]: each.digest for each in found}


async def change_paper() -> None:
    await take_in(source(MOSS, "Mossy Pruning", upvotes=8, code_url="https://example.org/moss"))


async def tell_facts() -> None:
    facts = HuggingFaceFacts(summary="Ferns, pruned.", observed=NOW)
    await take_in(source(MOSS, "Mossy Pruning", hugging_face=facts))


async def list_it() -> None:
    listing = SourceListing(kind="capture", name="may.txt")
    await take_in(source(MOSS, "Mossy Pruning"), listing=listing)


async def cite() -> None:
    paper = (await find_paper(MOSS)).id
    await Citation.create(user_id=1, paper_id=paper, data=CitationData(key="moss"), updated=NOW)


async def name_it_anew() -> None:
    paper = (await find_paper(MOSS)).id
    sql = "INSERT INTO alias (key, paper_id) VALUES ($1, $2)"
    await execute(write_connection(), sql, "t-0123", paper)


DEEDS: dict[str, Callable[[], Awaitable[object]]] = {
    "a paper's facts": change_paper,
    "facts of Hugging Face": tell_facts,
    "a listing": list_it,
    "a citation": cite,
    "another key": name_it_anew,
    "a status": lambda: put_entry(edit(1), MOSS, EntryEdit(status="read")),
    "a day": lambda: put_entry(edit(1), MOSS, EntryEdit(due=date(2026, 5, 1))),
    "a tag": lambda: put_entry(edit(1), MOSS, EntryEdit(tags=["rl", "moss"])),
    "a tag's name": lambda: put_tag(edit(1), "rl", TagEdit(name="learning")),
    "a deleted tag": lambda: delete_tag(edit(force=True), "rl"),
    "a deleted entry": lambda: delete_entry(edit(force=True), MOSS),
    "a note": lambda: put_note(edit(0), UUID(int=2), NoteEdit(paper=MOSS, text="another")),
    "a note's text": lambda: put_note(edit(1), NOTE, NoteEdit(paper=MOSS, text="a thought!")),
    "a deleted note": lambda: delete_note(edit(force=True), NOTE),
    "a correction": lambda: put_correction(edit(0), MOSS, UUID(int=3), LORA),
    "a mark as seen": lambda: set_seen(edit(), SeenEdit(papers=[MOSS])),
}


@pytest.mark.parametrize("deed", DEEDS)
async def test_a_fingerprint_changes_with_what_a_page_shows(deed: str) -> None:
    before, page = await fingerprints(), await read_paper(MOSS, 1)
    await DEEDS[deed]()
    after = await fingerprints()
    assert await read_paper(MOSS, 1) != page
    assert after[MOSS] != before[MOSS]
    assert after[FERN] == before[FERN]


async def test_what_bears_on_all_papers_changes_all_fingerprints() -> None:
    named = await fingerprints()
    await put_term(edit(0), "METHOD", "LoRA", TermEdit(name="Low rank"))
    judged = await fingerprints()
    await put_correction(
        edit(0),
        MOSS,
        UUID(int=3),
        CorrectionEdit(verdict="wrong", surface="LoRA", label="METHOD", everywhere=True),
    )
    after = await fingerprints()
    assert all(len({named[key], judged[key], after[key]}) == 3 for key in (MOSS, FERN))


async def test_a_failed_attempt_to_fetch_a_paper_changes_its_fingerprint() -> None:
    await take_in(source("2601.00003", "Bare"))
    before = await fingerprints()
    await save_attempts({"2601.00003": FetchAttempt(NOW, True, "no such paper")})
    assert (await fingerprints())["2601.00003"] != before["2601.00003"]


async def test_terms_that_are_read_anew_change_a_fingerprint() -> None:
    before = await fingerprints()
    sql = "UPDATE paper_term SET position = position + 1 WHERE paper_id = $1"
    await execute(write_connection(), sql, (await find_paper(MOSS)).id)
    after = await fingerprints()
    assert (after[MOSS] != before[MOSS], after[FERN] == before[FERN]) == (True, True)


async def test_what_others_write_changes_no_fingerprint() -> None:
    ada, before = await second_user(), await fingerprints()
    await put_entry(edit(0, user=ada), MOSS, EntryEdit(status="read"))
    await put_note(edit(0, user=ada), UUID(int=9), NoteEdit(paper=MOSS, text="hers"))
    await take_in(source("2601.00003", "Another", abstract="LoRA, too."))
    await read_abstracts()
    after = await fingerprints()
    assert {key: after[key] for key in before} == before
    assert (await fingerprints(ada))[MOSS] != before[MOSS]


async def test_a_paper_whose_notes_lead_to_others_has_no_fingerprint() -> None:
    await put_note(edit(1), NOTE, NoteEdit(paper=MOSS, text=f"like [[{FERN}]]"))
    assert (await fingerprints())[MOSS] is None
