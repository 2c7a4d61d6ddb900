"""Refuse markup that is nested deeper than any real page, before a parser sees it."""

import re

from server.errors import SourceError

MAX_DEPTH = 1_000

_TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-z][^\s<>/]*)[^<>]*?(?P<closed>/?)>", re.IGNORECASE)
# void, or closed by what follows: https://html.spec.whatwg.org/multipage/syntax.html#optional-tags
_NOT_NESTED = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr", "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "option",
    "optgroup", "rt", "rp", "html", "head", "body",
}  # fmt: skip


def check_nesting(markup: str) -> None:
    """Raise SourceError for XML or HTML with elements in more than MAX_DEPTH others.

    The time that parsers take grows with the square of the depth.
    """
    depth = 0
    for tag in _TAG.finditer(markup):
        if tag["closed"] or tag["name"].lower() in _NOT_NESTED:
            continue
        depth = max(0, depth - 1) if tag["end"] else depth + 1
        if depth > MAX_DEPTH:
            raise SourceError(f"its elements are nested more than {MAX_DEPTH:,} deep, the limit")
