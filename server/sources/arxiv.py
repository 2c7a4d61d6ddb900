"""arXiv's Atom feeds (https://info.arxiv.org/help/api/user-manual.html) and its API, asked for papers by id.

Thank you to arXiv for use of its open access interoperability.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

import anyio
import httpx
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from server.errors import SourceError
from server.identity import parse_arxiv_id
from server.source import Batch, SourcePaper, calendar_day, fold
from server.sources.decoding import decode_text
from server.sources.web import Patience, Site

ADDRESS = "https://export.arxiv.org"
_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_MOST_IDS = 100
# https://info.arxiv.org/help/api/tou.html: no more than one request every three seconds, a single connection at a time
_PATIENCE = Patience(gap=3.0, first_wait=3.0)


class ArXiv:
    """The API at `base_url`, asked through `client`, one request at a time and three seconds between them."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str = ADDRESS,
        *,
        patience: Patience = _PATIENCE,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._site = Site("arXiv", base_url, client, patience=patience, sleep=sleep)

    async def fetch_papers(self, arxiv_ids: Sequence[str], *, observed: datetime) -> Batch:
        """Give the papers of these ids in their order; an id that arXiv does not know is named as skipped."""
        known: dict[str | None, SourcePaper] = {}
        for start in range(0, len(arxiv_ids), _MOST_IDS):
            ids = arxiv_ids[start : start + _MOST_IDS]
            params = {"id_list": ",".join(ids), "start": "0", "max_results": str(_MOST_IDS)}
            batch = await self._site.get(
                "/api/query", params, lambda response: parse_feed(decode_text(response.content), observed=observed)
            )
            known |= {paper.arxiv_id: paper for paper in batch.papers}
        papers = [known[arxiv_id] for arxiv_id in arxiv_ids if arxiv_id in known]
        unknown = [f"arXiv does not know {arxiv_id}" for arxiv_id in arxiv_ids if arxiv_id not in known]
        return Batch(kind="arXiv Atom", papers=papers, skipped=unknown)


def parse_feed(text: str, *, observed: datetime) -> Batch:
    """Give the papers of an Atom feed; raises SourceError for another text and for a feed that reports an error."""
    try:
        feed = fromstring(text)
    except ParseError as error:
        raise SourceError(f"not whole XML: {error}") from error
    except DefusedXmlException as error:
        raise SourceError(f"XML with entities of its own, which is not read: {error}") from error
    if feed.tag != f"{_ATOM}feed":
        raise SourceError(f"expected an Atom feed, found the XML element “{feed.tag.rpartition('}')[2]}”")
    batch = Batch(kind="arXiv Atom", papers=[])
    for number, entry in enumerate(feed.iterfind(f"{_ATOM}entry"), 1):
        if "/api/errors" in _text(entry, f"{_ATOM}id"):
            raise SourceError(f"arXiv reports an error: {_text(entry, f'{_ATOM}summary') or 'it does not say which'}")
        if arxiv_id := parse_arxiv_id(_text(entry, f"{_ATOM}id")):
            batch.papers.append(_paper(entry, arxiv_id, observed))
        else:
            batch.skipped.append(f"entry {number}: no paper of arXiv (“{_text(entry, f'{_ATOM}title')[:80]}”)")
    return batch


def _paper(entry: Element, arxiv_id: str, observed: datetime) -> SourcePaper:
    authors = [name for author in entry.iterfind(f"{_ATOM}author") if (name := _text(author, f"{_ATOM}name"))]
    nodes = [*entry.iterfind(f"{_ARXIV}primary_category"), *entry.iterfind(f"{_ATOM}category")]
    terms = [fold(node.get("term", "")) for node in nodes]
    return SourcePaper(
        richness="arxiv",
        observed=observed,
        arxiv_id=arxiv_id,
        title=_text(entry, f"{_ATOM}title"),
        abstract=_text(entry, f"{_ATOM}summary"),
        authors=authors,
        author_count=len(authors) or None,
        published=calendar_day(_text(entry, f"{_ATOM}published")),
        doi=_text(entry, f"{_ARXIV}doi") or None,
        categories=list(dict.fromkeys(term for term in terms if term)),
        arxiv_comment=_text(entry, f"{_ARXIV}comment") or None,
    )


def _text(element: Element, tag: str) -> str:
    return fold(element.findtext(tag) or "")
