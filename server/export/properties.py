"""A paper's values as Logseq's page properties, a line each, merged into what a person made of them. Pure.

A list's items stand in double brackets, which a comma or a space within does no harm.
"""

import re

from server.export.notation import one_line
from server.export.values import Exported, Value, digest, merge_value

_NAMES = {"paper_key": "paper-key", "aliases": "alias"}
_KEYS = {name: key for key, name in _NAMES.items()}
_LISTS = {"aliases", "authors", "tags", "methods", "datasets", "metrics", "tasks"}
_LINE = re.compile(r"(?P<name>[^\s:]+)::[ \t]*(?P<value>.*)")
_ITEM = re.compile(r"#?\[\[(.*?)\]\]|#?([^,\s][^,]*)")
_LINK = re.compile(r"\[\[|\]\]")
_BRACKET = re.compile(r"[\[\]]")
_EMPTY: tuple[Value, ...] = (None, [])


def clean_values(values: dict[str, Value]) -> dict[str, Value]:
    """Give values as properties can hold them: on one line, without the signs of a link."""
    return {
        key: [cleaned for item in value if (cleaned := one_line(_BRACKET.sub(" ", item)))]
        if isinstance(value, list)
        else (one_line(_LINK.sub(" ", value or "")) or None)
        for key, value in values.items()
    }


def write_values(values: dict[str, Value]) -> str:
    """Give the values as lines; what is empty has none."""
    return "".join(_write(key, value) + "\n" for key, value in values.items() if value not in _EMPTY)


def parse_values(text: str) -> dict[str, Value]:
    """Give what a person's properties say."""
    lines = (_LINE.fullmatch(line.strip()) for line in text.split("\n"))
    return dict(_read(line) for line in lines if line)


def merge_values(text: str, ours: dict[str, Value], exported: Exported) -> str:
    """Put our values into a person's properties, three ways against those exported last; all else stays to the byte."""
    line_end = "\r\n" if "\r\n" in text else "\n"
    lines, seen = [], set()
    for line in text.splitlines(keepends=True):
        found = _LINE.fullmatch(line.strip())
        key, theirs = _read(found) if found else ("", None)
        seen.add(key)
        merged = merge_value(theirs, ours[key], exported.get(key, [])) if key in ours else theirs
        if not found or merged == theirs:
            lines.append(line)
        elif merged not in _EMPTY:
            lines.append(_write(key, merged) + line_end)
    # what was empty had no line, and what had one was deleted by the person
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
