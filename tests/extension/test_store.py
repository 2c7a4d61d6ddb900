"""What the stores ask for: listing texts in both languages, a word on each permission, pictures."""

import json
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from server.browser_extension import read_manifest
from tests.extension.browser import EXTENSION, need_chromium

STORE = EXTENSION / "store"
# the Chrome Web Store's limit of the description in the manifest, and Firefox's of a summary
MOST_SUMMARY = 132
MOST_NAME = 45


def parts(name: str) -> dict[str, str]:
    """Return the sections of a text by their headings."""
    found = re.split(r"^## (.+)$", (STORE / name).read_text(), flags=re.MULTILINE)[1:]
    return {heading: text.strip() for heading, text in zip(found[::2], found[1::2], strict=True)}


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_listing_says_what_the_extension_says_and_keeps_the_stores_limits(language: str) -> None:
    listing = parts(f"listing.{language}.md")
    words = json.loads((EXTENSION / "_locales" / language / "messages.json").read_text())
    assert listing["Name"] == words["name"]["message"]
    assert listing["Summary"] == words["description"]["message"]
    assert len(listing["Summary"]) <= MOST_SUMMARY and len(listing["Name"]) <= MOST_NAME
    assert listing.keys() == parts("listing.en.md").keys()


def test_the_policy_has_the_same_sections_in_both_languages() -> None:
    texts = [(STORE / f"privacy.{language}.md").read_text() for language in ("en", "de")]
    shapes = [[line[:2] for line in text.splitlines() if line[:1] in "#-"] for text in texts]
    assert shapes[0] == shapes[1]


def test_each_permission_and_kind_of_data_is_explained() -> None:
    manifest = read_manifest("firefox")
    told = (
        " ".join(parts("permissions.md"))
        + parts("permissions.md")[
            "Data (Firefox: data_collection_permissions; Chrome: privacy practices)"
        ]
    )
    gecko = manifest["browser_specific_settings"]["gecko"]
    hosts = [pattern.split("/")[2] for pattern in manifest["host_permissions"]]
    asked = [
        *manifest["permissions"],
        *hosts,
        *manifest["optional_host_permissions"],
        *gecko["data_collection_permissions"]["required"],
    ]
    assert not [name for name in asked if name not in told]


def test_the_id_in_firefox_stays() -> None:
    gecko = read_manifest("firefox")["browser_specific_settings"]["gecko"]
    assert gecko["id"] == "{8f0365eb-53e9-4233-a605-2640152177cc}"


def test_the_sites_that_can_be_allowed_are_named_to_the_person() -> None:
    sites = (EXTENSION / "shared" / "optional_sites.js").read_text()
    titles = re.findall(r'title: "([^"]+)"', sites)
    assert len(titles) == 4
    for name in ("privacy.en.md", "privacy.de.md", "permissions.md"):
        assert not [title for title in titles if title not in (STORE / name).read_text()], name


@pytest.mark.browser
def test_one_command_makes_the_pictures_in_the_sizes_that_the_stores_ask_for(
    tmp_path: Path,
) -> None:
    need_chromium()
    program = [sys.executable, "-m", "tests.extension.store_pictures"]
    command = [*program, str(tmp_path), "--language", "en"]
    # in its own process, since the browser of other tests may be open in this one
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    files = [Path(line) for line in made.stdout.splitlines()]
    sizes = {file.stem: struct.unpack(">II", file.read_bytes()[16:24]) for file in files}
    assert sizes.pop("tile-en") == (440, 280)
    assert len(sizes) == 5 and set(sizes.values()) == {(1280, 800)}
