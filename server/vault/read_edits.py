"""Read the edits that a user made in a vault's file since it was exported."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar, get_args

from msgspec import Struct, field

from server.errors import Invalid, SourceError
from server.exports.foreign_code import neutralize
from server.schema.api import StyleName
from server.vault.block import Block, EditedNote, find_blocks, newest
from server.vault.fields import Unreadable, Value, digest, write_tag
from server.vault.head import Head, find_head
from server.vault.logseq_properties import clean_values

# a wikilink, also one with another text
_LINK = re.compile(r"\[\[([^\]|]*)(?:\|[^\]]*)?\]\]")
T = TypeVar("T")
FIELDS = ("status", "rating", "snoozed_until", "due", "tags")


class FileEdits(Struct, kw_only=True):
    """The editable values in a paper's file, the notes that were edited, and new highlights.

    `is_edited_elsewhere` is whether the block was edited in another place. `exported` holds the
    digests of the values that were exported last. `added` are new notes, and `block` is the block
    that notes may have been taken out of.
    """

    key: str
    values: dict[str, Value] = field(default_factory=dict)
    exported: dict[str, list[str]] = field(default_factory=dict)
    notes: list[EditedNote] = field(default_factory=list)
    highlights: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    block: Block | None = None
    is_edited_elsewhere: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything was edited since the export."""
        has_edits = self.notes or self.highlights or self.is_edited_elsewhere
        may_lack_notes = self.block is not None and not self.block.intact
        return bool(has_edits) or may_lack_notes or any(map(self.is_new, FIELDS))

    def is_new(self, name: str) -> bool:
        """Return whether a value was edited; False if the exported one is unknown."""
        return (
            name in self.values
            and name in self.exported
            and digest(self.values[name]) != self.exported[name][0]
        )

    def was_exported(self, name: str, value: Value) -> bool:
        """Return whether this value is the one that was exported."""
        return digest(value) == self.exported[name][0]

    def tags(self) -> list[str]:
        """Return the tags in the file, without their hash signs."""
        value = self.values.get("tags") or []
        if isinstance(value, Unreadable):
            return []
        items = value if isinstance(value, list) else value.replace(",", " ").split()
        tags = (_LINK.sub(r"\1", item.strip()).removeprefix("#") for item in items)
        return [tag for tag in tags if tag]

    def had_tag(self, tag: str) -> bool:
        """Return whether a tag was exported, in any of its forms."""
        return any(digest(form) in self.exported["tags"][1:] for form in tag_forms(tag))


def read_edits(text: str) -> list[FileEdits]:
    """Return the edits of each paper in a file.

    Raises SourceError if the file lacks what is needed to compare it.
    """
    head = find_head(text)
    blocks = find_blocks(text, head.rest if head else 0)
    keys = [*dict.fromkeys(block.key for block in blocks if block.key)]
    if is_shared(head.shared if head else None, keys):
        named = ((block.key, block.edited_notes()) for block in blocks)
        return [FileEdits(key=key, notes=list(notes)) for key, notes in named if key]
    own = [head.key] if head and head.key else keys
    return [_read_paper(head, own, blocks)]


def is_shared(name: str | None, keys: Collection[str]) -> bool:
    """Return whether a file is of several papers: its head names it so, or its blocks' keys do."""
    return bool(name) or len(keys) > 1


def _read_paper(head: Head | None, keys: list[str], blocks: list[Block]) -> FileEdits:
    if not keys or not blocks:
        raise SourceError(
            "this file of a vault has no marked block, or no key of a paper, any more"
        )
    values = _parse_head(head) if head else {}
    exported = newest(blocks).exported
    if not exported:
        raise SourceError(
            "this file of a vault no longer says what was exported, so nothing can be told from it"
        )
    return FileEdits(
        key=keys[0],
        values=_editable(values),
        exported=_editable(exported),
        notes=_gather(blocks, Block.edited_notes),
        highlights=_gather(blocks, Block.highlights),
        added=_gather(blocks, Block.added_notes),
        # of several blocks, the other one may have the note
        block=blocks[0] if len(blocks) == 1 else None,
        is_edited_elsewhere=_are_edited_elsewhere(blocks),
    )


def _gather(blocks: list[Block], read: Callable[[Block], Iterable[T]]) -> list[T]:
    return [found for block in blocks for found in read(block)]


def _parse_head(head: Head) -> dict[str, Value]:
    try:
        return head.dialect.parse(head.values)
    except Invalid as error:
        raise SourceError(str(error)) from error


def _editable(values: Mapping[str, T]) -> dict[str, T]:
    return {name: values[name] for name in FIELDS if name in values}


def _are_edited_elsewhere(blocks: list[Block]) -> bool:
    """Return whether a block has edits that are no notes; a conflict says so itself in the file."""
    if any(block.intact for block in blocks):
        return False
    return any(block.is_edited_outside_notes() for block in blocks)


def tag_forms(tag: str) -> set[str]:
    """Return the forms in which a tag may stand in a file."""
    written = [write_tag(tag, style) for style in get_args(StyleName)]
    [cleaned] = clean_values({"tags": written}).values()
    return {tag, *written, *map(neutralize, written), *(cleaned or [])}
