"""The kept counts of a list are those that counting its papers gives, whatever is written."""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date
from uuid import UUID, uuid4

import pytest

from nlp.spans import Extraction, Label, Mention
from server.database.connection import execute, fetch, is_postgres
from server.database.models.papers import Paper
from server.database.models.reading_list import Tag
from server.database.models.terms import OwnTerm
from server.database.transactions import writing
from server.errors import Conflict, Invalid, NotFound
from server.extraction.save import PaperExtraction, store_readings, unread
from server.maintenance.checks import checks
from server.papers.facets import FACET_VALUES, list_facets
from server.papers.merge import merge_papers
from server.reading_list.bulk import EntryChange, change_entries
from server.reading_list.corrections import put_correction
from server.reading_list.entries import delete_entry, put_entry
from server.reading_list.notes import delete_note, put_note
from server.reading_list.tags import delete_tag, restore_tag
from server.reading_list.trash import empty_trash, restore
from server.schema.reading_list import EntryEdit, NoteEdit
from server.schema.terms import CorrectionEdit, TermEdit
from server.schema.trash import Restore
from server.terms.overrides import forget_term, put_term
from tests.server.material import NOW, edit, second_user, source, take_in
from tests.server.random_store import STATUSES, TAGS, WORDS, fill

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("store")]

PAPERS, STEPS = 24, 120
ALL = "-tag:unused"  # selects every paper, by looking at each


class Writer:
    """Writes something that bears on the counts of a list, at random."""

    def __init__(self, seed: int, users: list[int]) -> None:
        self.chance = random.Random(seed)
        self.users = users

    async def write(self) -> None:
        """Write once; what is impossible in the store as it is, is refused."""
        with suppress(Conflict, Invalid, NotFound):
            await self.chance.choice(self.steps())()

    def steps(self) -> list[Callable[[], Awaitable[object]]]:
        """Return all that can be written."""
        return [
            *(self.mark, self.mark, self.note, self.judge, self.judge, self.change_term),
            *(self.read_again, self.trash_entry, self.trash_note, self.trash_tag, self.bring_back),
            *(self.mark_many, self.date_paper, self.merge, self.empty),
        ]

    @property
    def user(self) -> int:
        return self.chance.choice(self.users)

    @property
    def key(self) -> str:
        return f"2601.{self.chance.randrange(PAPERS):05}"

    async def mark(self) -> None:
        tags = self.chance.sample(TAGS, self.chance.randrange(3))
        wish = EntryEdit(status=self.chance.choice(STATUSES), tags=tags)
        await put_entry(edit(user=self.user, force=True), self.key, wish)

    async def mark_many(self) -> None:
        some = self.chance.sample([paper.id for paper in await Paper.all().order_by("id")], 5)
        wish = EntryChange(status=self.chance.choice(STATUSES[1:]), tag=("many",))
        await change_entries(edit(user=self.user, uuid=uuid4()), some, wish)

    async def note(self) -> None:
        await put_note(edit(user=self.user), uuid4(), NoteEdit(paper=self.key, text="moss"))

    async def judge(self) -> None:
        wish = CorrectionEdit(
            verdict=self.chance.choice(["wrong", "missing"]),
            surface=self.chance.choice(WORDS),
            label="METHOD",
            everywhere=self.chance.random() < 0.5,
        )
        await put_correction(edit(user=self.user), self.key, uuid4(), wish)

    async def change_term(self) -> None:
        frame = edit(user=self.user, force=True)
        name, other = self.chance.sample([f"Method-{n}" for n in range(4)], 2)
        wish = [TermEdit(into=other), TermEdit(hidden=True), TermEdit(name=f"My {name}"), None]
        match self.chance.choice(wish):
            case None:
                await forget_term(frame, "method", name)
            case chosen:
                await put_term(frame, "method", name, chosen)

    async def read_again(self) -> None:
        labels: list[tuple[Label, str]] = [("METHOD", "Method-0"), ("TASK", "Task-1")]
        papers = await unread(str(self.chance.random()), limit=200)
        readings = []
        for paper in self.chance.sample(papers, 4):
            end = paper.text.index(" ")
            found = [Mention(0, end, *self.chance.choice(labels))]
            readings.append(PaperExtraction(paper, Extraction(found, [])))
        await store_readings(readings, "2", NOW)

    async def trash_entry(self) -> None:
        await delete_entry(edit(user=self.user, force=True), self.key)

    async def trash_note(self) -> None:
        rows = await fetch("SELECT uuid, user_id FROM note WHERE deleted IS NULL ORDER BY id")
        row = self.chance.choice(rows)
        await delete_note(edit(user=row["user_id"], force=True), UUID(str(row["uuid"])))

    async def trash_tag(self) -> None:
        await delete_tag(edit(user=self.user, force=True), self.chance.choice(TAGS))

    async def bring_back(self) -> None:
        user = self.user
        for name in TAGS:
            if await Tag.exists(user_id=user, name=name, deleted__isnull=False):
                await restore_tag(edit(user=user, force=True), name)
        await restore(edit(user=user, force=True), Restore(kind="entry", ref=self.key))

    async def date_paper(self) -> None:
        async with writing():
            await Paper.filter(key=self.key).update(
                published=self.chance.choice([None, date(2025, 1, 1), date(1999, 1, 1)]),
                code_url=self.chance.choice([None, "https://example.org/code"]),
            )

    async def merge(self) -> None:
        one, other = self.chance.sample(await Paper.all().order_by("id"), 2)
        async with writing() as connection:
            await merge_papers(connection, one, other, NOW)

    async def empty(self) -> None:
        await empty_trash(edit(user=self.user, uuid=uuid4()))


async def check_counts(user: int) -> None:
    """Check a user's kept counts against those of the same papers, counted."""
    for everything in (False, True):
        kept = await list_facets(user, everything=everything)
        counted = await list_facets(user, ALL, everything=everything)
        assert kept == counted, (user, everything)


async def differences() -> int:
    """Return what `doctor` finds amiss in the counts."""
    [check] = [
        each for each in checks(sqlite=not is_postgres()) if each.claim.startswith("lists count")
    ]
    [row] = await fetch(check.sql)
    return int(next(iter(row)))  # a row of either engine yields its values


@pytest.mark.parametrize("seed", [1, 2])
async def test_counts_follow_all_that_is_written(seed: int) -> None:
    users = [1, await second_user()]
    await fill(seed, PAPERS)
    writer = Writer(seed, users)
    for n in range(STEPS):
        await writer.write()
        assert await differences() == 0, n
        if n % 10 == 0:
            for user in users:
                await check_counts(user)


async def test_notes_that_are_written_at_once_count_a_paper_once() -> None:
    await fill(1, 2, others=1)
    await put_entry(edit(force=True), "2601.00000", EntryEdit(status="inbox"))
    rows = ", ".join(
        f"('00000000-0000-0000-0000-00000000010{n}', 1, 1, 'moss', 1, $1, $1)" for n in range(3)
    )
    columns = "uuid, user_id, paper_id, text, version, created, updated"
    async with writing() as connection:
        await execute(connection, f"INSERT INTO note ({columns}) VALUES {rows}", NOW)
    assert await differences() == 0
    async with writing() as connection:
        await execute(connection, "UPDATE note SET paper_id = 2 WHERE paper_id = 1")
    assert await differences() == 0
    async with writing() as connection:
        await execute(connection, "DELETE FROM note")
    assert await differences() == 0


async def test_the_most_frequent_terms_are_told_whatever_a_user_made_of_them() -> None:
    """A term that rises by being merged, and one that takes the place of a hidden one."""
    names = [f"Name-{n:02}" for n in range(FACET_VALUES + 5)]
    await take_in(*(source(f"2601.{n:05}", f"On {n} things") for n in range(len(names))))
    readings = []
    for n, paper in enumerate(await unread("1", limit=100)):
        # the n-th name is in all papers from the n-th
        found = [Mention(0, 2, "METHOD", name) for name in names[: n + 1]]
        readings.append(PaperExtraction(paper, Extraction(found, [])))
        await put_entry(edit(0), paper.key, EntryEdit())
    await store_readings(readings, "1", NOW)
    assert [value.value for value in (await list_facets(1))["method"]] == names[:FACET_VALUES]
    await put_term(edit(0), "method", names[0], TermEdit(hidden=True))
    await put_term(edit(0), "method", names[-1], TermEdit(into=names[-2]))
    await put_term(edit(0), "method", names[-3], TermEdit(into=names[2]))
    await put_term(edit(0), "method", names[1], TermEdit(name="Mine"))
    assert await OwnTerm.filter(user_id=1).count() == 4
    told = [value.value for value in (await list_facets(1))["method"]]
    assert told == ["Mine", *names[2 : FACET_VALUES + 1]]
    await check_counts(1)
