"""The server and the browser of the pages' tests; without Chromium they are skipped, but not in CI."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.extension.browser import CHROMIUM
from tests.pages.material import fill
from tests.pages.site import Site, Visitor, running, visiting

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "no Chromium on this machine: apt-get install chromium"
        )
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
    """Somebody signed in."""
    with visiting(browser, site) as visitor:
        yield visitor


@pytest.fixture
def plain(browser: Browser, site: Site) -> Iterator[Visitor]:
    """Somebody signed in whose browser runs no script."""
    with visiting(browser, site, java_script_enabled=False) as visitor:
        yield visitor
