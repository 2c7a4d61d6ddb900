"""arXiv's feeds: the Atom of its API, and the RSS and Atom of its daily listings.

https://info.arxiv.org/help/api/user-manual.html, https://info.arxiv.org/help/rss.html
"""

import re
from datetime import datetime
from xml.etree.ElementTree import Element

from server.errors import SourceError
from server.identifiers import parse_arxiv_id, parse_arxiv_version
from server.imports.formats.dates import read_date
from server.imports.formats.references import plain_text
from server.imports.formats.xml import descendants, local_name, parse_xml, text_of
from server.schema.sources import Batch, SourcePaper, fold

_ANNOUNCEMENT = re.compile(r"^arXiv:\S+\s+Announce Type:\s*\S+\s+Abstract:\s*", re.IGNORECASE)
# old feeds end a title with its id: "A Title. (arXiv:2401.01234v1 [cs.CL])"
_TITLE_MARK = re.compile(r"\.?\s*\(arXiv:[^()]*\)\s*$")


def parse_feed(text: str, *, observed: datetime) -> Batch:
    """Return the papers of an Atom or RSS feed.

    Raises SourceError for another text, and for a feed that reports an error.
    """
    return read_feed(parse_xml(text), observed=observed)


def read_feed(feed: Element, *, observed: datetime) -> Batch:
    """Return the papers of a feed that was parsed. Raises SourceError as `parse_feed` does."""
    entries = list(descendants(feed, "entry", "item"))
    if local_name(feed) != "feed" and not entries:
        raise SourceError(f"expected an Atom feed, found the XML element “{local_name(feed)}”")
    batch = Batch(kind="arXiv Atom" if local_name(feed) == "feed" else "arXiv RSS", papers=[])
    for number, entry in enumerate(entries, 1):
        if "/api/errors" in _text(entry, "id"):
            reason = _text(entry, "summary") or "it does not say which"
            raise SourceError(f"arXiv reports an error: {reason}")
        if arxiv_id := _find_id(entry):
            batch.papers.append(_paper(entry, arxiv_id, observed))
        else:
            title = _text(entry, "title")[:80]
            batch.skipped.append(f"entry {number}: no paper of arXiv (“{title}”)")
    return batch


def _find_id(entry: Element) -> str | None:
    return next((found for text in _addresses(entry) if (found := parse_arxiv_id(text))), None)


def _find_version(entry: Element) -> int | None:
    return next((n for text in _addresses(entry) if (n := parse_arxiv_version(text))), None)


def _addresses(entry: Element) -> list[str]:
    links = [node.get("href", "") for node in _children(entry, "link")]
    return [*(_text(entry, name) for name in ("id", "guid", "link", "identifier")), *links]


def _paper(entry: Element, arxiv_id: str, observed: datetime) -> SourcePaper:
    authors = _read_authors(entry)
    nodes = [*_children(entry, "primary_category"), *_children(entry, "category")]
    terms = [fold(node.get("term") or node.text or "") for node in nodes]
    published = read_date(_text(entry, "published") or _text(entry, "pubDate"))
    return SourcePaper(
        richness="arxiv",
        observed=observed,
        arxiv_id=arxiv_id,
        arxiv_version=_find_version(entry),
        title=_TITLE_MARK.sub("", _text(entry, "title")),
        abstract=_read_abstract(entry),
        authors=authors,
        author_count=len(authors) or None,
        published=published.first if published else None,
        # arXiv separates several by spaces
        doi=next(iter(f"{_text(entry, 'doi')} {_text(entry, 'DOI')}".split()), None),
        categories=list(dict.fromkeys(term for term in terms if term)),
        arxiv_comment=_text(entry, "comment") or None,
    )


def _read_abstract(entry: Element) -> str:
    text = plain_text(_text(entry, "description")) or _text(entry, "summary")
    return _ANNOUNCEMENT.sub("", fold(text))


def _read_authors(entry: Element) -> list[str]:
    names = [_text(author, "name") for author in _children(entry, "author")]
    creators = [plain_text(text_of(node)) for node in _children(entry, "creator")]
    names += [name for text in creators for name in text.split(",")]
    # arXiv sets a colon between a collaboration and its members
    return [name for text in names if (name := fold(text).strip(" :"))]


def _children(element: Element, name: str) -> list[Element]:
    return [node for node in element if local_name(node) == name]


def _text(element: Element, name: str) -> str:
    return text_of(next(iter(_children(element, name)), None))
