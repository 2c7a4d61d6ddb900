"""A paper's front matter: its values as YAML, merged key by key into what a person made of it. Pure.

Every value is compared as the text that stands in the file, so a number that a tool quoted is still the same value.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from nlp.spans import Label
from server.errors import Invalid
from server.wire import PaperPage

Value = str | None | list[str]
Exported = dict[str, list[str]]
"""By key, what was exported last: the digest of the whole value, then those of a list's items.

Under `yaml` stands the digest of all of it as it was written, by which a front matter that nobody touched is known.
"""

# values of YAML's own types, or words that every YAML reads as text; all others are quoted: to YAML 1.1
# 2501.10 is a number and "no" is false
_PLAIN = {"published", "status", "rating", "added", "updated"}
# what JSON leaves as it is and YAML does not allow in a stream, https://yaml.org/spec/1.2.2/#51-character-set
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LINE_END = re.compile(r"\r?\n")
_COLON = re.compile(r"[ \t]*:")


def read_values(page: PaperPage) -> dict[str, Value]:
    """Give the front matter of a paper, in its order: all keys always, None or an empty list where nothing is known."""
    entry = page.entry if page.entry and not page.entry.deleted else None
    written = [note.updated for note in page.notes if not note.deleted]
    return {
        "paper_key": page.key,
        "title": page.title,
        "authors": page.authors,
        "url": page.url,
        "published": page.published.isoformat() if page.published else None,
        "status": entry.status if entry else "none",
        "rating": str(entry.rating) if entry and entry.rating is not None else None,
        "tags": entry.tags if entry else [],
        "methods": _terms(page, "METHOD"),
        "datasets": _terms(page, "DATASET"),
        "metrics": _terms(page, "METRIC"),
        "tasks": _terms(page, "TASK"),
        "added": _utc(entry.added) if entry else None,
        "updated": _utc(max([entry.updated, *written] if entry else written, default=None)),
    }


def write_values(values: dict[str, Value]) -> str:
    """Give the values as YAML, one key after the other; a list has one item a line."""
    return "".join(_write_field(key, value) for key, value in values.items())


def digest_values(values: dict[str, Value]) -> Exported:
    """Give what `merge_values` needs to know, at the next export, of the values that this one wrote."""
    return {"yaml": [_digest(write_values(values))]} | {
        key: [_digest(value), *(_digest(item) for item in value)] if isinstance(value, list) else [_digest(value)]
        for key, value in values.items()
    }


def merge_values(text: str, ours: dict[str, Value], exported: Exported) -> str:
    """Put our values into a person's YAML, three ways against those exported last; all else stays to the byte.

    A value that the person left alone becomes ours. One that they changed is theirs, but for lists, which merge as
    sets. A key that they deleted stays deleted. Raises Invalid for YAML that is broken or too unusual to be edited.
    """
    line_end = "\r\n" if "\r\n" in text else "\n"
    if _digest(text.replace("\r\n", "\n")) in exported.get("yaml", []):
        return write_values(ours).replace("\n", line_end)
    merged: dict[str, Value] = {}
    edits: list[tuple[int, int, str]] = []
    for key, node, colon in _fields(text):
        theirs = merged[key] = _read(node, text)
        if key in ours:
            merged[key] = _merge(theirs, ours[key], exported.get(key, []))
        if merged[key] != theirs:
            edits.append(_edit(text, node, colon, key, merged[key]))
    added = {key: ours[key] for key in ours if key not in merged and key not in exported}
    for start, end, new in [*reversed(edits), (len(text), len(text), write_values(added))]:
        text = text[:start] + _LINE_END.sub(line_end, new) + text[end:]
    if {key: _read(node, text) for key, node, _ in _fields(text)} != merged | added:
        raise Invalid("its front matter is written in a way that cannot be edited safely")
    return text


def _terms(page: PaperPage, label: Label) -> list[str]:
    chips = sorted((chip.first, chip.name) for chip in page.terms if chip.label == label)
    return [name for _, name in chips]


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _digest(value: Value) -> str:
    return hashlib.blake2b(msgspec.json.encode(value), digest_size=5).hexdigest()


def _write_field(key: str, value: Value) -> str:
    return f"{key}:{_write_value(key, value)}\n"


def _write_value(key: str, value: Value) -> str:
    if isinstance(value, list):
        return "".join(f"\n  - {_quote(item)}" for item in value) or " []"
    if value is None:
        return ""
    return f" {value if key in _PLAIN else _quote(value)}"


def _quote(text: str) -> str:
    # a JSON string is a YAML scalar on one line, https://yaml.org/spec/1.2.2/#12-yaml-history
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _fields(text: str) -> Iterator[tuple[str, Node, int]]:
    """Give the keys of a block mapping, each with its value's node and the character after its colon."""
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # allowed since YAML 1.2
    try:
        root = yaml.compose(text)
    except (YAMLError, ValueError, OverflowError) as error:  # the latter two for escapes beyond Unicode
        raise Invalid(f"its front matter is not YAML: {' '.join(str(error).split())}") from error
    if root is None:
        return
    if not isinstance(root, MappingNode) or root.flow_style:
        raise Invalid("its front matter is not a list of keys, one a line")
    seen: set[str] = set()
    for key, value in root.value:
        colon = _COLON.match(text, key.end_mark.index)
        if not isinstance(key, ScalarNode) or not colon or key.value in seen:
            raise Invalid("its front matter has a key that stands there twice, or is not a word before a colon")
        seen.add(key.value)
        yield key.value, value, colon.end()


def _read(node: Node, text: str) -> Value:
    if isinstance(node, SequenceNode) and all(isinstance(item, ScalarNode) for item in node.value):
        return [item.value for item in node.value]
    if isinstance(node, ScalarNode):
        return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)
    return text[node.start_mark.index : node.end_mark.index]


def _merge(theirs: Value, ours: Value, exported: list[str]) -> Value:
    if _digest(theirs) in exported[:1]:
        return ours
    if isinstance(theirs, list) and isinstance(ours, list):
        kept = [item for item in theirs if item in ours or _digest(item) not in exported]
        return kept + [item for item in ours if item not in kept and _digest(item) not in exported]
    return theirs


def _edit(text: str, node: Node, colon: int, key: str, value: Value) -> tuple[int, int, str]:
    """Say which characters of the text are to become what, so that `key` holds the value and comments stay."""
    items = node.value if isinstance(node, SequenceNode) and not node.flow_style else []
    if items and isinstance(value, list) and value:
        return _edit_items(text, items, value)
    is_empty = isinstance(node, ScalarNode) and not node.value and not node.style
    end = colon if is_empty else max(colon, _end(text, items[-1] if items else node))
    return colon, end, _write_value(key, value)


def _edit_items(text: str, nodes: list[ScalarNode], items: list[str]) -> tuple[int, int, str]:
    starts = [text.rfind("\n", 0, node.start_mark.index) + 1 for node in nodes]
    line_end = _LINE_END.search(text, _end(text, nodes[-1]))
    end = line_end.start() if line_end else len(text)
    lines = [text[start:stop].rstrip() for start, stop in pairwise([*starts, end])]
    theirs = dict(zip((str(node.value) for node in nodes), lines, strict=True))
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    return starts[0], end, "\n".join(theirs.get(item) or f"{indent}- {_quote(item)}" for item in items)


def _end(text: str, node: Node) -> int:
    # a block scalar ends on the line below it
    return len(text[: node.end_mark.index].rstrip())
