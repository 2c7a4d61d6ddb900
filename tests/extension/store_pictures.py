"""Make the pictures of the stores' listings: `python -m tests.extension.store_pictures DIR`.

Each is what a real Chromium shows of the extension, paired with a real server, on made-up pages.
"""

import argparse
import base64
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Page, expect, sync_playwright

from tests.extension.browser import EXTENSION, Browser, Server, browsing, install, until
from tests.extension.other_pages import (
    ACL,
    ALPHAXIV,
    BLOG,
    OPENREVIEW,
    blog_page,
    openreview_page,
)
from tests.extension.pages import Paper, arxiv_page, list_page, paper_page, papers

LANGUAGES = ("en", "de")
SCREEN = {"width": 1280, "height": 800}
TILE = {"width": 440, "height": 280}
HOST = "https://huggingface.co"
WORDS = {
    "en": (
        "Check whether the gain holds with **longer** contexts.",
        "Your margin beside every paper",
    ),
    "de": ("Hält der Gewinn auch mit **längeren** Kontexten?", "Dein Rand neben jedem Paper"),
}
STATUSES = ("reading", "inbox", "read", None, "inbox", None)


def make_pictures(folder: Path, languages: Sequence[str] = LANGUAGES) -> list[Path]:
    """Make the pictures in a folder, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        place = Path(name)
        extension = _allow(install(place / "extension"))
        made: list[Path] = []
        for language in languages:
            with _serving(place / f"{language}.db") as server:
                profile = place / f"profile-{language}"
                with browsing(playwright, extension, profile, language=language) as browser:
                    browser.pair(server)
                    made += _shoot(browser, server, language, folder)
    return made


@contextmanager
def _serving(db: Path) -> Iterator[Server]:
    server = Server(db)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _allow(extension: Path) -> Path:
    """Allow the sites of the pictures, as a person would in the browser's prompt."""
    manifest = json.loads((extension / "manifest.json").read_text())
    manifest["host_permissions"] += [f"{site}/*" for site in (ACL, ALPHAXIV, OPENREVIEW, BLOG)]
    (extension / "manifest.json").write_text(json.dumps(manifest))
    return extension


def _shoot(browser: Browser, server: Server, language: str, folder: Path) -> Iterator[Path]:
    listed = papers(77, 6)
    _fill(server, listed, WORDS[language][0])
    # the list is drawn at once, and the abstracts are read one by one
    until(
        lambda: all(server.card(each.key)["extraction"] == "done" for each in listed), seconds=300
    )
    pages = {
        "1-list": (f"{HOST}/papers", list_page(listed)),
        "2-paper": (f"{HOST}/papers/{listed[0].key}", paper_page(listed[0])),
        "3-arxiv-dark": (f"https://arxiv.org/abs/{listed[1].key}", _dark(arxiv_page(listed[1]))),
        "4-openreview": (f"{OPENREVIEW}/forum?id=quiet", openreview_page(listed[2], "quiet")),
    }
    for name, (address, body) in pages.items():
        page = browser.open(address, body)
        page.set_viewport_size(SCREEN)  # type: ignore[arg-type]
        _settle(page)
        yield _save(page, folder / f"{name}-{language}.png")
    yield _save(_marked(browser, listed), folder / f"5-marks-{language}.png")
    yield _save(_tile(browser, WORDS[language][1]), folder / f"tile-{language}.png")


def _fill(server: Server, listed: list[Paper], text: str) -> None:
    """Let the server have the papers, with what a reader wrote on them."""
    told = [{"id": each.key, "title": each.title, "abstract": each.abstract} for each in listed]
    server.call("POST", "/api/v1/overlay", {"papers": told})
    for paper, status in zip(listed, STATUSES, strict=True):
        if status:
            entry = {"status": status, "tags": ["margins"], "rating": 4}
            server.call("PUT", f"/api/v1/papers/{paper.key}/entry", entry, If_Match="*")
    for paper in listed[:3]:
        note = {"paper": paper.key, "text": text, "quote": {"exact": "needs no second pass"}}
        server.call("PUT", f"/api/v1/notes/{uuid4()}", note, If_Match='"0"')


def _settle(page: Page) -> None:
    """Open the panel, if the page has one, and wait until the terms are drawn."""
    host = page.locator("papermargin-panel, papermargin-card").first
    expect(host).to_be_attached()
    if fold := page.locator("papermargin-panel[data-folded] .fold").all():
        fold[0].click()
    expect(page.locator(".chip:visible, .result:visible").first).to_be_visible(timeout=180_000)
    page.mouse.move(1, 1)
    page.wait_for_timeout(1_500)  # for what is drawn when the server has answered


def _marked(browser: Browser, listed: list[Paper]) -> Page:
    page = browser.open(f"{BLOG}/reading", blog_page(listed))
    page.set_viewport_size(SCREEN)  # type: ignore[arg-type]
    popup = browser.extension_page("popup/popup.html")
    page.bring_to_front()
    popup.reload()
    popup.locator("#links button").first.click()
    expect(page.locator("papermargin-mark").first).to_be_attached()
    popup.close()
    return page


def _tile(browser: Browser, words: str) -> Page:
    icon = base64.b64encode((EXTENSION / "icons" / "128.png").read_bytes()).decode()
    body = (
        "<body style='margin:0;height:280px;display:flex;align-items:center;gap:28px;"
        "padding:0 36px;box-sizing:border-box;background:#f4f6f9;color:#1f2833;"
        'font:600 34px/1.15 "Source Sans Pro",system-ui,sans-serif\'>'
        f"<img alt='' width=104 src='data:image/png;base64,{icon}'><div>Papermargin"
        f"<div style='font-size:19px;font-weight:400;margin-top:10px'>{words}</div></div></body>"
    )
    page = browser.context.new_page()
    page.set_viewport_size(TILE)  # type: ignore[arg-type]
    page.set_content(body)
    return page


def _dark(body: str) -> str:
    return body.replace("<html ", '<html class="dark" ', 1)


def _save(page: Page, file: Path) -> Path:
    page.bring_to_front()
    page.screenshot(path=file)
    return file


def main() -> None:
    """Read the folder from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", action="append", choices=LANGUAGES, dest="languages")
    given = parser.parse_args()
    for file in make_pictures(given.folder, given.languages or LANGUAGES):
        print(file)


if __name__ == "__main__":
    main()
