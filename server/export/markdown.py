"""A paper as a Markdown file: a head, and one marked block of ours that leaves the rest to the person. Pure."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from server.errors import Invalid
from server.export.heads import dialect_of, find_head, unmark_gone
from server.export.layout import Layout
from server.export.marks import Block, find_blocks, newest, write_block, write_conflict
from server.export.values import Exported, digest_values, read_values
from server.wire import PaperPage

Span = tuple[int, int, str]
"""The characters from one to another, and what is to stand there."""


Outcome = Literal["created", "updated", "unchanged", "conflict", "kept", "failed"]


class Merged(Struct, frozen=True):
    """A file with our part brought up to date; `reason` says why it was kept as it is, where it was.

    In a conflict the person edited our block: theirs is kept, and ours stands beneath it.
    """

    text: str
    outcome: Outcome
    reason: str | None = None


def render(page: PaperPage, layout: Layout) -> str:
    """Give the whole file of a paper that has none yet."""
    dialect = dialect_of(layout.style)
    values = dialect.clean(read_values(page, layout.style))
    written = dialect.write(values)
    block = write_block(layout.write(page), digest_values(values, written), layout.style)
    return f"{dialect.fences[0]}{written}{dialect.fences[1]}\n{block}\n"


def merge(text: str, page: PaperPage, layout: Layout) -> Merged:
    """Bring a paper's file up to date: our block and our values in its head, and no other byte."""
    original, text = text, unmark_gone(text)
    head = find_head(text)
    blocks = find_blocks(text, head.rest) if head else []
    if not head or not blocks:
        return Merged(original, "kept", "it has no marked block any more")
    values = head.dialect.clean(read_values(page, layout.style))
    exported = digest_values(values, head.dialect.write(values))
    ours = write_ours(blocks, page, layout, exported)
    if text == original and any(block.text == ours.text for block in blocks):
        return Merged(text, "conflict" if ours.edited else "unchanged")
    try:
        merged = head.dialect.merge(head.values, values, newest(blocks).exported)
    except Invalid as error:
        return Merged(original, "kept", str(error))
    text = replace_spans(text, [(head.start, head.end, merged), *place_block(text, blocks, ours)])
    return Merged(text, "conflict" if ours.edited else "updated")


def read_key(text: str) -> str | None:
    """Give the key of the paper whose file this is, as its head says, quoted or not; else None."""
    head = find_head(text)
    return head.key if head else None


class Ours(Struct, frozen=True):
    """Our block as it is to be, the blocks whose place it takes, and whether one of the others was edited."""

    text: str
    settled: list[Block]
    edited: bool


def write_ours(
    blocks: list[Block], page: PaperPage, layout: Layout, exported: Exported, key: str | None = None
) -> Ours:
    """Write a paper's block, beneath the ones that it has already if the person edited them."""
    settled = [block for block in blocks if block.is_settled(note.text for note in page.notes)]
    edited, content = len(settled) < len(blocks), layout.write(page, alone=key is None)
    if edited:
        content = write_conflict(content, layout.style)
    return Ours(write_block(content, exported, layout.style, key), settled, edited)


def place_block(text: str, blocks: list[Block], ours: Ours) -> list[Span]:
    """Say where our block goes in a file: in the place of those that are settled, or else beneath the last."""
    if ours.settled:
        return [(block.start, block.end, with_line_ends(text, ours.text)) for block in ours.settled]
    return [(blocks[-1].end, blocks[-1].end, with_line_ends(text, f"\n\n{ours.text}"))]


def with_line_ends(text: str, new: str) -> str:
    """Give new text with the line ends of a file."""
    return new.replace("\n", "\r\n") if "\r\n" in text else new


def replace_spans(text: str, spans: Iterable[Span]) -> str:
    """Put new text in the place of some characters."""
    parts, end = [], 0
    for start, stop, new in sorted(spans):
        parts += [text[end:start], new]
        end = stop
    return "".join([*parts, text[end:]])
