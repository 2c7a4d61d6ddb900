"""The pages in German: every word is there, the compiled catalogue is the written one, and the browser's wish counts.

New words: pybabel extract -F pyproject.toml -o words.pot . && pybabel update -i words.pot -d server/locale -l de
-D papermargin, then translate, then pybabel compile -d server/locale -D papermargin.
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

from server.auth import COOKIE
from tests.pages.site import Site

ROOT = Path(__file__).parents[2]
PO = ROOT / "server" / "locale" / "de" / "LC_MESSAGES" / "papermargin.po"
Words = tuple[str, ...]
PLACE = re.compile(r"%\(\w+\)s|{\w+}")


def written() -> dict[Words, Message]:
    """The messages of the catalogue, by what they translate."""
    catalogue = read_po(BytesIO(PO.read_bytes()), locale="de")
    return {_words(message.id): message for message in catalogue if message.id}


def spoken() -> set[Words]:
    """All words that the templates say."""
    [mapping] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    pattern, method = mapping.pop("pattern"), mapping.pop("method")
    found = extract_from_dir(ROOT, [(pattern, method)], {pattern: mapping})
    return {_words(message)[:2] for _, _, message, _, _ in found}


def test_every_word_is_translated_and_none_is_left_over() -> None:
    messages = written()
    assert {*messages} == spoken()
    assert [key for key, message in messages.items() if message.fuzzy or not all(_words(message.string))] == []


def test_a_translation_keeps_the_places_of_names_and_numbers() -> None:
    for said, message in written().items():
        for ours, theirs in zip(said, _words(message.string), strict=True):
            assert {*PLACE.findall(ours)} == {*PLACE.findall(theirs)}, said


def test_the_compiled_catalogue_says_what_the_written_one_does() -> None:
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
def test_a_page_speaks_the_chosen_language_or_the_browser_s(
    site: Site, accepted: str, chosen: str | None, language: str
) -> None:
    cookies = {COOKIE: site.cookie} | ({"language": chosen} if chosen else {})
    page = httpx.get(f"{site.url}/trash", headers={"accept-language": accepted}, cookies=cookies).text
    assert f'<html lang="{language}"' in page
    assert ("Der Papierkorb ist leer." in page) == (language == "de")


def test_a_plural_and_a_date_are_german(site: Site) -> None:
    page = httpx.get(f"{site.url}/today", headers={"accept-language": "de"}, cookies={COOKIE: site.cookie}).text
    assert "Donnerstag, 5. März 2026" in page and "270 Papers" in page


def _words(words: str | list[str] | tuple[str, ...]) -> Words:
    """Give a message with one form and one with several as the same kind of thing."""
    return (words,) if isinstance(words, str) else tuple(words)
