"""The parsers of Hypothesis, Web Annotations and PaperMemory."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import SourceError
from server.imports.recognize import parse, recognize
from server.schema.quote import Quote
from server.schema.sources import Batch, SourceNote, SourcePaper
from tests.server.exports.pages import HOSTILE
from tests.server.imports.conftest import OBSERVED

WRITTEN = datetime(2026, 5, 2, 8, 30, tzinfo=UTC)
PAGE = "https://arxiv.org/abs/2608.00001v2"


def read(value: Any) -> Batch:
    return parse(recognize(json.dumps(value).encode()), name="file", observed=OBSERVED, year=2026)


def row(**fields: Any) -> dict[str, Any]:
    """Return an annotation as the API of Hypothesis does."""
    quote = {
        "type": "TextQuoteSelector",
        "exact": "kettles sing",
        "prefix": "that ",
        "suffix": " when",
    }
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
        SourcePaper(
            richness="ids",
            observed=OBSERVED,
            arxiv_id="2608.00001",
            tags=["kettles", "tea"],
            notes=[NOTE],
        )
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
def test_a_paper_is_recognized_by_each_of_its_addresses(uri: str) -> None:
    assert [paper.arxiv_id for paper in read([row(uri=uri)]).papers] == ["2608.00001"]


def test_an_invalid_field_is_reported_and_the_rest_is_imported() -> None:
    rows = [row(uri="https://example.org/kettles"), row(text={}), row(), row(target=[7]), 7]
    batch = read({"rows": rows})
    assert [note.text for note in batch.papers[0].notes] == [
        "",
        "Do *all* of them?",
        "Do *all* of them?",
    ]
    assert batch.skipped == [
        "row 5: expected an object, found int",
        "row 2: “text” was left out, for it is not text",
        "row 4: “target” was left out, for it is not an object",
        "row 1: “https://example.org/kettles” is the address of no paper",
    ]


def test_annotations_of_others_are_attributed_and_add_no_tags() -> None:
    rows = [row(), row(id="b"), row(id="c", user="acct:bo@hypothes.is", text="No.", tags=["x"])]
    [paper] = read({"rows": rows}).papers
    assert paper.tags == ["kettles"]
    assert paper.notes[2].text == "*bo wrote on Hypothesis:*\n\nNo."


def test_highlights_and_page_notes_are_imported_but_not_empty_ones() -> None:
    rows = [
        row(text="", tags=[]),
        row(id="b", target=[], text="whole"),
        row(id="c", target=[], text=" ", tags=None),
    ]
    assert [(note.text, bool(note.quote)) for note in read(rows).papers[0].notes] == [
        ("", True),
        ("whole", False),
    ]


def test_long_quotes_are_truncated() -> None:
    selector = {
        "type": "TextQuoteSelector",
        "exact": "x" * 30_000,
        "prefix": "ab" * 900,
        "suffix": "cd" * 900,
    }
    quote = read([row(target=[{"source": PAGE, "selector": [selector]}])]).papers[0].notes[0].quote
    assert quote and (len(quote.exact), quote.prefix, quote.suffix) == (
        20_000,
        "ab" * 500,
        "cd" * 500,
    )


def annotation(**fields: Any) -> dict[str, Any]:
    target = {"source": PAGE, "selector": {"type": "TextQuoteSelector", "exact": "kettles"}}
    return {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": "http://example.org/a1",
        "type": "Annotation",
        "body": {"type": "TextualBody", "value": "Whistles."},
        "target": target,
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "text", "tags"),
    [
        ({}, "Whistles.", []),
        ({"body": None, "bodyValue": "Plain."}, "Plain.", []),
        ({"body": "http://example.org/body"}, "", []),
        (
            {
                "body": [
                    {"value": "a"},
                    {"value": "b", "purpose": "commenting"},
                    {"value": "t", "purpose": "tagging"},
                ]
            },
            "a\n\nb",
            ["t"],
        ),
        (
            {"body": {"value": "<p>A <b>pot</b></p><script>x</script>", "format": "text/html"}},
            "A pot\nx",
            [],
        ),
        ({"body": {"value": "<b>a</b>", "format": "text/markdown"}}, "<b>a</b>", []),
        ({"motivation": "highlighting", "body": []}, "", []),
    ],
)
def test_web_annotations_are_read_in_every_shape(
    fields: dict[str, Any], text: str, tags: list[str]
) -> None:
    for value in (
        annotation(**fields),
        [annotation(**fields)],
        {"type": "AnnotationPage", "items": [annotation(**fields)]},
    ):
        [paper] = read(value).papers
        assert (paper.arxiv_id, paper.tags, [note.text for note in paper.notes]) == (
            "2608.00001",
            tags,
            [text],
        )
        assert paper.notes[0].quote == Quote("kettles")
        assert paper.notes[0].id == uuid5(NAMESPACE_URL, "http://example.org/a1")


def test_an_annotation_with_several_targets_is_added_to_each_paper() -> None:
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
    assert batch.skipped == ["annotation 1: “https://example.org” is the address of no paper"]


def test_an_exported_note_keeps_its_id_and_position() -> None:
    selectors = [
        {"type": "TextQuoteSelector", "exact": "kettles"},
        {"type": "TextPositionSelector", "start": 3, "end": 10},
    ]
    value = annotation(
        id=UUID(int=5).urn,
        modified="2026-05-02T08:30:00Z",
        target={"source": PAGE, "selector": selectors},
    )
    assert read(value).papers[0].notes == [
        SourceNote("Whistles.", Quote("kettles", start=3, end=10), UUID(int=5), WRITTEN)
    ]


@pytest.mark.parametrize(
    "value",
    [annotation(target="https://example.org"), {"type": "Annotation"},
     {"type": "AnnotationCollection", "first": "https://example.org/page1"}],
)  # fmt: skip
def test_unusable_annotations_are_refused_with_the_reason(value: Any) -> None:
    if "target" not in value:
        assert read(value).papers == []
        return
    with pytest.raises(SourceError, match="nothing in it can be used: annotation 1: "):
        read(value)


@pytest.mark.parametrize(
    "fields",
    [
        {"body": {"type": "Choice", "items": [{"value": "Whistles."}, {"value": "Pfeift."}]}},
        {"body": {"value": ["Whistles."], "purpose": ["commenting", "describing"]}},
        {"target": {"source": {"id": PAGE}, "selector": {"type": "FragmentSelector", "refinedBy": {
            "type": "oa:TextQuoteSelector", "exact": "kettles"}}}},
        {"target": {"type": "SpecificResource", "source": PAGE, "selector": [None, {
            "type": "Choice", "items": [{"type": "TextQuoteSelector", "exact": "kettles"}]}]}},
    ],
)  # fmt: skip
def test_nested_bodies_and_selectors_are_read(fields: dict[str, Any]) -> None:
    [note] = read(annotation(**fields)).papers[0].notes
    assert (note.text, note.quote) == ("Whistles.", Quote("kettles"))


def memory(**fields: Any) -> dict[str, Any]:
    """Return a paper as PaperMemory stores it."""
    defaults = {
        "addDate": "2025-08-29T08:35:02.977Z",
        "author": "Ada Birch and Niels van O'Dell",
        "bibtex": (
            '@article{birch, title={Kettles}, abstract={They {\\"u}sually sing.}, doi={10.1234/x}}'
        ),
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
    [paper] = batch.papers
    assert paper.citation and (paper.citation.type, paper.citation.key) == ("article", "birch")
    paper.citation = None
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
            issued="2026",
        )
    ]


def test_automatic_texts_of_papermemory_are_not_notes() -> None:
    for note in ("Accepted @ ACL (2020)", "Published @ JMLR (2012)", ""):
        assert read({"a": memory(note=note)}).papers[0].notes == []
    assert read({"a": memory(note="Accepted as true")}).papers[0].notes == [
        SourceNote("Accepted as true")
    ]


def test_a_memory_without_an_arxiv_id_is_identified_by_title() -> None:
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


def test_an_invalid_paper_of_a_memory_is_reported_and_the_rest_is_imported() -> None:
    batch = read(
        {
            "__dataVersion": 1,
            "a": memory(tags={}),
            "b": memory(),
            "c": 3,
            "d": memory(title="", id="", pdfLink="", md=""),
        }
    )
    assert [paper.tags for paper in batch.papers] == [
        ["favorite"],
        ["tea", "pots/hot", "favorite"],
    ]
    assert batch.skipped == [
        "“a”: “tags” was left out, for it is not text",
        "“c”: expected an object, found int",
        "“d” has neither a title nor an arXiv id",
    ]


@given(HOSTILE, st.lists(HOSTILE, max_size=2), st.sampled_from([row, annotation, memory]))
def test_any_text_is_read(text: str, tags: list[str], make: Any) -> None:
    value = make(
        text=text,
        bodyValue=text,
        note=text,
        tags=tags,
        title=text,
        author=text,
        bibtex=f"@a{{x, abstract={{{text}}}}}",
    )
    if make is annotation:
        value["title"] = None
    batch = read({"a": value} if make is memory else [value])
    assert len(batch.papers) == 1
    assert all("\x00" not in note.text for note in batch.papers[0].notes)
    assert all(tag == " ".join(tag.split()) for tag in batch.papers[0].tags)
