"""Bulk edits and merges of papers while single entries and notes are edited: nothing is lost."""

import asyncio
import random
from uuid import uuid4

import pytest

from server.database.models.papers import Paper
from server.errors import Conflict, PreconditionMissing
from server.identifiers import title_key
from server.papers.list import find_rows
from server.papers.page import read_paper
from server.reading_list.bulk import EntryChange, change_entries
from server.reading_list.entries import put_entry, read_entry
from server.reading_list.notes import put_note
from server.schema.reading_list import EntryEdit, NoteEdit
from tests.server.material import edit, source, take_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

PAPERS = [f"2601.{n:05}" for n in range(4)]
ROUNDS = 6


async def add_tag(key: str, tag: str) -> None:
    """Add a tag to an entry as a client does: read it, write it, and begin again on a conflict."""
    while True:
        entry = await read_entry(key, 1)
        wanted = EntryEdit(tags=[*entry.tags, tag])
        try:
            await put_entry(edit(entry.version, uuid=uuid4()), key, wanted)
        except (Conflict, PreconditionMissing):
            continue
        return


async def test_bulk_edits_and_single_edits_lose_nothing_of_each_other() -> None:
    await take_in(*(source(key) for key in PAPERS))
    for key in PAPERS:
        await put_entry(edit(0), key, EntryEdit(status="inbox"))
    rows = await find_rows(PAPERS)
    single: dict[str, set[str]] = {key: set() for key in PAPERS}

    async def edit_singly(device: int) -> None:
        chance = random.Random(device)
        for n in range(ROUNDS):
            key, tag = chance.choice(PAPERS), f"single {device}-{n}"
            await add_tag(key, tag)
            single[key].add(tag)

    async def edit_in_bulk() -> None:
        for n in range(ROUNDS):
            done = await change_entries(edit(uuid=uuid4()), rows, EntryChange(tag=(f"bulk {n}",)))
            assert done == len(PAPERS)

    await asyncio.gather(edit_singly(1), edit_singly(2), edit_in_bulk())
    bulk = {f"bulk {n}" for n in range(ROUNDS)}
    for key in PAPERS:
        assert {*(await read_entry(key, 1)).tags} == single[key] | bulk


async def test_merges_lose_nothing_that_is_written_meanwhile() -> None:
    titles = {key: f"Moss of {key}" for key in PAPERS}
    for key, title in titles.items():
        await take_in(source(None, title, richness="capture"), source(key, f"Fern of {key}"))
        for either in (key, title_key(title)):
            await put_entry(edit(0), either, EntryEdit(status="inbox"))
    written: dict[str, set[str]] = {key: set() for key in PAPERS}

    async def write(device: int) -> None:
        chance = random.Random(device)
        for n in range(ROUNDS * 2):
            key, text = chance.choice(PAPERS), f"device {device}-{n}"
            either = chance.choice([key, title_key(titles[key])])
            await put_note(edit(0, uuid=uuid4()), uuid4(), NoteEdit(paper=either, text=text))
            await add_tag(either, text)
            written[key].add(text)

    async def merge() -> None:
        for key, title in titles.items():
            await asyncio.sleep(0.02)
            await take_in(source(key, title))

    await asyncio.gather(write(1), write(2), merge())
    assert await Paper.all().count() == len(PAPERS)
    for key in PAPERS:
        page = await read_paper(key, 1)
        assert {note.text for note in page.notes} == written[key]
        assert page.entry and {*page.entry.tags} == written[key]
