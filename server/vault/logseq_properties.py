"""A paper's fields as Logseq's page properties, one per line, merged into the user's own.

Items of lists are written in double brackets, so that they may contain commas and spaces.
"""

import re

from server.exports.foreign_code import neutralize
from server.vault.escape import one_line
from server.vault.fields import Exported, Value, digest, merge_value

_NAMES = {"paper_key": "paper-key", "aliases": "alias", "snoozed_until": "snoozed-until"}
_KEYS = {name: key for key, name in _NAMES.items()}
_LISTS = {
    *("aliases", "authors", "tags", "introduces", "methods", "datasets", "metrics", "tasks"),
    "keywords",
}
_LINE = re.compile(r"(?P<name>[^\s:]+)::[ \t]*(?P<value>.*)")
_ITEM = re.compile(r"#?\[\[(.*?)\]\]|#?([^,\s][^,]*)")
_LINK = re.compile(r"\[\[|\]\]")
_BRACKET = re.compile(r"[\[\]]")
_EMPTY: tuple[Value, ...] = (None, [])


def clean_values(values: dict[str, Value]) -> dict[str, Value]:
    """Return values as properties can hold them: on one line, without brackets and without code."""
    return {
        key: [cleaned for item in value if (cleaned := _clean_item(item))]
        if isinstance(value, list)
        else (neutralize(one_line(_LINK.sub(" ", value or ""))) or None)
        for key, value in values.items()
    }


def _clean_item(item: str) -> str:
    # neutralized together with the bracket that will stand before it
    return neutralize(f"[{one_line(_BRACKET.sub(' ', item))}")[1:]


def write_values(values: dict[str, Value]) -> str:
    """Return the values as lines; empty values are left out."""
    return "".join(
        _write(key, value) + "\n" for key, value in values.items() if value not in _EMPTY
    )


def parse_values(text: str) -> dict[str, Value]:
    """Return the fields of a user's properties."""
    lines = (_LINE.fullmatch(line.strip()) for line in text.split("\n"))
    return dict(_read(line) for line in lines if line)


def merge_values(text: str, ours: dict[str, Value], exported: Exported) -> str:
    """Merge our values into a user's properties, three-way; all other bytes stay."""
    line_end = "\r\n" if "\r\n" in text else "\n"
    lines, seen = [], set()
    for line in text.splitlines(keepends=True):
        found = _LINE.fullmatch(line.strip())
        key, theirs = _read(found) if found else ("", None)
        seen.add(key)
        if key not in ours:
            lines.append(line)
            continue
        merged = merge_value(theirs, ours[key], exported.get(key, []))
        if merged == theirs:
            lines.append(line)
        elif merged not in _EMPTY:
            lines.append(_write(key, merged) + line_end)
    # what was empty had no line, and what had one was deleted by the user
    new = {key: ours[key] for key in ours if key not in seen and _was_empty(exported.get(key, []))}
    return "".join(lines) + write_values(new).replace("\n", line_end)


def _was_empty(exported: list[str]) -> bool:
    return not exported or exported[0] in map(digest, _EMPTY)


def _write(key: str, value: Value) -> str:
    text = ", ".join(f"[[{item}]]" for item in value) if isinstance(value, list) else value
    return f"{_NAMES.get(key, key)}:: {text}"


def _read(line: re.Match[str]) -> tuple[str, Value]:
    key = _KEYS.get(line["name"], line["name"])
    if key not in _LISTS:
        return key, line["value"].strip() or None
    return key, [(bracketed or bare).strip() for bracketed, bare in _ITEM.findall(line["value"])]
