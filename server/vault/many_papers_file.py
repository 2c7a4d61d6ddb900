"""One Markdown file of several papers, those of a day or all, each with a marked block."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from server.schema.papers import PaperPage
from server.vault.block import Block, find_blocks, write_block
from server.vault.fields import Exported
from server.vault.head import dialect_of
from server.vault.paper_file import (
    NewBlock,
    Outcome,
    Span,
    place_block,
    prepare_block,
    replace_spans,
    with_line_ends,
)
from server.vault.template import Layout

# what a paper's own file has in its head stands in the block here, and nothing of it is merged
_NOTHING: Exported = {}


class MergedFile(Struct, frozen=True):
    """A file with its papers brought up to date, and the outcome of each paper."""

    text: str
    papers: list[Outcome]


def file_title(name: str) -> str:
    """Return the title of the file of a day, or of `all`."""
    return "Papers" if name == "all" else f"Papers of {name}"


def render_many(name: str, pages: Sequence[PaperPage], layout: Layout) -> str:
    """Return a new file of papers; `name` is the day, or `all`."""
    dialect = dialect_of(layout.style)
    head = dialect.write({"papermargin": name, "title": file_title(name)})
    blocks = [
        write_block(layout.write(page, alone=False), _NOTHING, page, layout) for page in pages
    ]
    return f"{dialect.fences[0]}{head}{dialect.fences[1]}\n" + "\n\n".join(blocks) + "\n"


def merge_many(text: str, pages: Sequence[PaperPage], layout: Layout) -> MergedFile:
    """Update the papers of a file; new papers are added below the others."""
    blocks = find_blocks(text)
    by_key: dict[str | None, list[Block]] = defaultdict(list)
    for block in blocks:
        by_key[block.key].append(block)
    spans: list[Span] = []
    papers: list[Outcome] = []
    new = ""
    for page in pages:
        own = [block for key in (page.key, *page.aliases) for block in by_key[key]]
        ours = prepare_block(own, page, layout, _NOTHING, alone=False)
        is_same = ours.text in [block.text for block in own]
        if not own:
            new += f"\n\n{ours.text}"
        elif not is_same:
            spans += place_block(text, own, ours)
        papers.append(_outcome(ours, is_same=is_same))
    end = blocks[-1].end if blocks else len(text)
    return MergedFile(replace_spans(text, [*spans, (end, end, with_line_ends(text, new))]), papers)


def _outcome(block: NewBlock, *, is_same: bool) -> Outcome:
    if block.edited:
        return "conflict"
    return "unchanged" if is_same else "updated"
