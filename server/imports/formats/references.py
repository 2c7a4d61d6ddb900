"""What all formats of references share: a reference's identity, names, date, notes and tags."""

import html
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from urllib.parse import unquote
from uuid import UUID

from msgspec import Struct, field

from server.identifiers import parse_arxiv_id
from server.imports.formats.dates import PartialDate
from server.imports.formats.nesting import parse_html
from server.imports.formats.note_html import read_note
from server.schema.citations import Citation, Name
from server.schema.quote import Quote
from server.schema.reading_list import Status
from server.schema.sources import Batch, SourceNote, SourcePaper, fold, printable

# as in "arXiv:2401.01234 [cs.CL]", ".../abs/2401.01234v2", "CoRR abs/2401.01234",
# "10.48550/arXiv.2401.01234", "oai:arXiv.org:2401.01234"
_ARXIV_MARK = re.compile(
    r"(?:\barxiv\s*(?::|\.(?!org\b))\s*|\barxiv\.org:|\barxiv\s+|\babs/|arxiv\.org/(?:pdf|html)/"
    r"|(?:huggingface\.co|hf\.co)/papers/)(?P<id>[\w.\-]+(?:/\d{7})?(?:v\d+)?)",
    re.IGNORECASE,
)
_BARE_ID = re.compile(r"(?P<id>[\w.\-]+(?:/\d{7})?)(?:\s*[\[(][\w.\-, ]*[\])])?")
_OLD_NUMBER = re.compile(r"\d{7}(?:v\d+)?")
# a registrant may be divided, as in "10.1000.10/182": https://www.doi.org/doi-handbook/HTML/
_DOI = re.compile(r"(?P<doi>10\.\d{4,9}(?:\.\d+)*/[^\s\"<>]+)")
# a field that is nothing but a DOI is believed also with a shorter number, in text it may be any
_WHOLE_DOI = re.compile(
    r"(?:(?:https?://)?(?:dx\.)?doi\.org/|doi: ?)?(?P<doi>10\.\d+(?:\.\d+)*/[^\s\"<>]+)",
    re.IGNORECASE,
)
# what arXiv and reference managers put in the place of notes
_ARXIV_STATEMENT = re.compile(
    r"(?:(?:pre-?print|e-?print|available (?:at|as|on))[\s:,]*)?"
    r"(?:arxiv\s*(?:pre-?print|e-?print)?\s*)?"
    r"(?:arxiv\s*[:.]?\s*|(?:https?://)?(?:www\.)?arxiv\.org/(?:abs|pdf)/|10\.48550/arxiv\.)\S+"
    r"(?:\s*\[[\w.\-, ]+\])?[.\s]*",
    re.IGNORECASE,
)
# what publishers and databases write where a note goes; nothing that a user might have written
_PUBLISHER_NOTE = re.compile(
    r"export date:|cited by:? ?\d|times cited|doi: ?10\.|pmid: ?\d|pmcid: ?PMC|issn: ?\d|coden:"
    r"|isi document delivery|conference code: ?\d|correspondence address:|funding details:"
    r"|compilation and indexing terms|citation key:"
    r"|(?:https?://)?(?:dx\.)?doi\.org/\S+\s*$|10\.\d{4,9}/\S+\s*$",
    re.IGNORECASE,
)
_BLOCK_END = re.compile(r"<br\b[^<>]*>|</(?:p|div|li|h\d|blockquote|tr|pre)>", re.IGNORECASE)
_MARKUP = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_TITLE_PREFIX = re.compile(
    r"\s*(?:\[[\w.\-/]+\]|paper page\s*[-–—:]|\(pdf\)|\[pdf\])\s*", re.IGNORECASE
)
_TITLE_SUFFIX = re.compile(
    r"\s*[|·–—-]\s*(?:arxiv(?:\.org)?|hugging face|openreview|alphaxiv|semantic scholar"
    r"|acl anthology|papers with code)\s*$",
    re.IGNORECASE,
)


# the pages of single papers at the sites that people keep most
_PAPER_ADDRESS = re.compile(
    r"https?://(?:www\.)?(?:openreview\.net/(?:forum|pdf)|aclanthology\.org/\w|proceedings\.mlr\.press/v"
    r"|(?:papers|proceedings)\.(?:nips|neurips)\.cc/|openaccess\.thecvf\.com/content|jmlr\.org/papers"
    r"|(?:www\.)?semanticscholar\.org/paper/|dl\.acm\.org/doi|ieeexplore\.ieee\.org/(?:abstract/)?document"
    r"|link\.springer\.com/(?:article|chapter)|(?:www\.)?nature\.com/articles|(?:dx\.)?doi\.org/10\."
    r"|(?:www\.)?sciencedirect\.com/science/article|(?:www\.)?(?:bio|med)rxiv\.org/content"
    r"|pubmed\.ncbi\.nlm\.nih\.gov/\d|hal\.science/hal-|ojs\.aaai\.org/index\.php|osf\.io/preprints)",
    re.IGNORECASE,
)


class Reference(Struct, kw_only=True):
    """A reference as its file writes it.

    `arxiv_ids` are values of fields that hold nothing but arXiv ids, `addresses` are web addresses,
    and `marked` are fields of this very paper, such as a journal, in which an id may stand behind
    a mark ("arXiv:…"). Free text such as notes counts only if it is nothing but such a statement.
    """

    title: str = ""
    authors: list[Name] = field(default_factory=list)
    published: PartialDate | None = None
    abstract: str = ""
    doi: str = ""
    arxiv_ids: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    status: str = ""
    rating: str = ""
    added: datetime | None = None
    citation: Citation | None = None


def parse_reference(reference: Reference, *, observed: datetime) -> SourcePaper | None:
    """Return a reference's paper, or None if it has neither a title nor an arXiv id."""
    names = [spoken for name in reference.authors if (spoken := fold(name.spoken))]
    first, issued = _dates(reference.published)
    paper = SourcePaper(
        richness="bibliography",
        observed=observed,
        title=fold(reference.title),
        arxiv_id=_identify(reference),
        abstract=fold(reference.abstract),
        authors=names,
        author_count=len(names) or None,
        published=first,
        issued=issued,
        doi=find_doi([reference.doi, *reference.addresses]),
        tags=unique_tags(reference.tags),
        notes=[note for note in map(read_source_note, reference.notes) if note.text],
        status=read_status(reference.status),
        rating=read_rating(reference.rating),
        added=reference.added,
        citation=_citation(reference),
    )
    return paper if paper.title or paper.arxiv_id else None


def add_reference(
    batch: Batch, name: str, reference: Reference, *, observed: datetime
) -> SourcePaper | None:
    """Add a reference's paper to a batch and return it.

    A reference with neither a title nor an arXiv id has none, and is skipped under its `name`.
    """
    paper = parse_reference(reference, observed=observed)
    if paper is None:
        batch.skipped.append(f"{name} has neither a title nor an arXiv id")
    else:
        batch.papers.append(paper)
    return paper


def unique_tags(texts: Iterable[str]) -> list[str]:
    """Return tags on one line each, without repetitions."""
    return [tag for tag in dict.fromkeys(map(fold, texts)) if tag]


def _dates(published: PartialDate | None) -> tuple[date | None, str | None]:
    """Return the first day of a date, and its text where that is no single day."""
    if published is None:
        return None, None
    return published.first, published.text if len(published.text) != 10 else None


def _citation(reference: Reference) -> Citation | None:
    if reference.citation:
        reference.citation.names = reference.authors
    return reference.citation


def _identify(reference: Reference) -> str | None:
    """Return the arXiv id of a reference, from the surest evidence that it has."""
    notes = [line for note in reference.notes for line in printable(note).splitlines()]
    lines = [line for text in reference.statements for line in text.splitlines()]
    statements = [line for line in [*lines, *notes] if _ARXIV_STATEMENT.fullmatch(line.strip())]
    evidence = [
        *map(read_arxiv_field, reference.arxiv_ids),
        find_arxiv_id(reference.doi),
        *map(find_arxiv_id, [*reference.addresses, *reference.marked, *statements]),
    ]
    return next(filter(None, evidence), None)


def read_arxiv_field(text: str, archive: str = "") -> str | None:
    """Return the id of a field that holds one, also with its class: "2401.01234 [cs.CL]".

    An old number alone ("9711200") belongs to `archive`, the paper's primary class.
    """
    text = fold(text).strip("{}")
    if _OLD_NUMBER.fullmatch(text) and archive:
        return parse_arxiv_id(f"{fold(archive).split('.')[0]}/{text}")
    if found := _BARE_ID.fullmatch(text):
        return parse_arxiv_id(found["id"])
    return find_arxiv_id(text)


def find_arxiv_id(text: str) -> str | None:
    """Return the first arXiv id that the text is or marks as one, without its version.

    >>> find_arxiv_id("Comment: 9 pages. arXiv:2401.01234v2 [cs.CL]")
    '2401.01234'
    """
    return parse_arxiv_id(text) or next(iter_arxiv_ids(text), None)


def iter_arxiv_ids(text: str) -> Iterator[str]:
    """Yield the arXiv ids that a text marks as such, in their order."""
    for mark in _ARXIV_MARK.finditer(text):
        if arxiv_id := parse_arxiv_id(f"arxiv.org/abs/{mark['id'].rstrip('.-')}"):
            yield arxiv_id


def find_doi(texts: Iterable[str]) -> str | None:
    """Return the first DOI in some texts, with the escapes of LaTeX, HTML and URLs undone."""
    for text in texts:
        plain = (
            unquote(html.unescape(fold(text))).replace("\\", "").replace("{", "").replace("}", "")
        )
        if found := _WHOLE_DOI.fullmatch(plain) or _DOI.search(plain):
            return found["doi"].rstrip(".,;")
    return None


def is_paper_address(address: str) -> bool:
    """Return whether an address is that of one paper at a publisher or a conference."""
    return _PAPER_ADDRESS.match(address.strip()) is not None


def clean_title(title: str) -> str:
    """Return a page's title without what sites add, as in "[2401.01234] Title | OpenReview"."""
    return _TITLE_SUFFIX.sub("", _TITLE_PREFIX.sub("", fold(title), count=1))


def note_text(note: str) -> str:
    """Return a user's note, as Markdown where it is HTML, empty where it only states an id."""
    return _read_note(note, read_note)


def former_text(note: str) -> str:
    """Return a note as earlier versions read it: lists and tasks of HTML were mere lines.

    By this text a note is recognized that one of them brought in.
    """
    return _read_note(note, plain_text)


def read_source_note(note: str, *, written: datetime | None = None) -> SourceNote:
    """Return a note that is nothing but a text, which may be HTML."""
    return make_note(note_text(note), former_text(note), written=written)


def make_note(
    text: str,
    former: str,
    *,
    quote: Quote | None = None,
    uuid: UUID | None = None,
    written: datetime | None = None,
) -> SourceNote:
    """Return a note of a text, and of the text that earlier versions made of the same."""
    return SourceNote(text, quote, uuid, written, former if former != text else None)


def _read_note(note: str, read_html: Callable[[str], str]) -> str:
    text = printable(note).strip()
    if _ARXIV_STATEMENT.fullmatch(text):
        return ""
    return read_html(text) if _MARKUP.match(text) else text


def is_publisher_note(note: str) -> bool:
    """Return whether a note is what publishers and databases put into reference files."""
    return _PUBLISHER_NOTE.match(note.strip()) is not None


def plain_text(markup: str) -> str:
    """Return the text of HTML, one line per block."""
    shown = parse_html(_BLOCK_END.sub("\n", markup)).text()
    return "\n".join(line for line in map(fold, shown.splitlines()) if line)


def read_status(text: str) -> Status | None:
    """Return the status that a word of another program means, None for an unknown word."""
    return _STATUSES.get(fold(text).casefold().strip("[]{}"))


def read_rating(text: str) -> int | None:
    """Return a rating of 1 to 5 from "4", "4/5", "rank4" or "★★★★"."""
    text = fold(text)
    if stars := text.count("★"):
        return min(stars, 5)
    found = re.fullmatch(r"(?:rank)?([1-5])(?:\.0)?(?:\s*(?:/|of)\s*5)?", text, re.IGNORECASE)
    return int(found[1]) if found else None


_WORDS: dict[Status, tuple[str, ...]] = {
    "read": ("read", "done", "finished", "archived", "archive", "completed"),
    "reading": ("reading", "skimmed", "in progress", "started"),
    "inbox": ("inbox", "unread", "to read", "toread", "later", "want to read"),
    "skipped": ("skipped", "skip", "rejected", "dismissed"),
}
_STATUSES = {word: status for status, words in _WORDS.items() for word in words}
