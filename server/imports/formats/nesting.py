"""Parse HTML however deeply it is nested: a parser's work grows with the square of the depth."""

import re

from selectolax.lexbor import LexborHTMLParser

DEEPEST = 100
"""How many elements stand in each other at most; a deeper one is read as a part of the deepest."""

# what an HTML tokenizer takes for a comment or a tag: https://html.spec.whatwg.org/#tokenization
_TOKEN = re.compile(
    r"""
    <!--(?:.*?-->|.*) | <[!?][^>]*+ | </[^a-z>][^>]*+ |
    <(?P<end>/?)(?P<name>[a-z][^\t\n\f\r\ />]*+)
    (?:[\t\n\f\r\ /]++ | [^\t\n\f\r\ />][^\t\n\f\r\ />=]*+(?:[\t\n\f\r\ ]*+=[\t\n\f\r\ ]*+
        (?:"[^"]*+"?+ | '[^']*+'?+ | [^\t\n\f\r\ >"'][^\t\n\f\r\ >]*+)?+)?+)*+ >?+
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_INLINE = {"a", "b", "i", "u", "s", "em", "strong", "span", "font", "code", "sub", "sup", "small"}
_ROOTS = {"svg", "math"}  # the rules below do not hold within; their text is read without them
# what stands within is no markup, so that an end that is found there may be none
_RAW = {"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext"}
# those that cannot stand in one of their kind but within another that counts, and empty ones
_UNCOUNTED = {
    *("html", "head", "body", "p", "li", "tr", "td", "th", "thead", "tbody", "tfoot"),
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
    *("source", "track", "wbr"),
}


def parse_html(markup: str) -> LexborHTMLParser:
    """Return the tree of a piece of HTML, with all its words."""
    return LexborHTMLParser(limit_nesting(markup))


def limit_nesting(markup: str) -> str:
    """Return HTML without the tags of elements that stand deeper than `DEEPEST`.

    An element counts as open until its own end tag comes, so rather too many are counted.

    >>> limit_nesting("<ul><li>" * 200).count("<ul>")
    100
    """
    nested: list[str] = []

    def keep(token: re.Match[str]) -> str:
        name = (token["name"] or "").lower()
        if name in _ROOTS:
            return ""
        if not name or name in _UNCOUNTED:
            return token[0]
        is_deep = len(nested) >= DEEPEST
        if not token["end"]:
            nested.append(name)
        elif nested and nested[-1] == name and name not in _RAW:
            nested.pop()
            is_deep = len(nested) >= DEEPEST
        else:
            return token[0]
        return ("" if name in _INLINE else "<br>") if is_deep else token[0]

    return _TOKEN.sub(keep, markup)
