"""Adding papers by an id, an address, a DOI or a title: fetched where possible, else kept."""

import os
import subprocess
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx
import pytest

from server.config import Config
from server.errors import Invalid
from server.imports.add import add_papers, read_wanted
from server.imports.lookup import Sources
from server.schema.api import AddReport
from tests.server.imports.site import Answer, BadSite
from tests.server.material import source, take_in

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 6, 1, tzinfo=UTC)


async def add(text: str, sources: Sources) -> AddReport:
    return await add_papers(text, 1, sources, NOW)


def states(report: AddReport) -> list[tuple[str, str, str]]:
    return [(paper.key, paper.title, paper.state) for paper in report.papers]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2401.01234v2", [("id", "2401.01234")]),
        ("arXiv:2401.01234", [("id", "2401.01234")]),
        ("https://arxiv.org/pdf/2401.01234v2.pdf#page=3", [("id", "2401.01234")]),
        ("https://huggingface.co/papers/2605.00001?ref=x", [("id", "2605.00001")]),
        ("10.48550/arXiv.2401.01234", [("id", "2401.01234")]),
        ("hep-th/9901001", [("id", "hep-th/9901001")]),
        ("2401.01234, 2605.00001 and 2401.01234", [("id", "2401.01234"), ("id", "2605.00001")]),
        ("https://doi.org/10.1234/tea.5", [("doi", "10.1234/tea.5")]),
        ("doi:10.1234/tea.5\n\n 10.1234/TEA.5 ", [("doi", "10.1234/tea.5")]),
        ("Kettles at Dawn, again", [("title", "Kettles at Dawn, again")]),
        ("On Lids\n2401.01234", [("title", "On Lids"), ("id", "2401.01234")]),
    ],
)
def test_a_line_names_ids_or_dois_or_else_is_a_title(
    text: str, wanted: list[tuple[str, str]]
) -> None:
    assert [(each.kind, each.value) for each in read_wanted(text)] == wanted


def test_no_text_and_too_many_papers_are_refused() -> None:
    with pytest.raises(Invalid, match="write an arXiv id"):
        read_wanted(" \n\t")
    with pytest.raises(Invalid, match="101 papers at once: at most 100"):
        read_wanted("\n".join(f"2401.{number:05}" for number in range(101)))


async def test_papers_are_fetched_and_listed_in_the_order_asked_for(sources: Sources) -> None:
    report = await add("10.1234/tea.5\n2605.00001 hep-th/9901001", sources)
    assert [state[1:] for state in states(report)] == [
        ("On Lids", "new"),
        ("Kettles at Dawn", "new"),
        ("Steam at High Energy", "new"),
    ]
    assert not report.failed
    again = await add("2605.00001", sources)
    assert states(again) == [("2605.00001", "Kettles at Dawn", "already")]


async def test_a_paper_of_the_store_is_listed_without_the_web(
    sources: Sources, library: BadSite
) -> None:
    await take_in(source("2601.00009", "Lids of Copper", doi="10.9999/Lid"))
    for text in ("2601.00009", "10.9999/lid", "lids of copper"):
        assert [paper.key for paper in (await add(text, sources)).papers] == ["2601.00009"]
    assert not library.asked


async def test_a_title_is_added_only_if_it_is_the_same(sources: Sources) -> None:
    assert states(await add("kettles that sing", sources)) == [
        ("2401.01234", "Kettles that Sing", "new")
    ]
    [failed] = (await add("Kettles that", sources)).failed
    assert failed.reason == "arXiv has no paper of exactly this title"
    assert [proposal.key for proposal in failed.proposals] == ["2401.01234", "hep-th/9901001"]


async def test_what_no_site_knows_is_named_and_not_listed(sources: Sources) -> None:
    report = await add(
        "2401.99999\n10.1234/none\n2401.99\nhttps://openreview.net/forum?id=x", sources
    )
    assert not report.papers
    assert [failed.text for failed in report.failed] == [
        "2401.99999",
        "10.1234/none",
        "2401.99",
        "https://openreview.net/forum?id=x",
    ]


async def test_without_a_network_ids_and_titles_are_kept_and_fetched_later(
    sources: Sources, library: BadSite
) -> None:
    known, library.by_path = library.by_path, {}
    library.answers = [Answer(status=503)]
    report = await add("2605.00001\nKettles that Sing\n10.1234/tea.5", sources)
    assert [(paper.title, paper.state) for paper in report.papers] == [
        ("", "waiting"),
        ("Kettles that Sing", "waiting"),
    ]
    assert all("busy (503)" in (paper.reason or "") for paper in report.papers)
    assert [failed.text for failed in report.failed] == ["10.1234/tea.5"]
    library.by_path = known
    assert states(await add("2605.00001", sources)) == [
        ("2605.00001", "Kettles at Dawn", "already")
    ]


async def test_the_box_of_every_page_opens_the_paper_that_it_adds(
    browser: httpx.AsyncClient,
) -> None:
    assert 'action="/add"' in (await browser.get("/notes")).text
    reply = await browser.post("/add", data={"text": "2605.00001"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/papers/2605.00001")
    page = (await browser.post("/add", data={"text": "2605.00001\nKettles <b>that"})).text
    assert "was in the list already" in page and "Add this one" in page
    assert ">Kettles &lt;b&gt;that</textarea>" in page
    assert (await browser.post("/add", data={"text": " "})).status_code == 422


async def test_the_api_adds_papers(browser: httpx.AsyncClient) -> None:
    reply = await browser.post("/api/v1/papers", json={"text": "2605.00001 2401.99999"})
    assert reply.json() == {
        "papers": [
            {"key": "2605.00001", "title": "Kettles at Dawn", "state": "new", "reason": None}
        ],
        "failed": [
            {
                "text": "2401.99999",
                "reason": "neither Hugging Face nor arXiv has a paper of this id",
                "proposals": [],
            }
        ],
    }


async def test_the_command_names_what_it_added_and_fails_for_the_rest(
    config: Config, library: BadSite
) -> None:
    env = _environment(config, library)
    command = [sys.executable, "-m", "server"]
    add = [*command, "add"]
    done = await anyio.run_process([*add, "2605.00001", "2401.99999"], env=env, check=False)
    assert done.stdout.decode() == "2605.00001 Kettles at Dawn (added)\n"
    assert "not added: 2401.99999: neither Hugging Face nor" in done.stderr.decode()
    assert done.returncode == 1
    titled = await anyio.run_process([*add, "Kettles", "that", "Sing"], env=env)
    assert titled.stdout.decode() == "2401.01234 Kettles that Sing (added)\n"


async def test_a_command_on_a_paper_that_the_store_lacks_fetches_it_if_asked_to(
    config: Config, library: BadSite
) -> None:
    def run(*words: str) -> Coroutine[Any, Any, subprocess.CompletedProcess[bytes]]:
        return anyio.run_process([sys.executable, "-m", "server", *words], env=env, check=False)

    env = _environment(config, library)
    refused = await run("tag", "2605.00001", "+tea")
    assert refused.returncode == 1
    assert refused.stderr.decode().endswith("in the store; add --fetch to fetch it\n")
    done = await run("tag", "2605.00001", "+tea", "--fetch")
    assert done.stdout.decode() == "2605.00001 inbox #tea\n"
    noted = await run("note", "2401.01234", "--text", "hums", "--fetch")
    assert noted.stdout.decode().endswith(" on 2401.01234\n")
    unknown = await run("status", "2401.99999", "read", "--fetch")
    assert unknown.returncode == 1
    assert "neither Hugging Face nor arXiv" in unknown.stderr.decode()


def _environment(config: Config, library: BadSite) -> dict[str, str]:
    """Return the environment of a command on the store that asks `library`."""
    settings = {f"{name}_url": library.address for name in ("huggingface", "arxiv", "crossref")}
    settings |= {"db": str(config.db), "database_url": config.database_url or ""}
    return {**os.environ, **{f"PAPERMARGIN_{n.upper()}": v for n, v in settings.items() if v}}
