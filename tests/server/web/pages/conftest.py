"""Server and browser for tests of the pages, which are skipped without Chromium except in CI."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.extension.browser import CHROMIUM, need_chromium
from tests.server.web.pages.material import fill
from tests.server.web.pages.site import Site, Visitor, running, visiting

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    need_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for the tests of a module, with the papers of `material.fill`."""
    with running(tmp_path_factory.mktemp("site"), fill) as site:
        yield site


@pytest.fixture
def visitor(browser: Browser, site: Site) -> Iterator[Visitor]:
    """A signed-in browser."""
    with visiting(browser, site) as visitor:
        yield visitor


@pytest.fixture
def plain(browser: Browser, site: Site) -> Iterator[Visitor]:
    """A signed-in browser without scripts."""
    with visiting(browser, site, java_script_enabled=False) as visitor:
        yield visitor
