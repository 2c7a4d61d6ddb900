import asyncio
import re
import zipfile
from collections.abc import AsyncIterator, Iterable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.errors import Invalid
from server.identifiers import title_key
from server.schema.api import StyleName
from server.schema.papers import PaperPage
from server.vault.block import find_blocks
from server.vault.head import find_head
from server.vault.note_styles import STYLES
from server.vault.paper_file import read_key, render
from server.vault.seen_files import SeenFiles
from server.vault.sync import Gone, Plan, Vault, VaultReport, write_vault
from server.vault.template import default_layout, make_layout
from server.vault.zip import render_zip
from tests.server.exports.pages import HOSTILE, make_entry, make_note, make_page

pytestmark = pytest.mark.anyio

PAGES = [
    make_page(),
    make_page(key="2501.10001", title="Candle"),
    make_page(key="hep-th/9901001", title="CANDLE"),
    make_page(key=title_key("../../Ladder"), title="../../Ladder", entry=None),
]
NAMES = [
    "CANDLE (hep-th-9901001).md",
    "Candle.md",
    "Ladder.md",
    "Lantern a small model reads at night.md",
]


async def stream(pages: Iterable[PaperPage]) -> AsyncIterator[PaperPage]:
    for page in pages:
        yield page


async def export(folder: Path, *pages: PaperPage, **plan: Any) -> VaultReport:
    return await write_vault(folder, stream(pages or PAGES), Plan(**plan))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in files
    }


async def test_a_first_export_writes_one_file_for_each_paper(tmp_path: Path) -> None:
    vault = tmp_path / "new" / "vault"
    assert await export(vault) == VaultReport(created=4)
    assert names(vault) == NAMES
    assert {read_key(content.decode()) for _, content in snapshot(vault).values()} == {
        page.key for page in PAGES
    }


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
    report = await export(
        tmp_path, make_page(entry=make_entry(status="skipped", rating=5, tags=["rl/grpo"]))
    )
    text = path.read_text()
    assert report == VaultReport(updated=1)
    assert "mood: curious # today\nstatus: read\nrating: 5\n" in text
    assert '  - "rl/grpo"\nintroduces:' in text
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
    report = await export(
        tmp_path, make_page(key="2501.10003", aliases=[title_key("../../Ladder")], title="Ladder")
    )
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


@pytest.mark.parametrize("per", ["paper", "all"])
async def test_a_file_with_an_edit_that_has_to_come_in_first_is_left_alone(
    tmp_path: Path, per: str
) -> None:
    page = make_page(abstract="We present Lantern.")
    await export(tmp_path, page, per=per)
    file = tmp_path / names(tmp_path)[0]
    file.write_text(file.read_text().replace("We present", "We showed"))
    before = snapshot(tmp_path)
    newer = make_page(abstract="We present Lantern, again.")
    spared = await export(tmp_path, newer, per=per, spare_edits=True)
    assert (spared.kept, snapshot(tmp_path)) == (1, before)
    assert (await export(tmp_path, newer, per=per)).conflict == 1


async def test_an_edited_block_counts_as_a_conflict_and_a_repeat_writes_nothing(
    tmp_path: Path,
) -> None:
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
    assert (
        counted
        == await export(vault, *changed)
        == VaultReport(created=1, updated=1, unchanged=1, conflict=1)
    )


async def test_one_file_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    await export(tmp_path)
    vault = Vault(tmp_path, Plan(), SeenFiles())
    (tmp_path / "Candle.md").unlink()
    (tmp_path / "Candle.md").mkdir()
    for page in PAGES:
        vault.put(page)
    assert (vault.report.failed, vault.report.unchanged) == (1, 3)
    assert vault.report.messages == [f"{tmp_path / 'Candle.md'}: Is a directory"]


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    vault = Vault(tmp_path, Plan(), SeenFiles())
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
    (tmp_path / ".trash" / "Candle.md").write_text(render(PAGES[1], default_layout()))
    assert await export(tmp_path) == VaultReport(created=4)


@pytest.mark.parametrize("place", ["vault", "vault/below"])
@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_vault_that_can_be_no_folder_is_refused(
    tmp_path: Path, place: str, dry_run: bool
) -> None:
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


async def test_files_of_papers_that_left_the_list_are_left_where_nothing_else_is_chosen(
    tmp_path: Path,
) -> None:
    await export(tmp_path)
    before = snapshot(tmp_path)
    assert await export(tmp_path, *PAGES[:2]) == VaultReport(unchanged=2)
    assert snapshot(tmp_path) == before


async def test_files_of_papers_that_left_the_list_are_archived_once(tmp_path: Path) -> None:
    await export(tmp_path)
    (tmp_path / "Archive").mkdir()
    (tmp_path / "Archive" / "ladder.MD").write_text("my own")
    assert await export(tmp_path, *PAGES[:2], gone="archive") == VaultReport(unchanged=2, gone=2)
    assert names(tmp_path) == ["Archive", "Candle.md", NAMES[3]]
    assert names(tmp_path / "Archive") == [NAMES[0], "Ladder 2.md", "ladder.MD"]
    assert await export(tmp_path, *PAGES[:2], gone="archive") == VaultReport(unchanged=2)


async def test_an_archived_file_is_found_again_when_its_paper_comes_back(tmp_path: Path) -> None:
    await export(tmp_path)
    await export(tmp_path, *PAGES[1:], gone="archive")
    assert await export(
        tmp_path, make_page(title="Back"), *PAGES[1:], gone="archive"
    ) == VaultReport(updated=1, unchanged=3)
    assert "# Back" in (tmp_path / "Archive" / NAMES[3]).read_text()


async def test_files_of_papers_that_left_the_list_are_marked_until_they_come_back(
    tmp_path: Path,
) -> None:
    await export(tmp_path)
    before = snapshot(tmp_path)
    assert await export(tmp_path, *PAGES[1:], gone="mark") == VaultReport(unchanged=3, gone=1)
    assert "\nleft_list: true\n---\n" in (tmp_path / NAMES[3]).read_text()
    assert await export(tmp_path, *PAGES[1:], gone="mark") == VaultReport(unchanged=3)
    assert await export(tmp_path, gone="mark") == VaultReport(updated=1, unchanged=3)
    assert {name: content for name, (_, content) in snapshot(tmp_path).items()} == {
        name: content for name, (_, content) in before.items()
    }


async def test_papers_that_a_query_leaves_out_have_not_left_the_list(tmp_path: Path) -> None:
    await export(tmp_path)
    report = await write_vault(
        tmp_path,
        stream(PAGES[:1]),
        Plan(gone="archive"),
        is_listed={PAGES[1].key, PAGES[2].key}.__contains__,
    )
    assert (report.unchanged, report.gone, names(tmp_path / "Archive")) == (1, 1, ["Ladder.md"])


async def test_a_dry_run_shows_what_would_change_line_by_line(tmp_path: Path) -> None:
    await export(tmp_path)
    shown: list[str] = []
    changed = [
        make_page(entry=make_entry(status="read")),
        make_page(key="2501.10009", title="Torch"),
    ]
    await export(tmp_path, *changed, *PAGES[1:3], dry_run=True, gone="archive", show=shown.append)
    update, creation, removal = shown
    assert update.startswith(f"--- {NAMES[3]}\n+++ {NAMES[3]}\n@@ -")
    assert [line for line in update.split("\n")[2:] if line[0] in "+-"][:2] == [
        "-status: reading",
        "+status: read",
    ]
    assert creation.startswith("--- /dev/null\n+++ Torch.md\n@@ ")
    assert removal == "Ladder.md → Archive/Ladder.md"


@pytest.mark.parametrize("style", ["logseq", "plain"])
async def test_a_vault_of_another_style_is_kept_current_as_well(
    tmp_path: Path, style: StyleName
) -> None:
    layout = default_layout(style)
    assert await export(tmp_path, layout=layout) == VaultReport(created=4)
    assert await export(tmp_path, layout=layout) == VaultReport(unchanged=4)
    (tmp_path / "Candle.md").rename(tmp_path / "Renamed.md")
    report = await export(
        tmp_path, make_page(key="2501.10001", title="Candles"), layout=layout, gone="mark"
    )
    assert report == VaultReport(updated=1, gone=3)
    assert "# Candles\n" in (tmp_path / "Renamed.md").read_text()


async def test_a_template_of_ones_own_brings_files_up_to_date(tmp_path: Path) -> None:
    await export(tmp_path)
    layout = make_layout("obsidian", "{{ title }}\n", "mine")
    assert await export(tmp_path, layout=layout) == VaultReport(updated=4)
    assert "-->\nCandle\n\n<!-- papermargin:exported" in (tmp_path / "Candle.md").read_text()
    assert await export(tmp_path, layout=layout) == VaultReport(unchanged=4)


async def test_a_template_that_goes_wrong_stops_the_export_and_leaves_whole_files(
    tmp_path: Path,
) -> None:
    with pytest.raises(Invalid, match="mine, line 1: division by zero"):
        await export(
            tmp_path, layout=make_layout("plain", "{{ 1 / (title | length - 6) }}", "mine")
        )
    assert names(tmp_path) == [NAMES[3]]


OWN = st.text(st.sampled_from("ab \n-#>`:é\u2028😀"), max_size=12).map(lambda text: f"\n{text}\n")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(["above", "below"]), OWN),
        st.tuples(st.just("move"), st.sampled_from(["a", "b/c"]), st.just("")),
        st.tuples(
            st.just("own key"),
            st.sampled_from(["mine", "mood"]),
            st.sampled_from(["1", "'x: y'", "[a, b]"]),
        ),
        st.tuples(st.just("note"), HOSTILE, st.just("")),
        st.tuples(st.just("status"), st.sampled_from(["read", "inbox"]), st.just("")),
        st.tuples(st.just("leave"), st.sampled_from(["archive", "mark"]), st.just("")),
    ),
    max_size=8,
)


def find_paper(folder: Path) -> Path:
    [path] = folder.rglob("*.md")
    return path


def write_own(path: Path, kind: str, where: str, text: str) -> None:
    """Edit or move a file as a person may, outside of our block."""
    content = path.read_bytes().decode()
    if kind == "move":
        (path.parent / where).mkdir(parents=True, exist_ok=True)
        path.rename(path.parent / where / f"{len(path.parts)} {path.name}")
    elif kind == "own key":
        head = find_head(content)
        assert head
        colons = "::" if head.start == 0 else ":"
        line = f"{where}{len(content)}{colons} {text}\n"
        path.write_bytes((content[: head.end] + line + content[head.end :]).encode())
    else:
        [block] = find_blocks(content)
        place, gap = (block.start, "\n") if where == "above" else (block.end, "")
        path.write_bytes((content[:place] + text + gap + content[place:]).encode())


def own_words(path: Path) -> tuple[str, ...]:
    """Return all text outside of our block, and the person's own keys."""
    content = path.read_bytes().decode()
    head, [block] = find_head(content), find_blocks(content)
    assert head
    own = [line for line in head.values.split("\n") if re.match(r"(mine|mood)\d", line)]
    return content[head.end : block.start], content[block.end :], *own


def take_step(vault: Path, page: PaperPage, kind: str, where: str, text: str) -> None:
    """Edit the paper's file outside of our block, or change the paper; ignore other steps."""
    if kind in ("write", "move", "own key"):
        write_own(find_paper(vault), kind, where, text)
    elif kind == "note":
        page.notes.append(make_note(where, number=len(page.notes) + 1))
    elif kind == "status":
        page.entry = make_entry(status=where)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.sampled_from([*STYLES]))
def test_no_edit_outside_our_block_is_ever_lost(
    steps: list[tuple[str, str, str]], style: StyleName
) -> None:
    with TemporaryDirectory() as folder:
        page, vault = make_page(), Path(folder)
        layout = default_layout(style)
        asyncio.run(export(vault, page, layout=layout))
        for kind, where, text in steps:
            take_step(vault, page, kind, where, text)
            own = own_words(find_paper(vault))
            if kind == "leave":
                gone: Gone = "archive" if where == "archive" else "mark"
                asyncio.run(write_vault(vault, stream([]), Plan(layout=layout, gone=gone)))
                assert own_words(find_paper(vault)) == own
            report = asyncio.run(export(vault, page, layout=layout))
            assert report.created == report.conflict == report.kept == report.failed == 0
            assert own_words(find_paper(vault)) == own
            assert asyncio.run(export(vault, page, layout=layout)) == VaultReport(unchanged=1)
