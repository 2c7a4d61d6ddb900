"""Several papers in one Markdown file, each with a marked block of its own: those of a day, or all. Pure."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from server.export.heads import dialect_of
from server.export.layout import Layout
from server.export.markdown import Outcome, Span, place_block, replace_spans, with_line_ends, write_ours
from server.export.marks import Block, find_blocks, write_block
from server.export.values import Exported
from server.wire import PaperPage

# what a paper's own file has in its head stands in the block here, and nothing of it is merged
_NOTHING: Exported = {}


class MergedJournal(Struct, frozen=True):
    """A file with all papers brought up to date, and what became of each."""

    text: str
    papers: list[Outcome]


def title_journal(name: str) -> str:
    """Give the title of the file for a day or for `all`."""
    return "Papers" if name == "all" else f"Papers of {name}"


def render_journal(name: str, pages: Sequence[PaperPage], layout: Layout) -> str:
    """Give the whole file of some papers; `name` is the day, or `all`."""
    dialect = dialect_of(layout.style)
    head = dialect.write({"papermargin": name, "title": title_journal(name)})
    blocks = [write_block(layout.write(page, alone=False), _NOTHING, layout.style, page.key) for page in pages]
    return f"{dialect.fences[0]}{head}{dialect.fences[1]}\n" + "\n\n".join(blocks) + "\n"


def merge_journal(text: str, pages: Sequence[PaperPage], layout: Layout) -> MergedJournal:
    """Bring some papers of a file up to date; those that are new to it come below the others."""
    blocks = find_blocks(text)
    by_key: dict[str | None, list[Block]] = defaultdict(list)
    for block in blocks:
        by_key[block.key].append(block)
    spans: list[Span] = []
    papers: list[Outcome] = []
    new = ""
    for page in pages:
        own = [block for key in (page.key, *page.aliases) for block in by_key[key]]
        ours = write_ours(own, page, layout, _NOTHING, page.key)
        if not own:
            new += f"\n\n{ours.text}"
        elif not any(block.text == ours.text for block in own):
            spans += place_block(text, own, ours)
        elif not ours.edited:
            papers.append("unchanged")
            continue
        papers.append("conflict" if ours.edited else "updated")
    end = blocks[-1].end if blocks else len(text)
    return MergedJournal(replace_spans(text, [*spans, (end, end, with_line_ends(text, new))]), papers)
