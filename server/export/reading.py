"""What a person changed in a vault's file since it was exported. Pure."""

from msgspec import Struct, field

from server.errors import Invalid, SourceError
from server.export.heads import find_head
from server.export.marks import EditedNote, find_blocks, newest
from server.export.properties import clean_values
from server.export.values import Value, digest, write_tag

FIELDS = ("status", "rating", "tags")


class FileEdits(Struct, kw_only=True):
    """What a file says of a paper: the values of its head that a person may change, and the texts of edited notes.

    `exported` are digests of what was exported last of these values.
    """

    key: str
    values: dict[str, Value] = field(default_factory=dict)
    exported: dict[str, list[str]] = field(default_factory=dict)
    notes: list[EditedNote] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether a person changed anything since it was exported."""
        return bool(self.notes) or any(map(self.is_new, FIELDS))

    def is_new(self, name: str) -> bool:
        """Tell whether a person changed a value since it was exported; what was exported has to be known."""
        return name in self.values and name in self.exported and digest(self.values[name]) != self.exported[name][0]

    def was_exported(self, name: str, value: Value) -> bool:
        """Tell whether a value is the one that was exported last."""
        return digest(value) == self.exported[name][0]

    def tags(self) -> list[str]:
        """Give the tags that stand in the file."""
        value = self.values.get("tags") or []
        items = value if isinstance(value, list) else value.replace(",", " ").split()
        return [tag for item in items if (tag := item.strip().removeprefix("#"))]

    def had_tag(self, tag: str) -> bool:
        """Tell whether a tag was exported, in whatever form."""
        return any(digest(form) in self.exported["tags"][1:] for form in tag_forms(tag))


def read_edits(text: str) -> list[FileEdits]:
    """Give what a file says of each of its papers. Raises SourceError for one that says too little to compare."""
    head = find_head(text)
    blocks = find_blocks(text, head.rest) if head else []
    if head and head.shared:
        return [FileEdits(key=block.key, notes=list(block.edited_notes())) for block in blocks if block.key]
    if not head or not head.key or not blocks:
        raise SourceError("this file of a vault has no marked block, or no key of a paper, any more")
    try:
        values = head.dialect.parse(head.values)
    except Invalid as error:
        raise SourceError(str(error)) from error
    exported = newest(blocks).exported
    if not exported:
        raise SourceError("this file of a vault no longer says what was exported, so nothing can be told from it")
    return [
        FileEdits(
            key=head.key,
            values={name: values[name] for name in FIELDS if name in values},
            exported={name: exported[name] for name in FIELDS if name in exported},
            notes=[note for block in blocks for note in block.edited_notes()],
        )
    ]


def tag_forms(tag: str) -> set[str]:
    """Give the ways in which a tag may stand in a file."""
    [cleaned] = clean_values({"tags": [tag]}).values()
    return {tag, write_tag(tag, "obsidian"), *(cleaned or [])}
