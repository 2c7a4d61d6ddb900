"""A Chromium with the extension in it, and the server that it is paired with: what the tests hold
in their hands.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, Route, Worker, expect

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "extension"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
# a busy machine takes longer than the 5 s that Playwright waits by itself
expect.set_options(timeout=30_000)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def free_port() -> int:
    """Give a port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """The real server as a process of its own, on a database file."""

    db: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    token: str = ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "server",
            "serve",
            "--no-ingest",
            "--db",
            str(self.db),
            "--port",
            str(self.port),
        ]
        log = self.db.with_suffix(".log").open("ab")
        with log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        until(self._answers, seconds=180)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/health", timeout=1).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def code(self) -> str:
        """Give a pairing code."""
        return str(self.call("POST", "/api/v1/pairing-codes")["code"])

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask as another device of the same person would; raises for anything but success."""
        self.token = self.token or self._pair()
        headers = {"Authorization": f"Bearer {self.token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        reply = httpx.request(method, self.address + path, json=body, headers=headers, timeout=20)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def _pair(self) -> str:
        command = [sys.executable, "-m", "server", "pair", "--db", str(self.db)]
        said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        code = re.findall(r"\d{6}", said)[0]
        reply = httpx.post(f"{self.address}/api/v1/pair", json={"code": code, "name": "tests"})
        return str(reply.raise_for_status().json()["token"])

    def card(self, key: str) -> dict[str, Any]:
        """Give what the server has on a paper."""
        card: dict[str, Any] = self.call("POST", "/api/v1/overlay", {"papers": [{"id": key}]})[
            "cards"
        ][0]
        return card


def need_chromium() -> None:
    """Skip the test where there is no Chromium; in CI that is a failure."""
    if not CHROMIUM:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "no Chromium on this machine: apt-get install chromium"
        )


def until(claim: Callable[[], Any], *, seconds: float = 30) -> Any:
    """Wait until a claim holds, and give what it gave; raises AssertionError when it never does."""
    end = time.monotonic() + seconds
    while not (result := claim()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
    return result


GRANTED = [
    "http://127.0.0.1/*",
    "http://localhost/*",
    "https://127.0.0.1/*",
    "http://no-such-host.invalid/*",
]


def install(folder: Path, *, sealed: bool = False, granted: bool = True) -> Path:
    """Copy the extension, with host permission for 127.0.0.1 if `granted`.

    A headless Chromium cannot show the prompt for a permission. Unless `sealed`, shadow roots are
    open, so that locators and axe can look inside; there is no other difference.
    """
    shutil.copytree(EXTENSION, folder)
    if granted:
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["host_permissions"] += GRANTED
        (folder / "manifest.json").write_text(json.dumps(manifest))
    if not sealed:
        dom = folder / "ui" / "dom.js"
        text = dom.read_text()
        assert 'SHADOW_MODE = "closed"' in text
        dom.write_text(text.replace('SHADOW_MODE = "closed"', 'SHADOW_MODE = "open"'))
    return folder


@dataclass
class Browser:
    """A browser with the extension; `pages` is what the sites answer, by address."""

    context: BrowserContext
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def worker(self) -> Worker:
        workers = self.context.service_workers
        return (
            workers[0] if workers else self.context.wait_for_event("serviceworker", timeout=15_000)
        )

    @property
    def id(self) -> str:
        return self.worker.url.removeprefix("chrome-extension://").partition("/")[0]

    def open(self, address: str, body: str = "") -> Page:
        """Open a page of the sites, with `body` as its answer."""
        if body:
            self.pages[address.partition("#")[0]] = body
        page = self.context.new_page()
        page.goto(address)
        return page

    def extension_page(self, name: str) -> Page:
        page = self.context.new_page()
        page.goto(f"chrome-extension://{self.id}/{name}")
        return page

    def settle(self) -> None:
        """Wait for the options that installing opens: whoever opened a page at that moment would
        lose it to them.
        """

        def are_open() -> bool:
            self.context.pages[0].wait_for_timeout(50)  # Playwright hears of new pages meanwhile
            return any(page.url.endswith("options.html") for page in self.context.pages)

        until(are_open)

    def close_pages(self) -> None:
        for page in self.context.pages[1:]:
            page.close()
        self.context.pages[0].goto("about:blank")
        self.context.pages[0].set_viewport_size({"width": 1400, "height": 900})

    def ask(self, kind: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the background, as the extension's own pages do."""
        page = self.extension_page("popup/popup.html")
        reply = page.evaluate(
            "([kind, body]) => chrome.runtime.sendMessage({kind, body})", [kind, body or {}]
        )
        page.close()
        assert "error" not in reply, reply
        return reply["value"]

    def pair(self, server: Server) -> None:
        self.ask("pair", {"address": server.address, "code": server.code()})

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Let the browser look for its server where nobody is, as after a fallen network."""
        moved = (
            "async address => { const {account} = await chrome.storage.local.get('account'); "
            "await chrome.storage.local.set({account: {...account, address}}); return "
            "account.address; }"
        )
        address = self.worker.evaluate(moved, f"http://127.0.0.1:{free_port()}")
        yield
        self.worker.evaluate(moved, address)
        self.ask("flush")

    def stop_worker(self) -> None:
        """Stop the service worker as the browser does when it is idle or short of memory."""
        page = self.context.new_page()
        page.goto("chrome://serviceworker-internals/?devtools")
        for button in page.locator("button.stop").all():
            if button.is_visible():
                button.click()
        page.close()

    def _answer(self, route: Route) -> None:
        body = self.pages.get(route.request.url.partition("#")[0])
        if body is None:
            route.fulfill(status=404, body="")
        else:
            route.fulfill(body=body, content_type="text/html; charset=utf-8")


@contextmanager
def browsing(
    playwright: Playwright,
    extension: Path,
    profile: Path,
    *,
    language: str = "en",
    display: str = "",
) -> Iterator[Browser]:
    """Run Chromium on a profile; the sites answer from `pages`, and nothing reaches the network.

    It has no head unless there is a `display` for it.
    """
    arguments = [
        *ARGUMENTS,
        *([] if display else ["--headless=new"]),
        f"--lang={language}",
        f"--disable-extensions-except={extension}",
        f"--load-extension={extension}",
    ]
    is_new = not profile.exists()
    context = playwright.chromium.launch_persistent_context(
        profile,
        headless=False,
        executable_path=CHROMIUM,
        args=arguments,
        env={**os.environ, "DISPLAY": display},
        viewport={"width": 1400, "height": 900},
    )
    browser = Browser(context)
    context.route(re.compile(r"https://(?!127\.)"), browser._answer)
    context.set_default_timeout(30_000)
    try:
        assert browser.worker
        if is_new:
            browser.settle()
        browser.close_pages()
        yield browser
    finally:
        context.close()
