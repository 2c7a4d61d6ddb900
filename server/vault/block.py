"""The marked block in a user's file, between two comments that carry the digest of its content.

The digest shows whether the block was edited, and keeps a note from forging the end of the block:
the note would have to contain its own digest. The block's last line records what was exported, so
that a file can be merged wherever it was copied or restored from. The first comment names the
paper, so that its file is found whatever happens to the file's head; older versions wrote the name
only in files of several papers.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from server.exports.foreign_code import restore
from server.schema.api import StyleName
from server.schema.papers import PaperPage
from server.schema.reading_list import NoteState
from server.schema.sources import fold
from server.vault.escape import quote_lines
from server.vault.fields import Exported, digest
from server.vault.note_styles import (
    WrittenNote,
    find_added_notes,
    find_notes,
    plain_lines,
    written_text,
)
from server.vault.paper_links import link_files, restore_links
from server.vault.template import Layout

_BEGIN = re.compile(
    r"^(?:- )?<!-- papermargin:begin (?P<digest>[0-9a-f]{32})(?: (?P<key>\S+))? -->\r?\n",
    re.MULTILINE,
)
_END = "<!-- papermargin:end {} -->"
_EXPORTED = re.compile(r"^(?:- )?<!-- papermargin:exported (.*) -->\r?\n?", re.MULTILINE)
_EXPORTED_KEY = re.compile(r"(\w+)=([0-9a-f,]+)")
_EDITED = (
    "The block above was edited here, and is kept. What Papermargin has now stands in this one.",
    "To settle it, delete the block that you do not want, with the comments around it.",
)
_CALLOUT = re.compile(r"\[![\w-]+\][-+]?")
# Obsidian's, https://help.obsidian.md/syntax; the exported text has a backslash before such signs
_HIGHLIGHT = re.compile(r"(?<![=\\])==(?=[^\s=])(.+?)(?<=[^\s=\\])==(?!=)")
_ESCAPED = re.compile(r"\\([^\w\s])")
_BLOCK_ID = re.compile(r"^[ \t]+id:: .*\n", re.MULTILINE)


class EditedNote(Struct, frozen=True):
    """A note that was edited in a block, with the digests of all that was exported there."""

    id: UUID
    text: str
    digests: tuple[str, ...]

    def was(self, text: str) -> bool:
        """Return whether this was the note's text when it was exported."""
        return digest([str(self.id), plain_lines(text)]) in self.digests


class Block(Struct, frozen=True):
    """A marked block as it stands in a file; `content` has Unix line ends."""

    start: int
    end: int
    text: str
    content: str
    key: str | None
    intact: bool
    exported: Exported

    def is_settled(self, notes: Iterable[NoteState]) -> bool:
        """Return whether the block can be replaced without a loss.

        That is so if it is unedited, or if the current notes contain all edits.
        """
        if self.intact:
            return True
        if self.is_edited_outside_notes():
            return False
        current = list(notes)
        texts = {plain_lines(note.text) for note in current}
        if not texts.issuperset(self.added_notes()) or self.has_removed_notes(current):
            return False
        quotes = {fold(note.quote.exact) for note in current if note.quote}
        is_known = all(note.text in texts for note in self.edited_notes())
        return is_known and quotes.issuperset(self.highlights())

    def is_edited_outside_notes(self) -> bool:
        """Return whether more was edited than notes, spacing, folding and highlights."""
        notes = list(find_notes(self.content))
        body, exported = _without_notes(self.content, notes), self.exported.get("body", [])
        bodies = (body, _normalize(body), self._bare_body())
        return not any(digest(each) in exported for each in bodies)

    def _bare_body(self) -> str:
        """Return what stays without notes, also those that the user added or took away."""
        spans = [(note.begin, note.stop) for note in find_notes(self.content)]
        spans += [(note.begin, note.stop) for note in find_added_notes(self.content)]
        return _normalize(_without(self.content, spans))

    def _has_only_notes_edited(self) -> bool:
        return not self.intact and digest(self._bare_body()) in self.exported.get("body", [])

    def added_notes(self) -> list[str]:
        """Return the texts of notes that the user wrote into the block, and nothing else."""
        if not self._has_only_notes_edited():
            return []
        return [note.text for note in find_added_notes(self.content) if note.text]

    def removed_notes(self, notes: Iterable[NoteState]) -> list[NoteState]:
        """Return those of some notes that were exported and that the user took out of the block."""
        if not self._has_only_notes_edited():
            return []
        digests, added = self.exported.get("notes", []), self.added_notes()
        return [
            note
            for note in notes
            if digest([str(note.id), plain_lines(note.text)]) in digests
            and str(note.id) not in self.content
            and plain_lines(note.text) not in added
        ]

    def has_removed_notes(self, notes: Iterable[NoteState]) -> bool:
        """Return whether the user took notes out of the block that are still there."""
        return bool(self.removed_notes(note for note in notes if not note.deleted))

    def highlights(self) -> list[str]:
        """Return the texts that the user highlighted outside of notes: `==so==`."""
        if self.intact:
            return []
        body = _without_notes(self.content, list(find_notes(self.content)))
        return [_ESCAPED.sub(r"\1", fold(text)) for text in _HIGHLIGHT.findall(body)]

    def edited_notes(self) -> Iterator[EditedNote]:
        """Yield the notes whose text differs from the exported one."""
        digests = tuple(self.exported.get("notes", ()))
        for note in [] if self.intact else _original(find_notes(self.content), self.exported):
            if digest([str(note.id), note.text]) not in digests:
                yield EditedNote(note.id, note.text, digests)


def write_block(content: str, exported: Exported, page: PaperPage, layout: Layout) -> str:
    """Write a paper's block: the content between its comments, with what was exported."""
    style = layout.style
    bullet = "- " if style == "logseq" else ""
    if neutralized := _find_neutralized(page.notes):
        exported = exported | {"neutralized": neutralized}
    if links := link_files(page, style, layout.files):
        exported = exported | {"links": [link.encode().hex() for link in links]}
    notes = list(_original(find_notes(content, style), exported))
    body = _without_notes(content, notes)
    bare = _without(content, [(note.begin, note.stop) for note in notes])
    recorded = exported | {
        "body": [digest(body), digest(_normalize(body)), digest(_normalize(bare))],
        "notes": [digest([str(note.id), note.text]) for note in notes] or [digest(None)],
    }
    digests = " ".join(f"{name}={','.join(values)}" for name, values in recorded.items())
    content += ("" if bullet else "\n") + f"{bullet}<!-- papermargin:exported {digests} -->\n"
    mark = _digest(content)
    begin = f"{bullet}<!-- papermargin:begin {mark} {page.key} -->"
    return f"{begin}\n{content}{bullet}{_END.format(mark)}"


def _find_neutralized(notes: Iterable[NoteState]) -> list[str]:
    """Return the ids of the notes whose text stands in the block neutralized."""
    return [note.id.hex for note in notes if written_text(note) != plain_lines(note.text)]


def _original(notes: Iterable[WrittenNote], exported: Exported) -> Iterator[WrittenNote]:
    """Yield notes of a block with the text that they have in the store."""
    neutralized = exported.get("neutralized", ())
    links = [*map(_decode, exported.get("links", ()))]
    for note in notes:
        text = restore_links(note.text, links)
        yield replace(note, text=restore(text) if note.id.hex in neutralized else text)


def _decode(digits: str) -> str:
    # anybody may have edited the file
    with suppress(ValueError):
        return bytes.fromhex(digits).decode()
    return ""


def find_blocks(text: str, start: int = 0) -> list[Block]:
    """Find the marked blocks of a file, from a character on."""
    blocks = []
    while begin := _BEGIN.search(text, start):
        start, mark = begin.end(), _END.format(begin["digest"])
        end = text.find(mark, start)
        if end >= 0:
            start = end + len(mark)
            blocks.append(_read(text, begin, end, start))
    return blocks


def newest(blocks: list[Block]) -> Block:
    """Return the last unedited block, or the last block if all were edited."""
    # an unedited block has what was exported last; among several, that is the lowest
    return max(enumerate(blocks), key=lambda numbered: (numbered[1].intact, numbered[0]))[1]


def write_conflict(content: str, style: StyleName) -> str:
    """Return the content of a block that is placed below an edited one, without ids of notes."""
    if style == "logseq":
        return "".join(f"- **{line}**\n" for line in _EDITED) + _BLOCK_ID.sub("", content)
    return (
        quote_lines("\n".join([f"[!warning] {_EDITED[0]}", _EDITED[1], "", content.rstrip("\n")]))
        + "\n"
    )


def _read(text: str, begin: re.Match[str], end: int, stop: int) -> Block:
    content = text[begin.end() : end].removesuffix("- ").replace("\r\n", "\n")
    lines = _EXPORTED.findall(content)
    return Block(
        start=begin.start(),
        end=stop,
        text=text[begin.start() : stop].replace("\r\n", "\n"),
        content=_EXPORTED.sub("", content),
        key=begin["key"],
        intact=_digest(content) == begin["digest"],
        exported={key: digests.split(",") for key, digests in _EXPORTED_KEY.findall(lines[-1])}
        if lines
        else {},
    )


def _normalize(body: str) -> str:
    """Return what stays of a block's body when a linter, a fold or a highlight changes it."""
    plain = _HIGHLIGHT.sub(r"\1", _CALLOUT.sub("[!]", body)).replace("...", "…")
    return re.sub(r"\s+", "", re.sub("-{3,}", "---", plain))


def _without_notes(content: str, notes: list[WrittenNote]) -> str:
    return _without(content, [(note.start, note.end) for note in notes])


def _without(content: str, spans: list[tuple[int, int]]) -> str:
    end, parts = 0, []
    for start, stop in sorted(spans):
        parts.append(content[end:start])
        end = max(end, stop)
    return "".join([*parts, content[end:]]).strip("\n")


def _digest(content: str) -> str:
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()
