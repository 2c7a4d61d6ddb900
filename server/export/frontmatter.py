"""A paper's values as YAML, merged key by key into what a person made of it. Pure.

Every value is compared as the text that stands in the file, so a number that a tool quoted is still the same value.
"""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from server.errors import Invalid
from server.export.values import Exported, Value, digest, merge_value

# values of YAML's own types, or words that every YAML reads as text; all others are quoted: to YAML 1.1
# 2501.10 is a number and "no" is false
_PLAIN = {"published", "status", "rating", "added", "updated"}
# what JSON leaves as it is and YAML does not allow in a stream, https://yaml.org/spec/1.2.2/#51-character-set
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LINE_END = re.compile(r"\r?\n")
_COLON = re.compile(r"[ \t]*:")


def write_values(values: dict[str, Value]) -> str:
    """Give the values as YAML, one key after the other; a list has one item a line."""
    return "".join(_write_field(key, value) for key, value in values.items())


def parse_values(text: str) -> dict[str, Value]:
    """Give what a person's YAML says. Raises Invalid for what is broken or too unusual to be edited."""
    return {key: _read(node, text) for key, node, _ in _fields(text)}


def merge_values(text: str, ours: dict[str, Value], exported: Exported) -> str:
    """Put our values into a person's YAML, three ways against those exported last; all else stays to the byte.

    A value that the person left alone becomes ours. One that they changed is theirs, but for lists, which merge as
    sets. A key that they deleted stays deleted. Raises Invalid for YAML that is broken or too unusual to be edited.
    """
    line_end = "\r\n" if "\r\n" in text else "\n"
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
    added = {key: ours[key] for key in ours if key not in merged and key not in exported}
    for start, end, new in [*reversed(edits), (len(text), len(text), write_values(added))]:
        text = text[:start] + _LINE_END.sub(line_end, new) + text[end:]
    if parse_values(text) != merged | added:
        raise Invalid("its front matter is written in a way that cannot be edited safely")
    return text


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
