"""Each file of the collected cases, with the right value of every field that it has.

The cases lie beside some checkouts; without them these tests are skipped.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from server.errors import SourceError
from server.imports.recognize import parse, recognize
from server.schema.sources import Batch, SourcePaper
from tests.server.imports.conftest import OBSERVED

CASES = Path(__file__).parents[4] / "shared" / "cases" / "imports"
# what a source observes is no field of the paper, and `citation` has cases of its own below
LEFT_OUT = {"richness", "observed", "author_count", "citation"}
NOON = datetime(2024, 1, 5, 9, 40, tzinfo=UTC)
EXPORTED = datetime(2026, 11, 29, 23, 17, 54, 651917, tzinfo=UTC)


def year(number: int) -> dict[str, Any]:
    """Return the fields of a date of which only the year is known."""
    return {"published": date(number, 1, 1), "issued": str(number)}


OWN: list[dict[str, Any]] = [
    {
        "title": "Title only: no id?", "authors": ["OpenAI"], "published": date(2023, 5, 6),
        "doi": "10.1145/1.2", "tags": ["y"], "notes": ["n"], "status": "inbox", "added": EXPORTED,
    },
    {
        "title": "Old style paper", "arxiv_id": "hep-th/9711200", "authors": ["J Doe"],
        "tags": ["x"], "status": "inbox", "added": EXPORTED,
    },
    {
        "title": r"LoRA is 50% & more: a $\beta$ study", "arxiv_id": "2401.09001",
        "abstract": "Abs of one.", "authors": ["Ann Müller", "Jan van der Berg"],
        "published": date(2024, 1, 1), "tags": ["rl/grpo", "to read"], "status": "inbox",
        "notes": ["My note with `code`, *stars*     <tags>\n\nsecond par"], "added": EXPORTED,
    },
]  # fmt: skip
EXPECTED: dict[str, list[dict[str, Any]]] = {
    "atom-colon-author.xml": [
        {
            "title": "Colon author", "arxiv_id": "2401.10001", "doi": "10.1/x",
            "abstract": "Line one line two. Cost $5 & 10% of AT&T <b>.",
            "authors": ["DeepSeek-AI", "Daya Guo"], "published": date(2024, 1, 5),
            "categories": ["cs.CL"], "arxiv_version": 1,
        }
    ],
    "atom-rss-arxiv-org.xml": [
        {"title": "Old", "arxiv_id": "math/0309136", "abstract": "s", "arxiv_version": 1},
        {
            "title": "RSS atom id", "arxiv_id": "2401.10005", "abstract": "text",
            "arxiv_version": 1,
        },
    ],
    "bib-arxiv-id-elsewhere.bib": [
        {"title": "arxivId alone", "arxiv_id": "2401.12010"},
        {"title": "Split old id", "arxiv_id": "hep-th/9711200"},
        {"title": "Id with its class", "arxiv_id": "2401.12011"},
        {"title": "Pages, as ADS writes it", "arxiv_id": "2401.12012"},
        {"title": "eid", "arxiv_id": "2401.12013"},
        {"title": "ee of DBLP", "arxiv_id": "2401.12014"},
    ],
    "bib-bare-ampersand-tilde.bib": [
        {
            "title": "AT&T and R&D: a Q&A data set", "abstract": "We use R&D data.",
            "authors": ["J. Doe"], **year(2024),
            "notes": ["See https://example.org/~me/?a=1&b=2 for R&D"],
        }
    ],
    "bib-cp1252-jabref.bib": [{"title": "Über Zürich", "authors": ["J Müller"], **year(2024)}],
    "bib-dates.bib": [
        {"title": "Range", "published": date(2024, 3, 1), "issued": "2024-03/2024-04"},
        {"title": "Quote hash month", "published": date(2024, 2, 10)},
        {"title": "Month hash quote", "published": date(2024, 3, 5)},
        {"title": "Double braces", "published": date(2022, 12, 1), "issued": "2022-12"},
        {"title": "Year alone", "arxiv_id": "2401.12005", **year(2024)},
    ],
    "bib-eprint-of-another-archive.bib": [
        {"title": "An old economics paper", "authors": ["R Roe"], **year(1990)}
    ],
    "bib-missing-comma.bib": [
        {"title": "Missing comma between", "authors": ["Jane Doe"], **year(2021)}
    ],
    "bib-note-names-other-paper.bib": [
        {
            "title": "My reading of a conference paper", "authors": ["Jane Doe"],
            "doi": "10.1145/1.2", "tags": ["mine"], "notes": ["my words"],
        }
    ],
    "bib-own-words-of-jabref-bibdesk.bib": [
        {
            "title": "JabRef words", **year(2024), "tags": ["llm", "To Read", "Thesis", "prio1"],
            "notes": ["My own JabRef comment"], "status": "read", "rating": 4,
        },
        {
            "title": "BibDesk words", **year(2024), "tags": ["a"], "status": "read", "rating": 4,
            "added": datetime(2023, 1, 5, 9, 11, 12, tzinfo=UTC),
        },
        {"title": "Mendeley words", **year(2024), "tags": ["tagA", "tagB"]},
        {"title": "Keyword with a comma", **year(2024), "tags": ["transformers", "Smith, John"]},
    ],
    "bib-undecodable-drops-entry.bib": [
        {
            "title": "A title with a link", "arxiv_id": "2401.12002", "authors": ["J Doe"],
            "tags": ["mine"], "notes": ["my note"],
        },
        {
            "title": "Authors with semicolons", "arxiv_id": "2401.12003", "notes": ["my note"],
            "authors": ["John Doe", "Richard Roe", "Anna van der Berg"],
        },
        {
            "title": "Titles after the name", "arxiv_id": "2401.12004", "notes": ["my note"],
            "authors": ["John Doe"],
        },
    ],
    "bib-uppercase-fields.bib": [
        {
            "title": "Higher-order theorems", "authors": ["Marek Eliáš", "Jiří Matoušek"],
            "tags": ["geometry", "ramsey"], **year(2013),
        },
        {
            "title": "Capitalised as BibDesk writes it", "arxiv_id": "2401.12001",
            "authors": ["Jane Doe", "Richard Roe"], **year(2024),
        },
    ],
    "csv-own-export.csv": OWN,
    "html-arxiv-abs.html": [
        {
            "title": "An arXiv abs page", "arxiv_id": "2401.09010", "abstract": "We study pages.",
            "authors": ["Jane Doe", "Richard Roe"], "published": date(2024, 1, 17),
        }
    ],
    "html-bookmarks.html": [
        {
            "title": "A linkding bookmark", "arxiv_id": "2401.09001", "tags": ["rl", "llm"],
            "notes": ["My notes on it", "long words"], "status": "inbox", "added": NOON,
        },
        {"title": "HF bookmark", "arxiv_id": "2401.09002", "tags": ["x y"], "added": NOON},
    ],
    "hypothesis-odd-rows.json": [
        {"arxiv_id": "2401.07020", "tags": ["m l", "x"], "notes": ["pdf note", "a reply"]},
        {"title": "Attention Is All You Need", "notes": ["local pdf"]},
        {"arxiv_id": "2401.07021", "tags": ["page note only"]},
        {"arxiv_id": "2401.07022", "notes": ["hf"]},
        {"arxiv_id": "2401.07023", "notes": ["via"]},
    ],
    "ids-as-people-keep-them.txt": [
        *({"arxiv_id": f"2401.0800{number}"} for number in range(1, 7)),
        {"arxiv_id": "math/0309136"},
        *({"arxiv_id": f"2401.0800{number}"} for number in range(7, 10)),
    ],
    "jsonl-own-export.jsonl": OWN,
    "ris-a1-and-au.ris": [
        {
            "title": "Mixed author tags", "authors": ["Ann First", "Bob Second", "Cy Third"],
            "published": date(2016, 10, 19),
        }
    ],
    "ris-no-er.ris": [
        {"title": "Last record lacks its end", "authors": ["J. Doe"], "notes": ["my words"]}
    ],
    "ris-one-space.ris": [
        {"title": "One space before the dash", "authors": ["J. Doe"], **year(2024)}
    ],
    "ris-publisher-n1.ris": [
        {
            "title": "What a publisher writes into N1", "authors": ["J. Doe"], **year(2024),
            "doi": "10.1016/j.x.2016.10.006", "tags": ["Machine learning", "Deep learning"],
        }
    ],
    "unsupported-arxiv-rss.xml": [
        {
            "title": "An RSS item", "arxiv_id": "2401.10006", "abstract": "text",
            "authors": ["Jane Doe", "Richard Roe"],
        }
    ],
    "unsupported-crossref-message.json": [
        {"title": "Crossref message", "authors": ["J Doe"], "doi": "10.1145/3.4", **year(2024)}
    ],
    "unsupported-endnote.enw": [
        {
            "title": "EndNote tagged", "arxiv_id": "2401.06666", "abstract": "Abstract",
            "authors": ["John Doe", "R Roe"], "tags": ["kw1", "kw2"], "notes": ["my note"],
            **year(2024),
        },
        {"title": "Second"},
    ],
    "unsupported-endnote.xml": [{"title": "EndNote XML"}],
    "unsupported-karakeep.json": [
        {
            "title": "Karakeep", "arxiv_id": "2401.09006", "tags": ["rl"], "notes": ["my words"],
            "added": NOON,
        }
    ],
    "unsupported-pinboard.json": [
        {
            "title": "Pinboard paper", "arxiv_id": "2401.09007", "tags": ["rl", "llm"],
            "notes": ["my words"], "status": "inbox",
            "added": datetime(2024, 1, 5, 10, tzinfo=UTC),
        }
    ],
    "unsupported-pocket.csv": [
        {
            "title": "Pocket paper", "arxiv_id": "2401.09003", "tags": ["rl", "llm"],
            "status": "inbox", "added": NOON,
        }
    ],
    "unsupported-pubmed.nbib": [
        {
            "title": "Pubmed nbib", "abstract": "abs", "authors": ["J Doe"],
            "published": date(2024, 3, 1), "issued": "2024-03",
        }
    ],
    "unsupported-readwise.csv": [
        {
            "title": "Attention Is All You Need", "tags": ["t1", "t2", "ml"],
            "notes": ["> quoted words\n\nmy note"], "added": datetime(2024, 1, 5, 10, tzinfo=UTC),
        }
    ],
    "unsupported-semanticscholar-search.json": [
        {
            "title": "S2 search item", "arxiv_id": "2401.07012", "doi": "10.1/x", "abstract": "x",
            "authors": ["Jane Doe"], **year(2024),
        }
    ],
    "unsupported-zotero-betterbibtex.json": [
        {
            "title": "BBT JSON item", "arxiv_id": "2401.07010", "abstract": "abs",
            "authors": ["Jane Doe"], "published": date(2024, 3, 5), "tags": ["mine"],
            "doi": "10.48550/arXiv.2401.07010", "notes": ["my note"],
        }
    ],
    "unsupported-zotero.csv": [
        {
            "title": "Zotero CSV", "arxiv_id": "2401.09005", "abstract": "abs",
            "authors": ["Jane Doe", "John Roe"], "published": date(2024, 1, 5),
            "tags": ["mine", "two"], "notes": ["note"],
        }
    ],
}  # fmt: skip
SKIPPED = {
    "bib-missing-comma.bib": "line 1: “m1”: a comma is missing before “author”",
    "hypothesis-odd-rows.json": "row 6: “https://openreview.net/forum?id=abc” is the address of no",
    "ids-as-people-keep-them.txt": "line 6: “https://scholar.archive.org/work/x” is neither",
}
# what a citation keeps of these, so that it is written back
CITED: dict[str, list[tuple[str, str]]] = {
    "bib-note-names-other-paper.bib": [("inproceedings", "mine2024")],
    "bib-uppercase-fields.bib": [("article", "MR1"), ("article", "bibdesk1")],
    "unsupported-zotero-betterbibtex.json": [("misc", "doe2024")],
    "ris-one-space.ris": [("article", "")],
}
REFUSED = {
    "html-own-export.html": "this is Papermargin's HTML export",
    # it describes an edit of a vault, which the tests of vaults make
    "vault-unquoted-wikilink-tag.md": "line 1: expected a kind of file that holds papers",
}

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="no collected cases beside this checkout"
)


def read(name: str) -> Batch:
    data = (CASES / name).read_bytes()
    return parse(recognize(data), name=name, observed=OBSERVED, year=2026)


def described(paper: SourcePaper) -> dict[str, Any]:
    """Return the fields of a paper that have a value, of notes only their texts."""
    names = (name for name in paper.__struct_fields__ if name not in LEFT_OUT)
    fields = {
        name: value for name in names if (value := getattr(paper, name)) not in (None, "", [])
    }
    if paper.notes:
        fields["notes"] = [note.text for note in paper.notes]
    return fields


def test_every_collected_case_has_an_expectation() -> None:
    names = {file.name for file in CASES.iterdir()} - {"README.md"}
    assert names == EXPECTED.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_collected_case_is_read_field_by_field(name: str) -> None:
    batch = read(name)
    assert [described(paper) for paper in batch.papers] == EXPECTED[name]
    if name in SKIPPED:
        assert batch.skipped[0].startswith(SKIPPED[name])
    else:
        assert batch.skipped == []


@pytest.mark.parametrize("name", CITED)
def test_a_collected_case_keeps_its_entry_type_and_key(name: str) -> None:
    citations = [paper.citation for paper in read(name).papers]
    assert [(each.type, each.key) for each in citations if each] == CITED[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_collected_case_without_papers_is_refused_by_name(name: str) -> None:
    with pytest.raises(SourceError, match=REFUSED[name]):
        read(name)


def test_the_quote_of_a_collected_annotation_is_kept() -> None:
    quote = read("hypothesis-odd-rows.json").papers[0].notes[0].quote
    assert quote is not None
    assert (quote.exact, quote.prefix, quote.suffix) == ("the quoted words", "a ", " b")
