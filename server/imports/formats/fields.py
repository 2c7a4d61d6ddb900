"""Tolerant access to the fields of a record, whatever program wrote it.

Keys are found in any case and with any separators, null counts as missing, a value may stand for a
list and a list for a value. What cannot be used is left out and named in `dropped`, so that one bad
field never costs the rest of the record.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from server.schema.sources import fold

_SEPARATORS = re.compile(r"[\s_\-]+")


def normalize_key(key: str) -> str:
    """Return the form in which keys are compared: "Date Added" and "dateAdded" are one."""
    return _SEPARATORS.sub("", key).casefold()


def as_list(value: Any) -> list[Any]:
    """Return a value as a list: itself if it is one, nothing for null."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


class Record:
    """A record's fields by normalized key; `name` is how it is called in messages."""

    def __init__(self, values: Mapping[str, Any], name: str, dropped: list[str]) -> None:
        self.name = name
        self.dropped = dropped
        self.values: dict[str, Any] = {}
        for key, value in values.items():
            # of two spellings of one key, the first that has a value counts
            if value is not None and self.values.get(normalize_key(str(key))) in (None, "", []):
                self.values[normalize_key(str(key))] = value

    def __contains__(self, key: str) -> bool:
        return normalize_key(key) in self.values

    def text(self, *keys: str) -> str:
        """Return the first of some fields that has a text; the first text of a list."""
        return next((text for text in self.texts(*keys) if text.strip()), "")

    def texts(self, *keys: str) -> list[str]:
        """Return all texts of some fields."""
        return [text for key in keys for text in self._texts_of(key)]

    def records(self, *keys: str, bare: str = "") -> "list[Record]":
        """Return the objects of some fields; a text becomes an object with the one field `bare`."""
        found: list[Record] = []
        for key in keys:
            for value in as_list(self.values.get(normalize_key(key))):
                if isinstance(value, dict):
                    found.append(Record(value, self.name, self.dropped))
                elif bare and isinstance(value, str):
                    found.append(Record({bare: value}, self.name, self.dropped))
                elif value not in (None, ""):
                    self.drop(key, "an object")
        return found

    def is_true(self, *keys: str) -> bool:
        """Return whether one of some fields says yes, as a boolean, a number or a word."""
        words = {fold(text).casefold() for text in self.texts(*keys)}
        return not words.isdisjoint({"true", "yes", "1", "y"})

    def drop(self, key: str, expected: str) -> None:
        """Report a field that was left out."""
        self.dropped.append(f"{self.name}: “{key}” was left out, for it is not {expected}")

    def _texts_of(self, key: str) -> Iterator[str]:
        for value in as_list(self.values.get(normalize_key(key))):
            if isinstance(value, bool):
                yield str(value).lower()
            elif isinstance(value, str | int | float):
                yield str(value)
            elif value is not None:
                self.drop(key, "text")


def read_records(values: list[Any], noun: str, dropped: list[str]) -> Iterator[Record]:
    """Yield the records of a list, named by `noun` and number; what is no object is reported."""
    for number, value in enumerate(values, 1):
        if isinstance(value, dict):
            yield Record(value, f"{noun} {number}", dropped)
        else:
            dropped.append(f"{noun} {number}: expected an object, found {type(value).__name__}")
