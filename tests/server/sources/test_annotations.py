"""Annotations of other tools, and PaperMemory's memory: papers with what was written on them."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import SourceError
from server.quote import Quote
from server.source import Batch, SourceNote, SourcePaper
from server.sources.recognize import parse, recognize
from tests.server.export.pages import HOSTILE
from tests.server.sources.conftest import OBSERVED

WRITTEN = datetime(2026, 5, 2, 8, 30, tzinfo=UTC)
PAGE = "https://arxiv.org/abs/2608.00001v2"


def read(value: Any) -> Batch:
    return parse(recognize(json.dumps(value).encode()), name="file", observed=OBSERVED, year=2026)


def row(**fields: Any) -> dict[str, Any]:
    """An annotation as Hypothesis's API gives it."""
    quote = {"type": "TextQuoteSelector", "exact": "kettles sing", "prefix": "that ", "suffix": " when"}
    others = [
        {"type": "RangeSelector", "startContainer": "/div[1]"},
        {"type": "TextPositionSelector", "start": 9, "end": 21},
    ]
    defaults = {
        "id": "kEtTle1",
        "created": "2026-05-01T08:30:00.123456+00:00",
        "updated": "2026-05-02T08:30:00+00:00",
        "user": "acct:ada@hypothes.is",
        "uri": PAGE,
        "text": "Do *all* of them?",
        "tags": ["kettles"],
        "group": "__world__",
        "permissions": {"read": ["group:__world__"]},
        "target": [{"source": PAGE, "selector": [*others, quote]}],
        "document": {"title": ["[2608.00001] Kettles"]},
        "links": {"html": "https://hypothes.is/a/kEtTle1"},
    }
    return {**defaults, **fields}


NOTE = SourceNote(
    "Do *all* of them?",
    Quote("kettles sing", "that ", " when"),
    uuid5(NAMESPACE_URL, "https://hypothes.is/a/kEtTle1"),
    WRITTEN,
)


@pytest.mark.parametrize("shape", ["rows", "annotations", "list"])
def test_annotations_of_hypothesis_become_notes_with_their_quotes(shape: str) -> None:
    rows = [row(), row(id="b", text="", tags=["tea"], target=[{"source": PAGE}])]
    value: Any = rows if shape == "list" else {"total": 2, shape: rows}
    batch = read(value)
    assert batch.kind == "Hypothesis"
    assert batch.papers == [
        SourcePaper(richness="ids", observed=OBSERVED, arxiv_id="2608.00001", tags=["kettles", "tea"], notes=[NOTE])
    ]


@pytest.mark.parametrize(
    "uri",
    [
        PAGE,
        "https://arxiv.org/pdf/2608.00001.pdf",
        "https://huggingface.co/papers/2608.00001?x=1",
        "arxiv.org/html/2608.00001v1",
    ],
)
def test_a_paper_is_known_by_each_of_its_addresses(uri: str) -> None:
    assert [paper.arxiv_id for paper in read([row(uri=uri)]).papers] == ["2608.00001"]


def test_what_is_on_no_paper_or_broken_is_named_and_the_rest_comes_in() -> None:
    batch = read({"rows": [row(uri="https://example.org/kettles"), row(text=7), row(), row(target=["x"])]})
    assert len(batch.papers) == 1
    assert batch.skipped == [
        "row 2: Expected str | null, got int - at $.text",
        "row 4: Expected object, got str - at $.target[0]",
        "annotation 1: “https://example.org/kettles” is the address of no paper",
    ]


def test_a_highlight_and_a_page_note_come_in_and_an_empty_one_does_not() -> None:
    rows = [row(text="", tags=[]), row(id="b", target=[], text="whole"), row(id="c", target=[], text=" ", tags=None)]
    assert [(note.text, bool(note.quote)) for note in read(rows).papers[0].notes] == [("", True), ("whole", False)]


def test_words_too_long_to_be_quoted_are_cut_off() -> None:
    selector = {"type": "TextQuoteSelector", "exact": "x" * 30_000, "prefix": "ab" * 900, "suffix": "cd" * 900}
    quote = read([row(target=[{"source": PAGE, "selector": [selector]}])]).papers[0].notes[0].quote
    assert quote and (len(quote.exact), quote.prefix, quote.suffix) == (20_000, "ab" * 500, "cd" * 500)


def annotation(**fields: Any) -> dict[str, Any]:
    target = {"source": PAGE, "selector": {"type": "TextQuoteSelector", "exact": "kettles"}}
    return {"@context": "http://www.w3.org/ns/anno.jsonld", "id": "http://example.org/a1", "type": "Annotation",
            "body": {"type": "TextualBody", "value": "Whistles."}, "target": target, **fields}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "text", "tags"),
    [
        ({}, "Whistles.", []),
        ({"body": None, "bodyValue": "Plain."}, "Plain.", []),
        ({"body": "http://example.org/body"}, "", []),
        (
            {"body": [{"value": "a"}, {"value": "b", "purpose": "commenting"}, {"value": "t", "purpose": "tagging"}]},
            "a\n\nb",
            ["t"],
        ),
        ({"body": {"value": "<p>A <b>pot</b></p><script>x</script>", "format": "text/html"}}, "A pot\nx", []),
        ({"body": {"value": "<b>a</b>", "format": "text/markdown"}}, "<b>a</b>", []),
        ({"motivation": "highlighting", "body": []}, "", []),
    ],
)
def test_annotations_of_other_tools_are_read_in_every_shape(fields: dict[str, Any], text: str, tags: list[str]) -> None:
    for value in (
        annotation(**fields),
        [annotation(**fields)],
        {"type": "AnnotationPage", "items": [annotation(**fields)]},
    ):
        [paper] = read(value).papers
        assert (paper.arxiv_id, paper.tags, [note.text for note in paper.notes]) == ("2608.00001", tags, [text])
        assert paper.notes[0].quote == Quote("kettles")
        assert paper.notes[0].id == uuid5(NAMESPACE_URL, "http://example.org/a1")


def test_an_annotation_on_several_addresses_comes_to_each_paper() -> None:
    batch = read(
        annotation(
            target=[PAGE, "https://arxiv.org/abs/2608.00002", {"id": "https://example.org"}],
            motivation="tagging",
            body={"value": "pots"},
        )
    )
    assert [(paper.arxiv_id, paper.tags, paper.notes) for paper in batch.papers] == [
        ("2608.00001", ["pots"], []), ("2608.00002", ["pots"], []),
    ]  # fmt: skip
    assert batch.skipped == ["annotation 3: “https://example.org” is the address of no paper"]


def test_a_note_of_ours_keeps_its_id_and_its_place() -> None:
    selectors = [
        {"type": "TextQuoteSelector", "exact": "kettles"},
        {"type": "TextPositionSelector", "start": 3, "end": 10},
    ]
    value = annotation(
        id=UUID(int=5).urn, modified="2026-05-02T08:30:00Z", target={"source": PAGE, "selector": selectors}
    )
    assert read(value).papers[0].notes == [
        SourceNote("Whistles.", Quote("kettles", start=3, end=10), UUID(int=5), WRITTEN)
    ]


@pytest.mark.parametrize(
    "value",
    [annotation(target=7), annotation(body=[7]), annotation(target="https://example.org"), {"type": "Annotation"},
     {"type": "AnnotationCollection", "first": "https://example.org/page1"}],
)  # fmt: skip
def test_annotations_of_which_nothing_can_be_used_are_refused_with_the_reason(value: Any) -> None:
    if "target" not in value:
        assert read(value).papers == []
        return
    with pytest.raises(SourceError, match="nothing in it can be used: annotation 1: "):
        read(value)


def memory(**fields: Any) -> dict[str, Any]:
    """A paper as PaperMemory keeps it."""
    defaults = {
        "addDate": "2025-08-29T08:35:02.977Z",
        "author": "Ada Birch and Niels van O'Dell",
        "bibtex": '@article{birch, title={Kettles}, abstract={They {\\"u}sually sing.}, doi={10.1234/x}}',
        "code": {},
        "codeLink": "https://github.com/birch/kettles",
        "count": 3,
        "favorite": True,
        "favoriteDate": "2025-09-01T08:35:02.977Z",
        "id": "Arxiv-2608.00001",
        "key": "birch2026kettles",
        "lastOpenDate": "2025-09-29T08:35:02.977Z",
        "md": "[Kettles](https://arxiv.org/abs/2608.00001)",
        "note": "Accepted @ KettleConf 2026 -- [dblp.org]\nLoud.",
        "pdfLink": "https://arxiv.org/pdf/2608.00001.pdf",
        "source": "arxiv",
        "tags": ["tea", "pots/hot"],
        "title": "Kettles  That Sing",
        "venue": "KettleConf",
        "year": "2026",
    }
    return {**defaults, **fields}


def test_a_memory_becomes_papers_with_tags_and_notes() -> None:
    batch = read({"Arxiv-2608.00001": memory(), "__dataVersion": 10000})
    assert batch.kind == "PaperMemory"
    assert batch.papers == [
        SourcePaper(
            richness="bibliography",
            observed=OBSERVED,
            title="Kettles That Sing",
            arxiv_id="2608.00001",
            abstract="They üsually sing.",
            authors=["Ada Birch", "Niels van O'Dell"],
            author_count=2,
            published=datetime(2026, 1, 1).date(),
            code_url="https://github.com/birch/kettles",
            doi="10.1234/x",
            tags=["tea", "pots/hot", "favorite"],
            notes=[SourceNote("Loud.")],
            added=datetime(2025, 8, 29, 8, 35, 2, 977000, UTC),
        )
    ]


def test_what_the_extension_wrote_by_itself_is_no_note() -> None:
    for note in ("Accepted @ ACL (2020)", "Published @ JMLR (2012)", ""):
        assert read({"a": memory(note=note)}).papers[0].notes == []
    assert read({"a": memory(note="Accepted as true")}).papers[0].notes == [SourceNote("Accepted as true")]


def test_a_memory_of_other_places_is_known_by_its_titles() -> None:
    odd = memory(
        id="JMLR-2012_x",
        pdfLink="https://jmlr.org/x.pdf",
        md="[x](y)",
        codeLink=False,
        bibtex="",
        addDate="",
        year=2012,
    )
    [paper] = read({"JMLR-2012_x": odd}).papers
    assert (paper.arxiv_id, paper.code_url, paper.added, paper.published) == (
        None,
        None,
        OBSERVED,
        datetime(2012, 1, 1).date(),
    )


def test_a_broken_paper_of_a_memory_is_named_and_the_rest_comes_in() -> None:
    batch = read(
        {
            "__dataVersion": 1,
            "a": memory(tags=7),
            "b": memory(),
            "c": 3,
            "d": memory(title="", id="", pdfLink="", md=""),
        }
    )
    assert len(batch.papers) == 1
    assert batch.skipped == [
        "“a”: Expected array, got int - at $.tags",
        "“c”: Expected object, got int",
        "“d” has neither a title nor an arXiv id",
    ]


@given(HOSTILE, st.lists(HOSTILE, max_size=2), st.sampled_from([row, annotation, memory]))
def test_no_words_break_the_reading(text: str, tags: list[str], make: Any) -> None:
    value = make(
        text=text, bodyValue=text, note=text, tags=tags, title=text, author=text, bibtex=f"@a{{x, abstract={{{text}}}}}"
    )
    if make is annotation:
        value["title"] = None
    batch = read({"a": value} if make is memory else [value])
    assert len(batch.papers) == 1
    assert all("\x00" not in note.text for note in batch.papers[0].notes)
    assert all(tag == " ".join(tag.split()) for tag in batch.papers[0].tags)
