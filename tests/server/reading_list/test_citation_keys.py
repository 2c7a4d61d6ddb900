"""Citation keys by a pattern: unique, and the same for good."""

from datetime import date

import pytest

from server.database.change_feed import changes_since, newest_change
from server.errors import Invalid
from server.exports.citation_keys import parse_pattern
from server.exports.formats import FORMATS
from server.imports.files import import_data
from server.imports.formats.bibtex import parse_bibtex
from server.papers.list import read_papers
from server.reading_list.citation_keys import assign_keys, read_key, set_key
from server.reading_list.entries import put_entry
from server.schema.citations import Citation
from server.schema.reading_list import EntryEdit
from tests.server.material import FERN, MOSS, NOW, edit, second_user, source, take_in

pytestmark = pytest.mark.anyio

PATTERN = parse_pattern("auth.lower + year")


async def take_in_listed(key: str, title: str, *, minutes: int) -> None:
    await take_in(source(key, title, authors=["Ada Birch"], published=date(2026, 1, 2)))
    await put_entry(edit(minutes=minutes), key, EntryEdit(tags=["rl"]))


@pytest.fixture(autouse=True)
async def papers(store: object) -> None:
    """Two papers by one author of one year, of which MOSS was added first."""
    await take_in_listed(MOSS, "Mossy Pruning", minutes=0)
    await take_in_listed(FERN, "Fern Attention", minutes=1)


async def cited(user: int = 1) -> dict[str, Citation | None]:
    return {page.key: page.citation async for page in read_papers(user)}


async def keys() -> dict[str, str]:
    return {paper: citation.key for paper, citation in (await cited()).items() if citation}


async def test_papers_with_the_same_key_get_letters_in_the_order_they_were_added() -> None:
    assert await assign_keys(edit(), PATTERN) == 2
    assert await keys() == {MOSS: "birch2026", FERN: "birch2026a"}


async def test_a_key_stays_when_papers_are_added_or_become_known_better() -> None:
    await assign_keys(edit(), PATTERN, 'key:"2601.00002"')
    later = source(FERN, "Fern Attention", authors=["Bo Reed"], richness="arxiv")
    await take_in(later)
    assert await assign_keys(edit(minutes=5), PATTERN) == 1
    assert await keys() == {FERN: "birch2026", MOSS: "birch2026a"}
    assert await assign_keys(edit(minutes=6), parse_pattern("title")) == 0


async def test_another_pattern_replaces_the_keys_of_a_pattern_only_when_asked_to() -> None:
    await assign_keys(edit(), PATTERN)
    assert await assign_keys(edit(), parse_pattern("veryshorttitle"), renew=True) == 2
    assert await keys() == {MOSS: "mossy", FERN: "fern"}
    assert await assign_keys(edit(), parse_pattern("veryshorttitle"), renew=True) == 0


async def test_a_key_of_a_bibliography_always_stays_and_is_not_given_twice() -> None:
    entry = (
        f"@misc{{Birch2026, title={{Fern Attention}}, eprint={{{FERN}}}, archiveprefix={{arXiv}}}}"
    )
    await import_data(entry.encode(), "refs.bib", 1, NOW)
    assert await assign_keys(edit(), PATTERN, renew=True) == 1
    assert await keys() == {FERN: "Birch2026", MOSS: "birch2026a"}


async def test_a_later_bibliography_brings_its_keys_and_one_without_keys_only_the_rest() -> None:
    await assign_keys(edit(), PATTERN)
    ris = (
        f"TY  - JOUR\nTI  - Mossy Pruning\nUR  - https://arxiv.org/abs/{MOSS}\nJO  - Bogs\nER  - \n"
    )
    entry = f"@misc{{ferns, title={{Fern Attention}}, eprint={{{FERN}}}, archiveprefix={{arXiv}}}}"
    await import_data(ris.encode(), "moss.ris", 1, NOW)
    await import_data(entry.encode(), "refs.bib", 1, NOW)
    assert await keys() == {MOSS: "birch2026", FERN: "ferns"}
    moss = (await cited())[MOSS]
    assert moss and moss.generated and moss.fields["journal"] == "Bogs"


async def test_a_paper_of_which_nothing_is_known_keeps_the_built_in_key() -> None:
    assert await assign_keys(edit(), parse_pattern("authors(1).substring(9)")) == 0
    assert await keys() == {}


async def test_exports_write_the_keys_and_are_told_of_them() -> None:
    since = await newest_change(1)
    await assign_keys(edit(), PATTERN)
    found = await changes_since(1, since, 10)
    assert {(change.kind, change.paper) for change in found.changes} == {
        ("paper", MOSS),
        ("paper", FERN),
    }
    text = b"".join([piece async for piece in FORMATS["bibtex"].render(read_papers(1))]).decode()
    read = parse_bibtex(text, observed=NOW).papers
    assert {paper.citation.key for paper in read if paper.citation} == {"birch2026", "birch2026a"}


async def test_other_users_keys_are_their_own() -> None:
    ada = await second_user()
    await put_entry(edit(user=ada), MOSS, EntryEdit())
    await assign_keys(edit(), PATTERN)
    assert await cited(ada) == {MOSS: None}
    assert await assign_keys(edit(user=ada), PATTERN) == 1


async def test_a_key_that_the_user_types_stays_whatever_comes_later() -> None:
    assert (await read_key(MOSS, 1)).chosen is False
    assert (await set_key(edit(), MOSS, " moss:2026 ")).key == "moss:2026"
    assert await assign_keys(edit(), PATTERN, renew=True) == 1
    entry = f"@misc{{other, title={{Mossy Pruning}}, journal={{Bogs}}, eprint={{{MOSS}}}}}"
    await import_data(entry.encode(), "refs.bib", 1, NOW)
    moss = (await cited())[MOSS]
    assert moss and (moss.key, moss.own, moss.fields["journal"]) == ("moss:2026", True, "Bogs")
    assert (await keys())[FERN] == "birch2026"


async def test_a_key_can_be_taken_back_and_then_a_pattern_gives_one() -> None:
    made_up = (await read_key(MOSS, 1)).key
    await set_key(edit(), MOSS, "moss")
    taken_back = await set_key(edit(), MOSS, "")
    assert (taken_back.key, taken_back.chosen) == (made_up, False)
    assert await assign_keys(edit(), PATTERN) == 2


@pytest.mark.parametrize("text", ["a b", "a,b", "{a}", "a\\b", "50%", "a" * 151, "#a", "a=b"])
async def test_a_key_that_latex_cannot_use_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="cannot be a citation key"):
        await set_key(edit(), MOSS, text)
    assert await keys() == {}


async def test_a_key_of_another_paper_is_refused_in_any_case_also_a_made_up_one() -> None:
    await take_in_listed("hep-th/9901001", "Lichen Fields", minutes=2)
    await set_key(edit(), MOSS, "Moss")
    made_up = [(await read_key(key, 1)).key for key in (FERN, "hep-th/9901001")]
    assert made_up[1].endswith("-hep-th-9901001")
    for taken in ("moss", made_up[1].upper()):
        with pytest.raises(Invalid, match="already"):
            await set_key(edit(), FERN, taken)
    assert (await set_key(edit(), FERN, made_up[0])).chosen
    assert (await set_key(edit(), MOSS, "MOSS")).key == "MOSS"
    ada = await second_user()
    assert (await set_key(edit(user=ada), FERN, "moss")).key == "moss"


async def test_exports_are_told_of_a_key_once() -> None:
    since = await newest_change(1)
    for _ in range(2):
        await set_key(edit(), MOSS, "moss")
    found = await changes_since(1, since, 10)
    assert [(change.kind, change.paper) for change in found.changes] == [("paper", MOSS)]


async def test_two_papers_of_a_bibliography_never_share_a_key() -> None:
    text = (
        f"@misc{{k, title={{Mossy Pruning}}, eprint={{{MOSS}}}}}\n"
        f"@misc{{K, title={{Fern Attention}}, eprint={{{FERN}}}}}\n"
    )
    for _ in range(2):
        report = await import_data(text.encode(), "refs.bib", 1, NOW)
        assert sorted((await keys()).values()) == ["Ka", "k"]
    report = await import_data(
        f"@misc{{k, title={{Fern Attention}}, eprint={{{FERN}}}}}".encode(), "x.bib", 1, NOW
    )
    assert report.skipped == [f"{FERN}: another paper is cited as “k”, so this one is as “ka”"]
