"""Escape plain text as Markdown, and write links that lead only where they say."""

import re
from urllib.parse import quote

from server.vault.filename import link_name

# mathematics stays as it is, unless it holds what could be more than that to a reader without
# mathematics
_MATHEMATICS = r"\$(?![\s$])[^$<>\[\]`|%#{:\n]{1,300}(?<![\s\\])\$(?!\d)"
# what is special only beside another sign: comments, marks, properties, macros and references of
# Obsidian and Logseq, and Templater's <%. Both signs get a backslash, because some programs look
# for the two in a file without regard to Markdown's escapes
_PAIRS = (
    r"%(?=%)|(?<=[%<])%|=(?==)|(?<=[=$`])=|:(?=:)|(?<=[:\[]):"
    r"|\{(?=\{)|(?<=\{)\{|\((?=\()|(?<=\()\(|(?<=#)\+"
)
_SPECIAL = re.compile(rf"(?P<mathematics>{_MATHEMATICS})|[\\`*_\[\]<>#|~$^]|&(?=#?\w+;)|{_PAIRS}")
_LIST_OR_RULE = re.compile(r"^(\d*)([-+.)])(?=\s|-|$)")
# they turn the direction of what follows,
# https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Markdown(str):
    """Text that is Markdown already and must not be escaped."""


def one_line(text: str) -> str:
    """Return the text on one line, without invisible and direction-changing characters."""
    return " ".join(_INVISIBLE.sub("", " ".join(text.split())).split())


def escape(text: str) -> Markdown:
    """Return plain text as Markdown on one line that shows just this text."""
    escaped = _SPECIAL.sub(
        lambda found: found[0] if found["mathematics"] else f"\\{found[0]}", one_line(text)
    )
    return Markdown(_LIST_OR_RULE.sub(r"\1\\\2", escaped))


def quote_lines(text: str) -> Markdown:
    """Return Markdown as a block quote, which cannot open or close anything outside of it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Markdown("\n".join(f"> {line}" if line else ">" for line in lines))


def web_link(label: str, url: str | None) -> Markdown:
    """Return a link to a web address, or nothing for any other address, such as a script's."""
    if not url or not url.startswith(("https://", "http://")):
        return Markdown()
    return Markdown(f"[{escape(label)}]({quote_address(url)})")


def quote_address(url: str) -> str:
    """Return a web address without characters that could end a link or start code."""
    quoted = quote(url, safe=":/?#@!&*+,;=%~")
    return quoted.replace("::", ":%3A").replace("~~~", "%7E%7E%7E")


def wiki_link(name: str, folder: str) -> Markdown:
    """Return Obsidian's link to the page of a term or tag, which need not exist yet."""
    target = link_name(name)
    return Markdown(f"[[{folder}/{target}|{target}]]")


def page_link(name: str, folder: str) -> Markdown:
    """Return Logseq's link to the page on a term or tag."""
    target = link_name(name)
    return Markdown(f"[{target}]([[{folder}/{target}]])")


def plain_link(name: str, _folder: str) -> Markdown:
    """Return the name alone, for programs without links between notes."""
    return escape(name)
