"""Invented libraries by a seed, and what each format has to bring back of them."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from server.exports.formats import FORMATS, FormatName
from server.imports.recognize import parse, recognize
from server.schema.citations import Citation, Name
from server.schema.papers import PaperPage
from server.schema.quote import Quote
from server.schema.reading_list import EntryState, NoteState, Plan
from server.schema.sources import SourcePaper
from tests.server.exports.pages import make_page
from tests.server.exports.writing import OBSERVED, write

# what each format can say; server/docs/exports.md lists the rest
CARRIED: dict[FormatName, set[str]] = {
    "bibtex": {"key", "title", "authors", "abstract", "issued", "doi", "tags", "notes", "cited"},
    "biblatex": {"key", "title", "authors", "abstract", "issued", "doi", "tags", "notes", "cited"},
    "ris": {"key", "title", "authors", "abstract", "issued", "doi", "tags", "cited"},
    "csl": {"key", "title", "authors", "abstract", "issued", "doi", "tags", "notes", "cited"},
    "csv": {"key", "title", "authors", "abstract", "issued", "doi", "tags", "status", "added"},
    "jsonl": {
        "key", "title", "authors", "abstract", "issued", "doi", "tags", "notes", "status", "plan",
        "added",
    },
    "zotero": {"key", "title", "authors", "abstract", "issued", "doi", "tags", "added", "cited"},
    "bookmarks": {"key", "title", "tags"},
}  # fmt: skip
_WORDS = [
    "Lantern", "Moth", "AT&T", "R&D", "50%", "C#", "x_1", "naïve", "Größe", "Łódź", "中文",
    "“quoted”", "it's", "α-β", "$x^2$", "<b>", "GPT-4", "over_all", "~5", "Émile", "tea", "pots",
]  # fmt: skip
_FAMILIES = ["Doe", "van der Berg", "Müller", "O'Neil", "Łuk", "de la Cruz", "Smith-Jones", "Ng"]
_GIVEN = ["Jane", "J. R.", "Zoë", "Bo", "Anne-Marie"]
_TAGS = ["hot", "to read", "rl/grpo", "Größe", "c++", "AT&T", "50%"]


def make_library(seed: int) -> list[PaperPage]:
    """Return a few papers with tags, notes and citations; the same for the same seed."""
    chance = random.Random(seed)
    return [_make_paper(chance, number) for number in range(1 + seed % 4)]


def differences(name: FormatName, library: list[PaperPage]) -> list[str]:
    """Return what a format does not bring back of a library, though it could say it."""
    found = recognize(write(FORMATS[name].render, *library).encode())
    papers = parse(found, name="export", observed=OBSERVED, year=2026).papers
    if len(papers) != len(library):
        return [f"{len(papers)} papers of {len(library)}"]
    pairs = zip(map(_of_page, library), map(_of_source, papers), strict=True)
    return [
        f"{field}: {wanted[field]!r} became {got[field]!r}"
        for wanted, got in pairs
        for field in sorted(CARRIED[name])
        if wanted[field] != got[field]
    ]


def _make_paper(chance: random.Random, number: int) -> PaperPage:
    key = f"24{chance.randint(1, 12):02}.{chance.randint(0, 9999):04}{number}"
    day = date(2024, chance.randint(1, 12), chance.randint(1, 28))
    issued = chance.choice([None, f"{day:%Y-%m}", f"{day:%Y}"])
    first = {None: day, f"{day:%Y-%m}": day.replace(day=1)}.get(issued, day.replace(month=1, day=1))
    names = [
        Name(family=chance.choice(_FAMILIES), given=chance.choice(_GIVEN))
        for _ in range(chance.randint(1, 4))
    ]
    fields = {"journal": _text(chance, 3), "volume": "7", "pages": "5--17"}
    added = datetime(2025, 1, 5, 10, tzinfo=UTC) + timedelta(hours=chance.randint(0, 9999))
    return make_page(
        key=key,
        url=f"https://arxiv.org/abs/{key}",
        title=_text(chance, 6),
        abstract=chance.choice(["", _text(chance, 20)]),
        authors=[name.spoken for name in names],
        author_count=len(names),
        published=first,
        issued=issued,
        doi=chance.choice([None, f"10.1234/x.{chance.randint(1, 999)}"]),
        entry=EntryState(
            key=key, status=chance.choice(["inbox", "reading", "read"]), rating=None, version=1,
            tags=sorted(chance.sample(_TAGS, chance.randint(0, 3)), key=str.casefold),
            added=added, updated=added, queue=chance.choice([None, float(number)]),
            snoozed_until=chance.choice([None, day]), due=chance.choice([None, day]),
        ),
        notes=[_make_note(chance, key, n, added) for n in range(chance.randint(0, 3))],
        citation=Citation(format="BibTeX", type="article", key=f"k{number}", fields=fields,
                          names=names) if chance.random() < 0.7 else None,
    )  # fmt: skip


def _make_note(chance: random.Random, key: str, number: int, at: datetime) -> NoteState:
    quote = Quote(exact=_text(chance, 3)) if chance.random() < 0.3 else None
    text = "\n\n".join(f"Note {_text(chance, 4)}" for _ in range(chance.randint(1, 2)))
    uuid = UUID(int=chance.getrandbits(128), version=4)
    at += timedelta(minutes=number)
    return NoteState(
        id=uuid, key=key, text=text, quote=quote, version=1, created=at, updated=at
    )  # fmt: skip


def _text(chance: random.Random, count: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(count))


def _of_page(page: PaperPage) -> dict[str, Any]:
    assert page.entry
    cited = page.citation
    return {
        "key": page.key, "title": page.title, "authors": page.authors, "abstract": page.abstract,
        "issued": page.issued or str(page.published), "doi": page.doi,
        "tags": sorted(page.entry.tags), "status": page.entry.status, "added": page.entry.added,
        "plan": page.entry.plan,
        "notes": [_note(note.text, note.quote) for note in page.notes],
        "cited": (cited.key, cited.fields["journal"]) if cited else None,
    }  # fmt: skip


def _of_source(paper: SourcePaper) -> dict[str, Any]:
    cited = paper.citation
    venues = [cited.fields.get(name) for name in ("journal", "journaltitle")] if cited else []
    venue = next(filter(None, venues), None)
    return {
        "key": paper.arxiv_id, "title": paper.title, "authors": paper.authors,
        "abstract": paper.abstract, "issued": paper.issued or str(paper.published),
        "doi": paper.doi, "tags": sorted(paper.tags), "status": paper.status,
        "plan": paper.plan or Plan(), "added": paper.added,
        "notes": [_note(note.text, note.quote) for note in paper.notes],
        "cited": (cited.key, venue) if cited and venue else None,
    }  # fmt: skip


def _note(text: str, quote: Quote | None) -> str:
    """Return a note as the formats write it that have no place for a quote."""
    return f"> {quote.exact}\n\n{text}" if quote else text
