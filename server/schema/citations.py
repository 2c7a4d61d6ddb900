"""How a bibliography cites a paper: entry type, key, names and fields, as its file had them."""

from typing import Annotated

from msgspec import Meta, Struct, field

MAX_PATTERN = 500  # characters of a pattern of citation keys
MAX_KEY = 150  # characters of a citation key


class Name(Struct, frozen=True, omit_defaults=True):
    """A person's name in parts, the particle ("van der") before the family name.

    `whole` is a name in spoken order; with `literal` it must not be taken apart, such as an
    organization's.
    """

    family: str = ""
    given: str = ""
    suffix: str = ""
    whole: str = ""
    literal: bool = False

    @property
    def spoken(self) -> str:
        """The name in the order in which it is spoken."""
        parts = (self.given, self.family, self.suffix)
        return self.whole or " ".join(part for part in parts if part)


class Citation(Struct, kw_only=True, omit_defaults=True):
    """A user's citation of a paper.

    `generated` says that a pattern made `key`, and `own` that the user typed it in Papermargin: no
    bibliography brought it.
    `fields` maps BibTeX's field names, whatever the format, to plain text.
    `verbatim` are the fields of `format` that Papermargin does not read, as they were written, so
    that an export to the same format writes them back.
    """

    format: str = ""
    type: str = ""
    key: str = ""
    generated: bool = False
    own: bool = False
    names: list[Name] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    verbatim: dict[str, str] = field(default_factory=dict)


class KeyAssignment(Struct, kw_only=True):
    """Which papers get a citation key by a pattern.

    `renew` also replaces the keys that an earlier pattern made.
    """

    pattern: Annotated[str, Meta(min_length=1, max_length=MAX_PATTERN)]
    q: str = ""
    renew: bool = False


class CitationKey(Struct, kw_only=True):
    """The key under which a paper is cited; `chosen` is False where Papermargin makes it up."""

    key: str
    chosen: bool


class CitationKeyEdit(Struct, kw_only=True, forbid_unknown_fields=True):
    """A key to cite a paper under; empty to take back the one that was given."""

    key: Annotated[str, Meta(max_length=MAX_KEY, examples=["birch2025"])]


class KeysAssigned(Struct, kw_only=True):
    """How many papers got a citation key."""

    assigned: int
