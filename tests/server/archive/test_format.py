import json
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given

from nlp.spans import Mention, Result
from server.archive.format import (
    FORMAT,
    PIECE_BYTES,
    Archive,
    ArchivedCorrection,
    ArchivedEntry,
    ArchivedNote,
    ArchivedPaper,
    ArchivedRevision,
    ArchivedSearch,
    ArchivedTag,
    ArchivedTerm,
    SeenPaper,
    decode,
    encode,
)
from server.errors import SourceError
from server.schema.papers import Place
from server.schema.quote import Quote
from tests.server.exports.pages import HOSTILE, MOMENT

pytestmark = pytest.mark.anyio


def make_paper(key: str = "2501.10000", **fields: Any) -> ArchivedPaper:
    return ArchivedPaper(
        key=key, title="Lantern", richness="arxiv", observed=MOMENT, created=MOMENT, **fields
    )


def make_note(number: int = 1, **fields: Any) -> ArchivedNote:
    defaults: dict[str, Any] = {
        "key": "2501.10000",
        "text": "A thought.",
        "quote": None,
        "version": 1,
    }
    return ArchivedNote(
        id=UUID(int=number), created=MOMENT, updated=MOMENT, **{**defaults, **fields}
    )


def make_search(name: str, **fields: Any) -> ArchivedSearch:
    defaults: dict[str, Any] = {
        "query": "method:Lantern",
        "sort": "rating",
        "digest": True,
        "version": 1,
    }
    return ArchivedSearch(name=name, created=MOMENT, updated=MOMENT, **{**defaults, **fields})


def make_archive(**parts: Any) -> Archive:
    defaults: dict[str, Any] = {
        "papers": [
            make_paper(
                aliases=["t-00000000000000000000"],
                abstract="Reads at night.",
                authors=["Ada Birch"],
                published=date(2025, 1, 17),
                upvotes=3,
                categories=["cs.CL"],
                places=[Place(kind="daily", name="2025-01-18", day=date(2025, 1, 18), position=4)],
                mentions=[Mention(start=0, end=7, label="METHOD", term="Lantern", confidence=0.5)],
                results=[Result(start=8, end=9, value="1", number=1.0)],
                extraction_version="rules-1",
            )
        ],
        "entries": [
            ArchivedEntry(
                key="2501.10000", status="read", rating=5, tags=["rl"], version=2,
                added=MOMENT, updated=MOMENT,
            )
        ],
        "tags": [
            ArchivedTag(
                name="rl", colour="#7c5cbf", papers=1, version=1,
                created=MOMENT, updated=MOMENT, trashed=["2501.10000"],
            )
        ],
        "notes": [
            make_note(
                quote=Quote(exact="night", prefix="at "),
                version=2,
                deleted=MOMENT,
                revisions=[ArchivedRevision(version=1, text="A th", quote=None, written=MOMENT)],
            )
        ],
        "corrections": [
            ArchivedCorrection(
                id=UUID(int=9), key="t-00000000000000000000", verdict="wrong", surface="night",
                label="METHOD", to_label=None, start=0, end=5, everywhere=True,
                version=1, created=MOMENT, updated=MOMENT,
            )
        ],
        "seen": [SeenPaper(key="2501.10000", at=MOMENT)],
        "searches": [make_search("lanterns")],
        "terms": [
            ArchivedTerm(
                label="METHOD", term="Lantern", name=None, into=("METHOD", "Candle"), hidden=False,
                version=1, created=MOMENT, updated=MOMENT,
            )
        ],
    }  # fmt: skip
    return Archive(papermargin=FORMAT, exported=MOMENT, server="0.1.0", **{**defaults, **parts})


async def stream(records: list[Any]) -> AsyncIterator[Any]:
    for record in records:
        yield record


async def pieces_of(archive: Archive) -> list[bytes]:
    names = ("papers", "entries", "tags", "notes", "corrections", "seen", "searches", "terms")
    parts = {name: stream(getattr(archive, name)) for name in names}
    return [
        piece
        async for piece in encode(exported=archive.exported, server=archive.server, parts=parts)
    ]


async def test_an_export_reads_back_the_same() -> None:
    assert decode(b"".join(await pieces_of(make_archive()))) == make_archive()


async def test_an_empty_export_reads_back_the_same() -> None:
    empty = make_archive(
        papers=[], entries=[], tags=[], notes=[], corrections=[], seen=[], searches=[], terms=[]
    )
    assert decode(b"".join(await pieces_of(empty))) == empty


async def test_every_record_is_on_its_own_line() -> None:
    archive = make_archive(notes=[make_note(1), make_note(2)])
    lines = b"".join(await pieces_of(archive)).decode().splitlines()
    assert lines[0] == '{"papermargin":2,"exported":"2026-06-03T10:11:12Z","server":"0.1.0",'
    first = lines.index('"notes":[') + 1
    assert [json.loads(line.rstrip(","))["id"][-1] for line in lines[first : first + 2]] == [
        "1",
        "2",
    ]


async def test_a_large_export_comes_in_pieces() -> None:
    papers = [make_paper(f"2501.{number:05}", abstract="word " * 100) for number in range(1000)]
    pieces = await pieces_of(
        make_archive(papers=papers, entries=[], notes=[], corrections=[], seen=[])
    )
    assert len(pieces) > 5
    assert max(map(len, pieces)) < PIECE_BYTES + 1_000
    assert len(decode(b"".join(pieces)).papers) == 1000


@given(HOSTILE)
def test_any_text_of_a_note_survives_encoding(text: str) -> None:
    archive = make_archive(notes=[make_note(text=text)])
    assert decode(msgspec.json.encode(archive)) == archive


def test_an_archive_of_format_1_has_no_searches_and_terms() -> None:
    def age(document: Any) -> None:
        document["papermargin"] = 1
        del document["searches"], document["terms"]

    archive = decode(broken(age))
    assert (len(archive.notes), archive.searches, archive.terms) == (1, [], [])


def broken(change: Callable[[Any], object]) -> bytes:
    document = json.loads(msgspec.json.encode(make_archive()))
    change(document)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda it: it.update(papermargin=3),
            "the export is of format 3; this Papermargin reads up to format 2",
        ),
        (lambda it: it.pop("papermargin"), "missing required field `papermargin`"),
        (lambda it: it.pop("notes"), "missing required field `notes`"),
        (
            lambda it: it["papers"][0].update(title=3),
            r"Expected `str`, got `int` - at `\$\.papers\[0\]\.title`",
        ),
        (
            lambda it: it["entries"][0].update(rating=6),
            r"`int` <= 5 - at `\$\.entries\[0\]\.rating`",
        ),
        (
            lambda it: it["entries"][0].update(tags=[""]),
            r"length >= 1 - at `\$\.entries\[0\]\.tags\[0\]`",
        ),
        (
            lambda it: it["entries"][0].update(added="2026-06-03T10:11:12"),
            r"timezone.* at `\$\.entries\[0\]\.added`",
        ),
        (lambda it: it["tags"][0].update(colour="red"), r"at `\$\.tags\[0\]\.colour`"),
        (
            lambda it: it["corrections"][0].update(verdict="odd"),
            r"'odd' - at `\$\.corrections\[0\]\.verdict`",
        ),
        (
            lambda it: it["notes"][0].update(text="é" * 500_001),
            r"1,000,000 bytes - at `\$\.notes\[0\]`",
        ),
        (
            lambda it: it["notes"][0].update(key="2501.99999"),
            r"no paper '2501.99999' in it - at `\$\.notes\[0\]\.key`",
        ),
        (
            lambda it: it["papers"][0].update(key="../x"),
            r"'../x' is no paper's key - at `\$\.papers\[0\]`",
        ),
        (
            lambda it: it["papers"].append(it["papers"][0]),
            r"2501.10000 stands there twice - at `\$\.papers`",
        ),
        (
            lambda it: it["notes"].append(it["notes"][0]),
            r"0001 stands there twice - at `\$\.notes`",
        ),
        (
            lambda it: it["tags"].append(it["tags"][0] | {"name": "RL"}),
            r"rl stands there twice - at `\$\.tags`",
        ),
        (
            lambda it: it["searches"].append(it["searches"][0]),
            r"lanterns stands there twice - at `\$\.searches`",
        ),
        (lambda it: it["searches"][0].update(sort="odd"), r"'odd' - at `\$\.searches\[0\]\.sort`"),
        (
            lambda it: it["terms"].append(it["terms"][0] | {"term": "lan-tern"}),
            r"twice - at `\$\.terms`",
        ),
    ],
)
def test_an_inconsistent_archive_is_refused_with_the_path_of_the_error(
    change: Callable[[Any], object], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        decode(broken(change))


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b"\xff", b'{"papermargin":"x"}', b"null"])
def test_other_documents_are_refused(document: bytes) -> None:
    with pytest.raises(SourceError, match="this is no Papermargin export"):
        decode(document)


async def test_a_truncated_archive_is_refused_wherever_it_ends() -> None:
    document = b"".join(await pieces_of(make_archive())).rstrip()
    for end in range(0, len(document), 7):
        with pytest.raises(SourceError):
            decode(document[:end])
