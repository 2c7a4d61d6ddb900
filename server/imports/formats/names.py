"""Names of authors: lists of them taken apart, and each in the order in which it is spoken."""

import re

from server.schema.citations import Name
from server.schema.sources import fold

_GENERATION = re.compile(r"(?:jr|sr|junior|senior|[ivx]{1,4})\.?", re.IGNORECASE)
_DEGREE = re.compile(
    r"(?:ph\.?\s?d|d\.?phil|m\.?\s?d|m\.?\s?sc|b\.?\s?sc|m\.?a|b\.?a|m\.?b\.?a|dr|prof|esq)\.?",
    re.IGNORECASE,
)
_NAME_LABELS = {
    *("family", "given", "prefix", "suffix", "useprefix", "id", "hash"),
    *("family-i", "given-i", "prefix-i", "suffix-i"),
}
_PART_COMMA = re.compile(r",(?![^{}]*\})")
_AND = re.compile(r"\s+and\s+|\s*;\s*|\s*\n\s*", re.IGNORECASE)


def read_name(text: str) -> Name:
    """Return a name written as "Family, Given", "Family, Jr., Given" or in spoken order.

    Academic degrees behind a name ("Doe, John, PhD") are left out.
    """
    parts = [part for part in map(fold, text.split(",")) if part and not _DEGREE.fullmatch(part)]
    if len(parts) < 2:
        return Name(whole=parts[0] if parts else fold(text).strip(","))
    family, *rest = parts
    suffixes = [part for part in rest if _GENERATION.fullmatch(part)]
    given = [part for part in rest if part not in suffixes]
    return Name(family, " ".join(given), " ".join(suffixes))


def read_labelled_name(text: str) -> Name | None:
    """Return a name in BibLaTeX's longer form, "family=Berg, given=Jane, prefix=van der".

    None for any other text. The form is described in section 3.7 of BibLaTeX's manual.
    """
    parts = [part.strip().partition("=") for part in _PART_COMMA.split(text)]
    if "=" not in text or not all(label.strip().lower() in _NAME_LABELS for label, _, _ in parts):
        return None
    values = {label.strip().lower(): fold(value).strip('{}"') for label, _, value in parts}
    family = " ".join(filter(None, (values.get("prefix"), values.get("family"))))
    return Name(family, values.get("given", ""), values.get("suffix", ""))


def natural_name(text: str) -> str:
    """Return a name in spoken order: "Lind, Ada" and "Lind, Jr., Ada" begin with Ada."""
    return read_name(text).spoken


def split_names(text: str) -> list[str]:
    """Return the names of a list as people write it: with "and", semicolons, lines, or commas.

    Commas separate names only where each part is a whole name; "Doe, Jane" is one.
    """
    names = [fold(name) for name in _AND.split(text) if name.strip()]
    if len(names) == 1 and names[0].count(",") > 1:
        parts = [fold(part) for part in names[0].split(",")]
        if all(" " in part for part in parts):
            names = parts
    return [name.rstrip(",") for name in names if not is_placeholder(name)]


def is_placeholder(name: str) -> bool:
    """Return whether a name only says that there are more: "others", "et al."."""
    return fold(name).casefold().strip(".") in {"others", "et al"}
