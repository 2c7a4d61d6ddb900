"""Crossref's REST API (https://api.crossref.org/swagger-ui/index.html): works by their DOI."""

from datetime import datetime
from urllib.parse import quote

import httpx

from server.imports.decoding import decode_json, decode_text
from server.imports.formats.works import parse_crossref
from server.imports.sites.http import Refusal, Site
from server.schema.sources import Batch, SourcePaper


class Crossref(Site):
    """Crossref's API."""

    name = "Crossref"

    async def fetch_work(self, doi: str, *, observed: datetime) -> SourcePaper | None:
        """Return the paper of a DOI, None if Crossref does not know it. Raises `SourceError`."""

        def read(response: httpx.Response) -> Batch:
            answer = decode_json(decode_text(response.content))
            work = answer.get("message") if isinstance(answer, dict) else None
            return parse_crossref([work], observed=observed)

        try:
            batch = await self.get(f"/works/{quote(doi, safe='')}", {}, read)
        except Refusal as refusal:
            if refusal.code == 404:
                return None
            raise
        return next(iter(batch.papers), None)
