"""What two formats of annotations have in common: the paper that an address means, its notes and tags together."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from server.identity import parse_key
from server.quote import Quote
from server.source import Batch, SourceNote, SourcePaper, fold, printable
from server.sources.references import find_arxiv_id

MAX_QUOTE, MAX_BESIDE = 20_000, 1_000  # characters


class Annotation(Struct, kw_only=True):
    """What was written about an address: at most one note, and tags; `title` is the paper's."""

    address: str
    title: str = ""
    tags: list[str] = field(default_factory=list)
    note: SourceNote | None = None


class Selector(Struct):
    """The words that are meant, or another way to say so that is passed over."""

    type: str = ""
    exact: str = ""
    prefix: str = ""
    suffix: str = ""
    start: int | None = None
    end: int | None = None


def gather(kind: str, annotations: Iterable[Annotation], *, observed: datetime) -> Batch:
    """Give the papers of annotations, each with all that was written about it; other addresses are named as skipped."""
    papers: dict[str, SourcePaper] = {}
    batch = Batch(kind=kind, papers=[])
    for number, annotation in enumerate(annotations, 1):
        arxiv_id, title = find_arxiv_id(annotation.address), fold(annotation.title)
        key = arxiv_id or parse_key(annotation.address)
        if key is None or not (arxiv_id or title):
            batch.skipped.append(f"annotation {number}: “{fold(annotation.address)[:80]}” is the address of no paper")
            continue
        if key not in papers:
            papers[key] = SourcePaper(
                richness="ids", observed=observed, arxiv_id=arxiv_id, title="" if arxiv_id else title
            )
            batch.papers.append(papers[key])
        paper = papers[key]
        paper.tags = list(dict.fromkeys([*paper.tags, *filter(None, map(fold, annotation.tags))]))
        paper.notes += [annotation.note] if annotation.note else []
    return batch


def make_quote(selectors: Sequence[Selector], *, placed: bool) -> Quote | None:
    """Give the words that selectors quote, None where they quote none; words beyond the limit of a quote are cut off.

    `placed` where their position is one of the abstract.
    """
    words = next((s for s in selectors if s.type == "TextQuoteSelector" and printable(s.exact).strip()), None)
    if words is None:
        return None
    place = next((s for s in selectors if s.type == "TextPositionSelector" and placed and _is_span(s)), Selector())
    return Quote(
        exact=printable(words.exact)[:MAX_QUOTE],
        prefix=printable(words.prefix)[-MAX_BESIDE:],
        suffix=printable(words.suffix)[:MAX_BESIDE],
        start=place.start,
        end=place.end,
    )


def _is_span(selector: Selector) -> bool:
    return selector.start is not None and selector.end is not None and 0 <= selector.start <= selector.end < 2**31


def as_list(value: Any) -> list[Any]:
    """Give what JSON-LD writes as one value or a list of them as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def read_moment(text: str | None) -> datetime | None:
    """Give a time in ISO 8601, taken for UTC where it names no zone; None for anything else."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
