"""A paper's fields as YAML front matter, merged key by key into what the user made of it.

Values are compared as the text in the file, so that a number that a tool quoted stays equal.
"""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from server.errors import Invalid
from server.vault.fields import RARE, Exported, Unreadable, Value, digest, merge_value

# values of YAML's own types, or words that every YAML reads as text; all others are quoted: to YAML
# 1.1
# 2501.10 is a number and "no" is false
_PLAIN = {"published", "status", "rating", "added", "updated", *RARE}
# what JSON leaves as it is and YAML does not allow in a stream,
# https://yaml.org/spec/1.2.2/#51-character-set
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LINE_END = re.compile(r"\r?\n")
MAX_DEPTH = 100
_BRACKET = re.compile(r"[\[\]{}]")
_COLON = re.compile(r"[ \t]*:")


def write_values(values: dict[str, Value]) -> str:
    """Return the values as YAML, one key after the other; a list has one item a line."""
    return "".join(
        _write_field(key, value)
        for key, value in values.items()
        if not (key in RARE and value is None)
    )


def parse_values(text: str) -> dict[str, Value]:
    """Return the fields of a user's YAML.

    Raises Invalid if it is broken or too unusual to be edited.
    """
    return {key: _read(node, text) for key, node, _ in _fields(text)}


def merge_values(text: str, ours: dict[str, Value], exported: Exported) -> str:
    """Merge our values into a user's YAML, three-way against the exported ones.

    An unchanged value becomes ours, a changed one stays, lists are merged as sets, and a deleted
    key stays deleted. All other bytes stay. Raises Invalid if the YAML is broken or too unusual to
    be edited.
    """
    line_end = _line_end(text)
    # nobody edited the head since it was exported: no need to merge
    if digest(text.replace("\r\n", "\n")) in exported.get("yaml", []):
        return write_values(ours).replace("\n", line_end)
    merged: dict[str, Value] = {}
    edits: list[tuple[int, int, str]] = []
    for key, node, colon in _fields(text):
        theirs = merged[key] = _read(node, text)
        if key in ours:
            merged[key] = merge_value(theirs, ours[key], exported.get(key, []))
        if merged[key] != theirs:
            edits.append(_edit(text, node, colon, key, merged[key]))
    added = {
        key: value
        for key, value in ours.items()
        if key not in merged and _is_added(key, value, exported)
    }
    edits.append((len(text), len(text), write_values(added)))
    # from the end, so that the offsets of earlier edits stay right
    for start, end, new in reversed(edits):
        text = text[:start] + _LINE_END.sub(line_end, new) + text[end:]
    # the edit is proved by reading the result: a head that YAML reads otherwise stays as it was
    if parse_values(text) != merged | added:
        raise Invalid("its front matter is written in a way that cannot be edited safely")
    return text


def _is_added(key: str, value: Value, exported: Exported) -> bool:
    """Return whether a value that has no line gets one: the user did not delete it."""
    if key in RARE and value is not None:
        return key not in exported or exported[key][0] == digest(None)
    return key not in RARE and key not in exported


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


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
    return _UNPRINTABLE.sub(
        lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False)
    )


def _fields(text: str) -> Iterator[tuple[str, Node, int]]:
    """Yield each key of a block mapping with its value's node and the offset after its colon."""
    _check_depth(text)
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # allowed since YAML 1.2
    try:
        root = yaml.compose(text)
    except (
        YAMLError,
        ValueError,
        OverflowError,
        RecursionError,
    ) as error:  # the latter two for escapes beyond Unicode
        raise Invalid(f"its front matter is not YAML: {' '.join(str(error).split())}") from error
    if root is None:
        return
    if not isinstance(root, MappingNode) or root.flow_style:
        raise Invalid("its front matter is not a list of keys, one a line")
    seen: set[str] = set()
    for key, value in root.value:
        colon = _COLON.match(text, key.end_mark.index)
        if not isinstance(key, ScalarNode) or not colon or key.value in seen:
            raise Invalid(
                "its front matter has a key that stands there twice, "
                "or is not a word before a colon"
            )
        seen.add(key.value)
        yield key.value, value, colon.end()


def _check_depth(text: str) -> None:
    """Raise Invalid for lists in lists without end; the parser's time grows with their square."""
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth = depth + 1 if bracket[0] in "[{" else max(0, depth - 1)
        if depth > MAX_DEPTH:
            raise Invalid(f"its front matter is nested more than {MAX_DEPTH} deep, the limit")


def _read(node: Node, text: str) -> Value:
    if isinstance(node, SequenceNode):
        items = [_read_item(item) for item in node.value]
        known = [item for item in items if item is not None]
        if len(known) == len(items):
            return known
    if isinstance(node, ScalarNode):
        return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)
    return Unreadable(text[node.start_mark.index : node.end_mark.index])


def _read_item(node: Node) -> str | None:
    """Return an item of a list; an unquoted wikilink, [[so]], is a list in a list to YAML."""
    while isinstance(node, SequenceNode) and node.flow_style and len(node.value) == 1:
        [node] = node.value
    return str(node.value) if isinstance(node, ScalarNode) else None


def _edit(text: str, node: Node, colon: int, key: str, value: Value) -> tuple[int, int, str]:
    """Return the span to replace, and its text, so that `key` has the value and comments stay."""
    items = node.value if isinstance(node, SequenceNode) and not node.flow_style else []
    if items and isinstance(value, list) and value:
        return _edit_items(text, items, value)
    is_empty = isinstance(node, ScalarNode) and not node.value and not node.style
    end = colon if is_empty else max(colon, _end(text, items[-1] if items else node))
    return colon, end, _write_value(key, value)


def _edit_items(text: str, nodes: list[Node], items: list[str]) -> tuple[int, int, str]:
    starts = [text.rfind("\n", 0, node.start_mark.index) + 1 for node in nodes]
    line_end = _LINE_END.search(text, _end(text, nodes[-1]))
    end = line_end.start() if line_end else len(text)
    lines = [text[start:stop].rstrip() for start, stop in pairwise([*starts, end])]
    theirs = dict(zip(map(_read_item, nodes), lines, strict=True))
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    return (
        starts[0],
        end,
        "\n".join(theirs.get(item) or f"{indent}- {_quote(item)}" for item in items),
    )


def _end(text: str, node: Node) -> int:
    # a block scalar ends on the line below it
    return len(text[: node.end_mark.index].rstrip())
