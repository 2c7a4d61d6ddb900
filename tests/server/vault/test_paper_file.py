import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from nlp.spans import Result
from server.schema.papers import PaperPage
from server.schema.reading_list import NoteState
from server.vault import paper_file
from server.vault.paper_file import Merged, read_key
from server.vault.template import default_layout
from tests.server.exports.pages import (
    HOSTILE,
    MOMENT,
    hostile_pages,
    make_entry,
    make_note,
    make_page,
)

BEGIN = re.compile(r"^<!-- papermargin:begin ([0-9a-f]{32}) \S+ -->$", re.MULTILINE)
NOTE = re.compile(
    r"^> \[!(note|quote)\] \[\[\d{4}-\d\d-\d\d\]\]\n((?:>.*\n)*)\n\^n-([0-9a-f-]{36})$",
    re.MULTILINE,
)


def render(page: PaperPage) -> str:
    return paper_file.render(page, default_layout())


def merge(text: str, page: PaperPage) -> Merged:
    return paper_file.merge(text, page, default_layout())


def body(page: PaperPage) -> str:
    return render(page).split("\n---\n", 1)[1]


def tokens(text: str) -> list[Token]:
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [inner for token in parsed for inner in (token.children or [token])]


def shown(text: str) -> str:
    return "".join(
        token.content
        for token in tokens(text)
        if token.type in {"text", "code_inline", "text_special"}
    )


def read_notes(text: str) -> dict[str, str]:
    """Return the text of each note by its id, without its quote and the `> ` of each line."""
    notes = {}
    for kind, lines, uuid in NOTE.findall(text):
        own = lines.split("\n")[2 if kind == "quote" else 0 : -1]
        notes[uuid] = "\n".join(re.sub("^> ?", "", line) for line in own)
    return notes


def lines_of(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def test_a_paper_is_shown_with_abstract_results_and_notes_with_their_quotes() -> None:
    text = body(make_page())
    assert (
        "# Lantern: a small model: reads at night\n\n"
        "Ada Birch, Niels O'Dell\n\n2025-01-17 · [Paper](https"
    ) in text
    assert (
        "## Abstract\n\nWe present Lantern, which reaches 91.2% accuracy on MoonQA "
        "with $O(n^2)$ steps.\n"
    ) in text
    assert (
        "| Metric | Value | Dataset | Method |\n"
        "| --- | --- | --- | --- |\n"
        "| accuracy | 91.2% | MoonQA |"
    ) in text
    assert (
        "> [!quote] [[2026-06-03]]\n> > reads at night\n>\n"
        "> Compare with *Candle*.\n>\n> - why?\n\n^n-0000"
    ) in text


def test_a_paper_without_metadata_has_no_empty_sections() -> None:
    text = body(
        make_page(
            abstract="", authors=[], author_count=None, results=[], notes=[], url=None, title=""
        )
    )
    assert "##" not in text
    assert "# 2501.10000\n" in text


def test_many_authors_are_counted() -> None:
    assert "A, A, A, A, A, A, A, A, A, A, A, A and 18 more\n" in body(make_page(authors=["A"] * 30))
    assert "\n\n5 authors\n\n" in body(make_page(authors=[], author_count=5))


def test_notes_are_in_order_of_creation_without_deleted_ones() -> None:
    notes = [
        make_note("second", number=2),
        make_note("gone", number=3),
        make_note("first", number=1),
    ]
    notes[1].deleted = MOMENT
    assert list(read_notes(render(make_page(notes=notes))).values()) == ["first", "second"]


def test_a_result_has_empty_cells_for_missing_parts() -> None:
    assert "|  | 3 \\| 4 |  |  |\n" in body(
        make_page(results=[Result(start=0, end=1, value="3 | 4")])
    )


def test_only_web_addresses_are_linked() -> None:
    text = body(
        make_page(code_url="javascript:alert(1)", project_url="https://x.org/a b)[c](<d>\n")
    )
    assert "[Code]" not in text
    assert "[Project](https://x.org/a%20b%29%5Bc%5D%28%3Cd%3E%0A)" in text


@given(hostile_pages())
def test_no_note_or_title_can_forge_the_end_of_the_block(page: PaperPage) -> None:
    text = render(page)
    digest = BEGIN.search(text.split("\n---\n", 1)[1])
    assert digest
    assert text.count(digest[1]) == 2
    assert text.endswith(f"\n<!-- papermargin:end {digest[1]} -->\n")
    again = merge(text, page)
    assert (again.text, again.outcome) == (text, "unchanged")


@given(hostile_pages())
def test_every_note_can_be_read_back(page: PaperPage) -> None:
    assert read_notes(render(page)) == {str(note.id): lines_of(note.text) for note in page.notes}


@given(hostile_pages())
def test_text_of_a_source_is_rendered_only_as_text(page: PaperPage) -> None:
    page.notes = []
    for token in tokens(body(page)):
        assert token.type not in {"image", "code_block", "fence", "code_inline", "hr"}
        if token.type.startswith("html"):
            assert re.match(
                r"<!-- papermargin:(begin|exported|end) [\w=,./ -]+ -->\n?$", token.content
            )
        if token.type == "link_open":
            assert str(token.attrs["href"]).startswith("https://")


@given(
    st.text(
        st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="$"), max_size=60
    )
)
def test_a_title_is_rendered_literally(title: str) -> None:
    heading = next(
        line for line in body(make_page(title=title, key="K")).split("\n") if line.startswith("# ")
    )
    assert shown(heading) == (" ".join(title.split()) or "K")


@pytest.mark.parametrize(
    "text", ["costs $5 and $6", "$\\alpha$ [x]", "a_b_c", "1. one", "- one", "x#y", "&lt;", "==a=="]
)
def test_an_abstract_is_rendered_literally(text: str) -> None:
    assert shown(
        body(make_page(abstract=text, title="T", authors=[], results=[], notes=[]))
    ).endswith(f"Abstract{text}")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (render(make_page()), "2501.10000"),
        ("---\ntitle: x\npaper_key: 2501.10000 # unquoted by a tool\n---\n", "2501.10000"),
        ("\ufeff---\r\npaper_key: 'hep-th/9901001'\r\n---\r\n", "hep-th/9901001"),
        ("---\nmine:\n  paper_key: x\n---\n", None),
        ("---\npaper_key: x\n", None),
        ("paper_key: x\n", None),
        ("text\n---\npaper_key: x\n---\n", None),
    ],
)
def test_a_file_is_identified_by_the_key_in_its_front_matter(text: str, key: str | None) -> None:
    assert read_key(text) == key


OWN = st.lists(
    st.sampled_from(["mine", "", "# x", "---", "```", "<!-- x", "\t", "\u2028", "é"])
    | st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=9)
)


@given(OWN, OWN, hostile_pages(), hostile_pages())
def test_text_around_the_block_is_kept_byte_for_byte(
    above: list[str], below: list[str], page: PaperPage, changed: PaperPage
) -> None:
    front, block = render(page).split("\n---\n", 1)
    changed_front, changed_block = render(changed).split("\n---\n", 1)
    before, after = "\n".join(["", *above, ""]), "\n".join(["", *below])
    merged = merge(f"{front}\n---\n{before}{block}{after}", changed)
    assert merged.text == f"{changed_front}\n---\n{before}{changed_block}{after}"


def edit(text: str, old: str = "Compare with", new: str = "I compared it with") -> str:
    assert old in text
    return text.replace(old, new)


def changed_page(**fields: Any) -> PaperPage:
    return make_page(entry=make_entry(status="read"), **fields)


def test_an_edited_block_is_kept_and_the_new_one_is_added_below() -> None:
    edited = edit(render(make_page()))
    merged = merge(edited + "\nmine\n", changed_page())
    theirs = edited[edited.index("<!-- papermargin:begin") : -1]
    assert merged.outcome == "conflict"
    assert f"{theirs}\n\n<!-- papermargin:begin " in merged.text
    assert "> [!warning] The block above was edited here" in merged.text
    assert "> > Compare with *Candle*.\n> >\n> > - why?\n>\n> ^n-0000" in merged.text
    assert merged.text.endswith(" -->\n\nmine\n")
    assert "status: read\n" in merged.text


def test_a_conflict_is_shown_once_and_updated() -> None:
    once = merge(edit(render(make_page())), make_page()).text
    again = merge(once, make_page())
    assert (again.text, again.outcome) == (once, "conflict")
    newer = merge(once, make_page(notes=[make_note("Newer thought.")]))
    assert newer.text.count("[!warning]") == 1
    assert "> > Newer thought.\n" in newer.text
    assert "I compared it with" in newer.text
    assert newer.text.count("papermargin:begin") == 2


def test_an_edited_conflict_is_kept() -> None:
    twice = edit(
        merge(edit(render(make_page())), make_page()).text, "Compare with", "Never compare with"
    )
    merged = merge(twice, make_page()).text
    assert merged.count("papermargin:begin") == 3
    assert "Never compare with" in merged
    assert "> > Compare with" in merged


def delete_block(text: str, number: int) -> str:
    begin = [found.start() for found in BEGIN.finditer(text)][number]
    end = re.compile(r"<!-- papermargin:end \w+ -->").search(text, begin)
    assert end
    return text[:begin] + text[end.end() :]


def test_a_conflict_is_settled_by_deleting_the_edited_block() -> None:
    conflict = merge(edit(render(make_page())), make_page()).text
    settled = merge(delete_block(conflict, 0), make_page())
    assert settled.outcome == "updated"
    assert "[!warning]" not in settled.text
    assert merge(settled.text, make_page()).outcome == "unchanged"


def test_a_conflict_is_settled_by_undoing_the_edit() -> None:
    conflict = merge(edit(render(make_page())), make_page()).text
    undone = merge(
        edit(delete_block(conflict, 1), "I compared it with", "Compare with"), make_page()
    )
    assert undone.outcome == "unchanged"


@pytest.mark.parametrize("mark", ["<!-- papermargin:begin", "<!-- papermargin:end", "paper"])
def test_a_file_without_our_marks_is_never_touched(mark: str) -> None:
    text = render(make_page()).replace(mark, "")
    merged = merge(text, changed_page())
    assert (merged.text, merged.outcome) == (text, "kept")
    assert merged.reason


def test_a_file_with_invalid_front_matter_is_unchanged() -> None:
    text = render(make_page()).replace("rating: 4", "rating: [")
    merged = merge(text, changed_page())
    assert (merged.text, merged.outcome) == (text, "kept")
    assert "not YAML" in str(merged.reason)


def test_other_line_endings_are_kept_and_are_not_an_edit() -> None:
    text = render(make_page()).replace("\n", "\r\n")
    assert merge(text, make_page()).outcome == "unchanged"
    merged = merge(text + "mine\r\n", changed_page())
    assert merged.outcome == "updated"
    assert "\n" not in merged.text.replace("\r\n", "")
    assert merged.text.replace("\r\n", "\n") == render(changed_page()) + "mine\n"


def test_a_copy_of_the_block_is_updated_too() -> None:
    front, block = render(make_page()).split("\n---\n", 1)
    merged = merge(f"{front}\n---\n{block}{block}", changed_page())
    assert merged.outcome == "updated"
    assert merge(merged.text, changed_page()).outcome == "unchanged"


def test_the_persons_values_are_kept_without_the_record_of_the_last_export() -> None:
    text = re.sub("<!-- papermargin:exported.*\n", "", render(make_page()))
    merged = merge(text, changed_page())
    assert merged.outcome == "conflict"
    assert "status: reading\n" in merged.text


@given(HOSTILE.filter(bool))
def test_a_deleted_note_is_removed_at_the_next_export(text: str) -> None:
    note: NoteState = make_note(text)
    assert merge(render(make_page(notes=[note])), make_page(notes=[])).text == render(
        make_page(notes=[])
    )


def test_a_note_taken_out_of_the_block_does_not_come_back_unasked() -> None:
    without = NOTE.sub("", render(make_page()))
    merged = merge(without, make_page())
    assert (merged.outcome, "Compare with" in merged.text) == ("conflict", True)
    assert without.rstrip("\n") in merged.text
    settled = merge(without, make_page(notes=[]))
    assert (settled.outcome, settled.text) == ("updated", render(make_page(notes=[])))
