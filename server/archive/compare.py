"""Compare two archives record by record."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from server.archive.format import Archive

_NAMES: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "papers": lambda paper: (paper.key,),
    "entries": lambda entry: (entry.key,),
    "tags": lambda tag: (tag.name, tag.created),
    "notes": lambda note: (note.id,),
    "corrections": lambda correction: (correction.id,),
    "seen": lambda seen: (seen.key,),
    "citations": lambda citation: (citation.key,),
    "searches": lambda search: (search.name, search.created),
    "terms": lambda term: (term.label, term.term),
    "preferences": lambda preference: (preference.kind, preference.name),
    "ranking": lambda ranking: ("the settings",),
}


def find_differences(ours: Archive, theirs: Archive) -> Iterator[str]:
    """Yield a sentence per difference between two archives; the order of records is ignored."""
    for part, name in _NAMES.items():
        known = _by_name(getattr(ours, part), name)
        found = _by_name(getattr(theirs, part), name)
        for key in dict.fromkeys([*known, *found]):
            yield from _compare(f"{part}: {key[0]}", known.get(key, []), found.get(key, []))


def _by_name(
    records: Sequence[Any], name: Callable[[Any], tuple[Any, ...]]
) -> dict[tuple[Any, ...], list[Any]]:
    grouped: dict[tuple[Any, ...], list[Any]] = {}
    for record in records:
        grouped.setdefault(name(record), []).append(msgspec.to_builtins(record))
    return grouped


def _compare(label: str, known: list[Any], found: list[Any]) -> Iterator[str]:
    if len(known) != len(found):
        yield f"{label} stands there {len(known)} times, and came back {len(found)} times"
        return
    for one, other in zip(known, found, strict=True):
        for member in one:
            if one[member] != other[member]:
                was, is_now = _shorten(one[member]), _shorten(other[member])
                yield f"{label}: `{member}` was {was} and came back as {is_now}"


def _shorten(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else f"{text[:79]}…"
