"""The documentation pages, and that the chapters are complete and current."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server.config import Config
from server.docs.reference import CHAPTERS
from server.web.docs import FOLDER, PARTS
from tests.server.process import make_token, serve

NAMES = [name for names in PARTS.values() for name in names]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A signed-in client of a real server."""
    folder = tmp_path_factory.mktemp("docs")
    config = Config(db=folder / "papermargin.sqlite")
    headers = {"Authorization": f"Bearer {make_token(config)}"}
    with (
        serve(config, folder / "log") as served,
        httpx.Client(base_url=served.url, headers=headers) as client,
    ):
        yield client


def test_the_contents_list_every_chapter(client: httpx.Client) -> None:
    page = client.get("/docs").raise_for_status().text
    for name in NAMES:
        assert f'href="/docs/{name}"' in page


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_is_shown_and_its_links_work(client: httpx.Client, name: str) -> None:
    page = client.get(f"/docs/{name}").raise_for_status().text
    assert page.count("<h1>") == 1 and "<main" in page
    for address in set(re.findall(r'href="(/docs[^"#]*)"', page)):
        client.get(address).raise_for_status()


def test_an_unknown_chapter_is_not_found(client: httpx.Client) -> None:
    for name in ("no-such-chapter", "..%2FREADME", "__init__"):
        assert client.get(f"/docs/{name}").status_code == 404


def test_every_file_of_the_folder_is_a_chapter() -> None:
    assert sorted(file.stem for file in FOLDER.glob("*.md")) == sorted(NAMES)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_generated_chapter_is_current(name: str) -> None:
    committed = (FOLDER / name).read_text()
    assert committed == CHAPTERS[name](), "run python -m server.docs.reference"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.md")), ids=lambda file: Path(file).name)
def test_links_between_chapters_lead_to_a_file(file: Path) -> None:
    for target in re.findall(r"\]\(([\w-]+\.md)\)", file.read_text()):
        assert (FOLDER / target).is_file(), target
