"""The pages in German: complete, compiled, and chosen by the settings or the browser.

New words: pybabel extract -F pyproject.toml -o words.pot . && pybabel update -i words.pot -d
server/web/locale -l de -D papermargin, then translate, then pybabel compile -d server/web/locale -D
papermargin.
"""

import re
import tomllib
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from server.web.middleware import cookie_name
from tests.server.web.pages.site import Site

ROOT = Path(__file__).parents[4]
PO = ROOT / "server" / "web" / "locale" / "de" / "LC_MESSAGES" / "papermargin.po"
Words = tuple[str, ...]
PLACE = re.compile(r"%\(\w+\)s|{\w+}")


def written() -> dict[Words, Message]:
    """Return the messages of the catalogue, by their source text."""
    catalogue = read_po(BytesIO(PO.read_bytes()), locale="de")
    return {_words(message.id): message for message in catalogue if message.id}


def spoken() -> set[Words]:
    """Return all messages of the templates."""
    [mapping] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    pattern, method = mapping.pop("pattern"), mapping.pop("method")
    found = extract_from_dir(ROOT, [(pattern, method)], {pattern: mapping})
    return {_words(message)[:2] for _, _, message, _, _ in found}


def test_every_message_is_translated_and_none_is_unused() -> None:
    messages = written()
    assert {*messages} == spoken()
    assert [
        key for key, message in messages.items() if message.fuzzy or not all(_words(message.string))
    ] == []


def test_translations_keep_all_placeholders() -> None:
    for said, message in written().items():
        for ours, theirs in zip(said, _words(message.string), strict=True):
            assert {*PLACE.findall(ours)} == {*PLACE.findall(theirs)}, said


def test_the_compiled_catalogue_is_up_to_date() -> None:
    compiled = read_mo(BytesIO(PO.with_suffix(".mo").read_bytes()))
    assert {_words(m.id): _words(m.string) for m in compiled if m.id} == {
        said: _words(message.string) for said, message in written().items()
    }


@pytest.mark.parametrize(
    ("accepted", "chosen", "language"),
    [
        ("de-AT,en;q=0.5", None, "de"),
        ("fr,en;q=0.5", None, "en"),
        ("de", "en", "en"),
        ("en", "de", "de"),
        ("", "x", "en"),
    ],
)
def test_a_page_uses_the_chosen_language_or_the_browser_s(
    site: Site, accepted: str, chosen: str | None, language: str
) -> None:
    cookies = {cookie_name(site.store): site.cookie} | ({"language": chosen} if chosen else {})
    page = httpx.get(
        f"{site.url}/trash", headers={"accept-language": accepted}, cookies=cookies
    ).text
    assert f'<html lang="{language}"' in page
    assert ("Der Papierkorb ist leer." in page) == (language == "de")


def test_a_plural_and_a_date_are_german(site: Site) -> None:
    page = httpx.get(
        f"{site.url}/today",
        headers={"accept-language": "de"},
        cookies={cookie_name(site.store): site.cookie},
    ).text
    assert "Donnerstag, 5. März 2026" in page and "270 Papers" in page


def _words(words: str | list[str] | tuple[str, ...]) -> Words:
    """Return the forms of a message as a tuple, also if it has only one."""
    return (words,) if isinstance(words, str) else tuple(words)
