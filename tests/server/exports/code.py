"""Texts that other programs would run, and the patterns by which they find them."""

import re

from hypothesis import strategies as st

# what starts code in Obsidian, its plugins Dataview and Templater, and Logseq
LIVE = re.compile(
    r"(?:```|~~~)[ \t]*(?:dataview|tasks|query|&)|<%|\{\{|::|(?m:^[ \t>]*)#\+[a-z]|(?<!\\)\[:"
    r"|(?<!\\)`[ \t]*\$?=|(?<!\\)<(?:code|pre|script|iframe)\b",
    re.IGNORECASE,
)
EXAMPLES = (
    "```dataviewjs\ndv.paragraph(1)\n```",
    "> ~~~~ dataview\n> LIST\n> ~~~~",
    "```&#100;ataviewjs\nx\n```",
    "`$= dv.current()` and ` = this.file`",
    "<% tp.user.run() %> and <%* x %>",
    "{{query (todo now)}} {{{x}}}",
    "#+BEGIN_QUERY\n{:query [:find ?x]}\n#+END_QUERY",
    "template:: x\nkey::value",
    "[:iframe {:src 1}]",
    "<code>$= x</code> <pre><code class='language-dataviewjs'>",
    "../../x",
    "<% x %>",
    "[[x]]",
)
_PIECES = [
    *EXAMPLES, "`", "```", "~~~", "dataviewjs", "python", " ", "\n", "> ", "$=", "=", "$", "<", "%",
    "{", "}", ":", "#", "+", "[", "\\", "code", "x", "\r", "\t", "&",
]  # fmt: skip
CODE = st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)
