"""Benchmark of the margin on a page of 105 cards, next to the same page without it.

    python -m tests.bench.extension

The cache is full and the server warm. Times are milliseconds of the page's own clock. The longest
task is how long the page did not react; the layout shift is Chromium's score.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.extension.browser import Browser, Server, browsing, install, until
from tests.extension.pages import list_page, papers

ADDRESS = "https://huggingface.co/papers/week/2026-W23"
CARDS = 105
RUNS = 7
OBSERVE = """
window.seen = {shift: 0, longest: 0, cards: 0, drawn: 0};
const watch = (type, take) =>
    new PerformanceObserver(list => list.getEntries().forEach(take))
        .observe({type, buffered: true});
watch('layout-shift', each => { seen.shift += each.value; });
watch('longtask', each => { seen.longest = Math.max(seen.longest, each.duration); });
const count = selector => document.querySelectorAll(selector).length;
new MutationObserver(() => {
    if (!seen.cards && count('article') === CARDS) seen.cards = performance.now();
    if (!seen.drawn && count('article > papermargin-card') === CARDS)
        seen.drawn = performance.now();
}).observe(document, {childList: true, subtree: true});
""".replace("CARDS", str(CARDS))


def measure(browser: Browser, body: str, *, margins: bool) -> dict[str, float]:
    """Load the page once; return its times in ms, layout shift and memory in MB."""
    browser.pages[ADDRESS] = body
    page = browser.context.new_page()
    page.add_init_script(OBSERVE)
    page.goto(ADDRESS)
    if margins:
        until(lambda: page.evaluate("() => seen.drawn"))
    page.wait_for_timeout(2_500)
    seen: dict[str, float] = page.evaluate("() => seen")
    seen["memory"] = _memory(page)
    page.close()
    return {
        "drawn": seen["drawn"] - seen["cards"] if margins else 0.0,
        "longest": seen["longest"],
        "shift": seen["shift"],
        "memory": seen["memory"],
    }


def _memory(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    metrics: dict[str, Any] = {
        each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]
    }
    return float(metrics.get("JSHeapUsedSize", 0)) / 1e6


def run(folder: Path) -> dict[str, dict[str, float]]:
    """Measure with and without the margin, in a browser each, and return the medians."""
    listed = papers(99, CARDS)
    body = list_page(listed, props={"periodType": "week"})
    empty = folder / "empty"
    empty.mkdir()
    facts = {
        "manifest_version": 3,
        "name": "nothing",
        "version": "1",
        "background": {"service_worker": "worker.js"},
    }
    (empty / "manifest.json").write_text(json.dumps(facts))
    (empty / "worker.js").write_text("")
    server = Server(folder / "papers.db")
    server.start()
    medians = {}
    try:
        with sync_playwright() as playwright:
            for name, extension in (("without", empty), ("with", install(folder / "extension"))):
                with browsing(playwright, extension, folder / name) as browser:
                    if name == "with":
                        browser.pair(server)
                        measure(browser, body, margins=True)
                        until(
                            lambda: server.card(listed[-1].key)["extraction"] == "done", seconds=120
                        )
                        measure(browser, body, margins=True)
                    runs = [measure(browser, body, margins=name == "with") for _ in range(RUNS)]
                medians[name] = {
                    key: round(statistics.median(each[key] for each in runs), 3) for key in runs[0]
                }
    finally:
        server.stop()
    return medians


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        json.dump(run(Path(folder)), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
