"""The head of a vault's file: YAML front matter or Logseq's properties, whichever it has."""

import re
from collections.abc import Callable

from msgspec import Struct

from server.schema.api import StyleName
from server.vault import frontmatter, logseq_properties
from server.vault.fields import Exported, Value, neutralize_values

_GONE = re.compile(r"^left[_-]list::?[ \t]*true[ \t]*\r?\n", re.MULTILINE)

_SHARED = re.compile(r"""^papermargin::?[ \t]*(["']?)(?P<name>[\w-]+)\1[ \t]*\r?$""", re.MULTILINE)


class Dialect(Struct, frozen=True):
    """A syntax of the head; `pattern` finds a head in a file, `key` the paper's key in it."""

    pattern: re.Pattern[str]
    key: re.Pattern[str]
    fences: tuple[str, str]
    gone: str
    clean: Callable[[dict[str, Value]], dict[str, Value]]
    write: Callable[[dict[str, Value]], str]
    parse: Callable[[str], dict[str, Value]]
    merge: Callable[[str, dict[str, Value], Exported], str]


class Head(Struct, frozen=True):
    """The head of one file: its syntax, where it stands, and its text."""

    dialect: Dialect
    start: int
    end: int
    rest: int
    values: str

    @property
    def key(self) -> str | None:
        """The paper's key in this head, or None."""
        found = self.dialect.key.search(self.values)
        return found["key"] if found else None

    @property
    def shared(self) -> str | None:
        """The name of a file of several papers, a day or `all`; None for a file of one paper."""
        found = _SHARED.search(self.values)
        return found["name"] if found else None


_YAML = Dialect(
    pattern=re.compile(
        r"\A\ufeff?(?:[ \t]*\r?\n)*---[ \t]*\r?\n(?P<values>.*?)^---[ \t]*\r?$",
        re.DOTALL | re.MULTILINE,
    ),
    key=re.compile(r"""^paper_key:[ \t]*(["']?)(?P<key>[^\s"'#]+)\1""", re.MULTILINE),
    fences=("---\n", "---\n"),
    gone="left_list: true",
    clean=neutralize_values,
    write=frontmatter.write_values,
    parse=frontmatter.parse_values,
    merge=frontmatter.merge_values,
)
_PROPERTIES = Dialect(
    pattern=re.compile(r"\A\ufeff?(?:[ \t]*\r?\n)*(?P<values>(?:[^\s:]+::.*\n)+)", re.MULTILINE),
    key=re.compile(r"^paper-key::[ \t]*(?P<key>\S+)", re.MULTILINE),
    fences=("", ""),
    gone="left-list:: true",
    clean=logseq_properties.clean_values,
    write=logseq_properties.write_values,
    parse=logseq_properties.parse_values,
    merge=logseq_properties.merge_values,
)


def dialect_of(style: StyleName) -> Dialect:
    """Return the syntax in which new files of a style are written."""
    return _PROPERTIES if style == "logseq" else _YAML


def find_head(text: str) -> Head | None:
    """Return the head of a file, or None if it has none."""
    for dialect in (_YAML, _PROPERTIES):
        if found := dialect.pattern.match(text):
            return Head(dialect, *found.span("values"), found.end(), found["values"])
    return None


def mark_gone(text: str) -> str:
    """Mark in a file's head that its paper left the list."""
    head = find_head(text)
    if head is None or _GONE.search(head.values):
        return text
    line_end = "\r\n" if "\r\n" in head.values else "\n"
    return text[: head.end] + head.dialect.gone + line_end + text[head.end :]


def unmark_gone(text: str) -> str:
    """Remove the mark of `mark_gone`."""
    head = find_head(text)
    return (
        text[: head.start] + _GONE.sub("", head.values, count=1) + text[head.end :]
        if head
        else text
    )
