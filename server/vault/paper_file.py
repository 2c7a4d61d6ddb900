"""The Markdown file of one paper: a head and one marked block; the rest belongs to the user."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from server.errors import Invalid
from server.schema.papers import PaperPage
from server.vault.block import Block, find_blocks, newest, write_block, write_conflict
from server.vault.fields import Exported, Value, digest_values, read_values
from server.vault.head import Head, dialect_of, find_head, unmark_gone
from server.vault.template import Layout

Span = tuple[int, int, str]
"""The characters from one to another, and what is to stand there."""


Outcome = Literal["created", "updated", "unchanged", "conflict", "kept", "failed"]


class Merged(Struct, frozen=True):
    """A merged file; `reason` says why a file was kept unchanged.

    In a conflict the user edited our block: theirs is kept, and the new one is placed below it.
    """

    text: str
    outcome: Outcome
    reason: str | None = None


def render(page: PaperPage, layout: Layout) -> str:
    """Return the whole file of a paper that has none yet."""
    dialect = dialect_of(layout.style)
    values = dialect.clean(read_values(page, layout.style))
    written = dialect.write(values)
    exported = digest_values(values, written)
    block = write_block(layout.write(page), exported, page, layout)
    return f"{dialect.fences[0]}{written}{dialect.fences[1]}\n{block}\n"


def merge(text: str, page: PaperPage, layout: Layout) -> Merged:
    """Update our block and our values in a paper's file, and change no other byte.

    Values that the user deleted stay deleted, also if the whole head is gone.
    """
    # a paper that is exported is in the list again
    original, text = text, unmark_gone(text)
    head = find_head(text)
    blocks = find_blocks(text, head.rest if head else 0)
    if not blocks:
        return Merged(original, "kept", "it has no marked block any more")
    dialect = head.dialect if head else dialect_of(layout.style)
    values = dialect.clean(read_values(page, layout.style))
    exported = digest_values(values, dialect.write(values))
    ours = prepare_block(blocks, page, layout, exported)
    if text == original and any(block.text == ours.text for block in blocks):
        return Merged(text, "conflict" if ours.edited else "unchanged")
    try:
        spans = _merge_head(head, values, newest(blocks).exported)
    except Invalid as error:
        return Merged(original, "kept", str(error))
    text = replace_spans(text, [*spans, *place_block(text, blocks, ours)])
    return Merged(text, "conflict" if ours.edited else "updated")


def _merge_head(head: Head | None, values: dict[str, Value], exported: Exported) -> list[Span]:
    if head is None:
        return []
    return [(head.start, head.end, head.dialect.merge(head.values, values, exported))]


def read_key(text: str) -> str | None:
    """Return the paper's key in a file's head, or None."""
    head = find_head(text)
    return head.key if head else None


class NewBlock(Struct, frozen=True):
    """The block to write, the blocks that it replaces, and whether another block was edited."""

    text: str
    settled: list[Block]
    edited: bool


def prepare_block(
    blocks: list[Block], page: PaperPage, layout: Layout, exported: Exported, *, alone: bool = True
) -> NewBlock:
    """Write a paper's block; it goes below the existing ones if the user edited them."""
    settled = [block for block in blocks if block.is_settled(page.notes)]
    # a block that cannot be replaced without a loss is one that the user edited
    edited, content = len(settled) < len(blocks), layout.write(page, alone=alone)
    if edited:
        content = write_conflict(content, layout.style)
    written = write_block(content, exported, page, layout)
    return NewBlock(written, settled, edited)


def place_block(text: str, blocks: list[Block], ours: NewBlock) -> list[Span]:
    """Return the edits that place a block: instead of the replaceable ones, or below the last."""
    if ours.settled:
        return [(block.start, block.end, with_line_ends(text, ours.text)) for block in ours.settled]
    return [(blocks[-1].end, blocks[-1].end, with_line_ends(text, f"\n\n{ours.text}"))]


def with_line_ends(text: str, new: str) -> str:
    """Return new text with the line ends that a file uses."""
    return new.replace("\n", "\r\n") if "\r\n" in text else new


def replace_spans(text: str, spans: Iterable[Span]) -> str:
    """Replace spans of a text."""
    parts, end = [], 0
    for start, stop, new in sorted(spans):
        parts += [text[end:start], new]
        end = stop
    return "".join([*parts, text[end:]])
