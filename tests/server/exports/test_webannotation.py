import json
from typing import Any
from uuid import UUID

from hypothesis import given
from pyld import jsonld

from server.exports.webannotation import render_webannotation
from server.identifiers import title_key
from server.imports.formats.webannotation import parse_webannotation
from server.schema.papers import PaperPage
from server.schema.quote import Quote
from server.schema.reading_list import NoteState
from server.schema.sources import SourceNote, printable
from tests.server.exports.pages import MOMENT, hostile_pages, make_note, make_page
from tests.server.exports.writing import OBSERVED, write

OA, AS = "http://www.w3.org/ns/oa#", "http://www.w3.org/ns/activitystreams#"
# the terms of http://www.w3.org/ns/anno.jsonld that we write
CONTEXT = {
    "id": "@id",
    "type": "@type",
    "dc": "http://purl.org/dc/elements/1.1/",
    **{
        name: OA + name
        for name in ("Annotation", "SpecificResource", "TextualBody", "commenting", "tagging")
    },
    **{
        name: OA + name
        for name in ("TextQuoteSelector", "TextPositionSelector", "exact", "prefix", "suffix")
    },
    **{name: OA + name for name in ("start", "end")},
    "AnnotationCollection": AS + "OrderedCollection",
    "AnnotationPage": AS + "OrderedCollectionPage",
    "total": AS + "totalItems",
    "startIndex": AS + "startIndex",
    "first": {"@id": AS + "first", "@type": "@id"},
    "items": {"@id": AS + "items", "@type": "@id", "@container": "@list"},
    "body": {"@id": OA + "hasBody", "@type": "@id"},
    "target": {"@id": OA + "hasTarget", "@type": "@id"},
    "source": {"@id": OA + "hasSource", "@type": "@id"},
    "selector": {"@id": OA + "hasSelector", "@type": "@id"},
    "motivation": {"@id": OA + "motivatedBy", "@type": "@vocab"},
    "purpose": {"@id": OA + "hasPurpose", "@type": "@vocab"},
    "value": "http://www.w3.org/1999/02/22-rdf-syntax-ns#value",
    "format": "dc:format",
    "label": "http://www.w3.org/2000/01/rdf-schema#label",
    "created": "http://purl.org/dc/terms/created",
    "modified": "http://purl.org/dc/terms/modified",
}


def load(*pages: PaperPage) -> Any:
    return json.loads(write(render_webannotation, *pages))


def parse(*pages: PaperPage) -> list[tuple[str | None, SourceNote]]:
    batch = parse_webannotation(load(*pages), observed=OBSERVED)
    return [
        (paper.arxiv_id or title_key(paper.title), note)
        for paper in batch.papers
        for note in paper.notes
    ]


def told(key: str, note: NoteState) -> tuple[str, SourceNote]:
    return key, SourceNote(printable(note.text), note.quote, note.id, note.updated)


def quoting_page() -> PaperPage:
    note = make_note("Compare.")
    note.quote = Quote("reaches", "which ", " 91.2%", 24, 31)
    return make_page(notes=[note])


def test_a_note_is_an_annotation_of_the_words_it_quotes() -> None:
    assert load(quoting_page())["first"]["items"][0] == {
        "type": "Annotation",
        "id": "urn:uuid:00000000-0000-0000-0000-000000000001",
        "motivation": "commenting",
        "created": "2026-06-03T10:12:12Z",
        "modified": "2026-06-03T10:12:12Z",
        "body": [
            {
                "type": "TextualBody",
                "value": "Compare.",
                "purpose": "commenting",
                "format": "text/markdown",
            }
        ],
        "target": {
            "type": "SpecificResource",
            "source": "https://huggingface.co/papers/2501.10000",
            "selector": [
                {
                    "type": "TextQuoteSelector",
                    "exact": "reaches",
                    "prefix": "which ",
                    "suffix": " 91.2%",
                },
                {"type": "TextPositionSelector", "start": 24, "end": 31},
            ],
            "dc:title": "Lantern: a small model: reads at night",
        },
    }


def test_the_tags_of_a_paper_are_one_annotation_with_a_stable_id() -> None:
    tags = load(make_page(notes=[]))["first"]["items"][0]
    assert (tags["motivation"], [body["value"] for body in tags["body"]]) == (
        "tagging",
        ["rl/grpo", "to read"],
    )
    assert tags["id"] == load(make_page())["first"]["items"][1]["id"]
    assert UUID(tags["id"]).version == 5


def test_a_collection_counts_its_annotations() -> None:
    assert [
        load(*pages)["total"] for pages in ([], [make_page()], [make_page(), quoting_page()])
    ] == [0, 2, 4]


def test_another_processor_reads_every_word_of_it_as_linked_data() -> None:
    document = load(quoting_page())
    assert document.pop("@context") == "http://www.w3.org/ns/anno.jsonld"
    graph = jsonld.expand({"@context": CONTEXT, **document})
    assert jsonld.compact(graph, CONTEXT, {"compactArrays": False})["@graph"][0]["first"][0][
        "startIndex"
    ] == [0]
    quads = jsonld.to_rdf(graph, {"format": "application/n-quads"})
    assert f"<urn:uuid:{UUID(int=1)}> <{OA}motivatedBy> <{OA}commenting> ." in quads
    assert f"<{OA}hasSource> <https://huggingface.co/papers/2501.10000> ." in quads
    assert f'<{OA}exact> "reaches" .' in quads
    assert '"rl/grpo"' in quads


def test_no_member_is_unknown_to_the_context() -> None:
    def members(value: Any) -> set[str]:
        inner = (
            value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        )
        return {
            *(value if isinstance(value, dict) else []),
            *(name for part in inner for name in members(part)),
        }

    assert members(load(quoting_page())) - {"@context", "dc:title"} <= CONTEXT.keys()


def test_notes_and_tags_come_back_as_themselves() -> None:
    pages = [
        quoting_page(),
        make_page(key="hep-th/9901001", notes=[make_note("A", number=2, exact="present")]),
    ]
    pages += [make_page(key=title_key("x"), title="x", url=None, notes=[make_note("", number=3)])]
    assert parse(*pages) == [told(page.key, note) for page in pages for note in page.notes]
    batch = parse_webannotation(load(*pages), observed=OBSERVED)
    assert [paper.tags for paper in batch.papers] == [["rl/grpo", "to read"]] * 3
    assert batch.skipped == []


def test_notes_in_the_trash_stay_at_home() -> None:
    note = make_note("gone")
    note.deleted = MOMENT
    assert parse(make_page(notes=[note])) == []


@given(hostile_pages())
def test_every_note_comes_back(page: PaperPage) -> None:
    for note in page.notes:
        if note.quote and not (
            printable(note.quote.exact) == note.quote.exact
            and 0 < len(note.quote.exact.strip()) <= 20_000
        ):
            note.quote = None
    expected = [told(page.key, note) for note in page.notes]
    assert sorted(parse(page), key=lambda pair: str(pair[1].id)) == sorted(
        expected, key=lambda pair: str(pair[1].id)
    )
