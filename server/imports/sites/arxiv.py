"""arXiv's Atom feeds (https://info.arxiv.org/help/api/user-manual.html) and its API, asked for
papers by id.

Thank you to arXiv for use of its open access interoperability.
"""

from collections.abc import Sequence
from datetime import datetime

from server.imports.decoding import decode_text
from server.imports.formats.arxiv_feed import parse_feed
from server.imports.sites.http import Patience, Site
from server.schema.sources import Batch, SourcePaper

_MOST_IDS = 100


class ArXiv(Site):
    """arXiv's API, with three seconds between two requests."""

    name = "arXiv"
    # https://info.arxiv.org/help/api/tou.html: no more than one request every three seconds, a
    # single connection at a time
    patience = Patience(gap=3.0, first_wait=3.0)

    async def fetch_papers(self, arxiv_ids: Sequence[str], *, observed: datetime) -> Batch:
        """Return the papers of these ids in their order; an id that arXiv does not know is named as
        skipped. Raises `SourceError`.
        """
        known: dict[str | None, SourcePaper] = {}
        for start in range(0, len(arxiv_ids), _MOST_IDS):
            ids = arxiv_ids[start : start + _MOST_IDS]
            params = {"id_list": ",".join(ids), "start": "0", "max_results": str(_MOST_IDS)}
            batch = await self._query(params, observed)
            known |= {paper.arxiv_id: paper for paper in batch.papers}
        papers = [known[arxiv_id] for arxiv_id in arxiv_ids if arxiv_id in known]
        unknown = [
            f"arXiv does not know {arxiv_id}" for arxiv_id in arxiv_ids if arxiv_id not in known
        ]
        return Batch(kind="arXiv Atom", papers=papers, skipped=unknown)

    async def find_title(self, title: str, *, observed: datetime) -> list[SourcePaper]:
        """Return the papers, at most ten, whose titles have all words of this one in this order."""
        # a quote would end the phrase, and arXiv has no way to escape one
        phrase = " ".join(title.replace('"', " ").split())
        params = {"search_query": f'ti:"{phrase}"', "start": "0", "max_results": "10"}
        return (await self._query(params, observed)).papers

    async def _query(self, params: dict[str, str], observed: datetime) -> Batch:
        return await self.get(
            "/api/query",
            params,
            lambda response: parse_feed(decode_text(response.content), observed=observed),
        )
