"""What a person writes: versioned, idempotent, and never overwritten unseen."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from server.database.change_feed import changes_since, newest_change
from server.database.models.changes import Change
from server.database.models.reading_list import Entry, Note
from server.errors import Conflict, Invalid, NotFound, PreconditionMissing, TooLarge
from server.papers.list import list_papers
from server.papers.page import read_paper
from server.reading_list.corrections import delete_correction, put_correction
from server.reading_list.entries import delete_entry, put_entry, read_entry, set_seen
from server.reading_list.notes import delete_note, list_notes, put_note, read_note, read_revisions
from server.schema.quote import Quote
from server.schema.reading_list import MAX_NOTE_BYTES, EntryEdit, NoteEdit, SeenEdit
from server.schema.terms import CorrectionEdit
from tests.server.material import FERN, MOSS, NOW, edit, keys, second_user, take_in_two

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def two_papers(store: object) -> None:
    await take_in_two()


def text_on_moss(text: str) -> NoteEdit:
    return NoteEdit(paper=MOSS, text=text)


async def test_an_entry_begins_at_version_1_and_each_change_adds_1() -> None:
    first = await put_entry(edit(0), MOSS, EntryEdit(status="reading"))
    second = await put_entry(edit(1, minutes=1), MOSS, EntryEdit(rating=4))
    assert (first.version, second.version) == (1, 2)
    assert (second.status, second.rating, second.added) == ("reading", 4, NOW)


async def test_a_field_left_out_stays_and_none_takes_a_rating_away() -> None:
    await put_entry(edit(0), MOSS, EntryEdit(status="read", rating=5, tags=["b", "A"]))
    state = await put_entry(edit(1), MOSS, EntryEdit(rating=None))
    assert (state.status, state.rating, state.tags) == ("read", None, ["A", "b"])
    assert (await put_entry(edit(2), MOSS, EntryEdit(tags=[]))).tags == []


async def test_a_first_tag_or_rating_puts_the_paper_in_the_list() -> None:
    assert (await put_entry(edit(), MOSS, EntryEdit(tags=["x"]))).status == "inbox"
    await put_note(edit(), uuid4(), NoteEdit(paper=FERN, text="x"))
    assert sorted(keys((await list_papers(1)).papers)) == [MOSS, FERN]


async def test_an_edit_that_names_no_list_keeps_the_paper_out_of_it() -> None:
    await put_entry(edit(), MOSS, EntryEdit(status="none", tags=["x"]))
    assert (await list_papers(1)).total == 0


async def test_a_stale_edit_is_told_the_state_and_writes_nothing() -> None:
    await put_entry(edit(0), MOSS, EntryEdit(status="reading"))
    await put_entry(edit(1), MOSS, EntryEdit(rating=3))
    told = await newest_change(1)
    for base in (0, 1, 3):
        with pytest.raises(Conflict) as conflict:
            await put_entry(edit(base), MOSS, EntryEdit(rating=1))
        assert conflict.value.current == await read_entry(MOSS, 1)
    assert await newest_change(1) == told


async def test_an_edit_of_something_without_a_version_needs_one() -> None:
    await put_entry(edit(), MOSS, EntryEdit(status="reading"))
    with pytest.raises(PreconditionMissing) as missing:
        await put_entry(edit(), MOSS, EntryEdit(status="read"))
    assert missing.value.current.status == "reading"
    assert (await put_entry(edit(force=True), MOSS, EntryEdit(status="read"))).version == 2


async def test_what_is_so_already_is_no_change_whatever_the_version() -> None:
    await put_entry(edit(), MOSS, EntryEdit(status="reading", tags=["b", "a"]))
    told = await newest_change(1)
    for base in (None, 0, 7):
        state = await put_entry(edit(base), MOSS, EntryEdit(status="reading", tags=["a", "b"]))
        assert state.version == 1
    assert await newest_change(1) == told


async def test_an_edit_done_before_is_not_done_again_after_others_changed_it() -> None:
    uuid = uuid4()
    await put_entry(edit(0, uuid=uuid), MOSS, EntryEdit(status="reading"))
    await put_entry(edit(1), MOSS, EntryEdit(status="read"))
    state = await put_entry(edit(0, uuid=uuid), MOSS, EntryEdit(status="reading"))
    assert (state.status, state.version) == ("read", 2)


async def test_a_note_done_before_is_not_done_again() -> None:
    note, uuid = uuid4(), uuid4()
    await put_note(edit(0, uuid=uuid), note, text_on_moss("first"))
    await put_note(edit(1), note, text_on_moss("second"))
    assert (await put_note(edit(0, uuid=uuid), note, text_on_moss("first"))).text == "second"
    await delete_note(edit(2, uuid=(gone := uuid4())), note)
    await put_note(edit(3), note, text_on_moss("back"))
    assert (await delete_note(edit(2, uuid=gone), note)).deleted is None


async def test_of_edits_made_at_once_all_but_one_are_told() -> None:
    await put_entry(edit(0), MOSS, EntryEdit(status="inbox"))
    edits = [put_entry(edit(1), MOSS, EntryEdit(rating=n % 6)) for n in range(12)]
    results = await asyncio.gather(*edits, return_exceptions=True)
    done = [result for result in results if not isinstance(result, Exception)]
    assert {(state.version, state.rating) for state in done} == {(2, done[0].rating)}
    assert all(isinstance(r, Conflict) for r in results if isinstance(r, Exception))
    # an edit that asks for what the winner wrote is no conflict
    assert len(done) == sum(n % 6 == done[0].rating for n in range(12))


async def test_of_notes_made_at_once_under_one_id_all_but_one_are_told() -> None:
    note = uuid4()
    texts = [put_note(edit(0), note, text_on_moss(f"text {n}")) for n in range(8)]
    results = await asyncio.gather(*texts, return_exceptions=True)
    [state] = [result for result in results if not isinstance(result, Exception)]
    assert all(isinstance(r, Conflict) for r in results if isinstance(r, Exception))
    assert (await read_note(note, 1)).text == state.text


async def test_the_same_edit_sent_many_times_at_once_is_done_once() -> None:
    uuid = uuid4()
    sent = [
        put_entry(edit(0, uuid=uuid), MOSS, EntryEdit(status="read", tags=["x"])) for _ in range(8)
    ]
    states = await asyncio.gather(*sent)
    assert {state.version for state in states} == {1}
    assert await Change.filter(kind="entry").count() == 1


async def test_a_note_keeps_the_texts_that_it_had() -> None:
    note = uuid4()
    for version, text in enumerate(["one", "two", "three"]):
        await put_note(edit(version, minutes=version), note, text_on_moss(text))
    assert [(r.version, r.text) for r in await read_revisions(note, 1)] == [(2, "two"), (1, "one")]


async def test_a_note_keeps_its_quote() -> None:
    quote = Quote(exact="prune ferns", prefix="We ", suffix=" with \U0001f33f", start=17, end=28)
    await put_note(edit(), note := uuid4(), NoteEdit(paper=MOSS, text="x", quote=quote))
    assert (await read_note(note, 1)).quote == quote
    assert (await read_paper(MOSS, 1)).notes[0].quote == quote
    assert (await put_note(edit(1), note, text_on_moss("x"))).quote is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n\ttrailing \n",
        "\U0001f33f é e\u0301 \u202e",
        "`'\"; DROP TABLE note; --",
        "\r\n\x0b\x1f",
    ],
)
async def test_a_text_comes_back_as_it_was_written(text: str) -> None:
    await put_note(edit(), note := uuid4(), text_on_moss(text))
    assert (await read_note(note, 1)).text == text
    assert (await list_notes(1, "", None, 5)).notes[0].text == text


async def test_a_note_may_have_a_megabyte_and_no_more() -> None:
    await put_note(edit(), uuid4(), text_on_moss("é" * (MAX_NOTE_BYTES // 2)))
    with pytest.raises(TooLarge, match="1,000,000"):
        await put_note(edit(), uuid4(), text_on_moss("é" * (MAX_NOTE_BYTES // 2) + "x"))
    assert await Note.all().count() == 1


async def test_a_note_stays_on_its_paper() -> None:
    await put_note(edit(), note := uuid4(), text_on_moss("x"))
    with pytest.raises(Invalid):
        await put_note(edit(1), note, NoteEdit(paper=FERN, text="x"))


async def test_a_deleted_entry_is_in_the_trash_and_comes_back_as_it_was() -> None:
    await put_entry(edit(), MOSS, EntryEdit(status="read", rating=4, tags=["x"]))
    gone = await delete_entry(edit(1, minutes=1), MOSS)
    assert (gone.version, gone.deleted is not None, (await list_papers(1)).total) == (2, True, 0)
    assert (await delete_entry(edit(1), MOSS)).version == 2, "twice is once"
    back = await put_entry(edit(2, minutes=2), MOSS, EntryEdit())
    assert (back.version, back.deleted, back.rating, back.tags) == (3, None, 4, ["x"])
    assert back.added == NOW + timedelta(minutes=2), "it joins the list anew"


async def test_a_note_brings_its_paper_back_from_the_trash() -> None:
    await put_entry(edit(), MOSS, EntryEdit(status="read"))
    await delete_entry(edit(1), MOSS)
    await put_note(edit(), uuid4(), text_on_moss("still of use"))
    assert (await read_entry(MOSS, 1)).deleted is None


async def test_the_same_text_makes_no_version_but_brings_a_note_back_from_the_trash() -> None:
    note = uuid4()
    first = await put_note(edit(), note, text_on_moss("hums"))
    assert await put_note(edit(1, minutes=1), note, text_on_moss("hums")) == first
    await delete_note(edit(1), note)
    back = await put_note(edit(2), note, text_on_moss("hums"))
    assert (back.deleted, back.version) == (None, 3)


async def test_an_entry_made_anew_over_one_in_the_trash_goes_on_counting() -> None:
    await put_entry(edit(), MOSS, EntryEdit(status="read"))
    await delete_entry(edit(1), MOSS)
    assert (await put_entry(edit(0), MOSS, EntryEdit(status="inbox"))).version == 3


async def test_a_delete_checks_its_version_too() -> None:
    await put_entry(edit(), MOSS, EntryEdit(status="read"))
    await put_note(edit(), note := uuid4(), text_on_moss("x"))
    with pytest.raises(Conflict):
        await delete_entry(edit(9), MOSS)
    with pytest.raises(PreconditionMissing):
        await delete_note(edit(), note)


async def test_what_is_not_there_cannot_be_deleted_or_written_on() -> None:
    with pytest.raises(NotFound):
        await delete_entry(edit(), MOSS)
    with pytest.raises(NotFound):
        await delete_note(edit(), uuid4())
    with pytest.raises(NotFound):
        await delete_correction(edit(), uuid4())
    for key in ("2601.99999", "t-" + "0" * 20, "nonsense", ""):
        with pytest.raises(NotFound):
            await put_entry(edit(), key, EntryEdit())
    with pytest.raises(NotFound):
        await set_seen(edit(), SeenEdit(papers=[MOSS, "2601.99999"]))
    assert await Entry.all().count() == 0


async def test_an_address_or_a_versioned_id_is_as_good_as_a_key() -> None:
    for n, key in enumerate([f"https://arxiv.org/abs/{MOSS}v2", f"arXiv:{MOSS}"]):
        assert (await put_entry(edit(n), key, EntryEdit(rating=n))).key == MOSS


async def test_a_correction_is_versioned_like_the_rest() -> None:
    wrong = CorrectionEdit(verdict="wrong", surface="LoRA", label="METHOD")
    state = await put_correction(edit(0), MOSS, uuid := uuid4(), wrong)
    assert state.version == 1
    other = CorrectionEdit(verdict="relabelled", surface="LoRA", label="METHOD", to_label="TASK")
    with pytest.raises(Conflict):
        await put_correction(edit(0), MOSS, uuid, other)
    assert (await put_correction(edit(1), MOSS, uuid, other)).version == 2
    assert (await put_correction(edit(), MOSS, uuid, other)).version == 2
    assert (await delete_correction(edit(2), uuid)).deleted is not None
    assert (await put_correction(edit(3), MOSS, uuid, other)).deleted is None


@pytest.mark.parametrize(
    "wish",
    [
        CorrectionEdit(verdict="relabelled", surface="x", label="TASK"),
        CorrectionEdit(verdict="wrong", surface="x", label="TASK", to_label="METHOD"),
        CorrectionEdit(verdict="wrong", surface="x", label="TASK", start=3),
        CorrectionEdit(verdict="wrong", surface="x", label="TASK", start=3, end=2),
        CorrectionEdit(verdict="wrong", surface="\x00", label="TASK"),
        CorrectionEdit(verdict="wrong", surface="9", label="RESULT"),
        CorrectionEdit(
            verdict="wrong", surface="9", label="RESULT", start=3, end=4, everywhere=True
        ),
    ],
)
async def test_a_verdict_that_makes_no_sense_is_refused(wish: CorrectionEdit) -> None:
    with pytest.raises(Invalid):
        await put_correction(edit(), MOSS, uuid4(), wish)


async def test_seen_is_marked_and_unmarked_once() -> None:
    both = [MOSS, FERN, MOSS]
    assert await set_seen(edit(), SeenEdit(papers=both)) == 2
    assert await set_seen(edit(), SeenEdit(papers=both)) == 0
    assert (await read_paper(MOSS, 1)).seen
    assert await set_seen(edit(), SeenEdit(papers=[MOSS], seen=False)) == 1
    assert not (await read_paper(MOSS, 1)).seen
    seen = [(c.ref, c.deleted) for c in (await changes_since(1, 0, 99)).changes if c.kind == "seen"]
    assert seen == [(MOSS, False), (FERN, False), (MOSS, True)]


async def test_an_edit_that_fails_leaves_no_change_and_no_tag_behind() -> None:
    before = await newest_change(1)
    with pytest.raises(Invalid):
        await put_entry(edit(), MOSS, EntryEdit(tags=["good", "\x00"]))
    assert (await newest_change(1), await Entry.all().count()) == (before, 0)


async def test_notes_are_paged_without_loss_though_all_were_written_at_once() -> None:
    written: list[UUID] = []
    for n in range(7):
        written.append(uuid4())
        await put_note(edit(), written[-1], text_on_moss(f"note {n}"))
    seen: list[UUID] = []
    cursor: str | None = None
    while True:
        page = await list_notes(1, "note", cursor, 3)
        seen += [note.id for note in page.notes]
        if (cursor := page.next) is None:
            break
    assert seen == written[::-1]


async def test_a_reader_s_note_id_cannot_be_taken_by_another() -> None:
    ada = await second_user()
    await put_note(edit(), note := uuid4(), text_on_moss("mine"))
    with pytest.raises(Invalid):
        await put_note(edit(user=ada, force=True), note, text_on_moss("hers"))
    assert (await read_note(note, 1)).text == "mine"
