"""What the formats of annotations share: papers found by address, quotes, tags and notes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct, field

from server.identifiers import parse_key, title_key
from server.imports.formats.fields import Record
from server.imports.formats.references import clean_title, find_arxiv_id, is_paper_address
from server.schema.quote import Quote
from server.schema.sources import Batch, SourceNote, SourcePaper, fold, printable

MAX_QUOTE, MAX_BESIDE = 20_000, 1_000  # characters


class Annotation(Struct, kw_only=True):
    """What was written about an address: at most one note, and tags; `title` is the paper's.

    `name` is how the annotation is called in messages.
    """

    name: str
    address: str
    title: str = ""
    tags: list[str] = field(default_factory=list)
    note: SourceNote | None = None


def gather(kind: str, annotations: Iterable[Annotation], *, observed: datetime) -> Batch:
    """Return the papers of annotations, each with all that was written about it.

    Addresses of other pages are named as skipped.
    """
    papers: dict[str, SourcePaper] = {}
    batch = Batch(kind=kind, papers=[])
    for annotation in annotations:
        arxiv_id, title = find_arxiv_id(annotation.address), clean_title(annotation.title)
        key = arxiv_id or _title_key(annotation.address, title)
        if key is None:
            address = fold(annotation.address)[:80]
            batch.skipped.append(f"{annotation.name}: “{address}” is the address of no paper")
            continue
        if key not in papers:
            title = "" if arxiv_id else title
            papers[key] = SourcePaper(
                richness="ids", observed=observed, arxiv_id=arxiv_id, title=title
            )
            batch.papers.append(papers[key])
        paper = papers[key]
        paper.tags = list(dict.fromkeys([*paper.tags, *filter(None, map(fold, annotation.tags))]))
        paper.notes += [annotation.note] if annotation.note else []
    return batch


def _title_key(address: str, title: str) -> str | None:
    """Return the key of a paper that is known by its title; a PDF on the user's disk counts too."""
    if not title:
        return None
    is_local = address.startswith(("urn:x-pdf:", "file:"))
    return parse_key(address) or (
        title_key(title) if is_local or is_paper_address(address) else None
    )


def make_quote(selectors: Sequence[Record], *, placed: bool) -> Quote | None:
    """Return the words that selectors quote, None if they quote none; longer ones are cut off.

    `placed` where their position is one of the abstract.
    """
    for selector in selectors:
        exact = printable(selector.text("exact"))
        if _kind(selector) == "TextQuoteSelector" and exact.strip():
            start, end = _read_position(selectors) if placed else (None, None)
            return Quote(
                exact=exact[:MAX_QUOTE],
                prefix=printable(selector.text("prefix"))[-MAX_BESIDE:],
                suffix=printable(selector.text("suffix"))[:MAX_BESIDE],
                start=start,
                end=end,
            )
    return None


def _read_position(selectors: Sequence[Record]) -> tuple[int | None, int | None]:
    for selector in selectors:
        if _kind(selector) == "TextPositionSelector":
            start, end = selector.values.get("start"), selector.values.get("end")
            if isinstance(start, int) and isinstance(end, int) and 0 <= start <= end < 2**31:
                return start, end
    return None, None


def _kind(selector: Record) -> str:
    return selector.text("type", "@type").rpartition(":")[2]
