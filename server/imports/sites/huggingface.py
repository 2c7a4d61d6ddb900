"""Hugging Face's public API: Daily Papers of a day, a week or a month, and single papers."""

from datetime import date, datetime
from typing import Any

import httpx

from server.errors import SourceError
from server.imports.decoding import decode_json, decode_text
from server.imports.formats.huggingface_items import parse_item, parse_items, put_on_day
from server.imports.sites.http import Refusal, Site
from server.schema.sources import Batch, SourceListing, SourcePaper

_PAGE_LIMIT = "100"  # the most it gives; without a limit an answer ends silently at 50
_MOST_PAGES = 50
_DAILY = "/api/daily_papers"


class HuggingFace(Site):
    """Hugging Face's API; every answer is taken whole or refused whole."""

    name = "Hugging Face"

    async def fetch_day(self, day: date, *, observed: datetime) -> Batch:
        """Return a day's papers, none for a day without (a weekend); raises SourceError for a day
        to come.
        """
        batch = await self._fetch({"date": day.isoformat()}, f"of {day}", observed)
        if batch.papers:
            put_on_day(batch, day)
        return batch

    async def fetch_newest_day(self, *, observed: datetime) -> Batch:
        """Return the papers of the newest day there is. Raises `SourceError` if there is none."""
        newest, _ = await self.get(_DAILY, {"limit": _PAGE_LIMIT}, _read_page)
        days = [
            paper.listed for paper in parse_items(newest, observed=observed).papers if paper.listed
        ]
        if not days:
            raise SourceError("Hugging Face's answer does not tell the day of its newest papers")
        return await self.fetch_day(max(days), observed=observed)

    async def fetch_week(self, week: str, *, observed: datetime) -> Batch:
        """Return the papers of an ISO week as "2026-W08". Raises `SourceError`."""
        batch = await self._fetch({"week": week}, f"of week {week}", observed)
        batch.listing = SourceListing(kind="weekly", name=week) if batch.papers else None
        return batch

    async def fetch_month(self, month: str, *, observed: datetime) -> Batch:
        """Return the papers of a month as "2026-02". Raises `SourceError`."""
        batch = await self._fetch({"month": month}, f"of month {month}", observed)
        batch.listing = SourceListing(kind="monthly", name=month) if batch.papers else None
        return batch

    async def fetch_paper(self, arxiv_id: str, *, observed: datetime) -> SourcePaper | None:
        """Return one paper, None if Hugging Face does not know it. Raises `SourceError`."""
        try:
            return await self.get(
                f"/api/papers/{arxiv_id}",
                {},
                lambda response: parse_item(_read_json(response), observed=observed),
            )
        except Refusal as refusal:
            if refusal.code == 404:
                return None
            raise

    async def _fetch(self, period: dict[str, str], which: str, observed: datetime) -> Batch:
        items: list[Any] = []
        params = {**period, "limit": _PAGE_LIMIT}
        for _ in range(_MOST_PAGES):
            page, following = await self.get(_DAILY, params, _read_page)
            items += page
            if following is None:
                return _whole(items, which, observed)
            params = {**params, **following}
        raise SourceError(f"Hugging Face's list {which} does not end")


def _whole(items: list[Any], which: str, observed: datetime) -> Batch:
    """Return the papers of a list; what a file may skip is a reason here to take nothing, for it
    can be asked again.
    """
    batch = parse_items(items, observed=observed)
    if batch.skipped:
        raise SourceError(f"Hugging Face's list {which} cannot be used: {batch.skipped[0]}")
    return batch


def _read_json(response: httpx.Response) -> Any:
    return decode_json(decode_text(response.content))


def _read_page(response: httpx.Response) -> tuple[list[Any], dict[str, str] | None]:
    """Return the items of a page, and what to ask for the next one, None on the last."""
    page = _read_json(response)
    if not isinstance(page, list):
        raise SourceError(f"expected a list of papers, found {type(page).__name__}")
    following = response.links.get("next", {}).get("url")
    return page, dict(httpx.URL(following).params) if following else None
