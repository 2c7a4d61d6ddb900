"""Of a vault that was synced before, only what changed is read from the store, and nothing lost."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from anyio import to_process

from server.accounts.users import get_user
from server.config import Config
from server.database.connection import execute, fetch, open_store, write_connection
from server.database.context import pause_writes
from server.database.models.accounts import User
from server.days import use_zone
from server.papers.list import find_papers
from server.reading_list.entries import delete_entry, put_entry
from server.reading_list.notes import delete_note, put_note
from server.schema.papers import PaperPage
from server.schema.reading_list import EntryEdit, NoteEdit
from server.vault import list_sync, seen_files
from server.vault.list_sync import sync_list
from server.vault.sync import Plan, VaultReport
from server.vault.template import default_layout, make_layout
from tests.server.material import FERN, MOSS, NOW, edit, second_user, take_in_two

pytestmark = pytest.mark.anyio

NOTE = UUID(int=1)
MOSS_FILE, FERN_FILE = "Mossy Pruning.md", "Fern Attention.md"


@pytest.fixture
async def filled(store: Config) -> Config:
    """Fill a store with two papers, the first of which has a note."""
    await take_in_two()
    for key in (MOSS, FERN):
        await put_entry(edit(0), key, EntryEdit())
    await put_note(edit(0), NOTE, NoteEdit(paper=MOSS, text="a thought"))
    return store


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the papers that syncs read from the store."""
    found: list[str] = []
    read_pages = list_sync.read_pages

    async def note(ids: list[int], user: int) -> list[PaperPage]:
        pages = await read_pages(ids, user)
        found.extend(page.key for page in pages)
        return pages

    monkeypatch.setattr(list_sync, "read_pages", note)
    return found


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    return tmp_path / "vault"


async def sync(vault: Path, user: int = 1, **plan: Any) -> VaultReport:
    return await sync_list(vault, await find_papers(user, ""), user, Plan(**plan))


async def write_note(text: str, base: int = 1) -> None:
    await put_note(edit(base), NOTE, NoteEdit(paper=MOSS, text=text))


async def test_an_unchanged_vault_needs_no_paper_from_the_store(
    filled: Config, vault: Path, read: list[str]
) -> None:
    assert await sync(vault) == VaultReport(created=2)
    read.clear()
    assert await sync(vault) == VaultReport(unchanged=2)
    assert await sync(vault, dry_run=True) == VaultReport(unchanged=2)
    assert read == []


async def test_only_a_changed_paper_is_read_and_written(
    filled: Config, vault: Path, read: list[str]
) -> None:
    await sync(vault)
    await write_note("another thought")
    read.clear()
    assert await sync(vault) == VaultReport(updated=1, unchanged=1)
    assert "another thought" in (vault / MOSS_FILE).read_text()
    assert await sync(vault) == VaultReport(unchanged=2)
    assert read == [MOSS]


async def test_an_edit_that_is_not_ours_is_kept_and_the_paper_read(
    filled: Config, vault: Path, read: list[str]
) -> None:
    await sync(vault)
    path = vault / MOSS_FILE
    path.write_text(path.read_text() + "mine\n")
    read.clear()
    assert await sync(vault) == VaultReport(unchanged=2)
    assert read == [MOSS]
    assert path.read_text().endswith("mine\n")
    await write_note("another thought")
    assert await sync(vault) == VaultReport(updated=1, unchanged=1)
    assert path.read_text().endswith("mine\n")


async def test_a_conflict_is_told_each_time(filled: Config, vault: Path) -> None:
    await sync(vault)
    path = vault / MOSS_FILE
    path.write_text(path.read_text().replace("We prune ferns", "We prune trees"))
    for _ in range(2):
        assert await sync(vault) == VaultReport(conflict=1, unchanged=1)
    assert "We prune trees" in path.read_text()


async def test_a_file_that_was_deleted_is_written_again(filled: Config, vault: Path) -> None:
    await sync(vault)
    (vault / MOSS_FILE).unlink()
    assert await sync(vault) == VaultReport(created=1, unchanged=1)


async def test_what_is_forgotten_costs_nothing_but_time(
    filled: Config, vault: Path, read: list[str]
) -> None:
    await sync(vault)
    await execute(write_connection(), "DELETE FROM vault")
    assert await fetch("SELECT path FROM vault_file") == []
    read.clear()
    assert await sync(vault) == VaultReport(unchanged=2)
    assert sorted(read) == [MOSS, FERN]


async def test_what_cannot_be_read_is_forgotten(filled: Config, vault: Path) -> None:
    await sync(vault)
    await execute(write_connection(), "UPDATE vault_file SET seen = $1", b"of a later version")
    assert await sync(vault) == VaultReport(unchanged=2)
    assert await sync(vault) == VaultReport(unchanged=2)


async def test_what_other_code_concluded_is_forgotten(
    filled: Config, vault: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await sync(vault)
    monkeypatch.setattr(seen_files, "code_version", lambda: "newer")
    read.clear()
    assert await sync(vault) == VaultReport(unchanged=2)
    assert sorted(read) == [MOSS, FERN]
    assert [row["code"] for row in await fetch("SELECT code FROM vault")] == ["newer"]
    read.clear()
    assert await sync(vault) == VaultReport(unchanged=2)
    assert read == []


async def test_a_file_is_not_called_current_that_a_write_overtook(
    filled: Config, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_pages = list_sync.read_pages

    async def write_meanwhile(ids: list[int], user: int) -> list[PaperPage]:
        monkeypatch.setattr(list_sync, "read_pages", read_pages)
        await put_note(edit(0), UUID(int=2), NoteEdit(paper=FERN, text="a hasty thought"))
        return await read_pages(ids, user)

    monkeypatch.setattr(list_sync, "read_pages", write_meanwhile)
    await sync(vault)
    assert "hasty" in (vault / FERN_FILE).read_text()
    await delete_note(edit(1), UUID(int=2))
    await sync(vault)
    assert "hasty" not in (vault / FERN_FILE).read_text()


async def test_a_vault_is_written_also_where_nothing_can_be_remembered(
    filled: Config, vault: Path
) -> None:
    with pause_writes("the store is being moved"):
        assert await sync(vault) == VaultReport(created=2)
        assert await sync(vault) == VaultReport(unchanged=2)


async def test_a_dry_run_is_not_remembered(filled: Config, vault: Path) -> None:
    assert await sync(vault, dry_run=True) == VaultReport(created=2)
    assert await fetch("SELECT id FROM vault") == []


async def test_a_vault_that_was_moved_is_found_as_it_is(filled: Config, vault: Path) -> None:
    await sync(vault)
    moved = vault.with_name("moved")
    shutil.move(vault, moved)
    (moved / FERN_FILE).write_text((moved / FERN_FILE).read_text() + "mine\n")
    assert await sync(moved) == VaultReport(unchanged=2)
    await write_note("another thought")
    assert await sync(moved) == VaultReport(updated=1, unchanged=1)
    assert (moved / FERN_FILE).read_text().endswith("mine\n")
    assert await sync(vault) == VaultReport(created=2)


async def test_another_vault_in_the_place_of_one_is_not_taken_for_it(
    filled: Config, vault: Path
) -> None:
    await sync(vault)
    shutil.copytree(vault, vault.with_name("copy"))  # with the times of all files
    await write_note("another thought")
    await sync(vault)
    shutil.rmtree(vault)
    shutil.move(vault.with_name("copy"), vault)
    assert await sync(vault) == VaultReport(updated=1, unchanged=1)
    assert "another thought" in (vault / MOSS_FILE).read_text()


async def test_a_store_from_an_older_backup_neither_misses_nor_overwrites_an_edit(
    filled: Config, vault: Path
) -> None:
    await sync(vault)
    remembered = await fetch("SELECT vault_id, path, seen FROM vault_file")
    await write_note("another thought")
    await sync(vault)
    path = vault / FERN_FILE
    path.write_text(path.read_text().replace("Attention for", "My attention for") + "mine\n")
    for row in remembered:
        await execute(
            write_connection(),
            "UPDATE vault_file SET seen = $1 WHERE vault_id = $2 AND path = $3",
            row["seen"],
            row["vault_id"],
            row["path"],
        )
    await write_note("a thought", 2)
    assert await sync(vault) == VaultReport(updated=1, conflict=1)
    assert "another" not in (vault / MOSS_FILE).read_text()
    assert "My attention for" in path.read_text()
    assert path.read_text().endswith("mine\n")


async def test_two_readers_with_one_folder_do_not_take_their_files_for_each_other_s(
    filled: Config, vault: Path
) -> None:
    ada = await second_user()
    await put_entry(edit(0, user=ada), MOSS, EntryEdit(status="read"))
    await sync(vault)
    assert (await sync(vault, ada)).updated == 1
    assert "status: read\n" in (vault / MOSS_FILE).read_text()
    assert (await sync(vault)).updated == 1
    assert "status: inbox\n" in (vault / MOSS_FILE).read_text()


async def test_what_was_seen_goes_with_its_reader(filled: Config, vault: Path) -> None:
    ada = await second_user()
    await sync(vault)
    await sync(vault.with_name("hers"), ada)
    await sync(vault, ada)
    assert len(await fetch("SELECT id FROM vault")) == 2  # an empty folder needs no memory
    await User.filter(id=ada).delete()
    assert len(await fetch("SELECT id FROM vault")) == 1


async def test_a_vault_that_was_not_synced_for_a_year_is_forgotten(
    filled: Config, vault: Path
) -> None:
    await sync(vault)
    await execute(write_connection(), "UPDATE vault SET synced = $1", edit(minutes=-600_000).at)
    await sync(vault.with_name("other"))
    assert len(await fetch("SELECT id FROM vault")) == 1


@pytest.fixture
def zone() -> Iterator[None]:
    yield
    use_zone(None)


async def test_another_style_template_or_time_zone_writes_the_files_anew(
    filled: Config, vault: Path, read: list[str], zone: None
) -> None:
    await sync(vault)
    own = make_layout("obsidian", "{{ title }}\n", "mine")
    assert await sync(vault, layout=own) == VaultReport(updated=2)
    assert await sync(vault, layout=own) == VaultReport(unchanged=2)
    assert await sync(vault) == VaultReport(updated=2)
    assert (await sync(vault, layout=default_layout("plain"))).updated == 2
    await sync(vault)
    read.clear()
    use_zone("Pacific/Kiritimati")
    assert await sync(vault) == VaultReport(updated=1, unchanged=1)  # of a note's day
    assert len(read) == 2


async def test_a_paper_whose_note_leads_to_another_follows_its_file(
    filled: Config, vault: Path
) -> None:
    await write_note(f"like [[{FERN}]]")
    await sync(vault)
    (vault / FERN_FILE).rename(vault / "Fern.md")
    assert await sync(vault) == VaultReport(updated=1, unchanged=1)
    assert f"[[Fern|{FERN}]]" in (vault / MOSS_FILE).read_text()


async def test_a_paper_that_left_the_list_is_marked_and_unmarked(
    filled: Config, vault: Path
) -> None:
    await sync(vault, gone="mark")
    await delete_entry(edit(force=True), FERN)
    assert await sync(vault, gone="mark") == VaultReport(unchanged=1, gone=1)
    await put_entry(edit(force=True), FERN, EntryEdit(status="inbox"))
    assert await sync(vault, gone="mark") == VaultReport(updated=1, unchanged=1)
    assert "left_list" not in (vault / FERN_FILE).read_text()


async def test_a_name_that_is_no_text_is_remembered(
    filled: Config, vault: Path, read: list[str]
) -> None:
    await sync(vault)
    name = b"caf\xe9.md".decode(errors="surrogateescape")
    (vault / MOSS_FILE).rename(vault / name)
    await sync(vault)
    read.clear()
    assert await sync(vault) == VaultReport(unchanged=2)
    assert read == []


async def test_two_stores_with_one_vault_do_not_mislead_each_other(
    filled: Config, vault: Path, tmp_path: Path, migrated_file: Path
) -> None:
    await sync(vault)
    await write_elsewhere(Path(shutil.copy(migrated_file, tmp_path / "other.sqlite")), vault)
    assert "another thought" in (vault / MOSS_FILE).read_text()
    assert await sync(vault) == VaultReport(updated=2)
    assert "another thought" not in (vault / MOSS_FILE).read_text()
    assert (vault / MOSS_FILE).read_text().endswith("mine\n")


async def write_elsewhere(db: Path, vault: Path) -> None:
    """Sync a vault with another store, then write into it as a person would."""
    done = await to_process.run_sync(sync_other_store, db, vault)
    assert done == VaultReport(updated=2)
    (vault / MOSS_FILE).write_text((vault / MOSS_FILE).read_text() + "mine\n")


def sync_other_store(db: Path, vault: Path) -> VaultReport:
    async def work() -> VaultReport:
        async with open_store(Config(db=db)):
            await get_user("me", NOW, create=True)
            await take_in_two()
            for key in (MOSS, FERN):
                await put_entry(edit(0), key, EntryEdit(status="read"))
            await put_note(edit(0), NOTE, NoteEdit(paper=MOSS, text="another thought"))
            return await sync(vault)

    return asyncio.run(work())
