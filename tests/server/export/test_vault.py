import zipfile
from collections.abc import AsyncIterator, Iterable
from io import BytesIO
from pathlib import Path

import pytest

from server.errors import Invalid
from server.export.markdown import read_key, render
from server.export.vault import Vault, VaultReport, render_zip, write_vault
from server.identity import title_key
from server.wire import PaperPage
from tests.server.export.pages import make_entry, make_note, make_page

pytestmark = pytest.mark.anyio

PAGES = [
    make_page(),
    make_page(key="2501.10001", title="Candle"),
    make_page(key="hep-th/9901001", title="CANDLE"),
    make_page(key=title_key("../../Ladder"), title="../../Ladder", entry=None),
]
NAMES = ["CANDLE (hep-th-9901001).md", "Candle.md", "Ladder.md", "Lantern a small model reads at night.md"]


async def stream(pages: Iterable[PaperPage]) -> AsyncIterator[PaperPage]:
    for page in pages:
        yield page


async def export(folder: Path, *pages: PaperPage, dry_run: bool = False) -> VaultReport:
    return await write_vault(folder, stream(pages or PAGES), dry_run=dry_run)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


async def test_a_first_export_writes_one_file_for_each_paper(tmp_path: Path) -> None:
    vault = tmp_path / "new" / "vault"
    assert await export(vault) == VaultReport(created=4)
    assert names(vault) == NAMES
    assert {read_key(content.decode()) for _, content in snapshot(vault).values()} == {page.key for page in PAGES}


async def test_a_second_export_without_changes_touches_nothing(tmp_path: Path) -> None:
    await export(tmp_path)
    before = snapshot(tmp_path)
    assert await export(tmp_path) == VaultReport(unchanged=4)
    assert snapshot(tmp_path) == before


async def test_only_the_file_of_the_changed_paper_is_written(tmp_path: Path) -> None:
    await export(tmp_path)
    before = snapshot(tmp_path)
    report = await export(tmp_path, make_page(notes=[make_note("Another thought.")]), *PAGES[1:])
    after = snapshot(tmp_path)
    assert report == VaultReport(updated=1, unchanged=3)
    assert [name for name in after if after[name] != before[name]] == [NAMES[3]]


async def test_what_the_person_wrote_stays_and_what_changed_arrives(tmp_path: Path) -> None:
    await export(tmp_path)
    path = tmp_path / NAMES[3]
    theirs = path.read_text().replace("status: reading", "mood: curious # today\nstatus: read")
    path.write_text(theirs.replace("---\n\n<!--", "---\nMy words  \n\n<!--") + "\n- [ ] try it\n")
    report = await export(tmp_path, make_page(entry=make_entry(status="skipped", rating=5, tags=["rl/grpo"])))
    text = path.read_text()
    assert report == VaultReport(updated=1)
    assert "mood: curious # today\nstatus: read\nrating: 5\n" in text
    assert '  - "rl/grpo"\nmethods:' in text
    assert "---\nMy words  \n\n<!--" in text
    assert text.endswith(" -->\n\n- [ ] try it\n")


async def test_a_file_that_was_renamed_and_moved_is_found_again(tmp_path: Path) -> None:
    await export(tmp_path)
    (tmp_path / "Read" / "2026").mkdir(parents=True)
    moved = (tmp_path / "Candle.md").rename(tmp_path / "Read" / "2026" / "The candle.MD")
    report = await export(tmp_path, make_page(key="2501.10001", title="Candle, revised"))
    assert report == VaultReport(updated=1)
    assert "# Candle, revised" in moved.read_text()
    assert not (tmp_path / "Candle.md").exists()


async def test_a_name_once_written_is_kept_when_the_title_changes(tmp_path: Path) -> None:
    await export(tmp_path)
    await export(tmp_path, make_page(title="Something else"))
    assert names(tmp_path) == NAMES


async def test_a_paper_that_adopts_an_id_keeps_its_file(tmp_path: Path) -> None:
    await export(tmp_path)
    path = tmp_path / "Ladder.md"
    path.write_text(path.read_text() + "mine\n")
    report = await export(tmp_path, make_page(key="2501.10003", aliases=[title_key("../../Ladder")], title="Ladder"))
    assert report == VaultReport(updated=1)
    assert read_key(path.read_text()) == "2501.10003"
    assert path.read_text().endswith("mine\n")


async def test_a_file_that_was_deleted_is_written_again(tmp_path: Path) -> None:
    await export(tmp_path)
    (tmp_path / "Candle.md").unlink()
    assert await export(tmp_path) == VaultReport(created=1, unchanged=3)


async def test_of_a_file_and_its_copy_only_the_file_is_kept_current(tmp_path: Path) -> None:
    await export(tmp_path)
    (tmp_path / "Archive").mkdir()
    copies = [tmp_path / "Archive" / "Candle.md", tmp_path / "Candle copy.md"]
    for copy in copies:
        copy.write_bytes((tmp_path / "Candle.md").read_bytes())
    await export(tmp_path, make_page(key="2501.10001", title="Candle", notes=[make_note("New.")]))
    assert "> New." in (tmp_path / "Candle.md").read_text()
    assert not any("> New." in copy.read_text() for copy in copies)


async def test_an_edited_block_counts_as_a_conflict_and_a_repeat_writes_nothing(tmp_path: Path) -> None:
    await export(tmp_path)
    path = tmp_path / "Candle.md"
    path.write_text(path.read_text().replace("# Candle", "# My candle"))
    assert await export(tmp_path) == VaultReport(conflict=1, unchanged=3)
    assert "# My candle" in path.read_text()
    assert "> [!warning]" in path.read_text()
    before = snapshot(tmp_path)
    assert await export(tmp_path) == VaultReport(conflict=1, unchanged=3)
    assert snapshot(tmp_path) == before


async def test_foreign_files_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "candle.md").write_text("my own candle")
    (tmp_path / "Ladder.md").mkdir()
    (tmp_path / "binary.md").write_bytes(b"\xff\x00---")
    (tmp_path / "gone.md").symlink_to("nowhere")
    assert await export(tmp_path) == VaultReport(created=4)
    assert (tmp_path / "candle.md").read_text() == "my own candle"
    assert (tmp_path / "Candle (2501.10001).md").exists()
    assert (tmp_path / f"Ladder ({PAGES[3].key}).md").exists()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"<!-- papermargin:begin", b"<!--", "it has no marked block any more"),
        (b"rating: 4", b"rating: [", "its front matter is not YAML"),
        (b"Ada", b"\xff", "it is not UTF-8"),
    ],
)
async def test_a_file_that_cannot_be_merged_is_kept_and_named(
    tmp_path: Path, old: bytes, new: bytes, reason: str
) -> None:
    await export(tmp_path)
    path = tmp_path / "Candle.md"
    path.write_bytes(path.read_bytes().replace(old, new))
    before = snapshot(tmp_path)
    report = await export(tmp_path, make_page(key="2501.10001", title="Candle", notes=[]))
    assert report.kept == 1
    assert report.messages[0].startswith(f"{path}: left as it is, for {reason}")
    assert snapshot(tmp_path) == before


async def test_a_dry_run_counts_the_same_and_writes_nothing(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    assert await export(vault, dry_run=True) == VaultReport(created=4)
    assert not vault.exists()
    await export(vault)
    (vault / "Candle.md").unlink()
    (vault / "Ladder.md").write_text((vault / "Ladder.md").read_text().replace("# ", "## ", 1))
    before = snapshot(vault)
    changed = [make_page(notes=[]), *PAGES[1:]]
    counted = await export(vault, *changed, dry_run=True)
    assert snapshot(vault) == before
    assert counted == await export(vault, *changed) == VaultReport(created=1, updated=1, unchanged=1, conflict=1)


async def test_one_file_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    await export(tmp_path)
    vault = Vault(tmp_path)
    (tmp_path / "Candle.md").unlink()
    (tmp_path / "Candle.md").mkdir()
    for page in PAGES:
        vault.put(page)
    assert (vault.report.failed, vault.report.unchanged) == (1, 3)
    assert vault.report.messages == [f"{tmp_path / 'Candle.md'}: Is a directory"]


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    (tmp_path / "Candle.md").write_text("just saved")
    vault.put(PAGES[1])
    assert vault.report.failed == 1
    assert snapshot(tmp_path).keys() == {"Candle.md"}
    assert (tmp_path / "Candle.md").read_text() == "just saved"


async def test_a_link_and_the_permissions_of_a_file_are_kept(tmp_path: Path) -> None:
    await export(tmp_path / "vault")
    elsewhere = (tmp_path / "vault" / "Candle.md").rename(tmp_path / "Candle.md")
    elsewhere.chmod(0o640)
    (tmp_path / "vault" / "Candle.md").symlink_to(elsewhere)
    await export(tmp_path / "vault", make_page(key="2501.10001", title="Candle", notes=[]))
    assert (tmp_path / "vault" / "Candle.md").is_symlink()
    assert "## Notes" not in elsewhere.read_text()
    assert elsewhere.stat().st_mode & 0o777 == 0o640


async def test_hidden_folders_are_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / ".trash").mkdir()
    (tmp_path / ".trash" / "Candle.md").write_text(render(PAGES[1]))
    assert await export(tmp_path) == VaultReport(created=4)


@pytest.mark.parametrize("place", ["vault", "vault/below"])
@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_vault_that_can_be_no_folder_is_refused(tmp_path: Path, place: str, dry_run: bool) -> None:
    (tmp_path / "vault").touch()
    with pytest.raises(Invalid, match="cannot be a vault"):
        await export(tmp_path / place, dry_run=dry_run)


async def zipped(*pages: PaperPage) -> bytes:
    return b"".join([piece async for piece in render_zip(stream(pages or PAGES))])


async def test_a_zip_holds_the_files_of_a_new_vault(tmp_path: Path) -> None:
    await export(tmp_path)
    with zipfile.ZipFile(BytesIO(await zipped())) as archive:
        assert archive.testzip() is None
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    assert files == {name: content for name, (_, content) in snapshot(tmp_path).items()}


async def test_a_repeated_zip_is_identical_and_knows_no_time() -> None:
    assert await zipped() == await zipped()
    with zipfile.ZipFile(BytesIO(await zipped())) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


async def test_a_zip_comes_piece_by_piece() -> None:
    pieces = [piece async for piece in render_zip(stream(PAGES))]
    assert len(pieces) == 5
    assert all(pieces)
