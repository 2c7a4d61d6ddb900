"""The browser, the server and the pages of the extension's tests; without Chromium they are
skipped, but not in CI.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.extension.browser import Browser, Server, browsing, install, need_chromium
from tests.extension.pages import Paper, papers

_series = itertools.count(1)


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    need_chromium()
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def moving_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that the tests of a module stop and start."""
    running = Server(tmp_path_factory.mktemp("moving") / "papers.db")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def away(moving_server: Server) -> Iterator[Server]:
    """The moving server, up again after each test."""
    yield moving_server
    if not moving_server.process:
        moving_server.start()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests; they keep apart by the ids of their papers."""
    running = Server(tmp_path_factory.mktemp("server") / "papers.db")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="package")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("extension") / "papermargin")


@pytest.fixture
def browser(playwright: Playwright, extension: Path, tmp_path: Path) -> Iterator[Browser]:
    """A fresh browser that is not paired."""
    with browsing(playwright, extension, tmp_path / "profile") as running:
        yield running


@pytest.fixture(scope="package")
def shared_browser(
    playwright: Playwright,
    extension: Path,
    server: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Browser]:
    with browsing(playwright, extension, tmp_path_factory.mktemp("browser") / "profile") as running:
        running.pair(server)
        yield running


@pytest.fixture
def paired(shared_browser: Browser) -> Iterator[Browser]:
    """The browser that most tests share, paired with the server; each test closes its pages."""
    yield shared_browser
    shared_browser.close_pages()


@pytest.fixture
def some_papers() -> Callable[[int], list[Paper]]:
    """Give papers that no other test has."""
    return lambda count: papers(next(_series), count)
