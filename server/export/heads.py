"""The head of a vault's file: front matter in YAML, or Logseq's properties; which one it is shows in the file. Pure."""

import re
from collections.abc import Callable

from msgspec import Struct

from server.export import frontmatter, properties
from server.export.values import Exported, Value
from server.wire import StyleName

_GONE = re.compile(r"^left[_-]list::?[ \t]*true[ \t]*\r?\n", re.MULTILINE)

_SHARED = re.compile(r"""^papermargin::?[ \t]*(["']?)(?P<name>[\w-]+)\1[ \t]*\r?$""", re.MULTILINE)


class Dialect(Struct, frozen=True):
    """A way to write values; `pattern` finds them at the start of a file, `key` the paper's key among them."""

    pattern: re.Pattern[str]
    key: re.Pattern[str]
    fences: tuple[str, str]
    gone: str
    clean: Callable[[dict[str, Value]], dict[str, Value]]
    write: Callable[[dict[str, Value]], str]
    parse: Callable[[str], dict[str, Value]]
    merge: Callable[[str, dict[str, Value], Exported], str]


class Head(Struct, frozen=True):
    """Where the values stand in a file, and how they are written."""

    dialect: Dialect
    start: int
    end: int
    rest: int
    values: str

    @property
    def key(self) -> str | None:
        """The key of the paper whose file this is, quoted or not."""
        found = self.dialect.key.search(self.values)
        return found["key"] if found else None

    @property
    def shared(self) -> str | None:
        """What the file holds the papers of, where it is one of several papers: a day, or `all`."""
        found = _SHARED.search(self.values)
        return found["name"] if found else None


_YAML = Dialect(
    pattern=re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<values>.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE),
    key=re.compile(r"""^paper_key:[ \t]*(["']?)(?P<key>[^\s"'#]+)\1""", re.MULTILINE),
    fences=("---\n", "---\n"),
    gone="left_list: true",
    clean=lambda values: values,
    write=frontmatter.write_values,
    parse=frontmatter.parse_values,
    merge=frontmatter.merge_values,
)
_PROPERTIES = Dialect(
    pattern=re.compile(r"\A\ufeff?(?P<values>(?:[^\s:]+::.*\n)+)", re.MULTILINE),
    key=re.compile(r"^paper-key::[ \t]*(?P<key>\S+)", re.MULTILINE),
    fences=("", ""),
    gone="left-list:: true",
    clean=properties.clean_values,
    write=properties.write_values,
    parse=properties.parse_values,
    merge=properties.merge_values,
)


def dialect_of(style: StyleName) -> Dialect:
    """Give the way in which new files of a style have their values."""
    return _PROPERTIES if style == "logseq" else _YAML


def find_head(text: str) -> Head | None:
    """Give the head of a file, None where there is none."""
    for dialect in (_YAML, _PROPERTIES):
        if found := dialect.pattern.match(text):
            return Head(dialect, *found.span("values"), found.end(), found["values"])
    return None


def mark_gone(text: str) -> str:
    """Say in a file's head that its paper left the list."""
    head = find_head(text)
    if head is None or _GONE.search(head.values):
        return text
    line_end = "\r\n" if "\r\n" in head.values else "\n"
    return text[: head.end] + head.dialect.gone + line_end + text[head.end :]


def unmark_gone(text: str) -> str:
    """Take back what `mark_gone` said."""
    head = find_head(text)
    return text[: head.start] + _GONE.sub("", head.values, count=1) + text[head.end :] if head else text
