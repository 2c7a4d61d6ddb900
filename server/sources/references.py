"""What BibTeX, RIS and CSL-JSON have in common: a reference's words for names, dates, arXiv ids and notes."""

import re
from datetime import date, datetime

from msgspec import Struct, field
from selectolax.lexbor import LexborHTMLParser

from server.identity import parse_arxiv_id
from server.source import SourceNote, SourcePaper, calendar_day, fold, printable

# as in "arXiv:2401.01234 [cs.CL]", ".../abs/2401.01234v2", "CoRR abs/2401.01234", "10.48550/arXiv.2401.01234"
_ARXIV_MARK = re.compile(
    r"(?:\barxiv\s*(?::|\.(?!org\b))\s*|\barxiv\s+|\babs/|arxiv\.org/(?:pdf|html)/|(?:huggingface\.co|hf\.co)/papers/)"
    r"(?P<id>[\w.\-]+(?:/\d{7})?(?:v\d+)?)",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?P<year>\d{4})(?:[-/](?P<month>\d{1,2}))?(?:[-/](?P<day>\d{1,2}))?")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
# what arXiv and reference managers put in the place of notes
_ARXIV_STATEMENT = re.compile(r"arxiv\s*:\s*\S+(?:\s*\[[\w.\-]+\])?", re.IGNORECASE)
_BLOCK_END = re.compile(r"<br\b[^<>]*>|</(?:p|div|li|h\d|blockquote|tr|pre)>", re.IGNORECASE)
_MARKUP = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)


class Reference(Struct, kw_only=True):
    """A reference as its file writes it.

    `published` may be a year alone, which counts as its first of January; `arxiv_texts` are the fields in which an
    arXiv id may stand, the surest first.
    """

    title: str = ""
    authors: list[str] = field(default_factory=list)
    published: str = ""
    abstract: str = ""
    doi: str = ""
    arxiv_texts: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def parse_reference(reference: Reference, *, observed: datetime) -> SourcePaper | None:
    """Give the paper that a reference tells, None for one with neither a title nor an arXiv id."""
    # a person's note may name another paper
    statements = [note for note in reference.notes if _ARXIV_STATEMENT.fullmatch(printable(note).strip())]
    texts = [*reference.arxiv_texts, reference.doi, *statements]
    found = (arxiv_id for text in texts if (arxiv_id := find_arxiv_id(text)))
    names = [name for author in reference.authors if (name := natural_name(author))]
    doi = _DOI.search(fold(reference.doi))
    paper = SourcePaper(
        richness="bibliography",
        observed=observed,
        title=fold(reference.title),
        arxiv_id=next(found, None),
        abstract=fold(reference.abstract),
        authors=names,
        author_count=len(names) or None,
        published=_day(reference.published),
        doi=doi[0] if doi else None,
        tags=list(dict.fromkeys(tag for text in reference.tags if (tag := fold(text)))),
        notes=[SourceNote(note) for text in reference.notes if (note := note_text(text))],
    )
    return paper if paper.title or paper.arxiv_id else None


def find_arxiv_id(text: str) -> str | None:
    """Give the first arXiv id that the text is or marks as one, without its version.

    >>> find_arxiv_id("Comment: 9 pages. arXiv:2401.01234v2 [cs.CL]")
    '2401.01234'
    """
    marked = (parse_arxiv_id(f"arxiv.org/abs/{mark['id'].rstrip('.-')}") for mark in _ARXIV_MARK.finditer(text))
    return parse_arxiv_id(text) or next((arxiv_id for arxiv_id in marked if arxiv_id), None)


def natural_name(name: str) -> str:
    """Give the name in the order in which it is spoken: "Lind, Ada" and "Lind, Jr., Ada" begin with Ada."""
    parts = [part for part in map(fold, name.split(",")) if part]
    return " ".join([*parts[-1:], *parts[:-1]])


def note_text(note: str) -> str:
    """Give a person's note with its line breaks, as plain text where it is HTML, nothing where it only tells an id."""
    text = printable(note).strip()
    if _ARXIV_STATEMENT.fullmatch(text):
        return ""
    if not _MARKUP.match(text):
        return text
    shown = LexborHTMLParser(_BLOCK_END.sub("\n", text)).text()
    return "\n".join(line for line in map(fold, shown.splitlines()) if line)


def _day(text: str) -> date | None:
    found = _DATE.search(text)
    if found is None:
        return None
    year, month, day = found["year"], int(found["month"] or 1), int(found["day"] or 1)
    return calendar_day(f"{year}-{month:02}-{day:02}") or calendar_day(f"{year}-01-01")
