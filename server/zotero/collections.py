"""Collections of Zotero's as tags: a collection is the tag of the same name.

Collections in collections have the names of both, with a slash between them. No collection is made
for a tag, and none is deleted. The shape of a collection is described at
https://www.zotero.org/support/dev/web_api/v3/write_requests#creating_a_collection
"""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from server.reading_list.tags import clean_tag, fold_tag, is_tag
from server.zotero.library import unwrap


class Collections(Struct, frozen=True):
    """The tags that a library's collections are, by the collections' keys."""

    tags: dict[str, str]

    def names(self, keys: Iterable[str]) -> list[str]:
        """Return the tags of an item that is in the collections of these keys."""
        return [self.tags[key] for key in keys if key in self.tags]

    def among(self, tags: Iterable[str]) -> list[str]:
        """Return those of some tags that are collections."""
        known = {fold_tag(tag) for tag in self.tags.values()}
        return [tag for tag in tags if fold_tag(tag) in known]

    def move(self, keys: list[str], tags: Iterable[str]) -> list[str]:
        """Return the collections that an item with these tags is to be in.

        It stays in those that are no tag. Of two collections of one name, it stays where it is.
        """
        wanted = {fold_tag(tag) for tag in tags}
        kept = [key for key in keys if key not in self.tags or fold_tag(self.tags[key]) in wanted]
        missing = wanted - {fold_tag(tag) for tag in self.names(kept)}
        first = {fold_tag(tag): key for key, tag in reversed(self.tags.items())}
        return [*kept, *(first[tag] for tag in sorted(missing & first.keys()))]


def read_collections(values: list[Any]) -> Collections:
    """Return the collections that can be tags, from all collections as the API lists them."""
    data = {item["key"]: item for value in values if (item := unwrap(value))}
    names = {key: "/".join([*_path(data, key)][::-1]) for key in data}
    return Collections({key: clean_tag(name) for key, name in names.items() if is_tag(name)})


def _path(data: dict[str, dict[str, Any]], key: str) -> Iterator[str]:
    """Yield the name of a collection and those of the collections that it is in."""
    passed: set[str] = set()
    # two collections that are in each other are nonsense, but must not be followed for ever
    while key in data and key not in passed:
        passed.add(key)
        yield str(data[key].get("name") or "").strip()
        key = str(data[key].get("parentCollection") or "")
