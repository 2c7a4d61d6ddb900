"""A real `papermargin serve` on a filled store, and a signed-in Chromium that records errors."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route
from tortoise.backends.base.executor import EXECUTOR_CACHE

from server.accounts.tokens import issue
from server.accounts.users import get_user
from server.config import Config
from server.database.connection import open_store
from server.web.middleware import cookie_name
from tests.server.process import serve

AXE = Path(__file__).parents[3] / "extension" / "node_modules" / "axe-core" / "axe.min.js"
WATCH = """
addEventListener('securitypolicyviolation', event =>
    console.error('CSP', event.violatedDirective, event.blockedURI))
"""
STATUS = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


class Site(Struct):
    """A running server, a device's token, and the cookie of a signed-in browser."""

    url: str
    token: str
    cookie: str
    store: Config

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Call the API as another device of the same user; raise unless it succeeds."""
        headers = {"authorization": f"Bearer {self.token}"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        reply = httpx.request(method, self.url + path, json=body, headers=headers, timeout=20)
        reply.raise_for_status()
        return reply.json() if reply.content else None


@dataclass
class Visitor:
    """A browser context on the site; its `troubles` must be empty at the end of a test."""

    site: Site
    context: BrowserContext
    troubles: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        """Open a page of the site in a new tab."""
        page = self.context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.troubles.append(f"{error}"))
        page.goto(self.site.url + path)
        return page

    def watch(self) -> None:
        """Refuse and record requests to other hosts, and record what the policy blocks."""
        self.context.add_init_script(WATCH)
        self.context.route(lambda url: not url.startswith(self.site.url), self._refuse)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not STATUS.match(message.text):
            self.troubles.append(message.text)

    def _refuse(self, route: Route, request: Request) -> None:
        self.troubles.append(f"asked {request.url}")
        route.abort()


@contextmanager
def running(folder: Path, fill: Callable[[], Awaitable[None]]) -> Iterator[Site]:
    """Serve a store that `fill`, run with the store open, has filled for the user `me` (id 1)."""
    config = Config(db=folder / "papermargin.sqlite", ingest=False, extract=False)
    # playwright keeps an event loop running in this thread
    with ThreadPoolExecutor(1) as beside:
        token, cookie = beside.submit(asyncio.run, _prepare(config, fill)).result()
    with serve(config, folder / "log") as served:
        yield Site(served.url, token, cookie, config)


@contextmanager
def visiting(browser: Browser, site: Site, **options: Any) -> Iterator[Visitor]:
    """Provide a signed-in visitor; raise AssertionError at the end if a page had errors."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, **options)
    context.set_default_timeout(30_000)
    context.add_cookies(
        [
            {
                "name": cookie_name(site.store),
                "value": site.cookie,
                "url": site.url,
                "sameSite": "Strict",
            }
        ]
    )
    visitor = Visitor(site, context)
    visitor.watch()
    try:
        yield visitor
        assert not visitor.troubles, "\n".join(visitor.troubles)
    finally:
        context.close()


def find_barriers(page: Page) -> list[str]:
    """Return the violations of WCAG 2.2 AA that axe finds on a page, each with its element."""
    # what is not laid out before it is scrolled to seems to lie over its neighbours
    page.evaluate(
        "document.querySelectorAll('.paper')"
        ".forEach(paper => paper.style.contentVisibility = 'visible')"
    )
    # the page's policy blocks scripts that a test adds, but not those of the DevTools protocol
    page.evaluate(AXE.read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags)
    return [
        f"{v['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for v in found["violations"]
        for node in v["nodes"]
    ]


async def _prepare(config: Config, fill: Callable[[], Awaitable[None]]) -> tuple[str, str]:
    EXECUTOR_CACHE.clear()
    async with open_store(config):
        now = datetime.now(UTC)
        user = await get_user("me", now, create=True)
        await fill()
        return (
            await issue(user.id, "device", now, name="tests"),
            await issue(user.id, "session", now, name="a browser of the tests"),
        )
