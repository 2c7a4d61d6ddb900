"""The marked block of ours in a person's file, between two comments that carry the digest of what they enclose. Pure.

So an edit of the person's shows, and no note can forge an end of the block: it would have to hold the digest of itself.
The block's last line tells what was exported with it, so that a file can be merged wherever it was copied or restored
from. In a file of several papers the first comment names the paper.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from uuid import UUID

from msgspec import Struct

from server.export.notation import quote_lines
from server.export.styles import WrittenNote, find_notes, plain_lines
from server.export.values import Exported, digest
from server.wire import StyleName

_BEGIN = re.compile(r"^(?:- )?<!-- papermargin:begin (?P<digest>[0-9a-f]{32})(?: (?P<key>\S+))? -->\r?\n", re.MULTILINE)
_END = "<!-- papermargin:end {} -->"
_EXPORTED = re.compile(r"^(?:- )?<!-- papermargin:exported (.*) -->\r?\n?", re.MULTILINE)
_EXPORTED_KEY = re.compile(r"(\w+)=([0-9a-f,]+)")
_EDITED = (
    "The block above was edited here, and is kept. What Papermargin has now stands in this one.",
    "To settle it, delete the block that you do not want, with the comments around it.",
)
_BLOCK_ID = re.compile(r"^[ \t]+id:: .*\n", re.MULTILINE)


class EditedNote(Struct, frozen=True):
    """A note that a person edited in a block: its text there, and digests of all that was exported with the block."""

    id: UUID
    text: str
    told: tuple[str, ...]

    def was(self, text: str) -> bool:
        """Tell whether this was the note's text when it was exported."""
        return digest([str(self.id), plain_lines(text)]) in self.told


class Block(Struct, frozen=True):
    """A marked block as it stands in a file; `content` has the line ends of this system."""

    start: int
    end: int
    text: str
    content: str
    key: str | None
    intact: bool
    exported: Exported

    def is_settled(self, texts: Iterable[str]) -> bool:
        """Tell whether nothing would be lost with the block: it is as we wrote it, or `texts` has all that was added.

        `texts` are those of the notes as they are now.
        """
        if self.intact:
            return True
        body = _without_notes(self.content, list(find_notes(self.content)))
        if digest(body) not in self.exported.get("body", []):
            return False
        known = {plain_lines(text) for text in texts}
        return all(note.text in known for note in self.edited_notes())

    def edited_notes(self) -> Iterator[EditedNote]:
        """Give the notes whose text is no longer that which was exported."""
        told = tuple(self.exported.get("notes", ()))
        for note in find_notes(self.content):
            if not self.intact and digest([str(note.id), note.text]) not in told:
                yield EditedNote(note.id, note.text, told)


def write_block(content: str, exported: Exported, style: StyleName, key: str | None = None) -> str:
    """Put the marks around what stands in a block."""
    bullet = "- " if style == "logseq" else ""
    notes = list(find_notes(content, style))
    told = exported | {
        "body": [digest(_without_notes(content, notes))],
        "notes": [digest([str(note.id), note.text]) for note in notes] or [digest(None)],
    }
    digests = " ".join(f"{name}={','.join(values)}" for name, values in told.items())
    content += ("" if bullet else "\n") + f"{bullet}<!-- papermargin:exported {digests} -->\n"
    mark = _digest(content)
    named = f" {key}" if key else ""
    return f"{bullet}<!-- papermargin:begin {mark}{named} -->\n{content}{bullet}{_END.format(mark)}"


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
    """Give the last block that is as we wrote it, or the last one if there is no such."""
    return max(enumerate(blocks), key=lambda numbered: (numbered[1].intact, numbered[0]))[1]


def write_conflict(content: str, style: StyleName) -> str:
    """Give what stands in a block beneath one that the person edited; it repeats no id of a note."""
    if style == "logseq":
        return "".join(f"- **{line}**\n" for line in _EDITED) + _BLOCK_ID.sub("", content)
    return quote_lines("\n".join([f"[!warning] {_EDITED[0]}", _EDITED[1], "", content.rstrip("\n")])) + "\n"


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
        exported={key: told.split(",") for key, told in _EXPORTED_KEY.findall(lines[-1])} if lines else {},
    )


def _without_notes(content: str, notes: list[WrittenNote]) -> str:
    end, parts = 0, []
    for note in sorted(notes, key=lambda note: note.start):
        parts.append(content[end : note.start])
        end = max(end, note.end)
    return "".join([*parts, content[end:]]).strip("\n")


def _digest(content: str) -> str:
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()
