"""The tasks of all notes, and marking one as done."""

from uuid import UUID, uuid4

import pytest

from server.errors import Conflict, Invalid, NotFound, PreconditionMissing
from server.reading_list.notes import delete_note, put_note, read_note, read_revisions
from server.reading_list.tasks import BATCH, list_tasks, set_task
from server.schema.reading_list import NoteEdit
from server.schema.tasks import TaskEdit
from tests.server.material import FERN, MOSS, edit, second_user, take_in_two

pytestmark = pytest.mark.anyio

NOTE = UUID(int=1)
RUN = TaskEdit(line=1, text="run it", done=True)


@pytest.fixture(autouse=True)
async def note(store: object) -> None:
    """A note with a task that is open and one that is done."""
    await take_in_two()
    await write(NOTE, "so:\n- [ ] run it\n- [x] read the *proof*")


async def write(uuid: UUID, text: str, *, paper: str = MOSS, minutes: int = 0) -> None:
    await put_note(edit(force=True, minutes=minutes), uuid, NoteEdit(paper=paper, text=text))


async def texts(user: int = 1, *, done: bool = False, words: str = "") -> list[str]:
    return [task.text for task in (await list_tasks(user, done=done, words=words)).tasks]


async def test_open_tasks_and_those_that_are_done_are_listed_with_their_papers() -> None:
    await write(uuid4(), "- [ ] newer", paper=FERN, minutes=1)
    assert await texts() == ["newer", "run it"]
    assert await texts(done=True) == ["read the *proof*"]
    [newer, run] = (await list_tasks(1)).tasks
    assert (newer.title, run.key, run.note, run.line) == ("Fern Attention", MOSS, NOTE, 1)


async def test_tasks_are_found_by_their_words_and_the_title_of_their_paper() -> None:
    await write(uuid4(), "mossy\n- [ ] water it", paper=FERN)
    assert await texts(words="RUN mossy") == ["run it"]
    assert await texts(words="attention") == ["water it"]
    assert await texts(words="read") == []


async def test_a_task_is_marked_in_its_note_whose_earlier_text_is_kept() -> None:
    await set_task(edit(1), NOTE, RUN)
    assert (await read_note(NOTE, 1)).text == "so:\n- [x] run it\n- [x] read the *proof*"
    assert [revision.version for revision in await read_revisions(NOTE, 1)] == [1]
    assert await texts() == []
    await set_task(edit(2), NOTE, TaskEdit(line=1, text="run it", done=False))
    assert await texts() == ["run it"]


async def test_a_task_that_is_marked_twice_is_marked_once() -> None:
    once = UUID(int=5)
    for _ in range(2):
        state = await set_task(edit(1, uuid=once), NOTE, RUN)
    assert state.version == 2


async def test_a_mark_that_starts_from_another_version_is_refused() -> None:
    with pytest.raises(Conflict):
        await set_task(edit(7), NOTE, RUN)
    with pytest.raises(PreconditionMissing):
        await set_task(edit(), NOTE, RUN)


async def test_a_task_that_moved_is_found_by_its_text() -> None:
    await write(NOTE, "- [ ] run it\n\nand\n\n- [ ] other\n- [ ] run it")
    await set_task(edit(force=True), NOTE, TaskEdit(line=6, text="run it", done=True))
    assert (await read_note(NOTE, 1)).text.endswith("- [x] run it")


async def test_a_task_that_is_gone_is_refused() -> None:
    with pytest.raises(Invalid, match="no such task any more"):
        await set_task(edit(force=True), NOTE, TaskEdit(line=1, text="walk", done=True))
    await delete_note(edit(force=True), NOTE)
    with pytest.raises(NotFound):
        await set_task(edit(force=True), NOTE, RUN)
    assert await texts() == []


async def test_everybody_has_tasks_of_their_own() -> None:
    ada = await second_user()
    assert await texts(ada) == []
    with pytest.raises(NotFound):
        await set_task(edit(force=True, user=ada), NOTE, RUN)


async def test_pages_of_tasks_follow_each_other_without_a_gap() -> None:
    for number in range(BATCH + 5):
        # a bracket that is no task
        is_task = number % 3 == 0
        await write(uuid4(), f"- [ ] {number}" if is_task else f"{number} [ ]", minutes=number)
    found, cursor = [], None
    while True:
        page = await list_tasks(1, limit=7, cursor=cursor)
        found += [task.text for task in page.tasks]
        if not (cursor := page.next):
            break
    expected = [str(number) for number in range(BATCH + 5) if number % 3 == 0]
    assert found == [*reversed(expected), "run it"]


@pytest.mark.parametrize("cursor", ["x", "e30=", "WyJ4IiwxXQ=="])
async def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid, match="not valid"):
        await list_tasks(1, cursor=cursor)
