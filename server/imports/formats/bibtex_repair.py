"""The fields of broken entries of BibTeX, which bibtexparser gives up as a whole.

It reads no other entries: the parser is right about everything that BibTeX allows.
"""

import re
from collections.abc import Iterator

from bibtexparser.model import Entry, Field

_HEAD = re.compile(r"\s*@(?P<type>\w+)\s*[{(]\s*(?P<key>[^\s,={}()\"]*)\s*(?P<mark>[,=]?)")
# an equals sign may be missing before a delimiter
_NAME = re.compile(r"[\s,]*(?P<name>[A-Za-z][\w:.-]*)\s*(?:=\s*|(?=[{\"]))")
_WORD = re.compile(r"[^\s,{}\"]+")
# where a value must end whose braces do not match: before the next field, or with the entry
_NEXT_FIELD = re.compile(r"\s*,?\s*(?:[A-Za-z][\w:.-]*\s*=|[})]?\s*\Z)")


def repair_entry(raw: str, line: int) -> Entry | None:
    """Return what can be read of a broken entry, or None if that is nothing."""
    head = _HEAD.match(raw)
    if head is None:
        return None
    # without a key, what stands there is the name of the first field
    has_key = head["mark"] != "="
    fields = list(_fields(raw, head.end() if has_key else head.start("key")))
    if not fields:
        return None
    return Entry(head["type"], head["key"] if has_key else "", fields, start_line=line, raw=raw)


def end_of_value(raw: str, start: int = 0) -> int | None:
    """Return where a value in braces or quotes ends, None if it does not."""
    depth = 0
    for place in range(start, len(raw)):
        character = raw[place]
        if raw[place - 1 : place] == "\\":
            continue
        if character == '"' and depth == 0 and place > start and raw[start] == '"':
            return place + 1
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "}" and depth == 0 and raw[start] == "{":
            return place + 1
    return None


def _fields(raw: str, place: int) -> Iterator[Field]:
    while found := _NAME.match(raw, place):
        place = _find_end(raw, found.end())
        if value := raw[found.end() : place].strip():
            yield Field(found["name"], value)


def _find_end(raw: str, start: int) -> int:
    """Return where the value ends that starts here."""
    if raw[start : start + 1] not in ("{", '"'):
        word = _WORD.match(raw, start)
        return word.end() if word else start
    end = end_of_value(raw, start)
    if end is not None:
        return end
    closing = "}" if raw[start] == "{" else '"'
    ends = (place for place in range(start + 1, len(raw)) if raw[place] == closing)
    return next((end + 1 for end in ends if _NEXT_FIELD.match(raw, end + 1)), len(raw))
