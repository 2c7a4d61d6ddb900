r"""Keep text that came from elsewhere from being run as code by a program that reads Markdown.

Obsidian's plugins, Templater among them, and Logseq run code that they find in a file of a vault.
A text that the user did not type is written there with a backslash within each mark that would
start code: `<% x %>` becomes `<\% x %>`. The backslash shows that something was done, Markdown
hides most of them when it is rendered, and `restore` returns the exact text: `neutralize` writes
one backslash more than there was, whatever there was, and `restore` one less.
"""

import re

# without code that any plugin known to us runs; a fence of another language, or with options
# after it, is marked
_LANGUAGES = "bash|c|cpp|csv|diff|go|java|json|latex|lua|python|r|ruby|rust|sh|sql|text|toml|yaml"
_LIVE_TAGS = "code|embed|frame|iframe|object|pre|script|style"

# The places in which a backslash is written, each before as many as there are already.
_PLACES = (
    # a fenced block: ```dataviewjs, also indented and in a quote
    rf"(?<=```)(?=\\*+(?!`)(?![ \t\r]*(?:{_LANGUAGES})?[ \t\r]*$))",
    rf"(?<=~~~)(?=\\*+(?!~)(?![ \t\r]*(?:{_LANGUAGES})?[ \t\r]*$))",
    # Templater's <% and Logseq's <%date%>; HTML that plugins take for their code
    rf"(?<=<)(?=\\*+(?:%|(?i:{_LIVE_TAGS})\b))",
    # Logseq: {{macros}}, properties:: and Dataview's fields::, #+BEGIN_QUERY, [:hiccup]
    r"(?<=\{)(?=\\*+\{)",
    r"(?<=:)(?=\\*+:)",
    r"(?<=#)(?=\\*+\+)",
    r"(?<=\[)(?=\\*+:)",
)
_PLACE = re.compile("|".join(_PLACES), re.MULTILINE)
# Dataview's code within a line, `= x` and `$= x`; it may begin on the next line of a quote
_INLINE = re.compile(r"(`[\s>]*+)(\\*+)(?=\$?=)")
_MARKED_PLACE = re.compile("|".join(rf"{place}\\" for place in _PLACES), re.MULTILINE)
_MARKED_INLINE = re.compile(r"(`[\s>]*+)\\(\\*+)(?=\$?=)")


def neutralize(text: str) -> str:
    """Return a Markdown text in which nothing starts code; `restore` is the inverse."""
    return _INLINE.sub(r"\1\\\2", _PLACE.sub(r"\\", text))


def restore(text: str) -> str:
    """Return the text that was neutralized, and any other text without its backslashes there."""
    return _MARKED_PLACE.sub("", _MARKED_INLINE.sub(r"\1\2", text))
