"""Pages show pictures and what Hugging Face tells, and ask no other site for it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from msgspec.structs import replace
from selectolax.lexbor import LexborHTMLParser

from server.accounts.tokens import issue_scoped
from server.imports.thumbnails import Thumbnails
from server.schema.hugging_face import HuggingFaceFacts, LinkedRepositories, Repositories
from server.schema.sources import SourceListing
from tests.server.imports.pictures import png
from tests.server.imports.site import Answer, BadSite, bad_site
from tests.server.material import FERN, MOSS, NOW, source, take_in

pytestmark = pytest.mark.anyio

PNG = png()
IMAGE = {"accept": "image/avif,image/webp,*/*;q=0.8"}
DAY = SourceListing(kind="daily", name="2026-03-05", day=NOW.date())
FACTS = HuggingFaceFacts(
    summary="Moss <b>grows</b>.",
    keywords=["wet moss"],
    model="example/Scribe",
    stars=152,
    links=LinkedRepositories(
        models=Repositories(total=12, first=["bog/moss-7b"]),
        spaces=Repositories(total=1, first=["bog/demo"]),
        observed=NOW,
    ),
    observed=NOW,
)


@pytest.fixture
async def site(app: Litestar, tmp_path: Path) -> AsyncIterator[BadSite]:
    """A site that has a picture of every paper, where the server fetches them."""
    async with bad_site() as site:
        site.answers = [Answer(PNG, headers={"Content-Type": "image/png"})]
        app.state.thumbnails = Thumbnails(tmp_path / "kept", site.address)
        yield site
        await app.state.thumbnails.close()


@pytest.fixture(autouse=True)
async def papers(site: BadSite) -> None:
    """Two papers of a day: what Hugging Face tells of one, and one that arXiv alone knows."""
    code = "https://github.com/bog/moss"
    moss = source(MOSS, "Moss", abstract="Long.", hugging_face=FACTS, comments=4, code_url=code)
    await take_in(moss, source(FERN, "Fern", abstract="Fronds.", richness="arxiv"), listing=DAY)


def address(key: str) -> str:
    return f"/api/v1/papers/{key}/thumbnail"


async def page(client: httpx.AsyncClient, path: str) -> LexborHTMLParser:
    reply = await client.get(path, headers={"accept": "text/html"}, follow_redirects=True)
    assert reply.status_code == 200, reply.text
    return LexborHTMLParser(reply.text)


def pictures(tree: LexborHTMLParser) -> list[str | None]:
    return [image.attributes["src"] for image in tree.css("img")]


async def test_a_picture_is_answered_as_its_bytes_tell_and_may_be_kept(
    client: httpx.AsyncClient,
) -> None:
    reply = await client.get(address(MOSS), headers=IMAGE)
    assert (reply.status_code, reply.content) == (200, PNG)
    assert reply.headers["content-type"] == "image/png"
    assert reply.headers["cache-control"] == "private, max-age=604800"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in reply.headers["content-security-policy"]


async def test_a_browser_gets_an_empty_picture_where_there_is_none(
    client: httpx.AsyncClient, site: BadSite
) -> None:
    site.answers = [Answer(status=404)]
    reply = await client.get(address(MOSS), headers=IMAGE)
    assert (reply.status_code, reply.headers["content-type"]) == (404, "image/svg+xml")
    assert reply.content.startswith(b"<svg")
    assert reply.headers["cache-control"] == "private, max-age=60"


async def test_a_program_is_told_why_there_is_no_picture(
    app: Litestar, client: httpx.AsyncClient, site: BadSite
) -> None:
    site.answers = [Answer(status=503)]
    reply = await client.get(address(MOSS))
    assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json")
    assert reply.json()["detail"] == f"no thumbnail of {MOSS}, or Hugging Face does not answer"
    app.state.thumbnails.enabled = False
    reply = await client.get(address(MOSS))
    assert reply.json()["detail"] == f"no thumbnail of {MOSS}, as --no-thumbnails says"


async def test_only_papers_of_the_store_are_asked_for(
    client: httpx.AsyncClient, site: BadSite
) -> None:
    assert (await client.get(address("2609.99999"), headers=IMAGE)).status_code == 404
    assert site.asked == []


async def test_pictures_need_a_token_that_may_read(
    anonymous: httpx.AsyncClient, site: BadSite
) -> None:
    assert (await anonymous.get(address(MOSS), headers=IMAGE)).status_code == 401
    token = await issue_scoped(1, "writer", ["write"], datetime.now(UTC), days=None)
    headers = IMAGE | {"authorization": f"Bearer {token}"}
    assert (await anonymous.get(address(MOSS), headers=headers)).status_code == 403
    assert site.asked == []


async def test_a_day_shows_summary_and_picture_of_what_hugging_face_knows(
    client: httpx.AsyncClient, site: BadSite
) -> None:
    tree = await page(client, "/days/2026-03-05")
    assert pictures(tree) == [address(MOSS)]
    [image] = tree.css("img")
    assert image.attributes["loading"] == "lazy"
    assert image.attributes["alt"] == "Thumbnail of Moss"
    assert (image.attributes["width"], image.attributes["height"]) == ("200", "108")
    shown = [passage.text() for passage in tree.css(".passage")]
    assert shown == ["Moss <b>grows</b>. Hugging Face's summary", "Fronds."]
    facts = " ".join(tree.css(".facts")[0].text().split())
    assert "code ★ 152 4 comments" in facts
    assert site.asked == [], "the browser asks for the picture when it comes into view"


@pytest.mark.parametrize("path", ["/triage?days=2026-03-05", f"/papers/{MOSS}"])
async def test_a_paper_is_shown_with_summary_and_picture(
    path: str, client: httpx.AsyncClient
) -> None:
    tree = await page(client, path)
    assert pictures(tree) == [address(MOSS)]
    assert tree.css(".lead")[0].text() == "Moss <b>grows</b>. Hugging Face's summary"
    [by] = tree.css(".by")
    assert by.attributes["title"] == "Written by the language model example/Scribe"


async def test_a_long_summary_is_cut_before_the_words_on_whose_it_is(
    client: httpx.AsyncClient,
) -> None:
    long = replace(FACTS, summary="moss " * 300, observed=NOW.replace(year=2027))
    await take_in(source(MOSS, "Moss", hugging_face=long))
    [text, _] = [
        passage.text() for passage in (await page(client, "/days/2026-03-05")).css(".passage")
    ]
    assert len(text) < 450 and text.endswith("moss... Hugging Face's summary")


async def test_a_paper_s_page_names_keywords_and_what_refers_to_it(
    client: httpx.AsyncClient,
) -> None:
    tree = await page(client, f"/papers/{MOSS}")
    [section] = tree.css(".elsewhere")
    links = {link.text(): link.attributes["href"] for link in section.css("a")}
    assert links == {
        "wet moss": "/?all=true&q=keyword%3A%22wet%20moss%22",
        "bog/moss-7b": "https://huggingface.co/bog/moss-7b",
        "bog/demo": "https://huggingface.co/spaces/bog/demo",
        "4 comments": f"https://huggingface.co/papers/{MOSS}#community",
    }
    words = " ".join(section.text().split())
    assert "12 models: bog/moss-7b" in words and "1 Space: bog/demo" in words
    assert "dataset" not in words
    assert not (await page(client, f"/papers/{FERN}")).css(".elsewhere")


async def test_repositories_of_odd_names_lead_nowhere_else(client: httpx.AsyncClient) -> None:
    odd = Repositories(total=1, first=['../login?x="><script>'])
    links = LinkedRepositories(models=odd, observed=NOW.replace(year=2027))
    await take_in(source(MOSS, "Moss", hugging_face=replace(FACTS, links=links)))
    [section] = (await page(client, f"/papers/{MOSS}")).css(".elsewhere")
    addresses = [link.attributes["href"] for link in section.css("a")]
    assert "https://huggingface.co/../login%3Fx%3D%22%3E%3Cscript%3E" in addresses
    assert not section.css("script")


async def test_a_user_switches_the_pictures_off(client: httpx.AsyncClient) -> None:
    await client.post("/settings/looks", data={"thumbnails": "hide"})
    for path in ("/days/2026-03-05", "/triage?days=2026-03-05", f"/papers/{MOSS}"):
        assert pictures(await page(client, path)) == []
    [choice] = (await page(client, "/settings")).css("[name=thumbnails] [selected]")
    assert choice.attributes["value"] == "hide"
    await client.post("/settings/looks", data={"thumbnails": "show"})
    assert pictures(await page(client, f"/papers/{MOSS}")) == [address(MOSS)]


async def test_a_server_without_pictures_shows_none_and_keeps_what_users_chose(
    app: Litestar, client: httpx.AsyncClient
) -> None:
    config = app.state.config
    app.state.config = replace(config, thumbnails=False)
    assert pictures(await page(client, "/days/2026-03-05")) == []
    [field] = (await page(client, "/settings")).css("[name=thumbnails]")
    assert (field.attributes["type"], field.attributes["value"]) == ("hidden", "show")
