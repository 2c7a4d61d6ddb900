"""The real client against a real server that fails in every way a site on the web does."""

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import anyio.lowlevel
import httpx
import pytest

from server.errors import SourceError, Unreachable
from server.imports.sites.http import Patience
from server.imports.sites.huggingface import HuggingFace
from server.schema.sources import SourceListing
from tests.server.imports.conftest import OBSERVED
from tests.server.imports.site import Answer, BadSite, as_json, bad_site

pytestmark = pytest.mark.anyio

DAY = date(2026, 8, 20)
QUICK = Patience(tries=3, first_wait=0.01, longest_wait=0.05, answer=0.5, in_all=2.0)


def item(number: int, day: str = "2026-08-20") -> dict[str, Any]:
    return {
        "paper": {
            "id": f"2608.{number:05}",
            "authors": [{"name": "Ada Lind", "hidden": False}],
            "publishedAt": "2026-08-17T00:00:00.000Z",
            "submittedOnDailyAt": f"{day}T00:00:00.000Z",
            "title": f"Kettle {number}",
            "summary": "It sings.",
            "upvotes": 3,
        },
        "title": f"Kettle {number}",
        "numComments": 1,
    }


class Sleeper:
    """Sleeps no time at all and remembers how long it was told to."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        await anyio.lowlevel.checkpoint()


async def test_a_day_is_asked_for_whole_and_kept_in_its_order(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    site.answers = [as_json([item(2), item(1)])]
    batch = await HuggingFace(client, site.address).fetch_day(DAY, observed=OBSERVED)
    assert [paper.arxiv_id for paper in batch.papers] == ["2608.00002", "2608.00001"]
    assert batch.listing == SourceListing(kind="daily", name="2026-08-20", day=DAY)
    assert {paper.listed for paper in batch.papers} == {DAY}
    assert site.asked == [("/api/daily_papers", {"date": "2026-08-20", "limit": "100"})]
    assert all("papermargin/" in agent for agent in site.agents)


async def test_pages_are_followed_to_the_last_and_a_paper_on_two_of_them_comes_once(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    link = {"Link": '</api/daily_papers?date=2026-08-20&p=1&limit=100>; rel="next"'}
    site.answers = [as_json([item(1), item(2)], headers=link), as_json([item(2), item(3)])]
    batch = await HuggingFace(client, site.address).fetch_day(DAY, observed=OBSERVED)
    assert [paper.title for paper in batch.papers] == ["Kettle 1", "Kettle 2", "Kettle 3"]
    assert site.asked[1] == ("/api/daily_papers", {"date": "2026-08-20", "p": "1", "limit": "100"})


async def test_a_day_whose_second_page_fails_is_not_returned_at_all(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    link = {"Link": '</api/daily_papers?p=1>; rel="next"'}
    site.answers = [as_json([item(1)], headers=link), Answer(status=500)]
    with pytest.raises(Unreachable, match=r"^Hugging Face did not answer: it is busy \(500\)$"):
        await HuggingFace(client, site.address, patience=QUICK).fetch_day(DAY, observed=OBSERVED)


async def test_pages_without_end_are_refused(site: BadSite, client: httpx.AsyncClient) -> None:
    site.answers = [as_json([item(1)], headers={"Link": '</api/daily_papers?p=1>; rel="next"'})]
    with pytest.raises(SourceError, match="does not end"):
        await HuggingFace(client, site.address).fetch_day(DAY, observed=OBSERVED)


@pytest.mark.parametrize(
    "failure",
    [
        Answer(status=500),
        Answer(status=503, body=b"<html>busy</html>"),
        Answer(reset=True),
        Answer(b"[{", cut=400),
        Answer(b'[{"paper": {"id": "26'),
        Answer(b"\xff\xfe\xfd"),
        as_json([], delay=5),
    ],
    ids=["500", "503", "reset", "cut short", "truncated JSON", "no text", "slow"],
)
async def test_one_failure_is_got_over(
    site: BadSite, client: httpx.AsyncClient, failure: Answer
) -> None:
    site.answers = [failure, as_json([item(1)])]
    batch = await HuggingFace(client, site.address, patience=QUICK).fetch_day(
        DAY, observed=OBSERVED
    )
    assert len(batch.papers) == 1
    assert len(site.asked) == 2


@pytest.mark.parametrize(
    ("failure", "line"),
    [
        (Answer(status=500), r"Hugging Face did not answer: it is busy \(500\)"),
        (Answer(reset=True), r"Hugging Face did not answer: \S.*"),
        (as_json([], delay=5), r"Hugging Face did not answer within 0\.5 s"),
        (
            Answer(b'[{"paper": {"id": "26'),
            r"Hugging Face's answer cannot be used: the JSON is cut off.*",
        ),
        (
            as_json({"papers": []}),
            r"Hugging Face's answer cannot be used: expected a list of papers, found dict",
        ),
        (
            as_json([{"paper": 7}]),
            r"Hugging Face's list of 2026-08-20 cannot be used: paper 1: expected .*",
        ),
        (
            as_json([item(1), {"paper": {"id": 7}}]),
            r"Hugging Face's list of 2026-08-20 cannot be used: paper 2: .*",
        ),
    ],
)
async def test_what_goes_on_failing_ends_in_one_clear_line(
    site: BadSite, client: httpx.AsyncClient, failure: Answer, line: str
) -> None:
    site.answers = [failure]
    with pytest.raises(SourceError, match=rf"^{line}$"):
        await HuggingFace(client, site.address, patience=QUICK).fetch_day(DAY, observed=OBSERVED)
    assert len(site.asked) <= QUICK.tries


async def test_nobody_at_the_address_is_unreachable(client: httpx.AsyncClient) -> None:
    async with bad_site() as gone:
        address = gone.address
    with pytest.raises(Unreachable, match=r"^Hugging Face did not answer: "):
        await HuggingFace(client, address, patience=QUICK).fetch_day(DAY, observed=OBSERVED)


@pytest.mark.parametrize("address", ["ftp://kettle.example", "http://[kettle", "kettle"])
async def test_an_address_that_cannot_be_asked_is_said_at_once(
    client: httpx.AsyncClient, address: str
) -> None:
    with pytest.raises(SourceError, match=r"^Hugging Face (cannot be asked|did not answer)"):
        await HuggingFace(client, address).fetch_day(DAY, observed=OBSERVED)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "7"}, 7, 7),
        (
            {"RateLimit": '"api";r=0;t=42', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'},
            42,
            42,
        ),
        ({"Retry-After": "soon", "RateLimit": '"api";r=0;t=42'}, 42, 42),
        ({"Retry-After": "never"}, 0.01, 1),
        ({}, 0.01, 1),
    ],
)
async def test_a_full_rate_limit_is_waited_out_as_the_site_asks(
    site: BadSite, client: httpx.AsyncClient, headers: dict[str, str], least: float, most: float
) -> None:
    sleep = Sleeper()
    site.answers = [Answer(status=429, headers=headers), as_json([item(1)])]
    patience = Patience(first_wait=0.01, in_all=4000)
    await HuggingFace(client, site.address, patience=patience, sleep=sleep).fetch_day(
        DAY, observed=OBSERVED
    )
    assert len(sleep.slept) == 1
    assert least <= sleep.slept[0] <= most


async def test_a_day_and_hour_to_come_back_at_is_waited_for(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    sleep = Sleeper()
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    site.answers = [Answer(status=429, headers={"Retry-After": later}), as_json([item(1)])]
    patience = Patience(first_wait=0.01, in_all=4000)
    await HuggingFace(client, site.address, patience=patience, sleep=sleep).fetch_day(
        DAY, observed=OBSERVED
    )
    assert 3500 <= sleep.slept[0] <= 3600


async def test_a_wait_longer_than_its_patience_ends_the_asking_at_once(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    sleep = Sleeper()
    site.answers = [Answer(status=429, headers={"Retry-After": "300"})]
    with pytest.raises(Unreachable, match=r"busy \(429\) and asks to wait 300 s"):
        await HuggingFace(client, site.address, sleep=sleep).fetch_day(DAY, observed=OBSERVED)
    assert sleep.slept == []


async def test_waits_grow_and_vary(site: BadSite, client: httpx.AsyncClient) -> None:
    sleep = Sleeper()
    site.answers = [Answer(status=500)]
    with pytest.raises(Unreachable):
        await HuggingFace(client, site.address, sleep=sleep).fetch_day(DAY, observed=OBSERVED)
    assert len(site.asked) == 5
    assert all(2**n <= wait <= 2**n + 1 for n, wait in enumerate(sleep.slept))
    assert any(wait % 1 for wait in sleep.slept)


async def test_a_day_to_come_is_refused_with_what_the_site_says_and_not_asked_for_again(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    site.answers = [as_json({"error": "expected date to be <=Fri Aug 21"}, status=400)]
    with pytest.raises(
        SourceError, match=r"^Hugging Face answered 400: expected date to be <=Fri Aug 21$"
    ):
        await HuggingFace(client, site.address).fetch_day(date(2027, 1, 1), observed=OBSERVED)
    assert len(site.asked) == 1


async def test_a_day_without_papers_is_empty_and_no_listing(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    site.answers = [as_json([])]
    batch = await HuggingFace(client, site.address).fetch_day(date(2026, 8, 22), observed=OBSERVED)
    assert (batch.papers, batch.listing, batch.skipped) == ([], None, [])


async def test_weeks_and_months_are_listings_of_their_own(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    site.answers = [as_json([item(1), item(2, day="2026-08-19")])]
    api = HuggingFace(client, site.address)
    week = await api.fetch_week("2026-W34", observed=OBSERVED)
    month = await api.fetch_month("2026-08", observed=OBSERVED)
    assert week.listing == SourceListing(kind="weekly", name="2026-W34")
    assert month.listing == SourceListing(kind="monthly", name="2026-08")
    assert [paper.listed for paper in week.papers] == [DAY, date(2026, 8, 19)]
    assert [asked for _, asked in site.asked] == [
        {"week": "2026-W34", "limit": "100"},
        {"month": "2026-08", "limit": "100"},
    ]


async def test_the_newest_day_is_the_one_its_papers_tell(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    site.answers = [as_json([item(1, day="2026-08-19"), item(2)]), as_json([item(2)])]
    batch = await HuggingFace(client, site.address).fetch_newest_day(observed=OBSERVED)
    assert batch.listing and batch.listing.day == DAY
    assert site.asked[1][1]["date"] == "2026-08-20"


async def test_a_single_paper_is_told_and_an_unknown_one_is_none(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    site.answers = [as_json(item(1)["paper"]), as_json({"error": "Paper not found."}, status=404)]
    api = HuggingFace(client, site.address)
    paper = await api.fetch_paper("2608.00001", observed=OBSERVED)
    assert paper and paper.title == "Kettle 1"
    assert await api.fetch_paper("2608.99999", observed=OBSERVED) is None
    assert site.asked[0] == ("/api/papers/2608.00001", {})
