"""Plain text as Markdown that shows just this text, and links that lead where they say and nowhere else. Pure."""

import re
from urllib.parse import quote

from server.export.filename import link_name

# mathematics stays as it is, unless it holds what could be more than that to a reader without mathematics
_MATHEMATICS = r"\$(?![\s$])[^$<>\[\]`|%#{:\n]{1,300}(?<![\s\\])\$(?!\d)"
# the last three are comments and marks to Obsidian, properties and macros to Logseq
_SPECIAL = re.compile(
    rf"(?P<mathematics>{_MATHEMATICS})|[\\`*_\[\]<>#|~$^]|&(?=#?\w+;)|%(?=%)|=(?==)|:(?=:)|\{{(?=\{{)|\((?=\()"
)
_LIST_OR_RULE = re.compile(r"^(\d*)([-+.)])(?=\s|-|$)")
# they turn the direction of what follows, https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Markdown(str):
    """Text that is Markdown already."""


def one_line(text: str) -> str:
    """Give the text on one line, without what is invisible or turns the direction of what follows."""
    return " ".join(_INVISIBLE.sub("", " ".join(text.split())).split())


def escape(text: str) -> Markdown:
    """Give plain text as Markdown on one line that shows just this text."""
    escaped = _SPECIAL.sub(lambda found: found[0] if found["mathematics"] else f"\\{found[0]}", one_line(text))
    return Markdown(_LIST_OR_RULE.sub(r"\1\\\2", escaped))


def quote_lines(text: str) -> Markdown:
    """Give Markdown as a block quote: nothing in it can open or close anything outside."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Markdown("\n".join(f"> {line}" if line else ">" for line in lines))


def web_link(label: str, url: str | None) -> Markdown:
    """Give a link to a web address, nothing for what is none, a script for instance."""
    if not url or not url.startswith(("https://", "http://")):
        return Markdown()
    return Markdown(f"[{escape(label)}]({quote(url, safe=':/?#@!&*+,;=%~')})")


def wiki_link(name: str, folder: str) -> Markdown:
    """Give Obsidian's link to the note on a term or tag, which lies in a folder of its own and may not be there yet."""
    target = link_name(name)
    return Markdown(f"[[{folder}/{target}|{target}]]")


def page_link(name: str, folder: str) -> Markdown:
    """Give Logseq's link to the page on a term or tag."""
    target = link_name(name)
    return Markdown(f"[{target}]([[{folder}/{target}]])")


def plain_link(name: str, _folder: str) -> Markdown:
    """Give the name alone, for readers who know no links between notes."""
    return escape(name)
