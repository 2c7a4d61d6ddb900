"""Checks of every page: accessible in light and dark, and no wider than a phone."""

import pytest

from tests.server.web.pages.material import LANTERN
from tests.server.web.pages.site import Visitor, find_barriers

pytestmark = pytest.mark.browser

PAGES = {
    "today": "/today",
    "terms": "/terms",
    "method": "/terms/method/LanternNet",
    "dataset": "/terms/dataset/MothSet",
    "notes": "/notes?by=paper",
    "tags": "/tags?deleted=old",
    "trash": "/trash?ask=true",
    "insights": "/insights",
    "settings": "/settings",
    "nothing": "/days/1999-01-01",
    "unknown": "/terms/method/no-such-thing",
}


@pytest.fixture(autouse=True)
def something_thrown_away(visitor: Visitor) -> None:
    visitor.site.call("PUT", "/api/v1/tags/old", {}, If_Match="*")
    visitor.site.call("DELETE", "/api/v1/tags/old", If_Match="*")


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_page_is_accessible_and_fits_a_phone(visitor: Visitor, path: str) -> None:
    page = visitor.open(path)
    page.evaluate(
        "document.querySelectorAll('main details:not(.adds)')"
        ".forEach(folded => (folded.open = true))"
    )
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert find_barriers(page) == [], scheme
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


HOSTILE = "<script>fail()</script><img src=x onerror=fail()>\u202etxt.exe \u200b" + "w" * 2000


def test_hostile_text_is_shown_as_text(visitor: Visitor) -> None:
    name = "<b onclick=fail()>'\"&amp;{{7*7}}"
    visitor.site.call("PUT", f"/api/v1/papers/{LANTERN}/entry", {"tags": [name]}, If_Match="*")
    note = {
        "paper": LANTERN,
        "text": f"[x](javascript:fail()) {HOSTILE}",
        "quote": {"exact": HOSTILE},
    }
    visitor.site.call(
        "PUT", "/api/v1/notes/00000000-0000-7000-8000-000000000001", note, If_Match="*"
    )
    for path in (
        "/notes",
        "/notes?by=paper",
        "/tags",
        "/tags?deleted=%3Cscript%3E",
        "/terms?q=%3Cscript%3E",
        "/today",
    ):
        page = visitor.open(path)
        assert page.locator("main script, main img, main b[onclick]").count() == 0
        assert page.locator("a[href^='javascript']").count() == 0
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    assert visitor.open("/tags").get_by_role("link", name=name, exact=True).is_visible()
