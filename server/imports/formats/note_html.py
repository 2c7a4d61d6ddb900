"""Read notes that other programs keep as HTML: their text, with lists and tasks as Markdown's."""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct
from selectolax.lexbor import LexborNode

from server.imports.formats.nesting import parse_html
from server.schema.sources import fold

_BLOCKS = {
    *("p", "div", "li", "ul", "ol", "dl", "dt", "dd", "blockquote", "pre", "table", "tr", "body"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "header", "footer", "hr"),
}
_DEEPEST = 60  # columns that an item is indented at most, however many lists it stands in
_DIGITS = 9  # of the number that a list of Markdown begins with


class _Item(Struct):
    """An item of a list: how far it is indented, and its mark, which its first line begins with."""

    indent: int
    mark: str
    is_written: bool = False

    def write(self, text: str) -> str:
        """Return a line of the item."""
        mark = " " * len(self.mark) if self.is_written else self.mark
        self.is_written = True
        return " " * self.indent + mark + text


class _Place(Struct, frozen=True):
    """Where in a note a text stands: the id of its block, and the item of a list, if any."""

    block: int = 0
    item: _Item | None = None


class _Line(Struct):
    """A line of a note, and the item that it stands in, if any."""

    text: str = ""
    item: _Item | None = None


def read_note(markup: str) -> str:
    """Return a note in HTML as Markdown: a line for each block, and an item for each of a list.

    A checkbox becomes the mark of a task. Other markup is left out.

    >>> read_note("<p>To do:</p><ul><li>[ ] read<ol><li>twice</li></ol></li></ul>")
    'To do:\\n- [ ] read\\n  1. twice'
    """
    written: list[str] = []
    last: _Item | None = None
    for line in _lines(markup):
        if text := fold(line.text):
            if last and line.item is not last and (line.item is None or line.item.is_written):
                written.append("")  # else the line would belong to the item above
            written.append(line.item.write(text) if line.item else text)
            last = line.item
    return "\n".join(written)


def _lines(markup: str) -> Iterator[_Line]:
    body = parse_html(markup).body
    places: dict[int, _Place] = {}
    numbers: Counter[int] = Counter()
    line, block = _Line(), 0
    for node in body.traverse(include_text=True) if body else ():
        place = places.get(node.parent.mem_id if node.parent else 0, _Place())
        text = _text(node)
        if node.tag in _BLOCKS:
            place = _Place(node.mem_id, place.item)
        if node.tag == "li":
            place = _Place(node.mem_id, _begin(node, place.item, numbers))
        places[node.mem_id] = place
        if node.tag == "br" or (text and place.block != block):
            yield line
            line, block = _Line(item=place.item), place.block
        first, *more = text.split("\n")
        line.text += first
        for rest in more:
            yield line
            line = _Line(rest, place.item)
    yield line


def _begin(node: LexborNode, outer: _Item | None, numbers: Counter[int]) -> _Item:
    """Return the item that begins with a node; `numbers` counts those of each list."""
    indent = min(outer.indent + len(outer.mark), _DEEPEST) if outer else 0
    of = node.parent
    if of is None or of.tag != "ol":
        return _Item(indent, "- ")
    start = of.attributes.get("start") or ""
    first = int(start) if start.isascii() and start.isdigit() and len(start) < _DIGITS else 1
    numbers[of.mem_id] += 1
    return _Item(indent, f"{first + numbers[of.mem_id] - 1}. ")


def _text(node: LexborNode) -> str:
    if node.tag == "input" and node.attributes.get("type") == "checkbox":
        return "[x] " if "checked" in node.attributes else "[ ] "
    return (node.text_content or "").replace("\r\n", "\n") if node.tag == "-text" else ""
