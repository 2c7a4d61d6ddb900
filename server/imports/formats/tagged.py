"""Formats of one tagged field a line: RIS, EndNote's tagged format (.enw) and PubMed's (.nbib).

They are read here and not by rispy or nbib: those refuse a tag with one space, a record without its
end or an unknown tag, join a record that lacks its end with the next, and drop lines that continue
a value.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct, field

from server.imports.formats.dates import PartialDate, read_date
from server.imports.formats.names import read_name
from server.imports.formats.references import Reference, add_reference, is_publisher_note
from server.schema.citations import Citation, Name
from server.schema.sources import Batch, fold

_RIS_TAGS = (
    "TY ER A1 A2 A3 A4 AB AD AN AU AV BT C1 C2 C3 C4 C5 C6 C7 C8 CA CN CP CT CY DA DB DI DO DP DS "
    "ED EP ET ID IS J1 J2 JA JF JO K1 KW L1 L2 L3 L4 LA LB LK M1 M2 M3 N1 N2 NO NV OP PA PB PP PY "
    "RD RI RN RP RS SE SN SO SP ST SV T1 T2 T3 TA TI TT U1 U2 U3 U4 U5 UK UR VL VO WP WT WV Y1 Y2"
)
# a space is missing before the hyphen or behind it, but not both: "IS-A" is a word
_RIS_LINE = re.compile(
    rf"[ \t]*(?P<tag>{_RIS_TAGS.replace(' ', '|')})"
    r"(?:[ \t]{0,3}-(?:[ \t]|$)|[ \t]{1,3}-)(?P<value>.*)"
)
# a file without any space at its hyphens, or with its tags in lower case
_ODD_RIS = re.compile(r"^[ \t]*(?:TY-\S|(?-i:ty)[ \t]{0,3}-)", re.MULTILINE | re.IGNORECASE)
_ODD_RIS_LINE = re.compile(
    rf"^[ \t]*(?P<tag>{_RIS_TAGS.replace(' ', '|')})[ \t]{{0,3}}-[ \t]?",
    re.MULTILINE | re.IGNORECASE,
)
_RIS_TYPES = {
    "JOUR": "article", "MGZN": "article", "CONF": "proceedings", "CPAPER": "inproceedings",
    "BOOK": "book", "CHAP": "incollection", "THES": "phdthesis", "RPRT": "techreport",
    "UNPB": "unpublished", "GEN": "misc", "ELEC": "misc", "PREPRINT": "misc",
}  # fmt: skip
_ENW_TYPES = {
    "journal article": "article", "conference paper": "inproceedings", "book": "book",
    "conference proceedings": "inproceedings", "book section": "incollection",
    "thesis": "phdthesis", "report": "techreport", "generic": "misc", "unpublished work": "misc",
}  # fmt: skip
_KEYWORDS = re.compile(r"[;\n]")


class _Format(Struct, frozen=True):
    """How a format writes a record, and which tags hold what, the surest first."""

    kind: str
    line: re.Pattern[str]
    start: str
    key: Sequence[str]
    title: Sequence[str]
    authors: Sequence[str]
    dates: Sequence[str]
    abstract: Sequence[str]
    doi: Sequence[str]
    addresses: Sequence[str]
    marked: Sequence[str]
    keywords: Sequence[str]
    notes: Sequence[str]
    fields: dict[str, str]
    types: dict[str, str] = field(default_factory=dict)
    end: str = ""


_RIS = _Format(
    kind="RIS",
    line=_RIS_LINE,
    start="TY",
    end="ER",
    key=["ID"],
    title=["TI", "T1", "CT"],
    authors=["A1", "AU"],
    dates=["DA", "Y1", "PY"],
    abstract=["AB", "N2"],
    doi=["DO", "DI"],
    addresses=["UR", "LK", "L1", "L2"],
    marked=["AN", "M1", "C1", "T2", "JO", "JF", "JA", "J2", "VL", "IS", "SP", "PB"],
    keywords=["KW", "K1"],
    notes=["N1", "RN"],
    fields={
        "T2": "journal", "JO": "journal", "JF": "journal", "JA": "journal", "BT": "booktitle",
        "VL": "volume", "IS": "number", "SP": "pages", "PB": "publisher", "CY": "address",
        "UR": "url", "SN": "issn", "ET": "edition", "LA": "language",
    },
    types=_RIS_TYPES,
)  # fmt: skip
_ENW = _Format(
    kind="EndNote",
    line=re.compile(r"%(?P<tag>[0-9A-Z@!#$&(*+<>?\[^~])(?:[ \t](?P<value>.*)|$)"),
    start="0",
    key=["F"],
    title=["T"],
    authors=["A"],
    dates=["8", "D"],
    abstract=["X"],
    doi=["R"],
    addresses=["U"],
    marked=["M", "J", "B", "V", "N", "P", "I"],
    keywords=["K"],
    notes=["Z"],
    fields={
        "J": "journal", "B": "booktitle", "V": "volume", "N": "number", "P": "pages",
        "I": "publisher", "C": "address", "U": "url", "@": "issn", "7": "edition", "G": "language",
    },
    types=_ENW_TYPES,
)  # fmt: skip
_NBIB = _Format(
    kind="PubMed",
    line=re.compile(r"(?P<tag>[A-Z]{2,4}) {0,2}-(?: (?P<value>.*)|$)"),
    start="PMID",
    key=["PMID"],
    title=["TI", "BTI"],
    authors=["FAU", "AU"],
    dates=["DP", "DEP"],
    abstract=["AB"],
    doi=["AID", "LID"],
    addresses=["URL"],
    marked=["SO", "JT", "TA"],
    keywords=["OT"],
    notes=[],
    fields={
        "JT": "journal", "TA": "journal", "VI": "volume", "IP": "number", "PG": "pages",
        "PB": "publisher", "PL": "address", "IS": "issn", "LA": "language",
    },
)  # fmt: skip

Record = dict[str, list[str]]
"""The values of a record by tag; lines that continue a value are part of it."""


def parse_ris(text: str, *, observed: datetime) -> Batch:
    """Return the papers of a RIS file (https://en.wikipedia.org/wiki/RIS_(file_format))."""
    if _ODD_RIS.search(text):
        text = _ODD_RIS_LINE.sub(lambda line: f"{line['tag'].upper()}  - ", text)
    return _parse(text, _RIS, observed, _read_ris_authors)


def parse_enw(text: str, *, observed: datetime) -> Batch:
    """Return the papers of a file in EndNote's tagged format."""
    return _parse(text, _ENW, observed, _read_authors)


def parse_nbib(text: str, *, observed: datetime) -> Batch:
    """Return the papers of a file in PubMed's format."""
    return _parse(text, _NBIB, observed, _read_pubmed_authors)


def _parse(
    text: str,
    form: _Format,
    observed: datetime,
    read_authors: Callable[[Record, _Format], list[Name]],
) -> Batch:
    batch = Batch(kind=form.kind, papers=[])
    for number, record in enumerate(filter(None, _records(text, form)), 1):
        reference = _reference(record, form, read_authors)
        add_reference(batch, f"record {number}", reference, observed=observed)
    return batch


def _records(text: str, form: _Format) -> Iterator[Record]:
    record: Record = {}
    tag = ""
    for line in re.sub(r"\r\n?", "\n", text).split("\n"):
        found = form.line.fullmatch(line.rstrip())
        if found is None:
            _continue(record, tag, line.strip(), keep_blank=tag in form.notes)
            continue
        tag = found["tag"]
        if tag in (form.start, form.end):
            yield record
            record = {}
        if tag == form.end or not (record or tag == form.start):
            tag = ""  # what stands between two records belongs to none
        else:
            record.setdefault(tag, []).append((found["value"] or "").strip())
    yield record


def _continue(record: Record, tag: str, line: str, *, keep_blank: bool) -> None:
    """Append a line without a tag to the value before it."""
    if tag and (line or keep_blank):
        record[tag][-1] += f"\n{line}"


def _reference(
    record: Record, form: _Format, read_authors: Callable[[Record, _Format], list[Name]]
) -> Reference:
    return Reference(
        title=_first(record, form.title),
        authors=read_authors(record, form),
        published=_read_published(record, form),
        abstract=_first(record, form.abstract),
        doi=" ".join(_all(record, form.doi)),
        addresses=_all(record, form.addresses),
        marked=_all(record, form.marked),
        statements=_all(record, form.notes),
        tags=_read_tags(record, form),
        notes=[text for text in _all(record, form.notes) if not is_publisher_note(text)],
        citation=_citation(record, form),
    )


def _read_tags(record: Record, form: _Format) -> list[str]:
    """Return the keywords; publishers write several into one field, our own export does not."""
    texts = _all(record, form.keywords)
    if "Papermargin" in record.get("DP", []):
        return texts
    return [tag for text in texts for tag in _KEYWORDS.split(text)]


def _read_published(record: Record, form: _Format) -> PartialDate | None:
    dates = [found for text in _all(record, form.dates) if (found := read_date(text))]
    return max(dates, key=lambda found: len(found.text), default=None)


def _citation(record: Record, form: _Format) -> Citation:
    written = _first(record, [form.start])
    citation = Citation(format=form.kind, key=fold(_first(record, form.key)))
    citation.type = form.types.get(written if form is _RIS else written.lower(), "")
    for tag, name in form.fields.items():
        if tag in record and name not in citation.fields:
            citation.fields[name] = fold(record[tag][0])
    if "EP" in record and "pages" in citation.fields:
        citation.fields["pages"] += f"--{fold(record['EP'][0])}"
    citation.verbatim = dict(_unread(record, form))
    return citation


def _unread(record: Record, form: _Format) -> Iterator[tuple[str, str]]:
    """Yield the tags that are not read, and what a publisher wrote into a note's."""
    read = {*form.fields, *form.title, *form.authors, *form.abstract, *form.doi, *form.keywords}
    read |= {*form.key, *form.dates, "EP"}
    for tag in record:
        if tag in read:
            continue
        texts = [text for text in record[tag] if text]
        if tag in form.notes:
            texts = [text for text in texts if is_publisher_note(text)]
        if texts:
            yield tag, "\n".join(texts)


def _read_authors(record: Record, form: _Format) -> list[Name]:
    return [read_name(name) for name in _all(record, form.authors)]


def _read_ris_authors(record: Record, form: _Format) -> list[Name]:
    names = [part for text in _all(record, form.authors) for part in text.split(";")]
    return [read_name(name) for name in names if name.strip()]


def _read_pubmed_authors(record: Record, form: _Format) -> list[Name]:
    """Return the full names, or else those of the form "Doe J"."""
    if "FAU" in record:
        return [read_name(name) for name in record["FAU"]]
    names = [re.sub(r"^(.+) ([A-Z]{1,4})$", r"\1, \2", fold(name)) for name in record.get("AU", [])]
    return [read_name(name) for name in names]


def _first(record: Record, tags: Sequence[str]) -> str:
    return next((text for text in _all(record, tags) if text), "")


def _all(record: Record, tags: Sequence[str]) -> list[str]:
    return [text.strip() for tag in tags for text in record.get(tag, [])]
