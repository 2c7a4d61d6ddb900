"""Settings: devices, appearance, import and export; and the first steps of an empty store."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.web.pages.site import Site, Visitor, running, visiting

pytestmark = pytest.mark.browser
BIBLIOGRAPHY = (
    "@article{a, title={Owls at Dusk}, author={Quill, Ada}, "
    "eprint={2605.00001}, archiveprefix={arXiv}}"
)


def test_a_code_pairs_a_device_which_can_be_revoked(visitor: Visitor) -> None:
    page = visitor.open("/settings")
    page.get_by_role("button", name="Pair the extension").click()
    code = page.locator(".digits").inner_text().replace(" ", "")
    expect(page.locator(".code")).to_contain_text(re.compile(r"within the next 4:\d\d minutes"))
    reply = httpx.post(f"{visitor.site.url}/api/v1/pair", json={"code": code, "name": "a lantern"})
    token = {"authorization": f"Bearer {reply.raise_for_status().json()['token']}"}
    page = visitor.open("/settings")
    page.get_by_role("button", name="Revoke a lantern").click()
    expect(page.get_by_role("button", name="Revoke a lantern")).to_have_count(0)
    assert httpx.get(f"{visitor.site.url}/api/v1/me", headers=token).status_code == 401


def test_appearance_is_kept_in_cookies_and_works_without_scripts(plain: Visitor) -> None:
    page = plain.open("/settings")
    page.locator("[name=theme]").select_option("dark")
    page.locator("[name=density]").select_option("compact")
    page.locator("#looks button").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(16, 21, 28)")
    expect(page.locator("[name=density]")).to_have_value("compact")
    expect(plain.open("/").locator(".reading")).to_have_class(re.compile("compact"))
    page.locator("[name=theme]").select_option("")
    page.locator("#looks button").click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", re.compile(".*"))


def test_keys_are_turned_off_for_this_browser(visitor: Visitor) -> None:
    page = visitor.open("/settings")
    page.get_by_label("Listen to single keys").uncheck()
    page.reload()
    expect(page.get_by_label("Listen to single keys")).not_to_be_checked()


def test_dropped_files_are_uploaded_one_by_one_and_reported(visitor: Visitor) -> None:
    page = visitor.open("/settings")
    page.get_by_label("add their papers to the reading list").check()
    drop(page, {"owls.bib": BIBLIOGRAPHY, "<b>broken</b>.json": "{not json"})
    lines = page.locator(".reports li")
    expect(lines.nth(0)).to_contain_text("owls.bib1 new, 0 richer, of 1 papers; 0 notes")
    expect(lines.nth(1)).to_contain_text("<b>broken</b>.json")
    expect(lines.nth(1).locator(".warning")).not_to_be_empty()
    assert visitor.site.call("GET", "/api/v1/papers/2605.00001/entry")["status"] == "inbox"


def test_a_preview_changes_nothing(visitor: Visitor) -> None:
    page = visitor.open("/settings")
    page.get_by_label("preview only").check()
    drop(page, {"bats.bib": BIBLIOGRAPHY.replace("00001", "00007").replace("Owls", "Bats")})
    expect(page.locator(".reports li")).to_contain_text("Only a preview: nothing was changed.")
    expect(page.locator(".reports li")).to_contain_text("of 1 papers")
    reply = httpx.get(
        f"{visitor.site.url}/api/v1/papers/2605.00007",
        headers={"authorization": f"Bearer {visitor.site.token}"},
    )
    assert reply.status_code == 404


def drop(page: Page, files: dict[str, str]) -> None:
    """Drop files on the form."""
    page.evaluate(
        "files => { const data = new DataTransfer();"
        " for (const [name, text] of Object.entries(files))"
        " data.items.add(new File([text], name));"
        " document.querySelector('form[data-import]').dispatchEvent("
        "new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})); }",
        files,
    )


def test_files_are_imported_without_a_script(plain: Visitor) -> None:
    page = plain.open("/settings")
    files = {
        "moths.bib": BIBLIOGRAPHY.replace("00001", "00002").replace("Owls", "Moths"),
        "broken.json": "{not json",
    }
    page.get_by_label("Files, or drop them here").set_input_files(
        [
            {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
            for name, text in files.items()
        ]
    )
    page.locator("#import button").click()
    expect(page.locator(".reports li").first).to_contain_text("1 new, 0 richer, of 1 papers")
    expect(page.locator(".reports .warning")).to_have_count(1)
    page.get_by_role("button", name="Undo this import").click()
    expect(page.locator(".notice")).to_contain_text("undone")
    expect(page.locator("tbody tr").first).to_contain_text("moths.bib")
    expect(page.locator("tbody tr").first).to_contain_text("undone")


def test_exports_of_everything_and_of_a_query_are_downloaded(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = visitor.open("/settings")
    with page.expect_download() as got:
        page.get_by_role("link", name="Everything you wrote").click()
    assert len(json.loads(got.value.path().read_text())["papers"]) >= 260
    page.locator("[name=format]").select_option("bibtex")
    page.get_by_label("Papers that match a query").fill("tag:night/moths")
    with page.expect_download() as got:
        page.get_by_role("button", name="Download", exact=True).click()
    assert got.value.suggested_filename == "papermargin.bib"
    assert got.value.path().read_text().count("@") >= 21
    page.get_by_label("Papers that match a query").fill("status:(")
    page.get_by_role("button", name="Download", exact=True).click()
    expect(page.locator("h1")).to_have_text("The query cannot be read")


def test_a_pattern_gives_citation_keys_without_a_script(plain: Visitor) -> None:
    page = plain.open("/settings")
    page.get_by_label("Pattern for papers without a key").fill("key + 'x'")
    page.get_by_role("button", name="Give keys").click()
    expect(page.locator("#export .notice")).to_contain_text(re.compile(r"\d+ papers got a key"))
    page.get_by_role("button", name="Give keys").click()
    expect(page.locator("#export .notice")).to_contain_text("0 papers got a key")


def test_a_backup_is_one_checked_file(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.open("/settings")
    with page.expect_download() as got:
        page.get_by_role("button", name="Download a backup").click()
    got.value.save_as(tmp_path / "backup.sqlite")
    with sqlite3.connect(tmp_path / "backup.sqlite") as backup:
        assert backup.execute("SELECT COUNT(*) FROM paper").fetchone()[0] >= 270
    backup.close()


def test_the_address_of_the_feeds_is_created_and_renewed(visitor: Visitor) -> None:
    page = visitor.open("/settings")
    page.get_by_role("button", name="Make an address").click()
    first = page.locator(".addresses code").first.inner_text()
    assert httpx.get(first).headers["content-type"].startswith("application/atom+xml")
    page.get_by_role("button", name="Make a new address").click()
    assert httpx.get(first).status_code == 401
    assert httpx.get(page.locator(".addresses code").first.inner_text()).status_code == 200


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Site]:
    async def nothing() -> None:
        pass

    with running(tmp_path, nothing) as site:
        yield site


def test_an_empty_store_shows_the_first_steps_until_it_has_papers(
    browser: Browser, empty: Site
) -> None:
    [tests] = [device["id"] for device in empty.call("GET", "/api/v1/devices") if device["current"]]
    empty.call("DELETE", f"/api/v1/devices/{tests}")
    with visiting(browser, empty, java_script_enabled=False) as visitor:
        page = visitor.open("/")
        expect(page.locator("main")).to_contain_text("extension")
        expect(page.locator("details", has_text="chrome://extensions")).to_have_attribute(
            "open", ""
        )
        page.get_by_role("button", name="Show the six digits").click()
        code = page.locator(".digits").inner_text().replace(" ", "")
        reply = httpx.post(
            f"{empty.url}/api/v1/pair", json={"code": code, "name": "x"}
        ).raise_for_status()
        empty.token = reply.json()["token"]
        page = visitor.open("/")
        expect(page.locator("main")).to_contain_text("A device is paired.")
        empty.call(
            "POST", "/api/v1/overlay", {"papers": [{"id": "2605.00009", "title": "First Light"}]}
        )
        page.reload()
        expect(page.locator("main")).not_to_contain_text("six digits")


def test_signing_out_ends_the_session(browser: Browser, empty: Site) -> None:
    with visiting(browser, empty, java_script_enabled=False) as visitor:
        page = visitor.open("/settings")
        page.get_by_role("button", name="Sign this browser out").click()
        expect(page.locator("h1")).to_have_text("Sign in")
