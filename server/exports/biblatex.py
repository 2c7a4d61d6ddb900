"""Render papers as BibLaTeX, with the entry types and fields of its data model.

They are described in chapter 2 of the manual: https://ctan.org/pkg/biblatex
"""

from collections.abc import AsyncIterable, AsyncIterator

from bibtexparser.model import Entry, Field

from server.exports.bibtex import make_entries, write_entry
from server.schema.papers import PaperPage

# BibTeX's entry types, with what BibLaTeX has for them: an entry type, and a value of `type`
_TYPES = {
    "phdthesis": ("thesis", "phdthesis"),
    "mastersthesis": ("thesis", "mathesis"),
    "techreport": ("report", "techreport"),
    "conference": ("inproceedings", ""),
    "electronic": ("online", ""),
    "www": ("online", ""),
}
_NAMES = {
    "journal": "journaltitle",
    "address": "location",
    "school": "institution",
    "annote": "annotation",
    "archiveprefix": "eprinttype",
    "primaryclass": "eprintclass",
}
# what it derives from `date`
_DATE_PARTS = {"year", "month"}
_ADDRESSES = {"url", "doi", "eprint"}


async def render_biblatex(pages: AsyncIterable[PaperPage]) -> AsyncIterator[bytes]:
    """Yield one entry per paper, as `render_bibtex` does, in the words of BibLaTeX.

    A paper that no bibliography of the user's cites is `@online`.
    """
    async for page, entry in make_entries(pages):
        yield write_entry(_translate(entry, is_cited=bool(page.citation and page.citation.type)))


def _translate(entry: Entry, *, is_cited: bool) -> Entry:
    fields = _rename({field.key: field.value for field in entry.fields})
    entry_type, kind = _TYPES.get(entry.entry_type, (entry.entry_type, ""))
    if entry_type == "misc" and not is_cited and _ADDRESSES & fields.keys():
        entry_type = "online"
    if kind:
        fields.setdefault("type", f"{{{kind}}}")
    return Entry(entry_type, entry.key, [Field(*field) for field in fields.items()])


def _rename(fields: dict[str, str]) -> dict[str, str]:
    """Return the fields under BibLaTeX's names, in their order, as notes are read in it."""
    renamed = {
        _NAMES.get(name, name): value
        for name, value in fields.items()
        # a user's file may have both names
        if name not in _DATE_PARTS and _NAMES.get(name) not in fields
    }
    if "eprinttype" in renamed:
        renamed["eprinttype"] = renamed["eprinttype"].lower()
    return renamed
