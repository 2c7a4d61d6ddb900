"""Hugging Face's public API: Daily Papers of a day, a week or a month, and single papers."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any

import anyio
import httpx

from server.errors import SourceError
from server.source import Batch, SourceListing, SourcePaper
from server.sources.decoding import decode_json, decode_text
from server.sources.huggingface_items import parse_item, parse_items, put_on_day
from server.sources.web import Patience, Refusal, Site

ADDRESS = "https://huggingface.co"
_PAGE_LIMIT = "100"  # the most it gives; without a limit an answer ends silently at 50
_MOST_PAGES = 50
_DAILY = "/api/daily_papers"
_PATIENCE = Patience()


class HuggingFace:
    """The API at `base_url`, asked through `client`; every answer is read whole or refused whole."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str = ADDRESS,
        *,
        patience: Patience = _PATIENCE,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._site = Site("Hugging Face", base_url, client, patience=patience, sleep=sleep)

    async def fetch_day(self, day: date, *, observed: datetime) -> Batch:
        """Give a day's papers, none for a day without (a weekend); raises SourceError for a day to come."""
        batch = await self._fetch({"date": day.isoformat()}, f"of {day}", observed)
        if batch.papers:
            put_on_day(batch, day)
        return batch

    async def fetch_newest_day(self, *, observed: datetime) -> Batch:
        """Give the papers of the newest day there is."""
        newest, _ = await self._site.get(_DAILY, {"limit": _PAGE_LIMIT}, _read_page)
        days = [paper.listed for paper in parse_items(newest, observed=observed).papers if paper.listed]
        if not days:
            raise SourceError("Hugging Face's answer does not tell the day of its newest papers")
        return await self.fetch_day(max(days), observed=observed)

    async def fetch_week(self, week: str, *, observed: datetime) -> Batch:
        """Give the papers of an ISO week as "2026-W08"."""
        batch = await self._fetch({"week": week}, f"of week {week}", observed)
        batch.listing = SourceListing(kind="weekly", name=week) if batch.papers else None
        return batch

    async def fetch_month(self, month: str, *, observed: datetime) -> Batch:
        """Give the papers of a month as "2026-02"."""
        batch = await self._fetch({"month": month}, f"of month {month}", observed)
        batch.listing = SourceListing(kind="monthly", name=month) if batch.papers else None
        return batch

    async def fetch_paper(self, arxiv_id: str, *, observed: datetime) -> SourcePaper | None:
        """Give one paper, None if Hugging Face does not know it."""
        try:
            return await self._site.get(
                f"/api/papers/{arxiv_id}", {}, lambda response: parse_item(_read_json(response), observed=observed)
            )
        except Refusal as refusal:
            if refusal.code == 404:
                return None
            raise

    async def _fetch(self, period: dict[str, str], which: str, observed: datetime) -> Batch:
        items: list[Any] = []
        params = {**period, "limit": _PAGE_LIMIT}
        for _ in range(_MOST_PAGES):
            page, following = await self._site.get(_DAILY, params, _read_page)
            items += page
            if following is None:
                return _whole(items, which, observed)
            params = {**params, **following}
        raise SourceError(f"Hugging Face's list {which} does not end")


def _whole(items: list[Any], which: str, observed: datetime) -> Batch:
    """Give the papers of a list; what a file may skip is a reason here to take nothing, for it can be asked again."""
    batch = parse_items(items, observed=observed)
    if batch.skipped:
        raise SourceError(f"Hugging Face's list {which} cannot be used: {batch.skipped[0]}")
    return batch


def _read_json(response: httpx.Response) -> Any:
    return decode_json(decode_text(response.content))


def _read_page(response: httpx.Response) -> tuple[list[Any], dict[str, str] | None]:
    """Give the items of a page, and what to ask for the next one, None on the last."""
    page = _read_json(response)
    if not isinstance(page, list):
        raise SourceError(f"expected a list of papers, found {type(page).__name__}")
    following = response.links.get("next", {}).get("url")
    return page, dict(httpx.URL(following).params) if following else None
