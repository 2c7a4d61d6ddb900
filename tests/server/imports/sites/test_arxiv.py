"""arXiv's feeds, and its API asked as its terms want it."""

from datetime import date
from pathlib import Path

import anyio
import httpx
import pytest

from server.errors import SourceError, Unreachable
from server.imports.formats.arxiv_feed import parse_feed
from server.imports.sites.arxiv import ArXiv
from server.imports.sites.http import Patience
from tests.server.imports.conftest import FIXTURES, OBSERVED
from tests.server.imports.site import Answer, BadSite

QUICK = Patience(tries=3, first_wait=0.01, answer=1.0, in_all=5.0, gap=0.1)
FEED = (FIXTURES / "feed.xml").read_bytes()
ERROR = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/api/errors#incorrect_id</id>
<title>Error</title><summary>incorrect id format for 24x</summary></entry></feed>"""


def test_a_feed_tells_papers_and_their_versions() -> None:
    kettles, steam = parse_feed(FEED.decode(), observed=OBSERVED).papers
    assert (kettles.arxiv_id, kettles.title, kettles.abstract) == (
        "2401.01234",
        "Kettles that Sing",
        "We gain 5% over silence.",
    )
    assert kettles.authors == ["Ada Lind", "Jörg Müller"]
    assert kettles.published == date(2024, 1, 2)
    assert kettles.categories == ["cs.SD", "cs.LG"]
    assert (kettles.doi, kettles.arxiv_comment) == ("10.1234/kettle.7", "12 pages, 3 kettles")
    assert (kettles.arxiv_version, steam.arxiv_version) == (3, 1)
    assert (steam.arxiv_id, steam.categories, steam.arxiv_comment) == ("hep-th/9901001", [], None)


def test_a_real_feed_is_read(shared: Path) -> None:
    batch = parse_feed((shared / "hf" / "arxiv_atom.xml").read_text(), observed=OBSERVED)
    assert [paper.arxiv_id for paper in batch.papers] == ["2605.08083", "2605.08077"]
    assert [len(paper.authors) for paper in batch.papers] == [13, 8]
    assert batch.papers[1].arxiv_comment == "13 pages, 3 figures, 2 tables;"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (FEED.decode()[:700], "not well-formed XML: .*line 1"),
        (ERROR.decode(), "arXiv reports an error: incorrect id format for 24x"),
        ("<rss><channel/></rss>", "expected an Atom feed, found the XML element “rss”"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "entities"),
        ("", "not well-formed XML"),
    ],
)
def test_what_is_no_whole_feed_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        parse_feed(text, observed=OBSERVED)


@pytest.mark.anyio
async def test_papers_come_in_the_order_asked_for_and_unknown_ids_are_named(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    site.answers = [Answer(FEED)]
    ids = ["hep-th/9901001", "2401.99999", "2401.01234"]
    batch = await ArXiv(client, site.address, patience=QUICK).fetch_papers(ids, observed=OBSERVED)
    assert [paper.arxiv_id for paper in batch.papers] == ["hep-th/9901001", "2401.01234"]
    assert batch.skipped == ["arXiv does not know 2401.99999"]
    assert site.asked == [
        ("/api/query", {"id_list": ",".join(ids), "start": "0", "max_results": "100"})
    ]


@pytest.mark.anyio
async def test_many_ids_are_asked_for_by_the_hundred_with_a_pause_between(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    site.answers = [Answer(FEED)]
    ids = [f"2401.{number:05}" for number in range(250)]
    await ArXiv(client, site.address, patience=QUICK).fetch_papers(ids, observed=OBSERVED)
    assert [len(params["id_list"].split(",")) for _, params in site.asked] == [100, 100, 50]
    assert all(
        later - earlier >= QUICK.gap
        for earlier, later in zip(site.times, site.times[1:], strict=False)
    )


@pytest.mark.anyio
async def test_two_askers_take_turns_on_one_connection_and_retries_keep_the_pause(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    site.answers = [Answer(status=503), Answer(b""), Answer(FEED, delay=0.05)]
    arxiv = ArXiv(client, site.address, patience=QUICK)

    async def ask() -> None:
        await arxiv.fetch_papers(["2401.01234"], observed=OBSERVED)

    async with anyio.create_task_group() as askers:
        askers.start_soon(ask)
        askers.start_soon(ask)
    assert len(site.asked) == 4
    assert site.most_at_once == 1
    assert all(
        later - earlier >= QUICK.gap
        for earlier, later in zip(site.times, site.times[1:], strict=False)
    )


@pytest.mark.anyio
async def test_the_pause_is_three_seconds_unless_told_otherwise(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    site.answers = [Answer(FEED)]
    await ArXiv(client, site.address, sleep=sleep).fetch_papers(
        [f"2401.{n:05}" for n in range(101)], observed=OBSERVED
    )
    assert len(slept) == 1
    assert 2.5 < slept[0] <= 3.0


@pytest.mark.anyio
async def test_a_failing_arxiv_ends_in_one_clear_line(
    site: BadSite, client: httpx.AsyncClient
) -> None:
    site.answers = [Answer(status=503)]
    with pytest.raises(Unreachable, match=r"^arXiv did not answer: it is busy \(503\)$"):
        await ArXiv(client, site.address, patience=QUICK).fetch_papers(
            ["2401.01234"], observed=OBSERVED
        )
    assert len(site.asked) == 3
